"""Paging through a real table, forwards and back."""

import pytest
from django.contrib.contenttypes.models import ContentType

from shouyue.web.lists import keyset

pytestmark = pytest.mark.django_db

ORDER = ("-app_label", "-id")


@pytest.fixture
def rows():
    made = [
        ContentType.objects.create(app_label=f"zz{number // 2}", model=f"m{number}") for number in range(7)
    ]
    return sorted(made, key=lambda row: (row.app_label, row.id), reverse=True)


def page(cursor=""):
    return keyset(ContentType.objects.filter(app_label__startswith="zz"), order=ORDER, cursor=cursor, size=3)


def test_pages_cover_every_row_once(rows):
    seen, cursor = [], ""
    for _page in range(3):
        part = page(cursor)
        seen += part.rows
        cursor = part.next_cursor
    assert seen == rows
    assert cursor == ""


def test_the_way_back_is_the_way_there(rows):
    first = page()
    second = page(first.next_cursor)
    back = page(second.previous_cursor)
    assert (first.previous_cursor, back.rows, back.previous_cursor) == ("", first.rows, "")
    assert back.next_cursor == first.next_cursor


def test_one_query_a_page(rows, django_assert_num_queries):
    with django_assert_num_queries(1):
        page()


def test_an_empty_table_has_no_neighbours():
    part = page()
    assert (part.rows, part.next_cursor, part.previous_cursor) == ([], "", "")
