import re
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shouyue.runtime import database
from shouyue.runtime.errors import Problem


def test_given_urls_are_used_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db/one")
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgresql://admin@db/one")
    urls = database.ensure(tmp_path / "untouched")
    assert urls == database.Urls("postgresql://app@db/one", "postgresql://admin@db/one")
    assert not (tmp_path / "untouched").exists()


def test_admin_url_alone_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgresql://admin@db/one")
    with pytest.raises(Problem, match="DATABASE_URL is not"):
        database.ensure(tmp_path)


@pytest.mark.parametrize("url", ["nonsense", "mysql://app:secret@db/one"])
@pytest.mark.parametrize("wrong", ["DATABASE_URL", "DATABASE_ADMIN_URL"])
def test_what_is_no_url_is_a_problem(
    url: str, wrong: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DATABASE_URL", "DATABASE_ADMIN_URL"):
        monkeypatch.setenv(name, url if name == wrong else "postgresql://app@db/one")
    with pytest.raises(Problem, match="is not a URL like") as refusal:
        database.ensure(tmp_path)
    assert "secret" not in str(refusal.value)


def test_role_names_follow_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUYUE_ROLE_PREFIX", "cell7")
    assert database.roles() == database.Roles("cell7_login", "cell7_owner", "cell7_scoped", "cell7_all")


def test_parameters_of_a_url_and_of_nonsense() -> None:
    told = database.parameters("postgresql://me:s%40crt@db:6432/one?sslmode=require")
    assert told == {
        "user": "me",
        "password": "s@crt",
        "host": "db",
        "port": "6432",
        "dbname": "one",
        "sslmode": "require",
    }
    with pytest.raises(Problem, match="is not a URL like"):
        database.parameters("not a url at all")


def test_unreachable_server_is_one_sentence_without_the_password() -> None:
    with (
        pytest.raises(Problem, match=r"The database at 127.0.0.1:1 cannot be reached") as caught,
        database.connect("postgresql://me:topsecret@127.0.0.1:1/one"),
    ):
        pass
    assert "topsecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('FATAL:  password authentication failed for user "me"', "refuses user me"),
        ('FATAL:  database "one" does not exist', "There is no database one"),
        ('FATAL:  role "me" does not exist', "knows no user me"),
        ("FATAL:  sorry, too many clients already", "no free connection"),
    ],
)
def test_refusals_say_what_to_do(text: str, sentence: str) -> None:
    problem = database.refusal(psycopg.OperationalError(text), "postgresql://me:pw@db/one")
    assert sentence in str(problem)
    assert str(problem).count("\n") == 0


def test_roles_and_grants(home: Path) -> None:
    urls = database.ensure(home)
    names = database.roles()
    with psycopg.connect(urls.admin, autocommit=True) as admin:
        admin.execute(f"SET ROLE {names.owner}")
        admin.execute("CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, text text)")
    with psycopg.connect(urls.app, autocommit=True) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT * FROM note")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(f"SET ROLE {names.owner}")
        for role in (names.scoped, names.everyone):
            app.execute(f"SET ROLE {role}")
            app.execute("INSERT INTO note (text) VALUES ('x')")
        assert app.execute("SELECT count(*) FROM note").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (id int)")


def test_prepare_makes_another_database_and_may_be_repeated(home: Path) -> None:
    urls = database.ensure(home)
    other = make_conninfo(urls.admin, dbname="other")
    app = make_conninfo(other, user="cell_app", password="secret")
    for _ in range(2):
        database.prepare(other, app)
    with psycopg.connect(app, autocommit=True) as connection:
        connection.execute(f"SET ROLE {database.roles().scoped}")
        assert connection.execute("SELECT session_user, current_database()").fetchone() == (
            "cell_app",
            "other",
        )


def test_superuser_as_login_is_refused(home: Path) -> None:
    urls = database.ensure(home)
    with pytest.raises(Problem, match="superuser or bypasses row-level security"):
        database.prepare(urls.admin, urls.admin)


def test_admin_without_rights_is_refused(home: Path) -> None:
    urls = database.ensure(home)
    with psycopg.connect(urls.admin, autocommit=True) as admin:
        admin.execute("CREATE ROLE weak LOGIN")
        admin.execute("DROP OWNED BY shouyue_all; DROP ROLE shouyue_all")
    with pytest.raises(Problem, match="may not create the role shouyue_all"):
        database.prepare(make_conninfo(urls.admin, user="weak"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (psycopg.errors.UndefinedTable('relation "demo_progress" does not exist'), "run `shouyue prepare`"),
        (psycopg.errors.DiskFull("could not extend file"), "The disk of the database is full"),
        (
            psycopg.errors.AdminShutdown("terminating connection"),
            "has gone away \\(terminating connection\\)",
        ),
        (psycopg.OperationalError("server closed the connection unexpectedly"), "has gone away"),
    ],
)
def test_what_an_operator_has_to_mend_is_one_sentence(error: psycopg.Error, sentence: str) -> None:
    wrapped = RuntimeError("as Django hands it on")
    wrapped.__cause__ = error
    for told in (database.trouble(error), database.trouble(wrapped)):
        assert told is not None
        assert re.search(sentence, str(told))
        assert "\n" not in str(told)


def test_what_a_programmer_has_to_mend_keeps_its_trace() -> None:
    assert database.trouble(psycopg.errors.QueryCanceled("statement timeout")) is None
    assert database.trouble(psycopg.errors.UniqueViolation("twice")) is None
    assert database.trouble(ValueError("no")) is None
