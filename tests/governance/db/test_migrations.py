"""The revisions build what the models declare, once, and refuse every other schema untouched."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, bindparam, inspect, text
from sqlmodel import SQLModel

from audit.ddl import guards
from governance.db import migrate
from governance.db.engine import Database, sqlite_url
from governance.db.errors import SchemaNewerError, SchemaOlderError
from governance.db.types import UtcDateTime

ROOT = Path(__file__).parents[3]
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")
APART = "governance.keys.models"  # the key store is a database of its own
ENGINES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
NEWER = "9999"
MOMENT = bindparam("at", type_=UtcDateTime())


def models() -> tuple[ModuleType, ...]:
    """Every module of models that belongs to the database of customer data."""
    names = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("models.py")
    )
    return tuple(import_module(name) for name in names if name != APART)


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, new_database: Callable[..., str]) -> Iterator[Database]:
    models()
    opened = Database.open(new_database(request.param))
    yield opened
    opened.close()


@pytest.fixture(params=ENGINES)
def pair(
    request: pytest.FixtureRequest, new_database: Callable[..., str]
) -> Iterator[tuple[Database, Database]]:
    """One database made by the revisions, one by the models."""
    models()
    revised, declared = (Database.open(new_database(request.param)) for _ in range(2))
    migrate.upgrade(revised)
    SQLModel.metadata.create_all(declared.writer_engine)
    yield revised, declared
    revised.close()
    declared.close()


def checks(connection: Connection) -> dict[str, set[tuple[str, str]]]:
    """CHECK constraints by table."""
    seen = inspect(connection)
    return {
        table: {
            (str(item["name"]), str(item["sqltext"])) for item in seen.get_check_constraints(table)
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def triggers(connection: Connection) -> dict[str, str]:
    """Triggers with what they do."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT tgname || ' on ' || tgrelid::regclass, pg_get_triggerdef(oid)"
            " FROM pg_trigger WHERE NOT tgisinternal"
        )
    return {str(name): str(sql) for name, sql in connection.execute(text(query))}


def functions(connection: Connection) -> set[str]:
    """Bodies of functions of ours."""
    if connection.dialect.name == "sqlite":
        return set()
    query = (
        "SELECT prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = 'public'"
    )
    return {str(body) for body in connection.execute(text(query)).scalars()}


def fingerprint(connection: Connection) -> tuple[object, ...]:
    """Everything about a schema that a refused start could have changed."""
    seen = inspect(connection)
    tables = sorted(seen.get_table_names())
    columns = {name: sorted(c["name"] for c in seen.get_columns(name)) for name in tables}
    return tables, columns, triggers(connection), migrate.current(connection)


