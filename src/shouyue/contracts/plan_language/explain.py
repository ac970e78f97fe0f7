"""A commitment in plain Chinese or English sentences with its numbers."""

from __future__ import annotations

from typing import Any

from shouyue.contracts.plan_language.model import (
    Anchor,
    Commitment,
    Deadline,
    Entitlement,
    Gate,
    Plan,
    Quota,
    Recurring,
    Standing,
    Target,
    Unset,
)
from shouyue.contracts.plan_language.speaking import Speaker
from shouyue.contracts.plan_language.vocabulary import Vocabulary

_OBLIGORS = {
    "provider": ("服务方", "The provider"),
    "customer": ("客户", "The customer"),
    "vendor": ("厂商", "The vendor"),
}
_SILENCE = {
    "consent": ("逾期未答复视为同意。", "No reply in time counts as consent."),
    "refusal": ("逾期未答复视为拒绝。", "No reply in time counts as refusal."),
    "escalate": ("逾期未答复则升级处理。", "No reply in time is escalated."),
}


def explain(commitment: Commitment, plan: Plan, vocabulary: Vocabulary, language: str = "en") -> list[str]:
    """Sentences, the promise first. language: "zh…" or English."""
    speaker = Speaker(plan, vocabulary.titles, language)
    sentences = _KINDS[type(commitment)](speaker, commitment)
    return [sentence for sentence in [*sentences, *_common(speaker, commitment)] if sentence]


def explain_plan(plan: Plan, vocabulary: Vocabulary, language: str = "en") -> dict[str, list[str]]:
    """Every commitment by name."""
    return {one.name: explain(one, plan, vocabulary, language) for one in plan.commitments}


def limit_in_words(commitment: Commitment, plan: Plan, vocabulary: Vocabulary, language: str = "en") -> str:
    """The number of a promise alone, for tables: `10 minutes`, `every month`, `at least 95%`."""
    speaker = Speaker(plan, vocabulary.titles, language)
    if isinstance(commitment, Deadline):
        return (
            speaker.value(commitment.within)
            if commitment.within is not None
            else speaker.anchor(commitment.due)
        )
    if isinstance(commitment, Recurring):
        return (
            speaker.period(commitment.every)
            if commitment.every is not None
            else speaker.value(commitment.max_gap)
        )
    if isinstance(commitment, Quota | Target):
        return (
            f"{speaker.bounds(commitment.bounds)}{speaker.say('，', ', ')}{speaker.period(commitment.every)}"
        )
    if isinstance(commitment, Entitlement):
        return speaker.args(commitment.grants)
    return (
        speaker.say("始终", "always")
        if isinstance(commitment, Standing)
        else speaker.say("每次", "each time")
    )


def _deadline(speaker: Speaker, one: Deadline) -> list[str]:
    say = speaker.say
    opened = speaker.join([speaker.trigger(trigger) for trigger in one.opened_by], "or")
    if one.when is not None:
        opened = say(f"{opened}，且{speaker.match(one.when)}", f"{opened}, if {speaker.match(one.when)}")
    if one.after is not None:
        after, unless = speaker.value(one.after), speaker.words(one.unless)
        opened = say(f"{opened}后满{after}", f"{opened} and {after} have passed")
        opened += say(f"且未发生{unless}", f" without {unless}") if unless else ""
    keeper = _with(speaker, speaker.keeper(one.kept_by), one.args)
    if one.within is not None:
        limit = speaker.limit(one.within)
        first = say(
            f"自“{opened}”起，应在{limit}内完成：{keeper}。", f"After “{opened}”, within {limit}: {keeper}."
        )
    else:
        first = say(
            f"自“{opened}”起，应不迟于{speaker.anchor(one.due)}完成：{keeper}。",
            f"After “{opened}”, no later than {speaker.anchor(one.due)}: {keeper}.",
        )
    sentences = [first]
    if one.within is not None and one.window != "always":
        window = speaker.window_choice(one.window)
        sentences.append(say(f"计时窗口：{window}。", f"Time counts {_on(window)}."))
    if one.pauses:
        names = [speaker.wait(name) for name in one.pauses]
        sentences.append(
            say(
                f"以下期间暂停计时：{speaker.join(names, 'list')}。",
                f"The clock stops while: {speaker.join(names, 'list')}.",
            )
        )
    if one.not_before is not None:
        sentences.append(_not_before(speaker, one.not_before))
    if one.each:
        sentences.append(
            say(f"每个{speaker.word(one.each)}分别计算。", f"Separately for each {speaker.word(one.each)}.")
        )
    if one.undone_by:
        sentences.append(
            say(
                f"发生{speaker.words(one.undone_by)}则继续计时。",
                f"The clock goes on after {speaker.words(one.undone_by)}.",
            )
        )
    if one.silence:
        sentences.append(say(*_SILENCE[one.silence]))
    return sentences


