"""The table of results, as docs/benchmarks.md shows it."""

# ruff: noqa: E501 -- rows of tables

from __future__ import annotations

from pathlib import Path
from typing import Any

AIMS = {"create": 500, "queue-wide": 1000, "ticket": 300}

HEAD = """# Benchmarks

Written by `{command}`; `BENCH=full make bench` loads a million tickets. Each figure is the middle of several runs.

The whole stack runs as `shouyue up` starts it: two web processes, a worker, the embedded PostgreSQL, every request
signed in, with its middleware, row-level security, events and obligations. The load generator runs on the same cores;
CPU is that of the program's processes (web, worker, supervisor) and of PostgreSQL, per request. The rows are
copies of tickets that were lived through the services under the five plans (`bench/load.py`).

| machine | |
|---|---|
| processor | {cpu}, {cores} cores |
| memory | {memory} |
| system | {system}, Python {python} |
| PostgreSQL | {server_version}; fsync {fsync}, synchronous_commit {synchronous_commit}, full_page_writes {full_page_writes}, shared_buffers {shared_buffers} |
| load average at the end | {load} |

With other work on the machine (a load average above two) requests a second and times fall behind what it could do:
trust CPU per request and ratios.
"""


NOTES = "<!-- Written by hand from here on; a new run keeps it. -->\n"


def write(path: Path, page: str) -> None:
    """Write the page and keep the notes below it."""
    _, _, notes = path.read_text().partition(NOTES) if path.exists() else ("", "", "")
    path.write_text(f"{page}\n{NOTES}{notes}" if notes else page)


REGISTER = "## The register under load"


def replace(path: Path, heading: str, section: str) -> None:
    """Put a section in the place of the one with its heading; before the notes when there is none.

    It is the whole page where there was no page.
    """
    if not path.exists():
        path.write_text(f"{section.rstrip()}\n")
        return
    page = path.read_text()
    begin = page.find(f"{heading}\n")
    if begin < 0:
        end = begin = page.index(NOTES) if NOTES in page else len(page)
    else:
        ends = [found for mark in ("\n## ", NOTES) if (found := page.find(mark, begin + 1)) > 0]
        end = min(ends, default=len(page))
    path.write_text(f"{page[:begin]}{section.rstrip()}\n\n{page[end:].lstrip()}")


