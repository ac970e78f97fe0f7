"""`make bench`: load, measure, print one table, write docs/benchmarks.md.

Small by default (10,000 tickets, some minutes); `BENCH=full make bench` loads a million and takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from . import http, load, plain, register, report, stack, sweep, traffic, walls, world

ROOT = Path(__file__).resolve().parent.parent
SMALL, FULL = 10_000, 1_000_000
ONE_CLIENT = (
    "queue-wide",
    "queue-middle",
    "queue-narrow",
    "page-wide",
    "page-narrow",
    "ticket",
    "read",
    "create",
)
BOUNDS = ("create", "queue-wide", "queue-narrow", "ticket", "comment")


def main() -> None:
    """Measure and write."""
    chosen = _options()
    home = Path(chosen.home).resolve()
    os.environ.update(stack.environment(home), DJANGO_SETTINGS_MODULE="shouyue.config.settings")
    full = chosen.size == "full"
    results: dict[str, Any] = {"size": chosen.size, "command": f"{'BENCH=full ' if full else ''}make bench"}
    results["sizes"] = {}
    if chosen.reuse and not (home / "cast.json").exists():
        raise SystemExit(f"{home} holds no benchmark's database to use again.")
    if not chosen.reuse:
        stack.new_home(home)
    _setup_django()
    cast = _cast(home, chosen.reuse)
    urls = stack.database.ensure(home)
    if chosen.only_sweep:
        print(report.sweep(asdict(_sweep(home, cast, urls.admin, chosen.running or FULL))))
        stack.embedded.release(home)
        return
    if chosen.only_register:
        results["register"] = _register(home, cast, urls.admin)
        text = report.register(results["register"])
        print(text)
        report.replace(_page(chosen), report.REGISTER, text)
        stack.embedded.release(home)
        return
    for size in [] if chosen.reuse else [SMALL, FULL] if full else [SMALL]:
        results["sizes"][str(size)] = _grow_and_measure(home, cast, urls.admin, size, chosen)
    if chosen.reuse:
        results["sizes"][str(_tickets(urls.admin))] = _measure(home, cast, urls.admin, chosen)
    results["bounds"] = _bounds(home, cast, urls.admin, chosen)
    results["walls"] = walls.measure(urls.admin, [row[1] for row in cast.contracts])
    if not chosen.no_sweep:
        results["sweep"] = asdict(
            _sweep(home, cast, urls.admin, chosen.running or (FULL if full else 20_000))
        )
    if full:
        results["register"] = _register(home, cast, urls.admin)
    results["machine"] = _machine(urls.admin)
    out = ROOT / "bench" / "out"
    out.mkdir(exist_ok=True)
    (out / f"{chosen.size}.json").write_text(json.dumps(results, indent=1))
    text = report.text(results)
    print(text)
    report.write(_page(chosen), text)
    stack.embedded.release(home)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = "full" if os.environ.get("BENCH") == "full" else "small"
    parser.add_argument("--size", choices=("small", "full"), default=size)
    parser.add_argument("--home", default=os.environ.get("BENCH_HOME", str(ROOT / ".shouyue" / "bench")))
    parser.add_argument(
        "--reuse", action="store_true", help="measure what an earlier run loaded into the home"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of which the middle one counts")
    parser.add_argument("--running", type=int, help="obligations that run during the sweep")
    parser.add_argument(
        "--in-memory",
        action="store_true",
        help="read the database's files before each run, as a server keeps them that has the memory",
    )
    parser.add_argument("--no-sweep", action="store_true")
    parser.add_argument("--only-sweep", action="store_true", help="with --reuse: nothing but the sweep")
    parser.add_argument(
        "--only-register", action="store_true", help="nothing but the register at 10,000 to a million running"
    )
    parser.add_argument("--sound", action="store_true", help="chain the digests of all loaded events")
    parser.add_argument("--write", help="where to write the page instead of docs/benchmarks.md")
    return parser.parse_args()


def _setup_django() -> None:
    import django

    django.setup()


def _cast(home: Path, reuse: bool) -> world.Cast:
    path = home / "cast.json"
    if reuse:
        return world.Cast.read(path)
    cast = world.make(ROOT / "plans")
    cast.save(path)
    return cast


def _tickets(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM tickets_ticket").fetchone()
        return int(row[0]) if row else 0


def _grow_and_measure(
    home: Path, cast: world.Cast, url: str, size: int, chosen: argparse.Namespace
) -> dict[str, Any]:
    missing = size - _tickets(url)
    begun = time.monotonic()
    until = datetime.fromisoformat(cast.until)
    rows = load.fill(url, cast.settled, cast.unsettled, missing, until=until, sound=chosen.sound, seed=size)
    seconds = time.monotonic() - begun
    return {**_measure(home, cast, url, chosen), "rows": rows, "loaded": missing, "load_seconds": seconds}


def _settle(url: str) -> None:
    """Let the worker take up what the copies owe already, so that the runs measure requests and not a backlog."""
    give_up = time.monotonic() + 1200
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < give_up:
            row = connection.execute(
                "SELECT count(*) FROM commitments_obligation WHERE state = 'running' AND next_at <= now()"
            ).fetchone()
            if row is None or row[0] < 100:
                return
            time.sleep(3)
    raise SystemExit("The worker did not take up what is due within twenty minutes.")


def _measure(home: Path, cast: world.Cast, url: str, chosen: argparse.Namespace) -> dict[str, Any]:
    with stack.Stack(home) as running:
        _settle(url)
        wanted = http.scenarios(cast, url)
        options: dict[str, Any] = {"seconds": chosen.seconds, "rounds": chosen.rounds}
        if chosen.in_memory:
            options["before"] = partial(stack.read_files, home)
        one = {
            key: http.measure(wanted[key], running.port, running.groups, clients=1, **options)
            for key in ONE_CLIENT
        }
        eight = {
            key: http.measure(scenario, running.port, running.groups, clients=8, **options)
            for key, scenario in wanted.items()
        }
        memory = {group: traffic.memory(roots) for group, roots in running.groups.items()}
    return {
        "one": {key: run.row() for key, run in one.items()},
        "eight": {key: run.row() for key, run in eight.items()},
        "memory": memory,
    }


def _bounds(home: Path, cast: world.Cast, url: str, chosen: argparse.Namespace) -> dict[str, Any]:
    import random

    postmaster = stack.embedded.postmaster(stack.embedded.locate(home))
    assert postmaster is not None
    found = {}
    for key in BOUNDS:
        request = http.scenarios(cast, url)[key].request(random.Random(7))
        text = plain.script(request, url)
        seconds = max(2, int(chosen.seconds))
        speed, cpu = plain.run(home, text, clients=8, seconds=seconds, postmaster=postmaster)
        found[key] = {"per_second": speed, "cpu": cpu, "statements": text.count("\n") - 2}
    return found


def _sweep(home: Path, cast: world.Cast, url: str, running: int) -> sweep.Swept:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM commitments_obligation WHERE state = 'running' AND next_at > now() + interval '1 day'"
        ).fetchone()
        missing = running - (int(row[0]) if row else 0)
    if missing > 0:
        load.fill_running(url, cast.unsettled, running=missing, until=datetime.fromisoformat(cast.until))
    with stack.Stack(home) as stacked:
        time.sleep(10)
        _settle(url)
        return sweep.measure(url, due=min(20_000, running // 2), per_second=1000, stack=stacked)


def _page(chosen: argparse.Namespace) -> Path:
    return Path(chosen.write) if chosen.write else ROOT / "docs" / "benchmarks.md"


def _register(home: Path, cast: world.Cast, url: str) -> dict[str, Any]:
    """The register in this process; what falls due is swept with the program running."""
    from shouyue.accounts.models import User
    from shouyue.accounts.queries import actor_from
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        actor = actor_from(User.objects.get(username="bench.agent"))
    found = register.measure(url, cast.contracts, actor)
    with stack.Stack(home) as running:
        time.sleep(10)
        _settle(url)
        found["sweep"] = asdict(sweep.measure(url, due=20_000, per_second=1000, stack=running))
    return {**found, "load": " ".join(f"{value:.1f}" for value in os.getloadavg())}


def _machine(url: str) -> dict[str, str]:
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text().split()[1]
    with psycopg.connect(url) as connection:
        settings = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        values = [connection.execute(f"SHOW {name}").fetchone() for name in settings]
    return {
        "cpu": cpu[0].split(": ", 1)[1] if cpu else platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{int(memory) / 2**20:.0f} GB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
        **{name: str(value[0]) if value else "" for name, value in zip(settings, values, strict=True)},
    }


if __name__ == "__main__":
    main()
