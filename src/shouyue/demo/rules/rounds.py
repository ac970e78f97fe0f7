"""What is done without a fault: rounds of the sites, people's words for what no system sees, later milestones.

Little of it fails, as in life: a round falls out, a word is given late.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from . import stories
from .rhythm import ZONE
from .script import Place, Scene, Script
from .stories import Case
from .texts import Fault, Words

AHEAD = timedelta(days=10)
"""Rounds of the coming days are planned too, so that they go on while somebody looks."""
FIRST_DAYS = 5
"""The first round goes quickly everywhere, for the month or fortnight that runs when life begins."""
AFTERNOON = (15.2,)
"""When people look at what they have to vouch for, unless their contract gives them less than a day."""
ROUND = Fault(
    kind="round",
    category="round",
    titles=("例行巡访",),
    says=("按合同约定的周期安排巡访。",),
    cause="operating_error",
    finding="例行巡访，逐项检查。",
    handling="按巡访清单逐项检查并记录。",
    result="巡访完成，结果已告知现场。",
    complexity="simple",
    asked="inspection",
)


def of(scene: Scene, row: Mapping[str, Any], seed: int, since: datetime, end: datetime) -> Iterator[Script]:
    """All of one contract between the two instants; row: the contract's lines in the data file."""
    for number, wanted in enumerate(row.get("rounds", ())):
        yield from _rounds(scene, wanted, f"{scene.code}-ROUND{number}", seed, since, end + AHEAD)
    yield _vouching(scene, row.get("looks_at", AFTERNOON), since, end + AHEAD)
    for name, days in row.get("milestones_later", {}).items():
        yield _milestone(scene, name, end + timedelta(days=days))


def _rounds(
    scene: Scene, wanted: Mapping[str, Any], key: str, seed: int, since: datetime, until: datetime
) -> Iterator[Script]:
    """Once in so many days at each place, and once when life begins; every so often one falls out."""
    places = [place for place in scene.places if place.area == wanted.get("area", place.area)]
    step = timedelta(days=wanted["days"])
    begin = since.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    first = begin + timedelta(days=(wanted.get("weekday", 0) - begin.weekday()) % 7)
    turns = int((until - first) / step) + 1
    for turn in range(-1 if step > timedelta(days=FIRST_DAYS) else 0, turns):
        for index, place in enumerate(places):
            rng = random.Random(f"{seed}:{key}:{turn}:{index}")
            if rng.random() < wanted.get("missed", 0.06):
                continue
            spread = index * wanted.get("spread_days", 0.2) if turn >= 0 else FIRST_DAYS * index / len(places)
            at = (first + step * turn if turn >= 0 else begin) + timedelta(
                days=int(spread), hours=8.6 + 6 * (spread % 1), minutes=rng.uniform(0, 50)
            )
            if since <= at < until:
                yield _round(scene, f"{key}-{turn}-{index}", at, rng, place, str(rng.choice(wanted["by"])))


def _round(scene: Scene, key: str, at: datetime, rng: random.Random, place: Place, engineer: str) -> Script:
    words = Words({"title": f"{place.name}例行巡访", "person": "当班负责人"})
    script = Script(key, scene, rng, at, words)
    caller = next((one for one in scene.callers if one.site_id == place.id), scene.callers[0])
    case = Case(script, ROUND, place, caller, frozenset({"none"}), engineer)
    script.do(
        "report_ticket",
        script.desk(),
        contract_id=scene.contract_id,
        channel="oa",
        request_type="inspection",
        title=words.values["title"],
        description=script.say("round"),
        site_id=place.id,
        requester_id=caller.id,
        urgency="low",
        impact="group",
    )
    script.after(2)
    script.do("respond_to_ticket", script.steps[0].by, text="已安排，到场前电话联系。")
    stories.assign(case, script.steps[0].by, engineer)
    stories.go_there(case, case.minutes() + script.about(50), late=False, by=script.desk())
    script.after(script.about(45))
    found = script.say("round_found")
    texts = {
        "phenomenon": words.values["title"],
        "judgement": ROUND.finding,
        "handling": ROUND.handling,
        "result": found,
    }
    script.do("resolve_ticket", engineer, texts=texts, cause="operation")
    script.after(4)
    script.do("leave", engineer, outcome="solved", report=found)
    script.after(script.about(60))
    stories.confirm(case)
    stories.close(case)
    return script


def _vouching(scene: Scene, hours: Sequence[float], since: datetime, until: datetime) -> Script:
    """Every day people look at what they have to vouch for, and give their word where it is time."""
    script = Script(f"{scene.code}-VOUCH", scene, random.Random(scene.code), since)
    for at in _daily(hours, since, until):
        script.now = at
        script.do("vouch", scene.portal, contract_id=scene.contract_id)
    return script


def calls(scene: Scene, since: datetime, until: datetime) -> Script:
    """The desk makes the calls that plans ask for, some times a day."""
    script = Script("CALLS", scene, random.Random("calls"), since)
    for at in _daily((8.4, 11.2, 14.7, 17.9, 21.5), since, until):
        script.now = at
        script.do("make_calls", script.desk())
    return script


def _daily(hours: Sequence[float], since: datetime, until: datetime) -> Iterator[datetime]:
    day = since.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < until:
        yield from (at for hour in hours if since <= (at := day + timedelta(hours=hour)) < until)
        day += timedelta(days=1)


def _milestone(scene: Scene, name: str, at: datetime) -> Script:
    local = at.astimezone(ZONE).replace(hour=15, minute=30)
    script = Script(f"{scene.code}-{name}", scene, random.Random(name), local)
    script.do(
        "reach_milestone",
        next(one for one in ("manager3", "manager2", "manager") if one in scene.engineers),
        contract_id=scene.contract_id,
        name=name,
        signed_by_provider="魏建国",
        signed_by_customer="分管负责人",
    )
    return script
