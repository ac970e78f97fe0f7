"""Which course a fault takes under which plan; here the courses of the hospital, the campus and the cash machines."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from . import reference, stories
from .rhythm import ZONE
from .script import Scene, Script
from .stories import Case
from .texts import Fault

LIMITS: Mapping[str, Mapping[str, tuple[float, float, float]]] = {
    "hospital-equipment": {
        "life-support": (5, 30, 240),
        "stopped": (15, 120, 480),
        "restricted": (60, 230, 1100),
        "deferrable": (60, 900, 2400),
    },
    "campus-network": {
        "campus": (5, 30, 60),
        "building": (10, 30, 120),
        "room": (15, 60, 240),
        "user": (30, 480, 900),
    },
    "bank-atm": {
        "cosmetic": (10, 1000, 2400),
        "single-function": (10, 120, 360),
        "out-of-service": (10, 60, 180),
        "cash-risk": (5, 60, 180),
    },
}
"""By grade, in minutes, what people aim at: the answer and the arrival after the report, the work after arrival."""
FARTHER = {"town": 2, "village": 4}


def write(
    scene: Scene,
    key: str,
    at: datetime,
    rng: random.Random,
    *,
    fault: Fault | None = None,
    forced: Collection[str] = (),
) -> Script:
    """The script of one ordinary story that begins at `at`."""
    case = stories.begin(scene, key, at, rng, fault=fault, forced=forced)
    COURSES[scene.plan](case)
    return case.script


def hospital(case: Case) -> None:
    """Life support first; parts of the maker are waited for; departments are called afterwards."""
    _report(case, {"phone": 70, "im": 12, "portal": 18})
    answer_limit, arrive_limit, work_limit = _limits(case)
    stories.answer(case, answer_limit, answer_limit * 0.4, 0.03)
    if case.goes_wrong("cancel", 0.02):
        return stories.withdrawn(case)
    if case.fault.consultation:
        return stories.by_phone(case, case.script.desk(), 12)
    _send(case, ("ding.wei", "yan.jun", "miao.qing"))
    _arrive(case, arrive_limit, 0.04, when_late=_call_maker)
    stories.look_into(case)
    waited = _wait(case, (("customer", 0.08, 2), ("part", 0.14, 26)))
    return _finish(case, work_limit, waited=waited, called=0.85)


def _call_maker(case: Case) -> None:
    """Nobody was there in time, so the maker's experts are called in; now and then too late."""
    script = case.script
    script.after(script.rng.uniform(18, 40) if script.chance(0.15) else script.rng.uniform(2, 12))
    script.do("raise_tier", case.engineer, to_tier="T3", reason=script.say("raise"))


def campus(case: Case) -> None:
    """Teaching first; whatever can be done from the control room is; the carrier is waited for."""
    script = case.script
    if case.fault.asked == "change":
        return _stop(case)
    examination = case.fault.severity == "room" and case.goes_wrong("examination", 0.2)
    more = {"request_class": "examination"} if examination else {}
    dormitory = case.fault.kind == "dormitory"
    _report(
        case,
        {"portal": 60, "im": 30, "phone": 10} if dormitory else {"phone": 68, "im": 20, "portal": 12},
        **more,
    )
    answer_limit, arrive_limit, work_limit = _limits(case)
    answer_limit = 4 if examination else answer_limit
    stories.answer(case, answer_limit, answer_limit * 0.4, 0.03)
    if case.goes_wrong("cancel", 0.03):
        return stories.withdrawn(case)
    if case.fault.consultation:
        return stories.by_phone(case, script.desk(), 10)
    if case.fault.asked:
        return _event(case)
    if case.goes_wrong("promise", 0.06):
        return _promise(case)
    _send(case, ("luo.bin", "fan.yu", "qu.na"))
    late = _arrive(case, 14 if examination else arrive_limit, 0.05)
    stories.look_into(case)
    waited = _wait(case, (("customer", 0.07, 3), ("vendor", 0.1, 4)))
    left = work_limit - case.minutes()
    if not waited and (late or left < 8) and script.chance(0.5):
        script.after(max(left, 0) + script.rng.uniform(2, 8))
        script.do("raise_tier", case.engineer, to_tier="T2", reason=script.say("raise"))
    return _finish(case, max(left, 12), waited=waited, called=0.85)


