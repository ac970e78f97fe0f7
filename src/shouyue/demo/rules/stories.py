"""How a fault runs its course under each plan: who answers, who goes there, what goes wrong.

Limits stand here only as far as people aim at them; whether a promise was kept is the register's verdict alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .script import Caller, Place, Scene, Script
from .texts import CAUSES, Fault, Words, faults, person_name, world


@dataclass
class Case:
    """A story being written: its script and what it is about. forced: troubles that must happen."""

    script: Script
    fault: Fault
    place: Place | None
    caller: Caller
    forced: frozenset[str]
    engineer: str = ""

    def goes_wrong(self, trouble: str, share: float) -> bool:
        """Whether this trouble happens; forced ones do, and then no others."""
        drawn = self.script.chance(share)
        return trouble in self.forced if self.forced else drawn

    def say(self, sort: str) -> str:
        """A text that fits hardware or software, where the difference matters."""
        return self.script.say(f"{sort}_soft" if self.fault.is_remote else sort)

    @property
    def title(self) -> str:
        return self.script.words.values["title"]

    @property
    def start(self) -> datetime:
        return self.script.steps[0].at

    def minutes(self) -> float:
        """Since the report."""
        return (self.script.now - self.start) / timedelta(minutes=1)

    def reach(self, minute: float) -> None:
        """Let time go on until so many minutes after the report."""
        self.script.after(minute - self.minutes())


def begin(
    scene: Scene,
    key: str,
    at: datetime,
    rng: random.Random,
    *,
    fault: Fault | None = None,
    forced: Collection[str] = (),
) -> Case:
    """Choose fault, place and caller."""
    sorts = [one for one in faults(scene.plan) if one.severity != "L0"]
    chosen = fault or rng.choice(sorts)
    caller = rng.choice(scene.callers)
    place = _place_of(scene, chosen, caller, rng)
    names = world()
    title = rng.choice(chosen.titles)
    words = Words(
        {
            "title": title,
            "place": place.name if place else scene.places[0].name,
            "n": str(rng.randrange(1, 24)),
            "port": f"G0/{rng.randrange(1, 24)}",
            "dept": rng.choice(names["departments"]),
            "floor": rng.choice(names["floors"]),
            "source": rng.choice(names["sources"]),
            "person": person_name(rng)[0] + rng.choice(("工", "师傅", "老师", "主任")),
            "engineer": "值班",
            "hours": str(rng.choice((2, 3, 4, 6))),
        }
    )
    script = Script(key, scene, rng, at, words)
    return Case(script, chosen, place, caller, frozenset(forced))


def _place_of(scene: Scene, fault: Fault, caller: Caller, rng: random.Random) -> Place | None:
    if scene.plan == "field-video" and fault.kind == "platform":
        return None
    if scene.plan == "field-video":
        town = rng.random() < 0.55
        return rng.choice([place for place in scene.places if (place.area == "urban") is town])
    own = [place for place in scene.places if place.id == caller.site_id]
    if own:
        return own[0]
    return rng.choice(scene.places)


# Steps that all courses share


def report(case: Case, channels: Mapping[str, int], **more: Any) -> None:
    """The fault is told, by phone to the desk or by the customer's own people in the portal."""
    script, fault = case.script, case.fault
    channel = script.rng.choices(list(channels), list(channels.values()))[0]
    by, caller = script.desk(), case.caller
    if channel == "portal":
        by = script.scene.portal
        caller = next(one for one in script.scene.callers if one.user == by)
    where = f"{case.place.name} " if case.place and script.scene.plan == "field-video" else ""
    arguments = {
        "contract_id": script.scene.contract_id,
        "channel": channel,
        "request_type": fault.request_type,
        "title": f"{where}{case.title}",
        "description": script.words.fill(script.rng.choice(fault.says)),
        "site_id": case.place.id if case.place else None,
        "requester_id": caller.id,
        "equipment_type": fault.equipment_type,
        "fault_category": fault.fault_category,
        "request_class": fault.request_class,
        **more,
    }
    if channel == "phone":
        arguments["caller_phone"] = caller.phone
    script.do("report_ticket", by, **arguments)


