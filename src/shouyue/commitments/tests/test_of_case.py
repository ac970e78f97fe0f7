"""The limit of one obligation is said, not the promise's whole table."""

from __future__ import annotations

import pytest

from shouyue.commitments.queries.of_case import limit_of


@pytest.mark.parametrize(
    ("within", "language", "said"),
    [
        ("30 min", "zh-hans", "30分钟"),
        ("3 working days", "zh-hans", "3个工作日"),
        ("1 h", "en", "1 hour"),
        ("3 working days", "en", "3 working days"),
        ("", "en", "L0: 1 hour; L1: 2 hours"),
    ],
)
def test_limit_of_an_obligation(within, language, said):
    assert limit_of(within, "L0: 1 hour; L1: 2 hours", language) == said
