"""Stories that stand out: the crash of a whole platform, a storm over the crossings, one cause with many reports.

And what a visitor finds in the middle of things: cases of every state, some about to break a promise.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from . import courses, stories
from .rhythm import ZONE
from .script import Scene, Script
from .texts import Fault, faults


def crash(scene: Scene, key: str, at: datetime, rng: random.Random, *, saved: bool) -> Script:
    """The platform is down. saved: whether it is up again within four hours."""
    fault = next(one for one in faults(scene.plan) if one.severity == "L0")
    case = stories.begin(scene, key, at, rng, fault=fault)
    script = case.script
    stories.report(case, {"phone": 1}, severity="L0")
    script.after(4)
    script.do("respond_to_ticket", script.desk(), text=script.say("respond"))
    script.after(2)
    script.do("triage_ticket", script.desk(), urgency="critical", impact="all")
    stories.assign(case, script.desk(), "specialist")
    script.after(3)
    script.do("accept_ticket", "specialist")
    script.after(6)
    script.do(
        "comment_on_ticket",
        scene.portal,
        text="所有业务全部停摆，上级已经在问，请随时通报进展！",
        public=True,
    )
    script.after(12)
    script.do(
        "comment_on_ticket",
        "specialist",
        text="集群三个节点全部退出，主节点日志显示内存溢出，正在隔离故障节点。",
        public=True,
    )
    script.after(22)
    script.do(
        "propose_solution",
        "specialist",
        text="先隔离故障节点单点恢复服务，再定位泄漏模块，高级工程师同时赶赴现场。",
    )
    script.after(8)
    script.do(
        "raise_tier", "specialist", to_tier="T2", reason="远程重启后再次溢出，需要到现场处理存储与选主。"
    )
    stories.assign(case, script.desk(), "senior")
    stories.go_there(case, 108, late=False, by=script.desk())
    script.after(9)
    stories.look_into(case)
    case.reach(150)
    script.do(
        "request_escalation", scene.portal, reason="现场已经半小时仍未恢复，要求公司领导和最高级专家介入。"
    )
    case.reach(172)
    script.do("fix_temporarily", "senior", text="已用备节点拉起只读服务，查询恢复，写入仍暂停。")
    case.reach(205)
    script.do("raise_tier", "senior", to_tier="T3", reason="内存泄漏在核心模块，请研发专家组现场连线。")
    script.after(6)
    script.do(
        "comment_on_ticket",
        "expert",
        text="专家组已接入，确认为批量任务句柄未释放，正在出热修复包。",
        public=True,
    )
    case.reach(231 if saved else 312)
    stories.resolve(case, "senior")
    script.after(4)
    script.do("call_back", "service", text="服务已全部恢复，已向客户分管领导说明原因与后续复盘安排。")
    script.after(25)
    stories.leave(case, with_whom="研发专家组")
    script.after(40)
    script.do("confirm_resolution", scene.portal)
    stories.close(case)
    return script


def storm(scene: Scene, key: str, at: datetime, rng: random.Random, count: int) -> Iterator[Script]:
    """Lightning over the crossings: many power and line faults within two hours."""
    sorts = [one for one in faults(scene.plan) if one.kind in ("power", "lightning", "transmission")]
    for index in range(count):
        begins = at + timedelta(minutes=rng.uniform(0, 120))
        yield courses.write(scene, f"{key}-{index}", begins, rng, fault=rng.choice(sorts))


def outage(scene: Scene, key: str, at: datetime, rng: random.Random) -> Iterator[Script]:
    """A floor without network: one case with parts of it, and a report made twice."""
    fault = next(one for one in faults(scene.plan) if one.category == "switch")
    first = courses.write(scene, key, at, rng, fault=fault, forced={"none"})
    solved = next(step.at for step in first.steps if step.verb == "resolve_ticket")
    yield first
    for index in range(3):
        begins = at + timedelta(minutes=4 + 5 * index + rng.uniform(0, 3))
        case = stories.begin(scene, f"{key}-{index}", begins, rng, fault=fault)
        script = case.script
        stories.report(case, {"phone": 3, "im": 1}, severity="ordinary")
        script.after(script.within(20, 6))
        by = script.desk()
        script.do("respond_to_ticket", by, text=script.say("respond"))
        script.after(2)
        if index == 2:
            script.do(
                "cancel_ticket",
                by,
                reason="duplicate",
                duplicate_of=f"~{key}",
                note="同一处故障，并入主单处理。",
            )
            yield script
            continue
        stories.triage(case, by)
        script.do("link_tickets", by, other_id=f"~{key}", kind="parent")
        script.do("take_ticket", by)
        case.engineer = by
        script.now = max(script.now, solved) + timedelta(minutes=rng.uniform(2, 9))
        stories.resolve(case)
        script.after(20)
        stories.confirm(case)
        stories.close(case)
        yield script


HELD_UP = (("answer", 0.2), ("road", 0.45), ("work", 0.7))
"""What goes wrong in each smaller contract whatever else happens, and after which part of the life."""
GRAVE = {"HOSP": ("imaging", "stopped"), "CAMPUS": ("room", "room"), "ATM": ("machine", "out-of-service")}
"""Kind and grade of what is held up: a limit that ends on the same day."""


def held_up(
    scenes: Mapping[str, Scene], since: datetime, end: datetime, rng: random.Random
) -> Iterator[Script]:
    """Cases of the smaller contracts that are answered, reached and solved too late, in the middle of a morning.

    At one of the bank's machines vandals were at work, which is charged.
    """
    vandalised = next(one for one in faults(scenes["ATM"].plan) if one.item == "vandalism")
    for place, (code, (kind, grade)) in enumerate(GRAVE.items()):
        sorts = [one for one in faults(scenes[code].plan) if one.kind == kind and one.severity == grade]
        for trouble, share in HELD_UP:
            day = since + (end - since) * (share + 0.04 * place)
            at = day.astimezone(ZONE).replace(hour=9, minute=rng.randrange(60))
            fault = vandalised if (code, trouble) == ("ATM", "road") else rng.choice(sorts)
            key = f"HELD-UP-{code}-{trouble}"
            yield courses.write(scenes[code], key, at, rng, fault=fault, forced={trouble})


def in_the_middle(scenes: Mapping[str, Scene], end: datetime, rng: random.Random) -> Iterator[Script]:
    """Cases a visitor finds open: (contract, minutes ago, kind of fault, troubles)."""
    shown = (
        ("FV", 4.5, "camera", {"answer"}),
        ("FV", 1.2, "power", {"none"}),
        ("FV", 19, "transmission", {"road"}),
        ("FV", 11, "camera", {"none"}),
        ("FV", 190, "camera", {"work"}),
        ("FV", 95, "power", {"none"}),
        ("FV", 62, "box", {"report"}),
        ("GB", 196, "server", {"work"}),
        ("GB", 84, "network", {"road"}),
        ("GB", 31, "application", {"promise", "answer-by"}),
        ("GB", 18, "application", {"major"}),
        ("GB", 6, "client", {"none"}),
        ("GB", 24, "server", {"unassigned"}),
        ("GB", 320, "application", {"unconfirmed"}),
        ("SW", 74, "platform", {"road"}),
        ("SW", 2400, "platform", {"work"}),
        ("SW", 9, "platform", {"none"}),
        ("PE", 400, "server", {"wait-vendor"}),
        ("PE", 1290, "platform", {"work"}),
        ("PE", 14, "network", {"none"}),
        ("PE", 1500, "spare", {"none"}),
        ("DT", 22, "hardware", {"answer"}),
        ("DT", 160, "hardware", {"road"}),
        ("DT", 300, "hardware", {"wait-customer"}),
        ("DT", 700, "hardware", {"wait-part"}),
        ("DT", 420, "software", {"unconfirmed"}),
        ("DT", 2, "network", {"none"}),
        ("HOSP", 3, "life_support", {"none"}),
        ("HOSP", 41, "imaging", {"none"}),
        ("HOSP", 260, "lab", {"wait-part"}),
        ("HOSP", 130, "software", {"unconfirmed"}),
        ("CAMPUS", 2, "building", {"none"}),
        ("CAMPUS", 26, "room", {"road"}),
        ("CAMPUS", 17, "room", {"examination"}),
        ("CAMPUS", 3100, "core", {"none"}),
        ("ATM", 8, "machine", {"none"}),
        ("ATM", 55, "cash", {"wait-customer"}),
        ("ATM", 95, "network", {"road"}),
    )
    for index, (code, minutes, kind, forced) in enumerate(shown):
        scene = scenes[code]
        at = end - timedelta(minutes=minutes)
        own = random.Random(f"{rng.random()}:{index}")
        yield courses.write(
            scene, f"NOW-{index}", at, own, fault=_sort(scene, kind, code, own), forced=forced
        )
    yield crash(scenes["SW"], "NOW-CRASH", end - timedelta(minutes=158), rng, saved=True)


def _sort(scene: Scene, kind: str, code: str, rng: random.Random) -> Fault:
    sorts = [one for one in faults(scene.plan) if one.kind == kind and not one.consultation]
    if code == "SW":
        grade = rng.choice(("L1", "L2"))
        sorts = [one for one in sorts if one.severity == grade] or sorts
    return rng.choice([one for one in sorts if one.severity != "L0"])
