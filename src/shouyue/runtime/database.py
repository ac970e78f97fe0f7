"""The database of this installation: given or embedded, its roles, and what its refusals mean."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shouyue.runtime import embedded
from shouyue.runtime.binaries import OLDEST
from shouyue.runtime.errors import Problem

CONNECT_SECONDS = 10
# Roles belong to the whole server and no lock spans its databases: who crosses another tries again.
RETRIES = 20
DEFAULTS: LiteralString = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT "
CROSSED = (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject, psycopg.errors.InternalError_)


@dataclass(frozen=True)
class Urls:
    """app: the login role of web and worker. admin: creates roles and migrates."""

    app: str
    admin: str


@dataclass(frozen=True)
class Roles:
    """The database roles. login owns nothing and inherits nothing; it becomes scoped or everyone."""

    login: str
    owner: str
    scoped: str
    everyone: str


def roles() -> Roles:
    """The role names, after SHOUYUE_ROLE_PREFIX."""
    prefix = os.environ.get("SHOUYUE_ROLE_PREFIX", "shouyue")
    return Roles(*(f"{prefix}_{suffix}" for suffix in ("login", "owner", "scoped", "all")))


def given() -> Urls | None:
    """The server named by DATABASE_URL and DATABASE_ADMIN_URL, or None when the embedded one is to be used.

    Without DATABASE_ADMIN_URL the app runs, but cannot migrate.
    """
    app, admin = os.environ.get("DATABASE_URL", ""), os.environ.get("DATABASE_ADMIN_URL", "")
    if admin and not app:
        raise Problem(
            "DATABASE_ADMIN_URL is set and DATABASE_URL is not: set both, or neither for the embedded one."
        )
    for url in filter(None, (app, admin)):
        parameters(url)  # refuses what is no URL
    return Urls(app, admin or app) if app else None


def ensure(home: Path) -> Urls:
    """The database's URLs; an embedded server runs, is prepared and held by this process. Raises: Problem."""
    urls = given()
    if urls is not None:
        return urls
    server = embedded.ensure(home, prepare=lambda server: prepare(server.url("postgres")))
    return Urls(app=server.url(roles().login), admin=server.url("postgres"))


def prepare(admin_url: str, app_url: str = "") -> None:
    """Create the database, the roles and the grants where missing; safe to repeat, and at the same time.

    app_url: when its user is not the standard login role, that user is made one. Raises: Problem.
    """
    app = parameters(app_url) if app_url else {}
    login = app.get("user") or roles().login
    _create_database(admin_url)
    for _ in range(RETRIES):
        with connect(admin_url) as connection:
            require_version(connection)
            with suppress(*CROSSED), connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(7423890)")
                _create_roles(connection, roles(), login, app.get("password", ""))
                _grant(connection, roles(), login)
                return
    raise Problem("The database's roles are being changed by somebody else all the time: try again.")


def parameters(url: str) -> dict[str, str]:
    """A database URL taken apart: user, password, host, port, dbname and the rest. Raises: Problem."""
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise Problem(  # what the library says may quote the password
            "DATABASE_URL or DATABASE_ADMIN_URL is not a URL like postgresql://user:password@host:5432/name."
        ) from error


@contextmanager
def connect(url: str) -> Iterator[psycopg.Connection]:
    """A connection that commits by itself. Raises: Problem when the server refuses it."""
    try:
        connection = psycopg.connect(make_conninfo(url, connect_timeout=CONNECT_SECONDS), autocommit=True)
    except psycopg.OperationalError as error:
        raise refusal(error, url) from error
    with connection:
        yield connection


def require_version(connection: psycopg.Connection) -> None:
    """Raises: Problem when the server is too old."""
    version = connection.info.server_version
    if version < OLDEST * 10_000:
        raise Problem(
            f"PostgreSQL {OLDEST} or newer is needed; the server is {version // 10_000}: upgrade it."
        )


def refusal(error: psycopg.OperationalError, url: str) -> Problem:
    """The sentence for a connection that failed; it never tells the password."""
    told = parameters(url)
    where = f"{told.get('host', 'localhost')}:{told.get('port', '5432')}"
    user, text = told.get("user", "?"), str(error)
    if "password" in text or "no pg_hba.conf entry" in text or "authentication failed" in text:
        return Problem(
            f"The database at {where} refuses user {user}: check the user and password in the URL."
        )
    if re.search(r'database "[^"]*" does not exist', text):
        return Problem(
            f"There is no database {told.get('dbname', user)} at {where}: create it or correct the URL."
        )
    if re.search(r'role "[^"]*" does not exist', text):
        return Problem(
            f"The database at {where} knows no user {user}: correct the URL or run with an admin URL."
        )
    if "too many clients" in text or "remaining connection slots" in text:
        return Problem(
            f"The database at {where} has no free connection: raise max_connections or use fewer workers."
        )
    return Problem(f"The database at {where} cannot be reached: {_first_line(error)}.")


