"""The courses of the five reference plans: who answers, who goes there, what goes wrong.

Limits stand here only as far as people aim at them; whether a promise was kept is the register's verdict alone.
"""

from __future__ import annotations

from .stories import (
    Case,
    answer,
    assign,
    by_phone,
    go_there,
    leave,
    look_into,
    report,
    resolve,
    settle,
    tell_centre,
    triage,
    wait,
    withdrawn,
    work_until,
)


def field_video(case: Case) -> None:
    """Crossings: ten minutes, thirty in town, four or six hours from arrival, then the command centre."""
    script, rng = case.script, case.script.rng
    report(case, {"phone": 62, "monitoring": 18, "im": 12, "portal": 8})
    answer(case, 10, 3.2, 0.02)
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
        tell_centre(case)
        return settle(case)
    assign(case, "dispatcher", _near(case))
    late = case.goes_wrong("road", 0.05)
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
    late = case.goes_wrong("work", 0.025)
    if hard and script.chance(0.18):
        script.after(script.about(20))
        script.do("raise_tier", case.engineer, to_tier="T3", reason=script.say("raise"))
    until = arrive_at + (limit * rng.uniform(1.04, 1.5) if late else script.within(limit, middle, 0.5))
    work_until(case, max(until, case.minutes() + 5), late=late)
    resolve(case)
    tell_centre(case)
    script.after(script.about(9))
    leave(case)
    settle(case, again=_back_to_site)


def _back_to_site(case: Case) -> None:
    script = case.script
    go_there(case, case.minutes() + script.about(28), late=False)
    script.after(script.about(25))
    resolve(case)
    tell_centre(case)
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
    major = not asks and case.fault.cause != "operating_error" and case.goes_wrong("major", 0.05)
    answer(case, *((12, 4, 0) if major else (60, 11, 0.025)))
    if not major and case.goes_wrong("cancel", 0.03):
        return withdrawn(case)
    if case.fault.cause == "operating_error":
        return by_phone(case, script.desk(), 12)
    script.after(2 if major else script.about(3))
    triage(case, script.desk(), grave=major)
    script.after(script.rng.uniform(25, 40) if "unassigned" in case.forced else 1)
    onsite = (not asks and not case.fault.is_remote) or case.goes_wrong("road", 0.18)
    assign(case, "dispatcher", rng.choice(("engineer", "shi.min")) if onsite else "qian.jie")
    if asks:
        return _answer_by(case)
    if major:
        script.after(2)
        script.do("grade_ticket", script.desk(), severity="major")
        script.after(script.within(12, 6))
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
