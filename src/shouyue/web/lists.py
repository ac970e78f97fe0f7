"""List pages: columns, filters, sorting and cursor paging, declared once per page.

A view builds a `ListPage` and renders ``web/components/list.html`` with it; the rows' template is its own.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

import orjson
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.errors import Invalid
from shouyue.web.moulds import text
from shouyue.web.navigation import Text

M = TypeVar("M", bound=Model)

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Column:
    """A table column. sort: the key of ``?sort=`` or empty; phone: shown in the card form at 390 px."""

    key: str
    label: Text
    sort: str = ""
    align: Literal["start", "end", "center"] = "start"
    hidden_label: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a filter with its text and, optionally, how many rows have it."""

    value: str
    label: Text
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One control of the filter bar.

    kind ``search``: the text box of the list; ``choice``: a select box; ``text``: a smaller text box, where the
    choices would be too many; ``date``: a day."""

    key: str
    label: Text
    kind: Literal["choice", "search", "text", "date"] = "choice"
    choices: Sequence[Choice] = ()
    value: str = ""
    placeholder: Text = ""


@dataclass(frozen=True, kw_only=True)
class Empty:
    """What a list without rows says: why it is empty and what to do; filtered: nothing matches the filters."""

    title: Text
    text: Text = ""
    icon: str = "inbox"
    action_url: str = ""
    action_label: Text = ""


@dataclass(frozen=True, kw_only=True)
class Export:
    """One entry of the export menu."""

    label: Text
    url: str
    icon: str = "file-spreadsheet"


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """Everything ``web/components/list.html`` needs.

    row_template: renders ``<tr>`` for ``row``; give each cell ``data-label`` for the card form on phones.
    drawn: the HTML of all rows instead, where a list is asked for so often that templates are too slow (moulds).
    live_url: a pulse endpoint; when its version changes the rows are fetched again (two seconds at most)."""

    id: str
    caption: Text
    columns: Sequence[Column]
    rows: Sequence[Any]
    row_template: str = ""
    drawn: SafeString | None = None
    empty: Empty
    filters: Sequence[Filter] = ()
    sort: str = ""
    next_cursor: str = ""
    previous_cursor: str = ""
    total: int | None = None
    exports: Sequence[Export] = ()
    live_url: str = ""
    query: dict[str, str] = field(default_factory=dict)

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return any(item.value for item in self.filters)

    @property
    def searches(self) -> list[Filter]:
        """The filters that always show."""
        return [item for item in self.filters if item.kind == "search"]

    @property
    def narrowings(self) -> list[Filter]:
        """The filters that fold behind one button on phones."""
        return [item for item in self.filters if item.kind != "search"]

    @property
    def narrowed_by(self) -> int:
        """How many of the folded filters are set."""
        return sum(bool(item.value) for item in self.narrowings)

    @property
    def folds(self) -> bool:
        """Whether the filters would take up a phone's screen."""
        return len(self.narrowings) > 2

    @property
    def plain_heads(self) -> SafeString | None:
        """The column heads as HTML when none of them sorts."""
        if any(column.sort or column.hidden_label for column in self.columns):
            return None
        parts = (f'<th scope="col" class="text-{one.align}">{text(one.label)}</th>' for one in self.columns)
        return SafeString("".join(parts))

    @property
    def heads(self) -> list["Head"]:
        """The columns with their sort state."""
        return [Head(column, self.sort) for column in self.columns]


@dataclass(frozen=True)
class Head:
    """A column head: what a click on it asks for, and what ``aria-sort`` says."""

    column: Column
    current: str

    @property
    def direction(self) -> Literal["ascending", "descending", "none"]:
        """How the list is sorted by this column now."""
        if self.column.sort and self.current == self.column.sort:
            return "ascending"
        if self.column.sort and self.current == f"-{self.column.sort}":
            return "descending"
        return "none"

    @property
    def next_sort(self) -> str:
        """The ``?sort=`` value of a click."""
        return f"-{self.column.sort}" if self.direction == "ascending" else self.column.sort


def filters_from(request: HttpRequest, filters: Iterable[Filter]) -> list[Filter]:
    """The filters with the values of the query string; a value that is not among the choices is dropped."""
    return [_filled(item, request.GET.get(item.key, "").strip()) for item in filters]


def sort_from(request: HttpRequest, columns: Iterable[Column], default: str) -> str:
    """The ``?sort=`` value if a column allows it, else the default."""
    wanted = request.GET.get("sort", "")
    allowed = {column.sort for column in columns if column.sort}
    return wanted if wanted.removeprefix("-") in allowed else default


@dataclass(frozen=True)
class Slice(Generic[M]):
    """Rows of one page with the cursors of its neighbours (empty at the ends)."""

    rows: list[M]
    next_cursor: str
    previous_cursor: str


def keyset(
    queryset: QuerySet[M], *, order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE
) -> Slice[M]:
    """One page of a queryset by keyset, as fast on the last page as on the first.

    order: field names like ``("-created_at", "-id")`` of columns that are not null; the last one must be unique
    and all of one direction. cursor: from a `Slice`. Raises: Invalid for a damaged cursor. Queries: 1."""
    backwards, values = decode_cursor(cursor, len(order))
    names = [name.removeprefix("-") for name in order]
    descending = order[0].startswith("-")
    effective = [f"{'' if descending else '-'}{name}" for name in names] if backwards else list(order)
    if values:
        queryset = queryset.filter(_beyond(names, values, less=descending != backwards))
    rows = list(queryset.order_by(*effective)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (bool(values) if not backwards else more)
    return Slice(
        rows,
        encode_cursor(_key(rows[-1], names)) if has_next else "",
        encode_cursor(_key(rows[0], names), backwards=True) if has_previous else "",
    )


def encode_cursor(values: Sequence[Any], *, backwards: bool = False) -> str:
    """A cursor for the query string; values: JSON scalars, dates or instants."""
    plain = [value.isoformat() if isinstance(value, date | datetime) else value for value in values]
    text = orjson.dumps(["<" if backwards else ">", *plain])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> tuple[bool, list[Any]]:
    """Whether the cursor leads backwards, and its values (none for an empty cursor). Raises: Invalid."""
    if not cursor:
        return False, []
    try:
        direction, *values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError) as error:
        raise Invalid(_("The link to this page of the list is damaged.")) from error
    scalars = all(isinstance(value, str | int | float) for value in values)
    if direction not in ("<", ">") or len(values) != length or not scalars:
        raise Invalid(_("The link to this page of the list is damaged."))
    return direction == "<", values


def _key(row: Model, names: Sequence[str]) -> list[Any]:
    return [getattr(row, name) for name in names]


def _beyond(names: Sequence[str], values: Sequence[Any], *, less: bool) -> Q:
    """Rows after the cursor: the first column bounds the index scan, the others break ties."""
    operator = "lt" if less else "gt"
    after = Q(**{f"{names[-1]}__{operator}": values[-1]})
    for name, value in zip(reversed(names[:-1]), reversed(values[:-1]), strict=True):
        after = Q(**{f"{name}__{operator}": value}) | (Q(**{name: value}) & after)
    return Q(**{f"{names[0]}__{operator}e": values[0]}) & after


def _filled(item: Filter, value: str) -> Filter:
    if item.kind == "choice" and value not in {choice.value for choice in item.choices}:
        value = ""
    return replace(item, value=value.replace("\x00", "")[:200])