def answer(case: Case, limit: float, middle: float, late_share: float) -> None:
    """The first answer to the customer."""
    script = case.script
    late = case.goes_wrong("answer", late_share)
    script.after(limit * script.rng.uniform(1.1, 2.2) if late else script.within(limit, middle))
    by = script.desk()
    script.do("respond_to_ticket", by, text=script.say("respond"))
    if late:
        script.after(2)
        script.do("comment_on_ticket", by, text=script.say("late_busy"))


def triage(case: Case, by: str, *, grave: bool = False) -> None:
    """Urgency and impact."""
    script = case.script
    urgency = "critical" if grave else script.rng.choices(("low", "medium", "high"), (3, 6, 2))[0]
    impact = "site" if grave else script.rng.choices(("single", "group", "site"), (6, 3, 1))[0]
    script.do("triage_ticket", by, urgency=urgency, impact=impact)


def assign(case: Case, by: str, engineer: str) -> None:
    """Somebody is given the case."""
    script = case.script
    case.engineer = engineer
    script.words.values["engineer"] = script.scene.names[engineer]
    note = script.say("assign") if script.chance(0.3) else ""
    script.do("assign_ticket", by, to=f"@{engineer}", note=note)


def go_there(case: Case, arrive_at: float, *, late: bool, by: str = "dispatcher") -> None:
    """Dispatch, receipt, departure, arrival at so many minutes after the report."""
    script, engineer = case.script, case.engineer
    script.do("dispatch_visit", by, engineer_id=f"@{engineer}", note=script.say("visit_note"))
    script.after(script.about(1.5))
    script.do("receive_visit", engineer)
    script.do("accept_ticket", engineer)
    script.after(min(script.about(2.5), max((arrive_at - case.minutes()) * 0.3, 0.3)))
    script.do("depart", engineer)
    if late:
        case.reach(case.minutes() + (arrive_at - case.minutes()) * 0.6)
        script.do("comment_on_ticket", engineer, text=script.say("late_road"), public=True)
    case.reach(arrive_at)
    script.do("arrive", engineer)


def look_into(case: Case) -> None:
    """What the engineer finds, with some talk around it."""
    script, engineer = case.script, case.engineer
    script.do(
        "record_handling",
        engineer,
        texts={"phenomenon": case.title, "judgement": case.fault.finding},
    )
    if script.chance(0.4):
        script.after(script.about(3))
        script.do("comment_on_ticket", engineer, text=case.say("progress"), public=script.chance(0.5))
    if script.chance(0.14):
        script.after(script.about(4))
        script.do("comment_on_ticket", script.scene.portal, text=script.say("customer_more"), public=True)


def work_until(case: Case, minute: float, *, late: bool) -> None:
    """Work until so many minutes after the report; long work is asked after, late work explained."""
    script = case.script
    left = minute - case.minutes()
    if left > 45 and script.chance(0.22):
        case.reach(case.minutes() + left * 0.5)
        script.do("comment_on_ticket", script.scene.portal, text=script.say("customer_hurry"), public=True)
        script.after(script.about(3))
        script.do("comment_on_ticket", case.engineer, text=case.say("progress"), public=True)
    if left > 60 and script.chance(0.12):
        case.reach(case.minutes() + (minute - case.minutes()) * 0.4)
        script.do("fix_temporarily", case.engineer, text=case.say("temp_fix"))
    if late:
        case.reach(case.minutes() + (minute - case.minutes()) * 0.7)
        script.do("comment_on_ticket", case.engineer, text=case.say("late_work"))
    case.reach(minute)


