"""What pgbench is given: the statements of a request, with variables where the database hands something out."""

from __future__ import annotations

import pytest
from bench import plain

NAMES = {"812": ":t_id", "9077": ":e_id"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT 1 WHERE id = 812 AND seq = 1", "SELECT 1 WHERE id = :t_id AND seq = 1"),
        ("SELECT '{812,5}'::int2[]::bigint[]", "SELECT ARRAY[:t_id,5]::int2[]::bigint[]"),
        ("SELECT '{9077,NULL}'::bigint[]", "SELECT ARRAY[:e_id,NULL]::bigint[]"),
        ("SELECT '{5,6}'::int2[]", "SELECT '{5,6}'::int2[]"),
        ("SELECT '812', 'it''s 812', 8120, 1.812", "SELECT '812', 'it''s 812', 8120, 1.812"),
        ("SELECT 'GB-2026-77', 'GB-2026-770'", "SELECT :t_number, 'GB-2026-770'"),
        ("SELECT '12:30', '{\"channel\":phone}'", "SELECT '12:30', E'{\"channel\"\\x3aphone}'"),
    ],
)
def test_ids_become_variables_only_where_the_server_sees_them(text: str, wanted: str) -> None:
    assert plain.renamed(text, NAMES, "GB-2026-77") == wanted


def test_a_script_is_one_transaction_of_one_line_each() -> None:
    text = plain.lines(
        ["SELECT\n  1", "SELECT id, seq FROM kernel_record_event('a')", "WITH made AS (x) SELECT 2"]
    )
    assert text.splitlines() == [
        "BEGIN;",
        "SELECT 1;",
        "SELECT id, seq FROM kernel_record_event('a') \\gset e_",
        "WITH made AS (x) SELECT 2 \\gset t_",
        "COMMIT;",
    ]
