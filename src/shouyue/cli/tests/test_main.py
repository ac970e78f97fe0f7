import argparse
import socket
import subprocess
import sys

import pytest

from shouyue.cli import main, manage, up
from shouyue.runtime.errors import Problem


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    listed = [line.split()[0] for line in shown.splitlines() if line.startswith("    ") and line[4] != " "]
    assert len(listed) >= len(main.COMMANDS)
    assert {"up", "stop", "status", "check", "prepare", "database", "manage"} <= set(listed)


def test_help_needs_no_django() -> None:
    code = "import sys; from shouyue.cli.main import _parser; _parser(); print('django' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"


def test_problem_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(chosen: argparse.Namespace) -> int:
        raise Problem("The cable is out: plug it in.")

    monkeypatch.setattr(manage, "run", run)
    assert main.main(["manage", "anything"]) == 1
    assert capsys.readouterr().err == "shouyue: The cable is out: plug it in.\n"


def test_manage_hands_its_arguments_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("django.core.management.execute_from_command_line", seen.append)
    assert main.main(["manage", "migrate", "--plan", "-v", "2"]) == 0
    assert seen == [["shouyue manage", "migrate", "--plan", "-v", "2"]]


def test_wrong_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["up", "--port", "seventy"]) == 1
    assert "'seventy' is not a port" in capsys.readouterr().err


def test_busy_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=f"Port {port} on 127.0.0.1 is in use"):
            up.require_port("127.0.0.1", port)
    up.require_port("127.0.0.1", port)


def test_unknown_host_is_told() -> None:
    with pytest.raises(Problem, match="not an address"):
        up.require_port("no such host", 8000)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("desk.example", "http://desk.example:8000"),
    ],
)
def test_address_people_open(host: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOUYUE_BASE_URL", raising=False)
    assert up.base_url(host, 8000) == url
