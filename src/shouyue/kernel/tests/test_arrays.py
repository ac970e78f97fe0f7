"""What goes into an array literal comes out of the database again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouyue.kernel import arrays

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)


def _back(kind: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [arrays.literal(values)])
        return list(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", [1, -40_000, 2**40, None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [MOMENT, None]),
        ("date", [date(2026, 2, 28)]),
        ("text", []),
        ("text", ["", "NULL", "null", None, "{a,b}", 'say "so"', "back\\slash\\", "两行\n文字", " edge "]),
    ],
)
def test_values_come_back(kind: str, values: list[Any]) -> None:
    assert _back(kind, values) == values


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_any_text_comes_back(values: list[str]) -> None:
    assert _back("text", values) == values


def test_columns_of_rows() -> None:
    assert arrays.literals([(1, "a"), (2, None)]) == ["{1,2}", '{"a",NULL}']


def test_other_values_are_refused() -> None:
    with pytest.raises(TypeError):
        arrays.literal([object()])