def _not_before(speaker: Speaker, anchor: Anchor) -> str:
    """Moved by days, it is the whole of a day."""
    said, shift = speaker.anchor(anchor), anchor.shift
    if shift is None or shift.kind not in ("days", "weeks", "months", "years"):
        return speaker.say(f"不早于{said}。", f"Not before {said}.")
    return speaker.say(f"不早于{said}的当日零时。", f"Not before the beginning of the day {said}.")


def _on(window: str) -> str:
    return window if window.startswith("around") else f"on: {window}"


def _with(speaker: Speaker, said: str, args: Any) -> str:
    inner = speaker.args(args)
    return said if not inner else speaker.say(f"{said}（{inner}）", f"{said} ({inner})")


def _recurring(speaker: Speaker, one: Recurring) -> list[str]:
    say = speaker.say
    keeper = _with(speaker, speaker.keeper(one.kept_by), one.args)
    if one.max_gap is not None:
        gap = speaker.value(one.max_gap)
        first = say(f"间隔不超过{gap}：{keeper}。", f"Never more than {gap} apart: {keeper}.")
    else:
        times = (
            ""
            if one.times == 1
            else say(f"{speaker.value(one.times)}次", f"{speaker.value(one.times)} times ")
        )
        first = say(
            f"{speaker.period(one.every)}{times}：{keeper}。",
            speaker.start(f"{times}{speaker.period(one.every)}: {keeper}."),
        )
    sentences = [first]
    for part, zh, en in (
        (one.covers, "逐一覆盖", "For every"),
        (one.sample, "抽查", "For a random sample of"),
    ):
        if part is not None:
            item = speaker.word(part.item)
            chosen = f"{item}{speaker.bracket(speaker.match(part.match)) if part.match else ''}"
            sentences.append(say(f"{zh}：{chosen}。", f"{en} {chosen}."))
    if one.sample is not None:
        size = one.sample.share if one.sample.share is not None else one.sample.count
        sentences.append(
            say(
                f"比例或数量：{speaker.value(size)}，随机抽取并记录种子。",
                f"{speaker.value(size)}, drawn at random, the seed recorded.",
            )
        )
    if one.each:
        sentences.append(
            say(f"每个{speaker.word(one.each)}一次。", f"Once for each {speaker.word(one.each)}.")
        )
    if one.when is not None:
        sentences.append(say(f"条件：{speaker.match(one.when)}。", f"If {speaker.match(one.when)}."))
    if one.not_before is not None:
        sentences.append(_not_before(speaker, one.not_before))
    if one.due is not None:
        sentences.append(say(f"不迟于{speaker.anchor(one.due)}。", f"Due {speaker.anchor(one.due)}."))
    return sentences


def _quota(speaker: Speaker, one: Quota) -> list[str]:
    how = {
        "sum": ("累计", "the sum of"),
        "count": ("次数", "the number of"),
        "distinct": ("不同", "different"),
    }
    what = speaker.word(one.amount.verb) + (f" · {speaker.word(one.amount.fact)}" if one.amount.fact else "")
    if one.amount.when is not None:
        what += speaker.bracket(speaker.match(one.amount.when))
    counted = speaker.say(f"{what}（{how[one.amount.how][0]}）", f"{how[one.amount.how][1]} {what}")
    bounds, period = speaker.bounds(one.bounds), speaker.period(one.every)
    each = (
        speaker.say(f"，按每个{speaker.word(one.each)}", f", for each {speaker.word(one.each)}")
        if one.each
        else ""
    )
    return [
        speaker.say(
            f"{period}{counted}{bounds}{each}。", f"{speaker.start(period)} {counted} is {bounds}{each}."
        )
    ]