def test_an_upgrade_from_empty_equals_the_models(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_checks_and_guards_of_the_revisions_are_those_of_the_models(
    pair: tuple[Database, Database],
) -> None:
    with pair[0].read() as revised, pair[1].read() as declared:
        assert checks(revised) == checks(declared)
        assert triggers(revised) == triggers(declared)
        assert functions(revised) == functions(declared)
        made = [line for line in guards(revised.dialect.name) if line.startswith("CREATE TRIGGER")]
        assert len(triggers(revised)) >= len(made)


def test_every_table_of_the_models_has_a_revision(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.read() as connection:
        found = set(inspect(connection).get_table_names())
    assert found == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_an_upgrade_twice_is_an_upgrade_once(empty: Database) -> None:
    first = migrate.upgrade(empty)
    with empty.read() as connection:
        before = fingerprint(connection)
    assert migrate.upgrade(empty) == first == migrate.revisions()[-1]
    migrate.require_current(empty)
    with empty.read() as connection:
        assert fingerprint(connection) == before


def upgraded_to(database: Database, revision: str) -> None:
    """The database as a release of before made it."""
    config = Config()
    config.set_main_option("script_location", str(migrate.folder().parent))
    config.set_main_option("version_locations", str(migrate.folder()))
    config.set_main_option("path_separator", "os")
    with database.writer_engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_rows_of_the_first_release_are_left_to_the_index_job(empty: Database) -> None:
    upgraded_to(empty, "0001")
    who, row = "0f5b0b5e-6d1c-4b3e-9d57-0a3f1f0f7a11", "01a215c4-64f1-73f8-b5e5-e4cad607677a"
    facts = {"who": who, "row": row, "at": "2026-01-01 00:00:00"}

    def held(tx: Connection) -> None:
        subject = "INSERT INTO subject (id, kind, state, guardian_verified, fence, created_at)"
        tx.execute(text(f"{subject} VALUES (:who, 'customer', 'active', :no, 0, :at)"),
                   facts | {"no": False})  # fmt: skip
        person = "INSERT INTO person (id, subject_id, version, source_file, source_row,"
        more = " recorded_at, status, contact_permission, problems)"
        values = " VALUES (:row, :who, 1, 'a.csv', 1, :at, 'active', 'unknown', 0)"
        tx.execute(text(person + more + values), facts)

    empty.write(held)
    migrate.upgrade(empty)
    with empty.read() as tx:
        found = tx.execute(text("SELECT row_key, source, subject_id, due FROM search_row")).all()
    assert [(bytes(k).hex(), s, str(w), d) for k, s, w, d in found] == [
        (row.replace("-", ""), "person", who, 2)
    ]


def test_requests_of_an_older_release_keep_the_days_of_their_clocks(empty: Database) -> None:
    """What a clock's ledger says of an extension and of the end stands beside the track, too."""
    upgraded_to(empty, "0003")
    which = "01a215c4-64f1-73f8-b5e5-e4cad607677a"
    facts = {"id": which, "at": "2026-01-01 00:00:00", "end": "2026-01-09 00:00:00", "yes": True,
             "no": False}  # fmt: skip

    def held(tx: Connection) -> None:
        request = "INSERT INTO dsar_request (id, reference, requester, requester_id, intake,"
        request += " delivery, lang, calendar, policy_days, rule_set_version, received_at, last_at,"
        request += " \"open\", executed, version) VALUES (:id, 'R-1', 'self', :id, 'portal',"
        request += " 'download', 'ja', 'none', 14, 'x', :at, :at, :yes, :no, 1)"
        tx.execute(text(request), facts)
        for law in ("appi", "gdpr"):
            track = "INSERT INTO dsar_track (request_id, law, kind, status, rule)"
            track += " VALUES (:id, :law, 'access', 'closed', 'r')"
            tx.execute(text(track), facts | {"law": law})
        for n, (law, kind, at) in enumerate(
            (("gdpr", "start", "at"), ("gdpr", "extension", "at"), ("gdpr", "stop", "end"))
        ):
            clock = "INSERT INTO dsar_clock (id, request_id, law, rule, kind, at, actor)"
            clock += " VALUES (:row, :id, :law, 'gdpr_1m', :kind, :then, 'u:x')"
            more = {"row": f"01a215c4-64f1-73f8-b5e5-e4cad607678{n}", "law": law, "kind": kind}
            tx.execute(text(clock), facts | more | {"then": facts[at]})

    empty.write(held)
    migrate.upgrade(empty)
    with empty.read() as tx:
        wanted = "SELECT law, extended_at, ended_at FROM dsar_track ORDER BY law"
        (_, *running), (_, *ended) = tx.execute(text(wanted)).all()
    assert running == [None, None]
    assert [str(day)[:10] for day in ended] == ["2026-01-01", "2026-01-09"]


def test_recipients_that_an_older_release_told_stand_on_their_lists(empty: Database) -> None:
    """The log alone said so then; the last word about a recipient counts."""
    upgraded_to(empty, "0004")
    which, at = "01a215c4-64f1-73f8-b5e5-e4cad607677a", "2026-01-01 00:00:00"
    first, second, third = (f"01a215c4-64f1-73f8-b5e5-e4cad607678{n}" for n in range(3))
    events = [
        (first, "failed", "no_address"), (first, "done", "corrected"),
        (second, "failed", "impossible"), ("gone", "done", "corrected"),
    ]  # fmt: skip

    def held(tx: Connection) -> None:
        request = "INSERT INTO dsar_request (id, reference, requester, requester_id, intake,"
        request += " delivery, lang, calendar, policy_days, rule_set_version, received_at, last_at,"
        request += " \"open\", executed, version) VALUES (:id, 'R-1', 'self', :id, 'portal',"
        request += " 'download', 'ja', 'none', 14, 'x', :at, :at, :yes, :yes, 1)"
        tx.execute(text(request), {"id": which, "at": at, "yes": True})
        for n, row in enumerate((first, second, third)):
            company = "INSERT INTO recipient (id, source_key, name, role, auto_renewal,"
            company += " provision_record, recorded_at)"
            company += " VALUES (:row, :key, 'x', 'processor', :no, :no, :at)"
            tx.execute(text(company), {"row": row, "key": f"V-{n}", "at": at, "no": False})
        for n, (row, outcome, reason) in enumerate(events):
            event = "INSERT INTO audit_event (id, schema_version, occurred_at, actor, action,"
            event += " object_type, object_id, outcome, reasons, refs, process_id, n)"
            event += " VALUES (:id, 1, :at, 'u:x', 'recipient.told', 'request', :request,"
            event += " :outcome, :reason, :refs, 'p', :n)"
            said = {"id": f"01a215c4-64f1-73f8-b5e5-e4cad607679{n}", "outcome": outcome,
                    "at": datetime(2026, 1, n + 1, tzinfo=UTC), "reason": reason, "request": which,
                    "refs": f"request:{which},recipient:{row},message:x", "n": n}  # fmt: skip
            tx.execute(text(event).bindparams(MOMENT), said)

    empty.write(held)
    migrate.upgrade(empty)
    with empty.read() as tx:
        wanted = "SELECT recipient_id, state, reason, channel, told_at FROM dsar_telling"
        typed = text(wanted).columns(told_at=UtcDateTime())
        found = {str(row[0]): tuple(row[1:]) for row in tx.execute(typed)}
    told = datetime(2026, 1, 2, tzinfo=UTC)
    assert found == {
        first: ("told", None, "mail", told),
        second: ("left_out", "impossible", None, None),
    }


def at_revision(database: Database, revision: str) -> None:
    database.write(
        lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})
    )


