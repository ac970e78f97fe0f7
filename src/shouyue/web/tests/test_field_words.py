"""What the API says of a wrong value, from pydantic's own errors."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from django.utils import translation
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from shouyue.web import field_words

GOOD: dict[str, Any] = {
    "code": "AB",
    "text": "一",
    "size": 2,
    "share": 0.5,
    "amount": "1.50",
    "done": True,
    "on": "2026-03-31",
    "opens": "09:00",
    "at": "2026-03-31T09:00:00+08:00",
    "when": "2026-03-31T09:00:00",
    "kind": "a",
    "names": ["x"],
    "parts": {"a": 1},
    "inner": {"n": 1},
    "own": "right",
}


class Inner(BaseModel):
    n: int


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern="^[A-Z]+$")]
    text: Annotated[str, Field(min_length=1, max_length=3)]
    size: Annotated[int, Field(ge=1, le=9)]
    share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
    amount: Annotated[Decimal, Field(max_digits=5, decimal_places=2)]
    done: bool
    on: date
    opens: time
    at: AwareDatetime
    when: datetime
    kind: Literal["a", "b", "c"]
    names: Annotated[list[str], Field(min_length=1, max_length=2)]
    parts: dict[str, int]
    inner: Inner
    own: str

    @field_validator("own")
    @classmethod
    def _right(cls, value: str) -> str:
        if value != "right":
            raise ValueError("我们自己的话。")
        return value


WRONG = [
    ("code", "ab", "^[A-Z]+$"),
    ("text", 5, "文本"),
    ("text", "", "1 个字符"),
    ("text", "四个字了", "3 个字符"),
    ("size", "x", "整数"),
    ("size", 1.5, "整数"),
    ("size", 0, "1"),
    ("size", 10, "9"),
    ("share", "x", "数字"),
    ("share", float("nan"), "数字"),
    ("share", 0, "大于 0"),
    ("share", 1, "小于 1"),
    ("amount", "x", "数字"),
    ("amount", "1.234", "2 位"),
    ("amount", "12345678", "5 位"),
    ("done", "perhaps", "true"),
    ("on", "31.3.2026", "2026-03-31"),
    ("on", "2026-03-31T09:00:00", "2026-03-31"),
    ("opens", "nine", "09:00"),
    ("opens", None, "09:00"),
    ("at", "2026-03-31T09:00:00", "+08:00"),
    ("at", "soon", "+08:00"),
    ("when", None, "2026-03-31T09"),
    ("kind", "d", "'a', 'b', 'c'"),
    ("names", "x", "列表"),
    ("names", [], "1 项"),
    ("names", ["x", "y", "z"], "2 项"),
    ("parts", [], "对象"),
    ("inner", 1, "对象"),
    ("inner", {}, "必填"),
    ("own", "wrong", "我们自己的话。"),
    ("more", 1, "没有这个字段"),
]


def said_of(field: str, value: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Sent.model_validate(GOOD | {field: value})
    # django-ninja hands on the words of an error of ours, not the error
    entries = [
        {**one, "ctx": {key: str(part) for key, part in one.get("ctx", {}).items()}}
        for one in caught.value.errors()
    ]
    return [field_words.said(one) for one in entries]


@pytest.mark.parametrize(("field", "value", "words"), WRONG)
def test_a_wrong_value_is_answered_in_the_readers_language(field, value, words):
    with translation.override("zh-hans"):
        (chinese,) = said_of(field, value)
    assert words in chinese
    assert chinese != "无法识别这个值。"
    assert not re.search(r"[A-Za-z]{4,}", chinese.replace("true", "").replace("false", ""))
    if field != "own":
        with translation.override("en"):
            (english,) = said_of(field, value)
        assert not re.search("[\u4e00-\u9fff]", english)


def test_what_has_no_words_yet_is_said_all_the_same():
    with translation.override("zh-hans"):
        assert field_words.said({"type": "brand_new", "ctx": {}}) == "无法识别这个值。"
        assert field_words.said({"type": "less_than", "ctx": {}}) == "无法识别这个值。"