def leave(case: Case, *, solved: bool = True, with_whom: str = "") -> None:
    """The engineer leaves, with what the contract wants by then: sheets signed, backups asked after, helpers named."""
    script, more = case.script, {}
    if script.scene.plan == "sw-warranty":
        if not script.chance(0.06):
            _both_sign(case)
        helped = with_whom or script.chance(0.85)
        more["diagnosed_with"] = with_whom or ("研发组与客户系统管理员" if helped else "")
    if script.scene.plan == "gov-build" and not script.chance(0.05):
        more["backups"] = script.rng.choice(("none", "cleared", "cleared", "left"))
    report = script.say("visit_report" if solved else "visit_unsolved")
    outcome = "solved" if solved else "temporary"
    script.do("leave", case.engineer, outcome=outcome, report=report, **more)


def _both_sign(case: Case) -> None:
    script = case.script
    script.do(
        "ask_signoff",
        script.desk(),
        kind="signature",
        purpose="visit",
        capacity="it_contact",
        engineer=f"@{case.engineer}",
        text=f"{case.title}：现场服务单，双方经办人签字。",
    )
    script.do("give_signoff", case.engineer, signed=True)
    script.do("give_signoff", script.scene.portal, signed=True)


def resolve(case: Case, by: str = "") -> None:
    """Handling, result and cause are written with the solution, and what the contract wants before it."""
    script, fault = case.script, case.fault
    is_incident = script.steps[0].arguments["request_type"] == "incident"
    if script.scene.plan == "gov-build" and is_incident and CAUSES[fault.cause] == "line_hardware":
        script.do("decide_replacement", by or case.engineer, accepted=script.chance(0.9))
    if script.scene.plan == "platform-equip" and is_incident and not _attributed(script):
        ours = script.rng.choice(("ours", "ours", "third_party"))
        script.do("set_attribution", by or case.engineer, attribution=ours)

    texts = {"handling": fault.handling, "result": fault.result, "judgement": fault.finding}
    if script.chance(0.1):
        texts["loss"] = script.say("loss")
    if fault.cause == "configuration_error" and script.chance(0.25):
        texts["parameters_changed"] = script.say("parameters")
    script.do("resolve_ticket", by or case.engineer, texts=texts, cause=CAUSES[fault.cause])


def _attributed(script: Script) -> bool:
    return any(step.verb == "set_attribution" for step in script.steps)


def settle(case: Case, *, reject_share: float = 0.025, again: Callable[[Case], None] | None = None) -> None:
    """Confirmation by the customer or his refusal, then closing on the next morning; a few come back."""
    script = case.script
    script.after(script.about(45, 0.7))
    if case.goes_wrong("reject", reject_share):
        script.do("reject_resolution", script.scene.portal, reason=script.say("reject"))
        script.after(script.about(6))
        script.do("comment_on_ticket", case.engineer, text=case.say("progress"), public=True)
        (again or _once_more)(case)
        script.after(script.about(30))
    if "unconfirmed" in case.forced:
        script.after(script.rng.uniform(300, 900))
    confirm(case)
    close(case)


def _once_more(case: Case) -> None:
    case.script.after(case.script.about(35))
    resolve(case)
    _tell_again(case)


def _tell_again(case: Case) -> None:
    """At the crossings the command centre hears of every solution."""
    if case.script.scene.plan == "field-video":
        _tell_centre(case)


def confirm(case: Case) -> None:
    """By the customer's people in the portal, or told to the desk."""
    script = case.script
    if script.chance(0.4) and script.is_day():
        script.do("confirm_resolution", script.scene.portal)
    else:
        script.do("confirm_resolution", script.desk(), by_name=case.caller.name, via="phone")