def lost(error: BaseException) -> str | None:
    """In the server's or the driver's words, why there is no connection any more; None for anything else."""
    found = _cause(error)
    if isinstance(found, psycopg.OperationalError) and (found.sqlstate or "08").startswith(("08", "57P")):
        return _first_line(found)
    return None


def _cause(error: BaseException) -> psycopg.Error | None:
    found: BaseException | None = error
    while found is not None and not isinstance(found, psycopg.Error):
        found = found.__cause__
    return found


def trouble(error: BaseException) -> Problem | None:
    """The sentence for what an operator, and no programmer, has to mend; None for anything else."""
    found = _cause(error)
    if isinstance(found, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return Problem(f"The database is not at this version ({_first_line(found)}): run `shouyue prepare`.")
    if isinstance(found, psycopg.errors.DiskFull):
        return Problem("The disk of the database is full: free some space, then run the command again.")
    if (words := lost(error)) is not None:
        return Problem(
            f"The database has gone away ({words}): look whether it runs and its disk has space, then run the command"
            " again."
        )
    return None


def _create_database(admin_url: str) -> None:
    name = parameters(admin_url).get("dbname", "")
    try:
        psycopg.connect(make_conninfo(admin_url, connect_timeout=CONNECT_SECONDS)).close()
        return
    except psycopg.OperationalError as error:
        if not re.search(rf'database "{re.escape(name)}" does not exist', str(error)):
            raise refusal(error, admin_url) from error
    with connect(make_conninfo(admin_url, dbname="postgres")) as connection:
        try:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
            )
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # made at the same moment by another
        except psycopg.errors.InsufficientPrivilege as error:
            raise Problem(
                f"The user of DATABASE_ADMIN_URL may not create the database {name}: create it."
            ) from error


def _has(connection: psycopg.Connection, user: str, role: str) -> bool:
    row = connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [user, role]).fetchone()
    return row is not None and bool(row[0])


def _create_roles(connection: psycopg.Connection, names: Roles, login: str, password: str) -> None:
    existing = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    # The owner's data migrations see every row, and tests make databases as the owner.
    wanted: dict[str, LiteralString] = {
        names.owner: "CREATE ROLE {} NOLOGIN BYPASSRLS CREATEDB",
        names.scoped: "CREATE ROLE {} NOLOGIN",
        names.everyone: "CREATE ROLE {} NOLOGIN",
        login: "CREATE ROLE {} LOGIN NOINHERIT",
    }
    name = ""
    try:
        for name in wanted.keys() - existing:
            connection.execute(sql.SQL(wanted[name]).format(sql.Identifier(name)))
        if password and login not in existing:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(login), sql.Literal(password)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Problem(
            f"The user of DATABASE_ADMIN_URL may not create the role {name} ({_first_line(error)}): "
            "use one with CREATEROLE and BYPASSRLS, or a superuser."
        ) from error


def _grant(connection: psycopg.Connection, names: Roles, login: str) -> None:
    _require_modest(connection, login)
    statements: list[LiteralString] = [
        "GRANT CONNECT ON DATABASE {database} TO {login}",
        "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {scoped}, {everyone}",
        DEFAULTS + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO {scoped}, {everyone}",
        DEFAULTS + "USAGE ON SEQUENCES TO {scoped}, {everyone}",
        DEFAULTS + "EXECUTE ON FUNCTIONS TO {scoped}, {everyone}",
    ]
    if not _has(connection, login, names.scoped) or not _has(connection, login, names.everyone):
        statements.insert(0, "GRANT {scoped}, {everyone} TO {login}")
    if not _has(connection, connection.info.user, names.owner):
        statements.insert(0, "GRANT {owner} TO {admin}")
    words = {
        **{key: sql.Identifier(value) for key, value in vars(names).items()},
        "login": sql.Identifier(login),
        "database": sql.Identifier(connection.info.dbname),
        "admin": sql.Identifier(connection.info.user),
    }
    try:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(**words))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Problem(
            f"The user of DATABASE_ADMIN_URL may not grant rights in {connection.info.dbname} "
            f"({_first_line(error)}): make it the database's owner."
        ) from error


def _require_modest(connection: psycopg.Connection, login: str) -> None:
    """A login that passes row-level security by would take down the wall between customers unseen."""
    statement = "SELECT rolsuper OR rolbypassrls, rolinherit FROM pg_roles WHERE rolname = %s"
    passes_by, inherits = connection.execute(statement, [login]).fetchone() or (False, False)
    if passes_by:
        raise Problem(
            f"The user {login} of DATABASE_URL is a superuser or bypasses row-level security: "
            "use an ordinary one; it is created if it does not exist."
        )
    if inherits:
        connection.execute(sql.SQL("ALTER ROLE {} NOINHERIT").format(sql.Identifier(login)))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
