"""The bound: the very statements of a request, replayed by pgbench on PostgreSQL alone.

A request is made once inside this process and its statements are written down with their values; what the database
hands out (number, ids) is taken over by pgbench's variables, so that creates can be repeated.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from shouyue.kernel.postgres.base import DatabaseWrapper
from shouyue.runtime import embedded
from shouyue.runtime.binaries import find

from .traffic import cpu_seconds


def ask(raw: bytes) -> tuple[int, bytes]:
    """Make the request in this process. Django must be set up."""
    from shouyue.config.wsgi import application

    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _protocol = first.split(" ")
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for line in lines:
        name, value = line.split(": ", 1)
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    status: list[str] = []
    response = application(environ, lambda given, _headers: status.append(given))
    content = b"".join(response)
    response.close()
    return int(status[0][:3]), content


@contextmanager
def written_down() -> Iterator[list[str]]:
    """The statements run within the block, with their values in them."""
    found: list[str] = []
    execute, begin = psycopg.Cursor.execute, DatabaseWrapper.begin_as

    def noted(self: Any, query: Any, parameters: Any = None, **options: Any) -> Any:
        text = psycopg.ClientCursor(self.connection).mogrify(query, parameters)
        found.append(text)
        return execute(self, query, parameters, **options)

    def begun(self: Any, role: str, customers: str) -> bool:
        if not begin(self, role, customers):
            return False
        found.extend((f"SET LOCAL ROLE {role}", f"SET LOCAL app.customers = '{customers}'"))
        return True

    psycopg.Cursor.execute = noted  # type: ignore[method-assign]
    DatabaseWrapper.begin_as = begun  # type: ignore[method-assign]
    try:
        yield found
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
        DatabaseWrapper.begin_as = begin  # type: ignore[method-assign]


def script(raw: bytes, url: str) -> str:
    """What pgbench shall run for this request."""
    ask(raw)
    ask(raw)
    with written_down() as statements:
        status, content = ask(raw)
    assert status < 300, content[:300]
    statements = [text for text in statements if text.strip()]
    if raw.startswith(b"POST"):
        statements = _with_variables(statements, json.loads(content), url)
    return lines(statements)


def lines(statements: list[str]) -> str:
    """The statements as one transaction; what the database hands out is caught in variables."""
    return "\n".join(["BEGIN;", *(_caught(" ".join(text.split())) for text in statements), "COMMIT;"]) + "\n"


def _with_variables(statements: list[str], made: dict[str, Any], url: str) -> list[str]:
    """Names for what the database hands out: the number, the ids of ticket, note and event."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT max(id) FROM kernel_event WHERE subject_type = 'ticket'").fetchone()
    event = str(row[0] if row else 0)
    if "number" not in made:
        return [renamed(text, {event: ":e_id"}) for text in statements]
    names = {str(made["id"]): ":t_id", event: ":t_event_id"}
    return [renamed(text, names, made["number"]) for text in statements]


_LITERAL = re.compile(r"(?:\bE)?'(?:[^'\\]|''|\\.)*'")
_ARRAY = re.compile(r"'\{((?:\d+|NULL)(?:,(?:\d+|NULL))*)\}'")


def renamed(text: str, names: dict[str, str], number: str = "") -> str:
    """A statement with variables in place of ids and of the ticket's number.

    pgbench puts its parameters into literals too, where the server would not look for them: an array of ids is
    therefore written out, and what looks like a variable in any other literal is hidden from pgbench.
    """
    parts, end = [], 0
    for found in _LITERAL.finditer(text):
        parts.append(_ids(text[end : found.start()], names))
        parts.append(_literal(found[0], names, number))
        end = found.end()
    return "".join([*parts, _ids(text[end:], names)])


def _ids(text: str, names: dict[str, str]) -> str:
    return re.sub(r"(?<![\w.$\"-])\d+(?![\w.\"])", lambda found: names.get(found[0], found[0]), text)


def _literal(text: str, names: dict[str, str], number: str) -> str:
    if number and text == f"'{number}'":
        return ":t_number"
    array = _ARRAY.fullmatch(text)
    if array and any(item in names for item in array[1].split(",")):
        return f"ARRAY[{_ids(array[1], names)}]"
    if re.search(r":[A-Za-z_]", text):
        plain = text if text.startswith("E") else "E" + text.replace("\\", "\\\\")
        return re.sub(r":(?=[A-Za-z_])", r"\\x3a", plain)
    return text


def _caught(text: str) -> str:
    """The statement, its result kept in variables when others need it."""
    if text.startswith("WITH made AS ("):
        return f"{text} \\gset t_"
    if "FROM kernel_record_event(" in text:
        return f"{text} \\gset e_"
    return f"{text};"


def run(home: Path, text: str, *, clients: int, seconds: int, postmaster: int) -> tuple[float, float]:
    """(transactions a second, milliseconds of PostgreSQL's CPU each) of a script under the app's login role."""
    server = embedded.locate(home)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        before = cpu_seconds({postmaster})
        command = [
            *(str(find().directory / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1"),
            *(
                "-T",
                str(seconds),
                "-f",
                file.name,
                "-h",
                str(server.sockets),
                "-U",
                "shouyue_login",
                "shouyue",
            ),
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        used = cpu_seconds({postmaster}) - before
    done = re.search(r"actually processed: (\d+)", answer.stdout)
    speed = re.search(r"tps = ([\d.]+)", answer.stdout)
    if not done or not speed or not int(done[1]):
        raise RuntimeError(answer.stderr[-600:] + text[:2000])
    return float(speed[1]), used * 1000 / int(done[1])