def close(case: Case) -> None:
    """The desk asks how it went where the contract wants it, and closes; rarely the fault comes back a day later."""
    script = case.script
    _ask_how_it_went(case)
    script.after(script.next_morning())
    script.do("close_ticket", script.desk(), note=script.say("close"))
    if case.goes_wrong("reopen", 0.01):
        script.after(script.rng.uniform(600, 2000))
        script.do("reopen_ticket", script.desk(), reason=script.say("reopen"))
        script.after(script.about(40))
        script.do("fix_temporarily", case.engineer, text=case.say("temp_fix"))
        script.after(script.about(90))
        resolve(case)
        _tell_again(case)
        script.after(script.about(60))
        confirm(case)
        script.after(script.next_morning())
        script.do("close_ticket", script.desk(), note=script.say("permanent"))


ASKED_AFTER = {"desktop": 24.5, "field-video": 3.0, "platform-equip": 2.0}
"""Where everybody is called afterwards: hours after the solution, at the earliest."""


def _ask_how_it_went(case: Case) -> None:
    script = case.script
    hours = ASKED_AFTER.get(script.scene.plan)
    if hours is None or script.chance(0.06):
        return
    solved = [step.at for step in script.steps if step.verb == "resolve_ticket"][-1]
    script.now = max(script.now, solved + timedelta(hours=hours + script.rng.uniform(0, 4)))
    if not script.is_day():
        script.after(script.next_morning())
    script.do("call_back", script.desk(), text=script.say("asked_after"), to="user")


def by_phone(case: Case, engineer: str, minutes: float) -> None:
    """Advice: the one who takes the call, or the specialist, solves it at once."""
    script = case.script
    triage(case, script.desk())
    script.after(script.about(2))
    script.do("take_ticket", engineer)
    case.engineer = engineer
    script.after(script.about(minutes))
    script.do("comment_on_ticket", engineer, text=script.say("advice"), public=True)
    script.after(1)
    resolve(case)
    script.after(script.about(20))
    confirm(case)
    close(case)


def wait(case: Case, reason: str, hours: float) -> None:
    """Work stands still for somebody."""
    script = case.script
    script.do("start_waiting", case.engineer, reason=reason, note=script.say(f"wait_{reason}"))
    script.after(script.about(hours * 60, 0.35))
    script.do("end_waiting", case.engineer)


def withdrawn(case: Case) -> None:
    """The customer calls again: it works by itself."""
    script = case.script
    script.after(script.about(9))
    script.do("cancel_ticket", script.desk(), reason="withdrawn", note=script.say("cancel"))


# One course per plan


def field_video(case: Case) -> None:
    """Crossings: ten minutes, thirty in town, four or six hours from arrival, then the command centre."""
    script, rng = case.script, case.script.rng
    report(case, {"phone": 62, "monitoring": 18, "im": 12, "portal": 8})
    answer(case, 10, 3.2, 0.03)
    if case.goes_wrong("cancel", 0.02):
        return withdrawn(case)
    script.after(script.about(1.5))
    triage(case, script.desk(), grave=case.fault.kind == "power")
    script.after(script.about(1))
    if case.place is None:
        assign(case, "dispatcher", "he.tao")
        script.after(script.about(3))
        script.do("accept_ticket", "he.tao")
        look_into(case)
        work_until(case, case.minutes() + script.about(55), late=False)
        resolve(case)
        _tell_centre(case)
        return settle(case)
    assign(case, "dispatcher", _near(case))
    late = case.goes_wrong("road", 0.07)
    if case.place.area == "urban":
        arrive_at = rng.uniform(32, 52) if late else rng.uniform(max(case.minutes() + 5, 15), 28.5)
    else:
        arrive_at = rng.uniform(70, 140) if late else rng.uniform(35, 75)
    if arrive_at < case.minutes() + 4:
        arrive_at = case.minutes() + rng.uniform(5, 12)
    go_there(case, arrive_at, late=late)
    return _repair_on_site(case, arrive_at)


