import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory

from shouyue.kernel.errors import Invalid
from shouyue.web.lists import (
    Choice,
    Column,
    Filter,
    Head,
    _beyond,
    decode_cursor,
    encode_cursor,
    filters_from,
    sort_from,
)

COLUMNS = [Column(key="number", label="Number", sort="number"), Column(key="title", label="Title")]


def get(**query):
    return RequestFactory().get("/", query)


def test_a_cursor_comes_back_as_it_went():
    assert decode_cursor(encode_cursor([12, "二层"], backwards=True), 2) == (True, [12, "二层"])


def test_no_cursor_is_the_first_page():
    assert decode_cursor("", 2) == (False, [])


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "e30", encode_cursor([1, 2, 3]), encode_cursor([[1], 2]), "W10"]
)
def test_a_damaged_cursor_is_invalid(cursor):
    with pytest.raises(Invalid):
        decode_cursor(cursor, 2)


def test_the_page_boundary_breaks_ties_by_the_last_column():
    sql = str(ContentType.objects.filter(_beyond(["model", "id"], ["m", 7], less=True)).query)
    where = sql.split("WHERE")[1]
    assert where.count("<=") == 1
    assert '"id" < 7' in where


@pytest.mark.parametrize(
    ("wanted", "sort"),
    [("number", "number"), ("-number", "-number"), ("title", "-number"), ("id; drop", "-number")],
)
def test_only_declared_columns_sort(wanted, sort):
    assert sort_from(get(sort=wanted), COLUMNS, "-number") == sort


def test_a_click_turns_the_order_round():
    assert [Head(COLUMNS[0], sort).next_sort for sort in ("", "number", "-number")] == [
        "number",
        "-number",
        "number",
    ]


def test_a_value_that_is_no_choice_is_dropped():
    state = Filter(key="state", label="State", choices=[Choice(value="new", label="New")])
    assert [filters_from(get(state=value), [state])[0].value for value in ("new", "old")] == ["new", ""]


def test_search_words_are_trimmed_and_harmless():
    search = Filter(key="q", label="Search", kind="search")
    assert filters_from(get(q=" a\x00b "), [search])[0].value == "ab"
    assert len(filters_from(get(q="x" * 5000), [search])[0].value) == 200
