import time

import pytest

from shouyue.contracts.plan_language import source
from shouyue.contracts.plan_language.errors import PlanError


def refused(text: str) -> tuple[str, int, int]:
    with pytest.raises(PlanError) as caught:
        source.read_text(text, file="p.yaml")
    problem = caught.value.problems[0]
    return problem.code, problem.line, problem.column


def test_every_node_knows_its_place():
    root = source.read_text("a:\n  b: [1, 水]\n")
    items = root.get("a").get("b").items()
    assert [(item.place.line, item.place.column, item.place.path) for item in items] == [
        (2, 7, "a.b.1"),
        (2, 10, "a.b.2"),
    ]
    assert root.get("a").keys["b"].column == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-3", -3),
        ("1.5", 1.5),
        ("'7'", "7"),
        ("yes", "yes"),
        ("true", True),
        ("~", None),
        ("7x24", "7x24"),
        ("1..2", "1..2"),
        ("0x10", "0x10"),
        (".inf", ".inf"),
        ("9" * 400, "9" * 400),
    ],
)
def test_plain_scalars(text: str, value: object):
    found = source.read_text(f"a: {text}").get("a").value
    assert found == value
    assert type(found) is type(value)


def test_aliases_share_a_value():
    root = source.read_text("a: &x {b: 1}\nc: *x\n")
    assert root.plain() == {"a": {"b": 1}, "c": {"b": 1}}


def test_cyclic_anchor_is_refused_at_the_alias():
    assert refused("a: &x\n  b: *x\n") == ("cyclic_alias", 2, 6)


def test_unknown_alias_names_the_nearest():
    with pytest.raises(PlanError) as caught:
        source.read_text("a: &office 1\nb: *ofice\n")
    assert caught.value.problems[0].hint == "office"


def test_alias_bomb_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    start = time.process_time()
    assert refused("\n".join(lines))[0] == "too_many_nodes"
    assert time.process_time() - start < 5


def test_deep_nesting_is_refused():
    assert refused("a: " + "[" * 100_000)[0] == "too_deep"


def test_duplicate_key_names_both_places():
    with pytest.raises(PlanError) as caught:
        source.read_text("a: 1\nb: 2\na: 3\n", file="p.yaml")
    problem = caught.value.problems[0]
    assert (problem.code, problem.line, problem.detail["line"]) == ("duplicate_key", 3, "1")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f", "\ufffe", "\ud800"])
def test_control_characters_are_refused_with_their_place(character: str):
    assert refused(f"a: 1\nb: x{character}y\n") == ("control_character", 2, 5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("a: 1\n---\nb: 2\n", "one_document"),
        ("a: [1, 2\n", "broken_yaml"),
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: !!str x\n", "tag"),
        ("? [a, b]\n: 1\n", "key_not_word"),
        ("a: 2026-02-30\n", "bad_date"),
        ('a: "\\ud800"\n', "control_character"),
        ("\ta: 1\n", "broken_yaml"),
    ],
)
def test_broken_files_are_refused(text: str, code: str):
    assert refused(text)[0] == code


def test_ten_megabytes_are_refused_without_reading(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: " + b"x" * 10_000_000)
    with pytest.raises(PlanError) as caught:
        source.read_file(path)
    assert caught.value.problems[0].code == "too_big"
    assert refused("x" * 10_000_000)[0] == "too_big"


def test_wrong_encoding_is_refused_with_its_place():
    with pytest.raises(PlanError) as caught:
        source.read_bytes("a: 1\nb: 网络".encode("gb18030"))
    problem = caught.value.problems[0]
    assert (problem.code, problem.line, problem.column) == ("not_utf8", 2, 4)


def test_missing_file_is_a_problem_not_a_crash(tmp_path):
    with pytest.raises(PlanError) as caught:
        source.read_file(tmp_path / "none.yaml")
    assert caught.value.problems[0].code == "unreadable"


def test_emoji_and_right_to_left_text_are_kept():
    assert source.read_text("a: 😀 שלום\n").get("a").value == "😀 שלום"