def _repair_on_site(case: Case, arrive_at: float) -> None:
    script, rng = case.script, case.script.rng
    script.after(script.within(25, 9))
    hard = case.fault.complexity == "complex" or script.chance(0.1)
    script.do("grade_ticket", case.engineer, complexity="complex" if hard else "simple")
    look_into(case)
    limit, middle = (360, 150) if hard else (240, 65)
    late = case.goes_wrong("work", 0.035)
    if hard and script.chance(0.18):
        script.after(script.about(20))
        script.do("raise_tier", case.engineer, to_tier="T3", reason=script.say("raise"))
    until = arrive_at + (limit * rng.uniform(1.04, 1.5) if late else script.within(limit, middle, 0.5))
    work_until(case, max(until, case.minutes() + 5), late=late)
    resolve(case)
    _tell_centre(case)
    script.after(script.about(9))
    leave(case)
    settle(case, again=_back_to_site)


def _tell_centre(case: Case) -> None:
    script = case.script
    late = case.goes_wrong("report", 0.035)
    script.after(script.rng.uniform(13, 40) if late else script.within(10, 3.5))
    by = script.desk()
    script.do("call_back", by, text=script.say("call_back"), to="command_centre")
    if late:
        script.do("comment_on_ticket", by, text=script.say("late_report"))


def _back_to_site(case: Case) -> None:
    script = case.script
    go_there(case, case.minutes() + script.about(28), late=False)
    script.after(script.about(25))
    resolve(case)
    _tell_centre(case)
    script.after(script.about(6))
    leave(case)


def _near(case: Case) -> str:
    assert case.place is not None
    return case.place.by


def gov_build(case: Case) -> None:
    """Offices: an hour, two hours, four hours; answers promised by a time; experts for major faults."""
    script, rng = case.script, case.script.rng
    asks = case.fault.cause != "operating_error" and case.goes_wrong("promise", 0.12)
    more = {"request_type": "consultation"} if asks else {}
    report(case, {"phone": 60, "portal": 25, "im": 10, "email": 5}, severity="ordinary", **more)
    answer(case, 60, 11, 0.025)
    if case.goes_wrong("cancel", 0.03):
        return withdrawn(case)
    if case.fault.cause == "operating_error":
        return by_phone(case, script.desk(), 12)
    major = not asks and case.goes_wrong("major", 0.05)
    script.after(script.about(3))
    triage(case, script.desk(), grave=major)
    script.after(script.rng.uniform(25, 40) if "unassigned" in case.forced else 1)
    onsite = (not asks and not case.fault.is_remote) or case.goes_wrong("road", 0.18)
    assign(case, "dispatcher", rng.choice(("engineer", "shi.min")) if onsite else "qian.jie")
    if asks:
        return _answer_by(case)
    if major:
        script.after(script.about(6))
        script.do("grade_ticket", script.desk(), severity="major")
        script.after(script.within(25, 9))
        script.do("vouch_for", "service", promise="direct-call")
        script.after(script.about(12))
        script.do("raise_tier", "manager", to_tier="T3", reason=script.say("raise"))
    late = case.goes_wrong("work", 0.05)
    if onsite:
        road = case.goes_wrong("road", 0.06)
        go_there(
            case,
            max(rng.uniform(125, 165) if road else script.within(115, 58), case.minutes() + 8),
            late=road,
        )
        script.after(script.about(12))
        look_into(case)
        end = rng.uniform(248, 380) if late else min(case.minutes() + script.about(48), 228)
        work_until(case, max(end, case.minutes() + 6), late=late)
        resolve(case)
        script.after(script.about(8))
        leave(case)
    else:
        script.after(script.about(4))
        script.do("accept_ticket", case.engineer)
        look_into(case)
        end = rng.uniform(248, 330) if late else max(script.within(114, 58), case.minutes() + 5)
        work_until(case, end, late=late)
        resolve(case)
    if script.chance(0.5):
        script.after(script.about(5))
        script.do("call_back", script.desk(), text=script.say("call_back"))
    return settle(case)