def _target(speaker: Speaker, one: Target) -> list[str]:
    measure = _with(speaker, speaker.word(one.measure), one.args)
    if one.over is not None:
        measure += speaker.bracket(speaker.match(one.over))
    bounds, period = speaker.bounds(one.bounds), speaker.period(one.every)
    return [speaker.say(f"{period}{measure}{bounds}。", f"{speaker.start(period)} {measure} is {bounds}.")]


def _standing(speaker: Speaker, one: Standing) -> list[str]:
    held, check = speaker.requirement(one.holds), speaker.each_span(one.check)
    sentences = [speaker.say(f"始终满足：{held}。", f"At all times: {held}.")]
    sentences.append(speaker.say(f"至少{check}检查一次。", f"It is looked at {check}."))
    if one.grace is not None:
        grace = speaker.value(one.grace)
        sentences.append(speaker.say(f"允许中断{grace}。", f"It may be broken for {grace}."))
    return sentences


def _gate(speaker: Speaker, one: Gate) -> list[str]:
    act, needed = speaker.words(one.acts), speaker.requirement(one.requires)
    if one.when is not None:
        act += speaker.bracket(speaker.match(one.when))
    first = speaker.say(f"未满足“{needed}”，不得{act}。", speaker.start(f"{act}: only when {needed}."))
    if one.otherwise == "record breach":
        first += speaker.say(
            "确需执行时记为违约。", " If it has to be done all the same, that is a recorded breach."
        )
    return [first]


def _entitlement(speaker: Speaker, one: Entitlement) -> list[str]:
    decided, granted = speaker.words(one.decides), speaker.args(one.grants)
    condition = ""
    if one.when is not None:
        condition = speaker.say(f"（{speaker.match(one.when)}）", f" (if {speaker.match(one.when)})")
    sentences = [
        speaker.say(
            f"作出“{decided}”决定{condition}时，合同给予：{granted}。",
            f"When “{decided}” is decided{condition}, the contract gives: {granted}.",
        )
    ]
    if one.until is not None:
        sentences.append(
            speaker.say(f"至{speaker.anchor(one.until)}。", f"Until {speaker.anchor(one.until)}.")
        )
    if one.limit is not None:
        amount, period = speaker.value(one.limit.amount), speaker.period(one.limit.every)
        sentences.append(speaker.say(f"{period}限{amount}次。", f"{amount} times {period}."))
    return sentences


_KINDS: dict[type, Any] = {
    Deadline: _deadline,
    Recurring: _recurring,
    Quota: _quota,
    Target: _target,
    Standing: _standing,
    Gate: _gate,
    Entitlement: _entitlement,
}


def _common(speaker: Speaker, one: Commitment) -> list[str]:
    say = speaker.say
    sentences = []
    if one.by != "provider":
        sentences.append(say(f"义务方：{_OBLIGORS[one.by][0]}。", f"{_OBLIGORS[one.by][1]} owes it."))
    if one.stages:
        sentences.append(
            say(f"适用阶段：{speaker.stages(one.stages)}。", f"Stages: {speaker.stages(one.stages)}.")
        )
    if one.outlives == "forever":
        sentences.append(say("合同结束后长期有效。", "It goes on after the contract, without end."))
    elif one.outlives:
        sentences.append(
            say(
                f"合同结束后继续{speaker.value(one.outlives)}。",
                f"It goes on for {speaker.value(one.outlives)} after the contract.",
            )
        )
    if one.escalate and isinstance(one, Deadline | Recurring):
        steps = say("；", "; ").join(speaker.step(step) for step in one.escalate)
        sentences.append(say(f"升级：{steps}。", f"Escalation: {steps}."))
    if isinstance(one.points, Unset) or one.points:
        points, unit = speaker.value(one.points), "point" if one.points == 1 else "points"
        sentences.append(say(f"未兑现每次扣{points}分。", f"Each miss costs {points} {unit}."))
    if one.awaits:
        words = speaker.words(one.awaits, "list")
        sentences.append(say(f"尚不可执行，等待：{words}。", f"Not executable yet, waiting for: {words}."))
    return sentences