def register(found: dict[str, Any]) -> str:
    """The section about the register."""
    steps, counts = found["steps"], found["counts"]
    lines = [
        f"{REGISTER}\n",
        "`python -m bench --home … --only-register` (part of `BENCH=full make bench`) loads and measures this.\n",
        f"{found['contracts']:,} contracts; at the end "
        + ", ".join(f"{count:,} {state}" for state, count in counts.items())
        + f". Loaded in {found['load_seconds']:.0f} s. Load average at the end {found['load']}. "
        "Milliseconds; CPU is that of the program and of PostgreSQL together, at p50.\n",
        "| running | settled | board p50 | board p99 | board CPU | board CPU p99 | closing a contract CPU | 1,000 closed in s "
        "| quarter p50 | rows in it | quarter CPU | load |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for step in steps:
        board, close, quarter = step["board"], step["close"], step["quarter"]
        lines.append(
            f"| {step['running']:,} | {step['settled']:,} | {board['p50']:.1f} | {board['p99']:.1f} "
            f"| {_cpu(board):.1f} | {board['cpu_p99']:.1f} | {_cpu(close):.1f} | {close['seconds']:.0f} "
            f"| {quarter['p50']:.0f} | {quarter['rows']:,} | {_cpu(quarter):.0f} | {step['load_average']:.1f} |"
        )
    lines += [
        "",
        "What the register adds to reporting a ticket, CPU milliseconds at p50 (reporting with it less reporting without):\n",
        "| running | program, 5 contracts | program, all contracts | PostgreSQL, 5 | PostgreSQL, all | whole, 5 | whole, all |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for step in steps:
        one = step["opening"]
        lines.append(
            f"| {step['running']:,} | {one['few_cpu_app']:.2f} | {one['all_cpu_app']:.2f} | {one['few_cpu_postgres']:.2f} "
            f"| {one['all_cpu_postgres']:.2f} | {one['few_whole']:.2f} | {one['all_whole']:.2f} |"
        )
    swept = sweep(found["sweep"]).partition("\n\n")[2]
    return "\n".join(lines) + f"\n\nThe due sweep: {swept}"


def _cpu(run: dict[str, Any]) -> float:
    return float(run["cpu_app"] + run["cpu_postgres"])


def text(results: dict[str, Any]) -> str:
    """The page."""
    parts = [HEAD.format(command=results["command"], **results["machine"])]
    sizes = results["sizes"]
    largest = max(sizes, key=int)
    for size, measured in sizes.items():
        parts.append(f"## {int(size):,} tickets\n")
        if "rows" in measured:
            rows = ", ".join(f"{count:,} `{name}`" for name, count in measured["rows"].items())
            speed = measured["loaded"] / measured["load_seconds"]
            parts.append(f"Loaded at {speed:,.0f} tickets a second: {rows}.\n")
        parts.append(
            _table("8 clients", measured["eight"], results["bounds"] if size == largest else {}, AIMS)
        )
        parts.append(_table("1 client", measured["one"], {}, {}))
        memory = measured["memory"]
        parts.append(
            f"Memory after the runs: {memory['app']:.0f} MB for web, worker and supervisor (shared pages counted once; "
            f"aim: 600), PostgreSQL {memory['postgres']:.0f} MB with its cache.\n"
        )
    if len(sizes) > 1:
        parts.append(_growth(sizes))
    parts.append(_bounds(results["bounds"]))
    parts.append(_walls(results["walls"]))
    if "register" in results:
        parts.append(register(results["register"]))
    elif "sweep" in results:
        parts.append(sweep(results["sweep"]))
    return "\n".join(parts)


def _table(title: str, runs: dict[str, Any], bounds: dict[str, Any], aims: dict[str, int]) -> str:
    lines = [
        f"| {title} | requests/s | aim | p50 ms | p99 ms | CPU ms app | CPU ms PostgreSQL | of PostgreSQL alone | failed | load |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for key, run in runs.items():
        bound = bounds.get(key)
        share = f"{100 * run['per_second'] / bound['per_second']:.0f} %" if bound else ""
        lines.append(
            f"| {run['name']} | {run['per_second']:,.0f} | {aims.get(key, '')} | {run['p50']:.1f} | {run['p99']:.1f} "
            f"| {run['cpu_app']:.2f} | {run['cpu_postgres']:.2f} | {share} | {run['failures']} | {run['load']} |"
        )
    return "\n".join(lines) + "\n"


def _growth(sizes: dict[str, Any]) -> str:
    small, large = min(sizes, key=int), max(sizes, key=int)
    lines = [
        f"## Growth from {int(small):,} to {int(large):,} tickets (aim: at most 1.3)\n",
        "| 1 client | p50 | CPU, app and PostgreSQL |",
        "|---|--:|--:|",
    ]
    for key, run in sizes[large]["one"].items():
        before = sizes[small]["one"][key]
        cpu = (run["cpu_app"] + run["cpu_postgres"]) / (before["cpu_app"] + before["cpu_postgres"])
        lines.append(f"| {run['name']} | × {run['p50'] / before['p50']:.2f} | × {cpu:.2f} |")
    return "\n".join(lines) + "\n"


def _bounds(bounds: dict[str, Any]) -> str:
    lines = [
        "## The same statements on PostgreSQL alone\n",
        "pgbench with 8 clients and prepared statements replays what one request sends.\n",
        "| request | statements | transactions/s | CPU ms PostgreSQL |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| {key} | {bound['statements']} | {bound['per_second']:,.0f} | {bound['cpu']:.2f} |"
        for key, bound in bounds.items()
    ]
    return "\n".join(lines) + "\n"


def _walls(walls: list[dict[str, Any]]) -> str:
    lines = [
        "## Row-level security by size of scope\n",
        "Milliseconds of a transaction with its role; the first page of the queue, one ticket by id, and a count over "
        "20,000 tickets.\n",
        "| scope | queue | one ticket | 20,000 tickets |",
        "|---|--:|--:|--:|",
    ]
    lines += [f"| {w['scope']} | {w['queue']} | {w['ticket']} | {w['range']} |" for w in walls]
    return "\n".join(lines) + "\n"


def sweep(swept: dict[str, Any]) -> str:
    """The paragraph about the sweep."""
    return (
        "## The due sweep\n\n"
        f"{swept['running']:,} obligations run; {swept['due']:,} fall due, {swept['per_second']:,} a second. "
        f"From due to the notice written ({swept['notices']:,} told somebody): p50 {swept['p50']:.2f} s, "
        f"p99 {swept['p99']:.2f} s, longest {swept['longest']:.2f} s (aim: 1 s). "
        f"Not taken up at the end: {swept['left']}. "
        f"CPU an obligation: {swept['cpu_app']:.2f} ms of the worker, {swept['cpu_postgres']:.2f} ms of PostgreSQL "
        f"(with all else they do meanwhile); load average {swept['load_average']:.1f}.\n"
    )
