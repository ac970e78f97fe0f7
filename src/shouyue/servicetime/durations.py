"""Durations as contracts write them: "10 min", "3 working days", 10分钟, 3个工作日, 一周, PT4H, P1M."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from shouyue.servicetime.errors import BadDurationError

Kind = Literal["seconds", "minutes", "hours", "working_days", "days", "weeks", "months", "years"]
WorkdayRule = Literal["close", "same_time"]

_COUNTED: dict[Kind, int] = {"seconds": 1, "minutes": 60, "hours": 3600}
_COUNTED_BY_SIZE: tuple[Kind, ...] = ("hours", "minutes", "seconds")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time that needs a calendar to become a due time.

    kind: "seconds", "minutes", "hours" count on the service window and `seconds` is their length;
    "working_days" is counted by date, with `rule` for the time of day; "days", "weeks", "months", "years"
    run on the wall calendar. For all but the first three `seconds` is None.
    """

    kind: Kind
    amount: int
    seconds: int | None = None
    rule: WorkdayRule = "close"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise BadDurationError(f"{self.kind!r} is not a kind of duration")
        if self.rule not in get_args(WorkdayRule):
            raise BadDurationError(f"{self.rule!r} is not a rule for working days: close or same_time")
        if isinstance(self.amount, bool) or not isinstance(self.amount, int) or self.amount < 0:
            raise BadDurationError(
                f"{self.amount!r}: an amount of {self.kind} is a whole number, not negative"
            )
        unit = _COUNTED.get(self.kind)
        seconds = None if unit is None else unit * self.amount
        if self.seconds not in (None, seconds):
            raise BadDurationError(f"{self.amount} {self.kind} are not {self.seconds} seconds")
        object.__setattr__(self, "seconds", seconds)

    @property
    def is_counted(self) -> bool:
        """Whether it counts open seconds, as opposed to dates."""
        return self.seconds is not None

    def __str__(self) -> str:
        """English, in a form that `parse_duration` reads back."""
        name = self.kind.replace("_", " ")
        text = f"{self.amount} {name.removesuffix('s') if self.amount == 1 else name}"
        return f"{text}, same time" if self.rule == "same_time" and self.kind == "working_days" else text


# kind, factor, the ways to write the unit. A lone "m" is left out: minutes or months?
_UNITS: tuple[tuple[Kind, int, str], ...] = (
    ("seconds", 1, "s sec secs second seconds 秒 秒钟"),
    ("minutes", 1, "min mins minute minutes 分 分钟"),
    ("minutes", 15, "刻钟"),
    ("hours", 1, "h hr hrs hour hours working-hour working-hours business-hour business-hours"),
    ("hours", 1, "小时 个小时 钟头 个钟头 工作小时 个工作小时"),
    ("working_days", 1, "wd bd workday workdays working-day working-days business-day business-days"),
    ("working_days", 1, "工作日 个工作日 工作天 个工作天"),
    (
        "days",
        1,
        "d day days calendar-day calendar-days 天 日 自然日 个自然日 日历日 个日历日 日历天 个日历天",
    ),
    ("weeks", 1, "w wk wks week weeks 周 星期 个星期 礼拜 个礼拜"),
    ("months", 1, "mo month months calendar-month calendar-months 月 个月 个自然月"),
    ("months", 3, "quarter quarters 季 季度 个季度"),
    ("years", 1, "y yr yrs year years 年 周年"),
)
_UNIT: dict[str, tuple[Kind, int]] = {
    word.replace("-", " "): (kind, factor) for kind, factor, words in _UNITS for word in words.split()
}
_PAIRS: tuple[tuple[Kind, Kind, int], ...] = (("months", "years", 12), ("days", "weeks", 7))
_ISO = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?"
)
_ISO_KINDS: tuple[Kind, ...] = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_PIECE = re.compile(
    r"(\d+(?:\.\d+)?|[零〇一二两三四五六七八九十百]*半?)\s*(个半)?\s*([^\d\s零〇一二两三四五六七八九十百半][^\d零〇一二两三四五六七八九十百半]*)"
)
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def parse_duration(text: str | Duration, *, rule: WorkdayRule = "close") -> Duration:
    """Read a duration in English, Chinese or ISO 8601.

    rule: for working days, unless the text ends in "same time". Raises: BadDurationError.
    """
    if isinstance(text, Duration):
        return text
    if not isinstance(text, str):
        raise BadDurationError(f"{text!r} is not a duration: write for example '10 min' or '3个工作日'")
    plain, rule = _strip(text, rule)
    pieces = _read_iso(plain) if plain.startswith("P") else _read_words(plain)
    if not pieces:
        raise BadDurationError(
            f"{text!r} is not a duration: write a number and a unit, for example '10 min', '4 h', "
            "'3 working days', '3个工作日', 'PT4H' ('m' alone is ambiguous: 'min' or 'months')"
        )
    return _combine(text, pieces, rule)