def _promise(case: Case) -> None:
    """The cause takes research: an answer is promised by a time."""
    script = case.script
    stories.triage(case, script.desk())
    stories.assign(case, script.desk(), "qu.na")
    script.words.values["hours"] = "2"
    script.do("promise_answer", script.desk(), promised_in=120, text=script.say("promise"))
    script.do("accept_ticket", "qu.na")
    stories.look_into(case)
    script.after(
        script.rng.uniform(130, 190) if case.goes_wrong("answer-by", 0.25) else script.within(110, 60)
    )
    script.do("give_answer", "qu.na", text=script.say("answer"))
    script.after(script.about(8))
    stories.resolve(case)
    stories.settle(case)


def _stop(case: Case) -> None:
    """A planned stop of the network: the university is asked, and agrees, refuses or keeps silent."""
    script, rng = case.script, case.script.rng
    _report(case, {"email": 1})
    script.after(script.about(12))
    script.do("respond_to_ticket", script.desk(), text=script.say("respond"))
    stories.triage(case, script.desk())
    stories.assign(case, script.desk(), "luo.bin")
    script.after(script.about(20))
    script.do("accept_ticket", "luo.bin")
    script.do(
        "ask_signoff",
        "manager3",
        kind="consent",
        purpose="change",
        capacity="it_contact",
        text=f"{case.title}：{script.say('stop_request')}",
    )
    answer = rng.choices(("give_signoff", "refuse_signoff", ""), (7, 1, 2))[0]
    if answer:
        script.after(rng.uniform(200, 1500) if script.chance(0.8) else rng.uniform(7300, 9000))
        words = {"words": "本周有期中考试，请改期再报。"} if answer == "refuse_signoff" else {}
        script.do(answer, script.scene.portal, **words)
    else:
        script.after(rng.uniform(7300, 8200))
    if answer == "refuse_signoff":
        script.after(30)
        script.do("cancel_ticket", script.desk(), reason="withdrawn", note="校方要求改期，另行申请。")
        return
    script.after(script.next_morning() + 960)
    stories.look_into(case)
    script.after(script.about(45))
    stories.resolve(case)
    script.after(600)
    stories.confirm(case)
    stories.close(case)


def _event(case: Case) -> None:
    """Support of an event: the contract says what it costs, the network is built and taken away."""
    script = case.script
    stories.triage(case, script.desk())
    stories.assign(case, script.desk(), "fan.yu")
    script.after(script.about(15))
    script.do("accept_ticket", "fan.yu")
    script.do("decide_charge", "fan.yu", item=case.fault.item)
    stories.go_there(case, case.minutes() + script.about(1500, 0.3), late=False, by=script.desk())
    script.after(script.about(240))
    stories.resolve(case)
    script.after(15)
    stories.leave(case)
    stories.settle(case)


def bank(case: Case) -> None:
    """By class of branch; safes open only before two of the bank's people; money is signed for."""
    script, place = case.script, case.place
    _report(case, {"monitoring": 55, "phone": 35, "portal": 10})
    answer_limit, arrive_limit, work_limit = _limits(case)
    stories.answer(case, answer_limit, answer_limit * 0.35, 0.02)
    if case.goes_wrong("cancel", 0.02):
        return stories.withdrawn(case)
    if case.fault.consultation:
        return stories.by_phone(case, script.desk(), 10)
    near = {"city": ("wu.di", "ren.fei"), "town": ("ren.fei", "jin.bo"), "village": ("jin.bo",)}
    _send(case, near[place.area if place else "city"])
    since = 0.0
    if not _is_day(case):
        script.now = _seven(script)
        since = case.minutes()
    farther = FARTHER.get(place.area if place else "", 1) if case.fault.severity != "cosmetic" else 1
    _arrive(case, arrive_limit * farther, 0.03, since=since)
    stories.look_into(case)
    if case.fault.item:
        _charge(case)
    waited = _wait(case, (("customer", 0.3, 0.6), ("part", 0.06, 22)))
    return _finish(case, work_limit, waited=waited, called=0.2)


