"""The page of results: its tables, and the notes below them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import report


def _run(speed: float, cpu: float) -> dict[str, Any]:
    return {
        "name": "create a ticket (API)",
        "per_second": speed,
        "p50": 2.0 * cpu,
        "p99": 9.0,
        "cpu_app": cpu,
        "cpu_postgres": 1.0,
        "failures": 0,
        "load": 0.4,
    }


def _results() -> dict[str, Any]:
    sizes = {
        size: {
            "eight": {"create": _run(400, cpu)},
            "one": {"create": _run(100, cpu)},
            "memory": {"app": 480.2, "postgres": 250.0},
        }
        for size, cpu in (("10000", 2.0), ("1000000", 3.0))
    }
    names = ("cpu", "cores", "memory", "system", "python", "load", "server_version", "fsync")
    more = ("synchronous_commit", "full_page_writes", "shared_buffers")
    return {
        "command": "make bench",
        "machine": dict.fromkeys((*names, *more), "?"),
        "sizes": sizes,
        "bounds": {"create": {"per_second": 800.0, "cpu": 0.8, "statements": 4}},
        "walls": [{"scope": "role that sees all", "queue": 0.3, "ticket": 0.1, "range": 2.0}],
    }


def test_the_page_compares_with_aims_bounds_and_the_smaller_size() -> None:
    page = report.text(_results())
    small, large = page.split("## 1,000,000 tickets")
    row = "| create a ticket (API) | 400 | 500 | 6.0 | 9.0 | 3.00 | 1.00 | 50 % | 0 | 0.4 |"
    assert row in large
    assert "| create a ticket (API) | 400 | 500 | 4.0 | 9.0 | 2.00 | 1.00 |  | 0 | 0.4 |" in small
    assert "| create a ticket (API) | × 1.50 | × 1.33 |" in large
    assert "| create | 4 | 800 | 0.80 |" in large


def test_notes_written_by_hand_stay(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    report.write(path, "first\n")
    assert path.read_text() == "first\n"
    path.write_text(f"first\n\n{report.NOTES}\nKept.\n")
    report.write(path, "second\n")
    assert path.read_text() == f"second\n\n{report.NOTES}\nKept.\n"


def test_a_section_takes_the_place_of_its_predecessor_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text(f"# Benchmarks\n\n## One\n\nold\n\n## Two\n\nstays\n\n{report.NOTES}\nKept.\n")
    report.replace(path, "## One", "## One\n\nnew\n")
    assert path.read_text() == (
        f"# Benchmarks\n\n## One\n\nnew\n\n## Two\n\nstays\n\n{report.NOTES}\nKept.\n"
    )


def test_a_section_without_predecessor_comes_before_the_notes(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text(f"# Benchmarks\n\n{report.NOTES}\nKept.\n")
    report.replace(path, "## One", "## One\n\nnew\n")
    assert path.read_text() == f"# Benchmarks\n\n## One\n\nnew\n\n{report.NOTES}\nKept.\n"


def test_a_section_without_a_page_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / "new.md"
    report.replace(path, "## One", "## One\n\nnew\n")
    assert path.read_text() == "## One\n\nnew\n"
