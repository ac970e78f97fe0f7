"""Tables and data to take away: CSV that spreadsheets open rightly and never run, and lists streamed as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse

from shouyue.kernel.actor import Actor
from shouyue.kernel.scope import acting_in

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BATCH = 500


def cell(value: Any) -> str:
    """A value as a spreadsheet shows it; a text that would be run as a formula gets a leading quote."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    risky = isinstance(value, str) and text.startswith(FORMULA)
    return f"'{text}" if risky else text


def csv_lines(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file in parts, with the mark by which spreadsheets know UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([str(name) for name in head])
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if number % BATCH == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON list in parts, one object a line."""
    yield "["
    for number, row in enumerate(rows):
        text = json.dumps(row, ensure_ascii=False, default=_plain)
        yield f"{',' if number else ''}\n{text}"
    yield "\n]\n"


def streamed(actor: Actor, parts: Iterable[str], name: str, media_type: str) -> HttpResponseBase:
    """A download whose parts are read while it is sent, in a transaction of its own under the actor's scope."""
    response = StreamingHttpResponse(_in_scope(actor, parts), content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _in_scope(actor: Actor, parts: Iterable[str]) -> Iterator[str]:
    with acting_in(actor.scope):
        yield from parts


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