def _charge(case: Case) -> None:
    """What vandals broke: within the yearly number at the agreed discount, quoted and approved."""
    script = case.script
    script.do("decide_charge", case.engineer, item=case.fault.item)
    amount = script.rng.randrange(12, 60) * 50
    script.after(script.about(6))
    script.do("quote_charge", case.engineer, amount=amount, text="更换受损部件，含工时，已按合同折扣。")
    script.after(script.about(70))
    script.do("give_signoff", script.scene.portal)
    script.after(script.about(40))
    script.do("state_charge", case.engineer, amount=amount, text="按报价完成，旧件留存备查。")


# What these courses share


def _report(case: Case, channels: Mapping[str, int], **more: str) -> None:
    stories.report(case, channels, severity=case.fault.severity, **more)


def _limits(case: Case) -> tuple[float, float, float]:
    return LIMITS[case.script.scene.plan][case.fault.severity]


def _is_day(case: Case) -> bool:
    grave = case.fault.severity in ("life-support", "stopped", "campus", "building", "cash-risk")
    return grave or case.script.is_day()


def _send(case: Case, engineers: tuple[str, ...]) -> None:
    script = case.script
    script.after(script.about(0.8))
    stories.triage(case, script.desk(), grave=case.fault.severity in ("life-support", "campus", "cash-risk"))
    stories.assign(case, script.desk(), script.rng.choice(engineers))


def _seven(script: Script) -> datetime:
    """When service hours begin again."""
    local = script.now.astimezone(ZONE)
    seven = local.replace(hour=7, minute=script.rng.randrange(2, 12))
    return seven if seven > local else seven + timedelta(days=1)


def _arrive(
    case: Case,
    limit: float,
    late_share: float,
    *,
    since: float = 0.0,
    when_late: Callable[[Case], None] | None = None,
) -> bool:
    """On the spot within the limit, or not; returns whether late.

    since: the minute after the report at which the limit begins; when_late: what is done as it passes.
    """
    script, rng = case.script, case.script.rng
    late = case.goes_wrong("road", late_share)
    at = since + (
        limit * rng.uniform(1.3, 1.6) if late else min(script.about(min(limit * 0.5, 150)), limit * 0.85)
    )
    if late and when_late is not None:
        case.reach(since + limit)
        when_late(case)
    stories.go_there(case, max(at, case.minutes() + 3), late=late, by=script.desk())
    script.after(script.about(3))
    return late


def _wait(case: Case, causes: tuple[tuple[str, float, float], ...]) -> bool:
    drawn = case.script.rng.random()
    for reason, share, hours in causes:
        if f"wait-{reason}" in case.forced or (not case.forced and drawn < share):
            case.script.after(case.script.about(10))
            stories.wait(case, reason, hours)
            return True
        drawn -= share
    return False


def _finish(case: Case, work_limit: float, *, waited: bool, called: float) -> None:
    """Solved on the spot, signed, called back, confirmed; cash at risk is signed for before it is closed."""
    script = case.script
    late = not waited and case.goes_wrong("work", 0.03)
    spent = (
        work_limit * script.rng.uniform(1.05, 1.4)
        if late
        else script.within(work_limit, work_limit * 0.35, 0.5)
    )
    stories.work_until(case, case.minutes() + max(spent, 4), late=late)
    stories.resolve(case)
    script.after(script.about(6))
    stories.leave(case)
    if script.chance(called):
        script.after(script.about(25))
        script.do("call_back", script.desk(), text=script.say("call_back"))
    if case.fault.severity == "cash-risk":
        return _sign_for(case)
    return stories.settle(case)


def _sign_for(case: Case) -> None:
    """The bank signs for the money; sometimes the desk tries to close before, and is refused."""
    script = case.script
    script.after(script.about(20))
    stories.confirm(case)
    if script.chance(0.5):
        script.after(5)
        script.do("close_ticket", script.desk(), note=script.say("shut_early"), refused=True)
    script.do(
        "ask_signoff",
        case.engineer,
        kind="signature",
        purpose="cash-settlement",
        capacity="leader",
        text=f"{case.title}：{script.say('signed_money')}",
    )
    script.after(script.about(90))
    script.do("give_signoff", script.scene.portal, signed=True)
    stories.close(case)


COURSES: Mapping[str, Callable[[Case], None]] = {
    "field-video": reference.field_video,
    "gov-build": reference.gov_build,
    "desktop": reference.desktop,
    "platform-equip": reference.platform_equip,
    "sw-warranty": reference.sw_warranty,
    "hospital-equipment": hospital,
    "campus-network": campus,
    "bank-atm": bank,
}
