import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from shouyue.runtime import database, embedded
from shouyue.runtime.errors import Problem

ENSURE = "import sys, pathlib; from shouyue.runtime import database; "


def start_process(home: Path, code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ENSURE + code, str(home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def answer(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 41 + 1").fetchone()[0]


def pid_of(home: Path) -> int:
    pid = embedded.postmaster(embedded.locate(home))
    assert pid is not None
    return pid


def test_four_processes_make_one_server(home: Path) -> None:
    code = "database.ensure(pathlib.Path(sys.argv[1])); print('up', flush=True); sys.stdin.read()"
    processes = [start_process(home, code) for _ in range(4)]
    assert [process.stdout.readline() for process in processes] == ["up\n"] * 4
    assert (home / "pgdata-18" / "server.log").read_text().count("ready to accept connections") == 1
    pid_of(home)
    for process in processes:
        process.communicate("")
    assert [process.returncode for process in processes] == [0] * 4
    assert embedded.postmaster(embedded.locate(home)) is None


def test_last_user_stops_the_server_and_the_first_does_not(home: Path) -> None:
    urls = database.ensure(home)
    other = start_process(home, "database.ensure(pathlib.Path(sys.argv[1]))")
    other.communicate("")
    assert answer(urls.app) == 42
    embedded.release(home)
    assert embedded.postmaster(embedded.locate(home)) is None


def test_kept_server_outlives_its_users(home: Path) -> None:
    database.ensure(home)
    embedded.kept(home).touch()
    embedded.release(home)
    assert pid_of(home)
    assert embedded.stop(home)
    assert not embedded.stop(home)


def test_unused_server_is_stopped_and_a_used_one_is_not(home: Path) -> None:
    database.ensure(home)
    assert not embedded.stop_unused(home)
    code = "import os; database.ensure(pathlib.Path(sys.argv[1])); os._exit(0)"  # leaves as if killed
    embedded.release(home)
    start_process(home, code).communicate("")
    assert pid_of(home)
    assert embedded.stop_unused(home)
    assert not embedded.stop_unused(home)


def test_killed_server_comes_back_with_its_data(home: Path) -> None:
    urls = database.ensure(home)
    with psycopg.connect(urls.admin) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS figure")
    idle = psycopg.connect(urls.app)  # its backend is an orphan for a moment
    os.kill(pid_of(home), signal.SIGKILL)
    database.ensure(home)
    with psycopg.connect(urls.admin) as connection:
        assert connection.execute("SELECT figure FROM kept").fetchone() == (7,)
    idle.close()


def test_stale_pid_file_of_a_living_stranger_is_no_server(home: Path) -> None:
    urls = database.ensure(home)
    embedded.release(home)
    (home / "pgdata-18" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{home}/pgdata-18\n1\n5432\n\n\n\nready\n"
    )
    assert embedded.postmaster(embedded.locate(home)) is None
    database.ensure(home)
    assert answer(urls.app) == 42


def test_half_made_cluster_is_made_again(home: Path) -> None:
    draft = home / "pgdata-18.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    assert answer(database.ensure(home).app) == 42
    assert not draft.exists()


def test_refused_start_is_one_sentence(home: Path) -> None:
    database.ensure(home)
    embedded.release(home)
    with (home / "pgdata-18" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(Problem, match=r"PostgreSQL does not start: .*server\.log") as caught:
        database.ensure(home)
    assert "\n" not in str(caught.value)


def test_long_home_gets_a_short_socket_path(home: Path) -> None:
    server = embedded.Server(home, home / ("deep" * 30), embedded.server_account())
    assert len(str(server.sockets)) < 60
    assert embedded.Server(home, home, server.account).sockets == home / "run"


def test_home_no_shell_can_quote_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="set SHOUYUE_HOME to a plain path"):
        embedded.locate(tmp_path / "$HOME")


def test_home_with_spaces_and_chinese(home: Path) -> None:
    odd = home / "it's a home 守约"
    odd.mkdir(mode=0o711)
    try:
        assert answer(database.ensure(odd).app) == 42
    finally:
        embedded.release(odd)


def test_second_ensure_is_quick(home: Path) -> None:
    database.ensure(home)
    begun = time.process_time()
    for _ in range(20):
        database.ensure(home)
    assert time.process_time() - begun < 2  # no program was started: forty would take longer