def test_a_database_of_a_newer_release_is_refused_and_stays_as_it_is(empty: Database) -> None:
    migrate.upgrade(empty)
    at_revision(empty, NEWER)
    with empty.read() as connection:
        before = fingerprint(connection)
    for refused in (migrate.require_current, migrate.upgrade):
        with pytest.raises(SchemaNewerError) as raised:
            refused(empty)
        assert raised.value.params["found"] == NEWER
    with empty.read() as connection:
        assert fingerprint(connection) == before


def test_an_empty_database_is_refused_as_older_and_stays_empty(empty: Database) -> None:
    with pytest.raises(SchemaOlderError):
        migrate.require_current(empty)
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_refused_sqlite_file_keeps_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    made = Database.open(sqlite_url(path))
    migrate.upgrade(made)
    at_revision(made, NEWER)
    made.checkpoint()
    made.close()
    before = sha256(path.read_bytes()).hexdigest()
    again = Database.open(sqlite_url(path))
    with pytest.raises(SchemaNewerError):
        migrate.upgrade(again)
    again.close()
    assert sha256(path.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("kind", ENGINES)
def test_a_revision_that_fails_leaves_no_table(
    kind: str, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op  # noqa: PLC0415 # patched only here

    opened = Database.open(new_database(kind))

    def fail(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr(op, "execute", fail)  # the guards come after the tables
    with pytest.raises(LookupError):
        migrate.upgrade(opened)
    with opened.read() as connection:
        assert inspect(connection).get_table_names() == []
    opened.close()
