"""What the courses of faults have in common: a case being written, and the steps people take in it."""

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
        tell_centre(case)


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


def tell_centre(case: Case) -> None:
    script = case.script
    late = case.goes_wrong("report", 0.025)
    script.after(script.rng.uniform(13, 40) if late else script.within(10, 3.5))
    by = script.desk()
    script.do("call_back", by, text=script.say("call_back"), to="command_centre")
    if late:
        script.do("comment_on_ticket", by, text=script.say("late_report"))
