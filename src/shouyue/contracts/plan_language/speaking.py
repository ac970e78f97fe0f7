"""Values, conditions and anchors as plain words in Chinese or English."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from shouyue.contracts.plan_language.model import (
    All,
    Anchor,
    AnyOf,
    Attested,
    Covered,
    FactHolds,
    FactRef,
    Guard,
    Happens,
    InClass,
    MeasureHolds,
    MeasureRef,
    Not,
    Nothing,
    Period,
    Plan,
    Share,
    Since,
    Step,
    Table,
    Test,
    Unset,
    Verdict,
    Window,
    WithinWindow,
)
from shouyue.contracts.plan_language.texts import Text
from shouyue.servicetime.durations import Duration

_UNITS = {
    "seconds": Text("秒", "second"),
    "minutes": Text("分钟", "minute"),
    "hours": Text("小时", "hour"),
    "working_days": Text("个工作日", "working day"),
    "days": Text("天", "day"),
    "weeks": Text("周", "week"),
    "months": Text("个月", "month"),
    "years": Text("年", "year"),
}
_PERIODS = {
    "day": Text("日", "day"),
    "week": Text("周", "week"),
    "month": Text("月", "month"),
    "quarter": Text("季度", "quarter"),
    "half-year": Text("半年", "half-year"),
    "year": Text("年", "year"),
    "contract-year": Text("合同年", "contract year"),
}
_WEEKDAYS = (
    Text("周一", "Monday"),
    Text("周二", "Tuesday"),
    Text("周三", "Wednesday"),
    Text("周四", "Thursday"),
    Text("周五", "Friday"),
    Text("周六", "Saturday"),
    Text("周日", "Sunday"),
)
_ANCHORS = {
    "last_day": Text("最后一天", "the last day"),
    "last_open_day": Text("最后一个工作日", "the last open day"),
    "period_start": Text("周期开始", "the start of the period"),
    "period_end": Text("周期结束", "the end of the period"),
    "window_opens": Text("服务时间开始", "the opening of the window"),
    "window_closes": Text("服务时间结束", "the close of the window"),
}
_DATES = {
    "contract.start": Text("合同起始日", "the start of the contract"),
    "contract.end": Text("合同到期日", "the end of the contract"),
    "warranty.start": Text("质保起始日", "the start of the warranty"),
    "warranty.end": Text("质保到期日", "the end of the warranty"),
}
_COMPARISONS = {
    "at_least": Text("不低于", "at least"),
    "above": Text("高于", "above"),
    "at_most": Text("不高于", "at most"),
    "below": Text("低于", "below"),
}
_OUTCOMES = {
    "opened": Text("开始计时", "is opened"),
    "warned": Text("预警", "is warned about"),
    "missed": Text("未兑现", "is missed"),
    "kept": Text("已兑现", "is kept"),
    "late": Text("逾期兑现", "is kept late"),
}
_OWN = {
    "assignee": Text("处理人", "whoever works on it"),
    "owner": Text("责任人", "the owner"),
    "required": Text("必需", "required"),
}
_CHARGES = {
    "free": Text("免费", "free of charge"),
    "quoted": Text("报价收费", "quoted"),
    "by warranty": Text("质保内免费", "free under warranty"),
}


def span_said(span: Duration, *, chinese: bool) -> str:
    """A duration in words: `3个工作日`, `3 working days`."""
    unit = _UNITS[span.kind]
    if chinese:
        return f"{span.amount}{unit.zh}"
    return f"{span.amount} {unit.en}{'' if span.amount == 1 else 's'}"


class _Said(str):
    """A text that is in words already."""


def _named_by(plan: Plan) -> dict[str, Text]:
    """What the plan itself gives a title may also be the value of a fact or a parameter."""
    classes = plan.warranty.classes if plan.warranty else ()
    named: list[tuple[str, str, Text | None]] = [
        *(("catalogue", one.name, one.title) for one in plan.catalogue),
        *(("commitment", one.name, one.title) for one in plan.commitments),
        *(("milestone", one.name, one.title) for one in plan.milestones),
        *(("stage", one.name, one.title) for one in plan.stages),
        *(("request_class", one.name, one.title) for one in plan.classes),
        *(("asset_class", one.name, one.title) for one in classes),
        *(("warranty", one.name, one.title) for one in classes),
    ]
    found = {f"{fact}:{name}": title for fact, name, title in named if title}
    return found | {one.name: one.title for one in plan.milestones}


def _pairs(weekly: Any) -> list[tuple[str, Any]]:
    return list(weekly.items() if isinstance(weekly, Mapping) else weekly or ())


_SHORT_DAYS = {
    "mon": Text("周一", "Mon"),
    "tue": Text("周二", "Tue"),
    "wed": Text("周三", "Wed"),
    "thu": Text("周四", "Thu"),
    "fri": Text("周五", "Fri"),
    "sat": Text("周六", "Sat"),
    "sun": Text("周日", "Sun"),
}


class Speaker:
    """Says parts of a plan.

    titles: word, or `fact:value`, → how it is said; the plan's own words win. A word without title stands as it is
    and is noted in `untitled`.
    """

    def __init__(self, plan: Plan, titles: Mapping[str, Text], language: str) -> None:
        self.plan = plan
        self.titles = titles
        self.language = language
        self.chinese = language.startswith("zh")
        self.own = _named_by(plan) | dict(plan.words)
        self.untitled: set[str] = set()
        self.windows = {window.name: window for window in plan.windows}
        self.scale_words = {
            (scale.fact, value.word): value.title
            for scale in plan.scales
            for value in scale.values
            if value.title
        }

    def say(self, zh: str, en: str) -> str:
        return zh if self.chinese else en

    def pick(self, text: Text) -> str:
        return text.pick(self.language)

    def word(self, word: str) -> str:
        title = self.own.get(word) or self.titles.get(word) or _OWN.get(word)
        if title is None:
            self.untitled.add(word)
        return self.pick(title) if title else word

    def start(self, sentence: str) -> str:
        """With a capital first letter."""
        return sentence[:1].upper() + sentence[1:]

    def words(self, words: Iterable[str], joint: str = "or") -> str:
        return self.join([self.word(word) for word in words], joint)

    def join(self, parts: list[str], joint: str = "and") -> str:
        links = {"or": ("或", " or "), "and": ("且", " and "), "list": ("、", ", ")}
        return self.say(*links[joint]).join(part for part in parts if part)

    # values

    def span(self, span: Duration) -> str:
        return span_said(span, chinese=self.chinese)

    def each_span(self, span: Duration) -> str:
        """`every hour`, `every 5 minutes`."""
        unit = self.pick(_UNITS[span.kind])
        if span.amount != 1:
            return self.say("每", "every ") + self.span(span)
        return self.say(f"每{unit}", f"every {unit}")

    def value(self, value: Any) -> str:
        """Anything a table, bound or parameter may hold."""
        if isinstance(value, _Said):
            return value
        if isinstance(value, Duration):
            return self.span(value)
        if isinstance(value, Share):
            return f"{value.percent:g}%"
        if isinstance(value, Period):
            return self.period(value)
        if isinstance(value, Unset):
            return self._unset(value)
        if isinstance(value, Nothing):
            return self.say("不作承诺", "nothing promised")
        if isinstance(value, Table):
            return self.table(value)
        if isinstance(value, MeasureRef):
            return self._measure_ref(value)
        if isinstance(value, bool):
            return self.say("是", "yes") if value else self.say("否", "no")
        if isinstance(value, int | float):
            return f"{value:g}"
        if isinstance(value, dt.date):
            return value.isoformat()
        if isinstance(value, tuple):
            return self.join([self.value(part) for part in value], "or")
        return self.pick(_CHARGES[value]) if value in _CHARGES else self.word(str(value))

    def _unset(self, value: Unset) -> str:
        if value.provisional is not None:
            kept = self.value(value.provisional)
            return self.say(f"{kept}（暂定，待约定）", f"{kept} (provisional, to be agreed)")
        return self.say("（待约定）", "(to be agreed)")

    def _measure_ref(self, value: MeasureRef) -> str:
        name = self.word(value.measure)
        if value.stage:
            stage = self._stage(value.stage)
            name = self.say(f"{stage}的{name}", f"{name} in {stage}")
        return (
            name if value.times == 1 else self.say(f"{name}的{value.times:g}倍", f"{value.times:g} × {name}")
        )

    def _stage(self, name: str) -> str:
        for stage in self.plan.stages:
            if stage.name == name:
                return self.pick(stage.title)
        return name

    def stages(self, names: Iterable[str]) -> str:
        return self.join([self._stage(name) for name in names], "list")

    def fact_value(self, fact: str, value: Any) -> str:
        if isinstance(value, tuple):
            return self.join([self.fact_value(fact, part) for part in value], "or")
        for key in (f"{fact}:{value}", f"{fact.removesuffix('s')}:{value}"):
            title = self.scale_words.get((fact, str(value))) or self.own.get(key) or self.titles.get(key)
            if title:
                return self.pick(title)
        return self.value(value)

    def table(self, table: Table) -> str:
        """`simple: 4 hours; complex: 6 hours; otherwise: …`."""
        fact = table.by[0]
        colon, semicolon = self.say("：", ": "), self.say("；", "; ")
        parts = []
        for word, value in table.rows:
            inner = f"（{self.value(value)}）" if self.chinese else f" ({self.value(value)})"
            said = inner if isinstance(value, Table) else colon + self.value(value)
            parts.append(self.fact_value(fact, word) + said)
        if table.otherwise is not None:
            parts.append(self.say("其他", "otherwise") + colon + self.value(table.otherwise))
        return semicolon.join(parts)

    def limit(self, limit: Any) -> str:
        """A limit inside a sentence; a table says upon what it depends."""
        if not isinstance(limit, Table):
            return self.value(limit)
        facts = self.join([self.word(fact) for fact in limit.by])
        return self.say(
            f"按{facts}确定的时限（{self.table(limit)}）", f"the limit by {facts} ({self.table(limit)})"
        )

    def window(self, name: str) -> str:
        window = self.windows.get(name)
        if window is not None and window.title:
            return self.pick(window.title)
        if name == "always":
            return self.say("7×24小时", "around the clock")
        if window is not None and (hours := self._hours(window)):
            return hours
        return self.word(name)

    def _hours(self, window: Window) -> str:
        """A window without a name is said by its hours."""
        if window.calendar:
            return self.say("客户日历的开放时间", "the hours of the customer's calendar")
        weekly = dict(window.spec).get("weekly")
        if _pairs(weekly) == [("mon-sun", ("00:00-24:00",))]:
            return self.say("7×24小时", "around the clock")
        parts = [f"{self._days(days)} {self._times(times)}" for days, times in _pairs(weekly)]
        return self.join(parts, "list")

    def _days(self, days: str) -> str:
        names = [self.pick(_SHORT_DAYS[day]) for day in re.findall("[a-z]{3}", days)]
        if names == [self.pick(_SHORT_DAYS["mon"]), self.pick(_SHORT_DAYS["sun"])] and "-" in days:
            return self.say("每日", "daily")
        return self.say("至", "–").join(names) if "-" in days else self.join(names, "list")

    def _times(self, times: Any) -> str:
        listed = (times,) if isinstance(times, str) else times
        return self.join([str(one).replace("-", "–") for one in listed], "list")

    def wait(self, name: str) -> str:
        """A waiting state by its title, else by its reason."""
        for wait in self.plan.waits:
            if wait.name == name and wait.title:
                return self.pick(wait.title)
        return self.say("等待", "waiting for ") + self.fact_value("reason", name)

    def window_choice(self, choice: Any) -> str:
        if isinstance(choice, str):
            return self.window(choice)
        if isinstance(choice, Table):
            named = Table(
                choice.by,
                tuple((word, _Said(self.window_choice(value))) for word, value in choice.rows),
                None if choice.otherwise is None else _Said(self.window_choice(choice.otherwise)),
            )
            return self.table(named)
        return self.value(choice)

    def period(self, period: Any) -> str:
        if not isinstance(period, Period):
            told = self.value(period)
            is_open = isinstance(period, Unset) and period.provisional is None
            return self.say("周期", "period ") + told if is_open else told
        unit = self.pick(_PERIODS.get(period.unit, Text("一次", "once")))
        if period.unit == "once":
            return unit
        if period.count == 1:
            return self.say(f"每{unit}", f"every {unit}")
        counter = "" if period.unit in ("day", "week", "year") else "个"
        unit = "天" if self.chinese and period.unit == "day" else unit
        return self.say(f"每{period.count}{counter}{unit}", f"every {period.count} {unit}s")

    def anchor(self, anchor: Any) -> str:
        if isinstance(anchor, Unset):
            return self._unset(anchor)
        base = self._anchor_base(anchor)
        if anchor.at:
            at = {"window opens": _ANCHORS["window_opens"], "window closes": _ANCHORS["window_closes"]}
            when = self.pick(at[anchor.at]) if anchor.at in at else anchor.at
            base = self.say(f"{base}{when}", f"{base}, {when}")
        if anchor.shift is None:
            return base
        span = self.span(anchor.shift)
        if anchor.back:
            return self.say(f"{base}前{span}", f"{span} before {base}")
        return self.say(f"{base}后{span}", f"{span} after {base}")

    def _anchor_base(self, anchor: Anchor) -> str:
        if anchor.base == "weekday":
            day = self.pick(_WEEKDAYS[anchor.number])
            if anchor.name == "-1":
                return self.say(f"最后一个{day}", f"the last {day}")
            return self.say(f"第{anchor.name}个{day}", f"{day} no. {anchor.name}") if anchor.name else day
        if anchor.base == "day":
            return self.say(f"{anchor.number}日", f"day {anchor.number}")
        if anchor.base == "open_day":
            return self.say(f"第{anchor.number}个工作日", f"open day {anchor.number}")
        if anchor.base == "fact":
            return self.word(anchor.name)
        if anchor.base == "yearly":
            return self.say(f"每年{anchor.name}", f"{anchor.name} of each year")
        if anchor.base == "date":
            return self._date(anchor.name)
        return self.pick(_ANCHORS[anchor.base])

    def _date(self, name: str) -> str:
        for milestone in self.plan.milestones:
            if milestone.name == name:
                return self.pick(milestone.title)
        head, _, kind = name.partition(":")
        said = self.pick(_DATES[head]) if head in _DATES else self.word(name)
        for one in self.plan.warranty.classes if kind and self.plan.warranty else ():
            if one.name == kind:
                return self.say(f"{self.pick(one.title)}{said}", f"{said} of {self.pick(one.title)}")
        return said

    # conditions

    def match(self, match: Any) -> str:
        if isinstance(match, Test):
            return self._test(match)
        if isinstance(match, InClass):
            for one in self.plan.classes:
                if one.name == match.name and one.title:
                    return self.say(f"属于{self.pick(one.title)}", f"it is “{self.pick(one.title)}”")
            return self.say(f"属于{match.name}", f"it is “{match.name}”")
        if isinstance(match, All):
            return self.join([self._grouped(part, self.match(part)) for part in match.parts])
        if isinstance(match, AnyOf):
            return self.join([self._grouped(part, self.match(part)) for part in match.parts], "or")
        return self.say("并非", "not ") + self.match(match.part)

    def _grouped(self, part: Any, said: str) -> str:
        """Nested alternatives stand in brackets."""
        if not isinstance(part, All | AnyOf):
            return said
        return f"（{said}）" if self.chinese else f"({said})"

    def _test(self, test: Test) -> str:
        fact = self.word(test.fact)
        if test.comparison == "known":
            return fact + (
                self.say("已知", " is known") if test.operands[0] else self.say("未知", " is not known")
            )
        operands = [self._operand(test.fact, part) for part in test.operands]
        if test.comparison == "between":
            return self.say(
                f"{fact}在{operands[0]}至{operands[1]}之间", f"{fact} is {operands[0]} to {operands[1]}"
            )
        joined = self.join(operands, "or")
        if test.comparison in ("is", "in"):
            return self.say(f"{fact}为{joined}", f"{fact} is {joined}")
        if test.comparison == "not_in":
            return self.say(f"{fact}不为{joined}", f"{fact} is not {joined}")
        return self.say(
            f"{fact}{_COMPARISONS[test.comparison].zh}{joined}",
            f"{fact} is {_COMPARISONS[test.comparison].en} {joined}",
        )

    def _operand(self, fact: str, part: Any) -> str:
        if not isinstance(part, FactRef):
            return self.fact_value(fact, part)
        said = self.word(part.fact)
        if part.opening:
            said = self.say(f"开始时的{said}", f"the {said} at the start")
        if part.shift is not None:
            span = self.span(part.shift)
            sign = self.say("减" if part.back else "加", " minus " if part.back else " plus ")
            said = f"{said}{sign}{span}"
        return said

    # events and requirements

    def trigger(self, trigger: Any) -> str:
        if isinstance(trigger, Verdict):
            title = next(
                (self.pick(one.title) for one in self.plan.commitments if one.name == trigger.commitment),
                trigger.commitment,
            )
            said = self.say(
                f"《{title}》{_OUTCOMES[trigger.outcome].zh}", f"‘{title}’ {_OUTCOMES[trigger.outcome].en}"
            )
        else:
            said = self.word(trigger.verb)
        if trigger.when is None:
            return said
        return self.say(f"{said}（{self.match(trigger.when)}）", f"{said} (if {self.match(trigger.when)})")

    def keeper(self, keeper: Any) -> str:
        if isinstance(keeper, Happens):
            return self.trigger(keeper)
        if isinstance(keeper, Attested):
            return self._attested(keeper)
        return self.join(
            [self.keeper(part) for part in keeper.parts], "and" if isinstance(keeper, All) else "or"
        )

    def _attested(self, part: Attested) -> str:
        said = self.say(f"{self.word(part.role)}确认", f"the attestation of the {self.word(part.role)}")
        if part.every is None:
            return said
        return self.say(
            f"{said}（至少每{self.span(part.every)}一次）", f"{said} (every {self.span(part.every)})"
        )

    def args(self, args: Iterable[tuple[str, Any]]) -> str:
        equals = self.say("＝", " = ")
        return self.join(
            [f"{self.word(name)}{equals}{self.fact_value(name, value)}" for name, value in args], "list"
        )

    def bounds(self, bounds: Any) -> str:
        if bounds.equals is not None:
            return self.say(f"等于{self.value(bounds.equals)}", f"equal to {self.value(bounds.equals)}")
        parts = []
        if bounds.at_least is not None:
            parts.append(
                self.say(f"不少于{self.value(bounds.at_least)}", f"at least {self.value(bounds.at_least)}")
            )
        if bounds.at_most is not None:
            parts.append(
                self.say(f"不多于{self.value(bounds.at_most)}", f"at most {self.value(bounds.at_most)}")
            )
        return self.join(parts)

    def requirement(self, part: Any) -> str:
        if isinstance(part, All | AnyOf):
            joint = "and" if isinstance(part, All) else "or"
            inner = [self.requirement(one) for one in part.parts]
            parts = [self._grouped(one, said) for one, said in zip(part.parts, inner, strict=True)]
            return self.join(parts, joint)
        if isinstance(part, Not):
            return self.say("并非", "not ") + self.requirement(part.part)
        if isinstance(part, Guard):
            return self.word(part.guard) + self.bracket(self.args(part.args))
        if isinstance(part, MeasureHolds):
            name = self.word(part.measure) + self.bracket(self.args(part.args))
            return self.say(f"{name}{self.bounds(part.bounds)}", f"{name} is {self.bounds(part.bounds)}")
        if isinstance(part, FactHolds):
            return self.match(part.match)
        if isinstance(part, Since):
            least, verb = self.value(part.least), self.word(part.verb)
            return self.say(f"距{verb}已满{least}", f"{least} have passed since {verb}")
        if isinstance(part, WithinWindow):
            return self.say(f"处于{self.window(part.window)}", f"it is within {self.window(part.window)}")
        if isinstance(part, Covered):
            window, roster = self.window(part.window), self.word(part.by)
            return self.say(f"{roster}无空缺覆盖{window}", f"{roster} covers {window} without gaps")
        return self._attested(part)

    def bracket(self, inner: str) -> str:
        return f"（{inner}）" if inner and self.chinese else f" ({inner})" if inner else ""

    def step(self, step: Step) -> str:
        at = step.at
        if at.base == "share":
            when = self.say(f"用时达{at.percent:g}%时", f"at {at.percent:g}% of the time")
        elif at.shift is None:
            when = (
                self.say("到期时", "at the due time")
                if at.base == "due"
                else self.say("开始时", "at the start")
            )
        else:
            end = self.say("到期", "the due time") if at.base == "due" else self.say("开始", "the start")
            span = self.span(at.shift)
            side = self.say("前" if at.back else "后", "before" if at.back else "after")
            when = self.say(f"{end}{side}{span}", f"{span} {side} {end}")
        said = self.say(
            f"{when}通知{self.join([self.word(w) for w in step.to], 'list')}",
            f"{when} {self.join([self.word(w) for w in step.to], 'list')}",
        )
        if step.repeat is not None:
            again = self.span(step.repeat)
            said += self.say(
                f"，每{again}重复，共{step.times}次", f", again every {again}, {step.times} times"
            )
        return said
