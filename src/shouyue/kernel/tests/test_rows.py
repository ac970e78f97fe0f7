"""Single rows written and read past the query builder are those the query builder knows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import FieldDoesNotExist

from shouyue.kernel import rows
from shouyue.kernel.models import KeptAnswer

pytestmark = pytest.mark.django_db

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def answer() -> KeptAnswer:
    made = KeptAnswer(
        actor="user:1", key="k", fingerprint="f", status=201, body='{"多": "行"}', created_at=MADE
    )
    rows.add(made)
    return made


def test_an_added_row_has_its_id_and_values(answer: KeptAnswer) -> None:
    stored = KeptAnswer.objects.get(pk=answer.pk)
    for field in KeptAnswer._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(answer, field.attname)
    assert not answer._state.adding


def test_only_the_named_columns_are_changed(answer: KeptAnswer) -> None:
    answer.status, answer.body = 409, "other"
    rows.change(answer, ["status"])
    stored = KeptAnswer.objects.get(pk=answer.pk)
    assert (stored.status, stored.body) == (409, '{"多": "行"}')
    with pytest.raises(FieldDoesNotExist):
        rows.change(answer, ["statu"])


def test_a_row_is_found_by_a_unique_column_among_the_rows(answer: KeptAnswer) -> None:
    assert rows.find(KeptAnswer.objects.all(), pk=answer.pk) == answer
    assert rows.find(KeptAnswer.objects.all(), lock=True, key="k") == answer
    assert rows.find(KeptAnswer.objects.all(), pk=answer.pk + 1) is None
    mine = KeptAnswer.objects.filter(actor="user:1")
    others = KeptAnswer.objects.filter(actor="user:2")
    assert rows.find(mine, lock=True, pk=answer.pk) == answer
    assert rows.find(others, lock=True, pk=answer.pk) is None
