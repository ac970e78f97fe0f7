"""`shouyue up`: everything under one supervising process."""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from shouyue.cli.parsing import Commands, add_command
from shouyue.cli.words import _, spoken
from shouyue.runtime import database, embedded
from shouyue.runtime.errors import Problem
from shouyue.runtime.home import home_directory, open_home, require_space
from shouyue.runtime.supervision import Part, Supervisor, end_leftovers, sole_supervisor

OURSELVES = (sys.executable, "-m", "shouyue.cli")


def register(commands: Commands) -> None:
    parser = add_command(
        commands, "up", run, help=_("start web, worker and database; Ctrl-C stops all of them")
    )
    parser.add_argument(
        "--host", default=os.environ.get("HOST_ADDRESS", "127.0.0.1"), help=_("address to listen on")
    )
    parser.add_argument("--port", type=_port, default=None, help=_("port to listen on (PORT, else 8000)"))
    parser.add_argument("--workers", type=int, default=2, help=_("web processes"))
    parser.add_argument(
        "--demo", action=argparse.BooleanOptionalAction, default=None, help=_("load the demo contracts")
    )


def run(chosen: argparse.Namespace) -> int:
    home = home_directory().resolve()
    port = chosen.port if chosen.port is not None else _port(os.environ.get("PORT", "8000"))
    demo = (
        chosen.demo
        if chosen.demo is not None
        else os.environ.get("SHOUYUE_DEMO", "") in ("1", "true", "yes", "on")
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # until the supervisor takes over
    open_home(home)
    require_space(home)
    with sole_supervisor(home):
        leftovers = end_leftovers(home)
        if leftovers:
            say(_("Ended {count} processes which a killed run had left behind.", count=leftovers))
        require_port(chosen.host, port)
        begun = time.monotonic()
        database.ensure(home)
        _environment(home, chosen.host, port, demo)
        _prepare()
        watcher = Watcher(home, chosen.host, port, demo, begun)
        Supervisor(home, _parts(chosen.host, port, chosen.workers, demo), say, watcher.look).run()
        say(_("Stopping …"))
        embedded.release(home)
    return 0


class Watcher:
    """Mends what is no child of ours, PostgreSQL, and says when the first page can be opened."""

    def __init__(self, home: Path, host: str, port: int, demo: bool, begun: float) -> None:
        self.home, self.address, self.demo, self.begun = home, (host, port), demo, begun
        self.announced = False
        self.server = None if database.given() else embedded.locate(home)

    def look(self) -> None:
        if self.server is not None and embedded.postmaster(self.server) is None:
            say(_("PostgreSQL has died; starting it again."))
            began = time.monotonic()
            embedded.ensure(self.home)
            say(_("PostgreSQL is back after {seconds:.1f} s.", seconds=time.monotonic() - began))
        if not self.announced and _answers(*self.address):
            self.announced = True
            self._announce()

    def _announce(self) -> None:
        seconds = time.monotonic() - self.begun
        said = _(
            "{name} is at {address} after {seconds:.1f} s; Ctrl-C stops it.",
            name="Shouyue 守约",
            address=base_url(*self.address),
            seconds=seconds,
        )
        say(said)
        if self.demo:
            say(_("The demo is loaded if it is not there yet; its accounts are listed on the sign-in page."))


def require_port(host: str, port: int) -> None:
    """Raises: Problem when nobody could listen there."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise Problem(
            _("{host} is not an address of this machine: choose another with --host.", host=host)
        ) from error
    except PermissionError as error:
        raise Problem(
            _("Port {port} is reserved for root: choose one above 1023 with --port or PORT.", port=port)
        ) from error
    except OSError as error:
        raise Problem(
            _(
                "Port {port} on {host} is in use or not ours: choose another with --port or PORT.",
                port=port,
                host=host,
            )
        ) from error


def base_url(host: str, port: int) -> str:
    """What people type: the wildcard addresses are reached by loopback on this machine."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
    return os.environ.get("SHOUYUE_BASE_URL") or f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def say(text: str) -> None:
    print(text, flush=True)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _environment(home: Path, host: str, port: int, demo: bool) -> None:
    os.environ["SHOUYUE_HOME"] = str(home)
    os.environ["SHOUYUE_BASE_URL"] = base_url(host, port)
    os.environ["SHOUYUE_DEMO"] = "1" if demo else "0"
    os.environ.setdefault("PYTHONUNBUFFERED", "1")


def _prepare() -> None:
    """In a process of its own: the supervisor stays small, without Django."""
    status = subprocess.run([*OURSELVES, "--language", spoken(), "prepare"], check=False).returncode
    if status != 0:
        raise SystemExit(status)  # it has said why


def _parts(host: str, port: int, workers: int, demo: bool) -> list[Part]:
    web = (
        *(sys.executable, "-m", "granian", "shouyue.config.wsgi:application", "--interface", "wsgi"),
        *("--host", host, "--port", str(port), "--workers", str(workers), "--blocking-threads", "3"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "warning"),
    )
    parts = [
        Part("web", web, grace_seconds=15),
        Part("worker", (*OURSELVES, "manage", "worker", "--skip-checks"), grace_seconds=25),
    ]
    if demo:
        parts.append(
            Part(
                "demo",
                (*OURSELVES, "manage", "demo_load", "--skip-checks"),
                once=True,
                attempts=3,
                grace_seconds=5,
            )
        )
    return parts


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=1)  # noqa: S104
    try:
        connection.request("GET", "/", headers={"User-Agent": "shouyue up"})
        connection.getresponse()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Problem(_("{given!r} is not a port: give a number from 1 to 65535.", given=text))
    return int(text)