def _answer_by(case: Case) -> None:
    """The cause takes research: an answer is promised by a time, and mostly given in time."""
    script, rng = case.script, case.script.rng
    hours = rng.choice((1, 2, 3))
    script.words.values["hours"] = str(hours)
    script.do("promise_answer", script.desk(), promised_in=hours * 60, text=script.say("promise"))
    script.after(script.about(4))
    script.do("accept_ticket", case.engineer)
    look_into(case)
    broken = case.goes_wrong("answer-by", 0.18)
    script.after(hours * 60 * (rng.uniform(1.1, 1.7) if broken else rng.uniform(0.4, 0.85)))
    script.do("give_answer", case.engineer, text=script.say("answer"))
    script.after(script.about(8))
    resolve(case)
    settle(case)


def desktop(case: Case) -> None:
    """Desks in five cities: half an hour by phone, the resident walks over, others drive."""
    script = case.script
    channels = {"phone": 52, "email": 9, "portal": 11, "oa": 13, "walk_in": 7, "im": 8}
    report(case, channels if script.is_day() else {"phone": 70, "portal": 30})
    answer(case, 30, 6, 0.05)
    if case.goes_wrong("cancel", 0.03):
        return withdrawn(case)
    script.after(script.about(2))
    if case.fault.request_type == "incident" and case.fault.kind != "hardware" and script.chance(0.45):
        return by_phone(case, script.desk(), 14)
    triage(case, script.desk())
    script.after(script.about(2))
    assert case.place is not None
    assign(case, script.desk(), case.place.by or "resident")
    if not script.opening_hours():
        script.after(script.next_morning() - 15)
    if case.place.mode == "remote_only" or script.chance(0.15):
        script.after(script.about(8))
        script.do("accept_ticket", case.engineer)
        look_into(case)
        _stand_still(case)
        script.after(script.about(30))
        resolve(case)
        return settle(case)
    late = case.goes_wrong("road", 0.1)
    resident = case.place.mode == "resident"
    way = script.within(180, 18) if resident else script.within(225, 95)
    go_there(
        case,
        case.minutes() + (script.rng.uniform(248, 330) if late else way + 3),
        late=late,
        by=script.desk(),
    )
    script.after(script.about(10))
    look_into(case)
    solved = not _stand_still(case)
    script.after(script.about(35))
    if solved:
        resolve(case)
        script.after(script.about(6))
    leave(case, solved=solved)
    if not solved:
        script.after(script.about(70))
        resolve(case)
    return settle(case)


def _stand_still(case: Case) -> bool:
    """Sometimes the user, a maker or a part is waited for. Returns whether."""
    drawn = case.script.rng.random()
    for reason, share, hours in (("customer", 0.08, 3), ("vendor", 0.05, 14), ("part", 0.06, 20)):
        if f"wait-{reason}" in case.forced or (not case.forced and drawn < share):
            wait(case, reason, hours)
            return True
        drawn -= share
    return False


def platform_equip(case: Case) -> None:
    """Monitoring platform: three tiers, makers behind them, a level for every case."""
    script, rng = case.script, case.script.rng
    report(case, {"phone": 45, "email": 30, "portal": 20, "fax": 5})
    answer(case, 120, 25, 0.06)
    script.after(script.about(5))
    if case.fault.consultation:
        return by_phone(case, rng.choice(("tao.yong", "su.ping")), 25)
    triage(case, script.desk())
    script.after(script.about(4))
    script.do("raise_tier", script.desk(), to_tier="T2", reason=script.say("second_tier"))
    assign(case, script.desk(), "su.ping" if case.fault.kind in ("network", "server") else "tao.yong")
    if case.fault.kind == "spare":
        script.after(script.about(20))
        script.do("accept_ticket", case.engineer)
        script.after(script.about(30))
        wait(case, "part", 48)
        script.after(script.about(60))
        resolve(case)
        return settle(case)
    late = case.goes_wrong("work", 0.1)
    if case.fault.kind in ("server", "network"):
        go_there(case, case.minutes() + script.about(70), late=False, by=script.desk())
        script.after(script.about(20))
        look_into(case)
        _third_tier(case)
        end = rng.uniform(1480, 2400) if late else min(case.minutes() + script.about(120), 1380)
        work_until(case, max(end, case.minutes() + 10), late=late)
        resolve(case)
        script.after(script.about(8))
        leave(case)
    else:
        script.after(script.about(10))
        script.do("accept_ticket", case.engineer)
        look_into(case)
        _third_tier(case)
        end = rng.uniform(1480, 2200) if late else min(case.minutes() + script.about(200, 0.7), 1380)
        work_until(case, max(end, case.minutes() + 10), late=late)
        resolve(case)
    return settle(case)