def _strip(text: str, rule: WorkdayRule) -> tuple[str, WorkdayRule]:
    """Drop what does not change the length: ≤, within, 内; take off the rule."""
    plain = text.strip()
    same_time = re.sub(r"[\s,，]*(?:at the\s+)?(?:same[ _]time|同一时刻|同时刻)$", "", plain, flags=re.I)
    if same_time != plain:
        plain, rule = same_time, "same_time"
    plain = re.sub(r"^(?:≤|<=|within|不超过|不多于|最长)\s*", "", plain, flags=re.I)
    return re.sub(r"\s*(?:以内|之内|内)$", "", plain), rule


def _read_iso(plain: str) -> list[tuple[Fraction, Kind]]:
    match = _ISO.fullmatch(plain)
    if not match or plain.endswith("T"):
        return []
    pieces: list[tuple[Fraction, Kind]] = []
    for value, kind in zip(match.groups(), _ISO_KINDS, strict=True):
        if value is not None:
            number = _number(value)
            if number is None:
                return []
            pieces.append((number, kind))
    return pieces


def _read_words(plain: str) -> list[tuple[Fraction, Kind]]:
    pieces: list[tuple[Fraction, Kind]] = []
    at = 0
    while at < len(plain):
        match = _PIECE.match(plain, at)
        if not match:
            return []
        number = _number(match[1])
        word = re.sub(r"[\s_-]+", " ", match[3]).strip(" ,，").lower()
        word = re.sub(r"\s*\band$", "", word)
        if match[2]:  # 两个半小时
            number = None if number is None else number + Fraction(1, 2)
        unit = _UNIT.get(word)
        if number is None or unit is None:
            return []
        pieces.append((number * unit[1], unit[0]))
        at = match.end()
    return pieces


def _number(text: str) -> Fraction | None:
    """Arabic or Chinese numerals up to 999; a trailing 半 adds a half, alone it is one half."""
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return Fraction(text)
    half = Fraction(1, 2) if text.endswith("半") else Fraction(0)
    digits = text.removesuffix("半")
    if not digits:
        return half or None
    match = re.fullmatch(r"(?:(.)百)?零?(?:(.?)十)?(.?)", digits)
    if not match:
        return None
    total = 0
    for digit, size in ((match[1], 100), (match[2], 10), (match[3], 1)):
        if digit is None or (digit == "" and size == 1):
            continue
        value = 1 if digit == "" else _DIGITS.get(digit)
        if value is None:
            return None
        total += value * size
    return total + half


def _combine(text: str, pieces: list[tuple[Fraction, Kind]], rule: WorkdayRule) -> Duration:
    """One duration of several pieces: hours with minutes and seconds, years with months, weeks with days."""
    kinds = {kind for _, kind in pieces}
    if len(kinds) < len(pieces):
        raise BadDurationError(f"{text!r} names a unit twice")
    if kinds <= set(_COUNTED):
        seconds = sum((number * _COUNTED[kind] for number, kind in pieces), Fraction(0))
        kind = next(iter(kinds)) if len(kinds) == 1 else "seconds"
        if seconds.denominator == 1:
            for size in _COUNTED_BY_SIZE[_COUNTED_BY_SIZE.index(kind) if len(kinds) == 1 else 0 :]:
                if seconds % _COUNTED[size] == 0:
                    return Duration(size, int(seconds) // _COUNTED[size])
        raise BadDurationError(f"{text!r} is not a whole number of seconds")
    for small, large, factor in _PAIRS:
        if kinds <= {small, large}:
            return _in_one_unit(text, {kind: number for number, kind in pieces}, small, large, factor)
    if kinds == {"working_days"}:
        return Duration("working_days", _whole(text, pieces[0][0]), rule=rule)
    raise BadDurationError(f"{text!r} mixes units that do not add up: state it in one of them")


def _in_one_unit(text: str, amounts: dict[Kind, Fraction], small: Kind, large: Kind, factor: int) -> Duration:
    total = amounts.get(small, Fraction(0)) + factor * amounts.get(large, Fraction(0))
    if small not in amounts and amounts[large].denominator == 1:
        return Duration(large, int(amounts[large]))
    if large == "weeks" and amounts.get(large, Fraction(0)).denominator != 1:
        raise BadDurationError(f"{text!r}: half a week is not a whole number of days")
    return Duration(small, _whole(text, total))


def _whole(text: str, number: Fraction) -> int:
    if number.denominator != 1:
        raise BadDurationError(f"{text!r}: only hours, minutes and years can be divided")
    return int(number)