def _third_tier(case: Case) -> bool:
    script = case.script
    if not case.goes_wrong("wait-vendor", 0.18):
        return False
    script.after(script.about(25))
    script.do("raise_tier", case.engineer, to_tier="T3", reason=script.say("raise"))
    script.after(script.about(10))
    wait(case, "vendor", 4)
    script.do("set_attribution", case.engineer, attribution=script.rng.choice(("ours", "third_party")))
    return True


def sw_warranty(case: Case) -> None:
    """Software: by grade and channel, one specialist through all of it, on site when two hours do not suffice."""
    script, rng, fault = case.script, case.script.rng, case.fault
    grade = fault.severity or "L2"
    by_voice = {"phone": 80, "portal": 20} if grade == "L1" else {"phone": 40, "email": 30, "portal": 30}
    report(case, by_voice, severity=grade)
    voice = case.script.steps[0].arguments["channel"] == "phone"
    answer(case, 5 if fault.consultation and voice else 60, 2 if fault.consultation and voice else 14, 0.03)
    if fault.consultation:
        return by_phone(case, rng.choice(("specialist", "jiang.yy")), 18)
    script.after(script.about(4))
    triage(case, script.desk(), grave=grade == "L1")
    script.after(1)
    assign(case, script.desk(), rng.choice(("specialist", "jiang.yy")))
    if grade == "L1":
        return _main_function(case)
    script.after(script.about(15))
    script.do("accept_ticket", case.engineer)
    look_into(case)
    late = case.goes_wrong("work", 0.05)
    if fault.request_class == "functional-patch":
        case.reach(rng.uniform(1500, 2300) if late else rng.uniform(180, 1320))
        script.do("propose_solution", case.engineer, text=script.say("proposal"))
        script.after(script.about(240))
        if script.chance(0.5):
            wait(case, "customer", 5)
    elif script.chance(0.15):
        script.after(script.about(30))
        wait(case, "customer", 4)
    working_day = 1440 * (1.7 if grade == "L2" else 2.2)
    end = rng.uniform(5.2, 8) * 1440 if late and grade == "L2" else min(script.about(560, 0.8), working_day)
    work_until(case, max(end, case.minutes() + 15), late=late and grade == "L2")
    resolve(case)
    return settle(case)


def _main_function(case: Case) -> None:
    """Level 1: two hours from afar; if that fails the senior engineer goes there."""
    script, rng = case.script, case.script.rng
    script.after(script.about(3))
    script.do("accept_ticket", case.engineer)
    look_into(case)
    if case.goes_wrong("work", 0.06):
        work_until(case, rng.uniform(125, 170), late=True)
        resolve(case)
        return settle(case)
    if case.goes_wrong("road", 0.12):
        case.reach(max(rng.uniform(85, 110), case.minutes() + 4))
        script.do("raise_tier", case.engineer, to_tier="T2", reason=script.say("raise"))
        assign(case, script.desk(), "senior")
        go_there(case, case.minutes() + script.about(55), late=False, by=script.desk())
        script.after(script.about(45))
        resolve(case)
        script.after(script.about(12))
        leave(case)
        return settle(case)
    work_until(case, max(script.within(116, 62), case.minutes() + 4), late=False)
    resolve(case)
    return settle(case)
