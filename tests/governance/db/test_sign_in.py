"""A changed password of the database is taken up without a restart; a wrong one opens nothing."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from governance.db import engine
from governance.db.engine import Database
from governance.db.errors import DatabaseSignInError, DatabaseUnreachableError
from tests.certificates import self_signed
from tests.emptied import of_server

ROLE = "turning"
SSL_REQUEST = 8  # octets of what a client asks before TLS begins


@pytest.fixture
def role(postgres_url: str) -> Iterator[Callable[[str], None]]:
    """Sets the password of a role that the server asks for one."""
    with of_server(postgres_url) as admin:
        place = Path(admin.execute("SHOW hba_file").fetchone()[0])
        before = place.read_text()
        admin.execute(f"CREATE ROLE {ROLE} LOGIN")
        place.write_text(f"local all {ROLE} scram-sha-256\n{before}")
        admin.execute("SELECT pg_reload_conf()")
        yield lambda word: admin.execute(f"ALTER ROLE {ROLE} PASSWORD '{word}'")
        place.write_text(before)
        admin.execute("SELECT pg_reload_conf()")
        admin.execute(f"DROP ROLE {ROLE}")


def noted(path: Path, word: str) -> None:
    path.write_text(f"*:*:*:{ROLE}:{word}\n")
    path.chmod(0o600)


@pytest.mark.postgres
def test_a_new_password_is_used_without_a_restart_and_a_wrong_one_opens_nothing(
    postgres_url: str,
    role: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "PG_LIFE", 0)  # every connection is old when it is wanted again
    passfile = tmp_path / "pgpass"
    role("first")
    noted(passfile, "first")
    address = f"{postgres_url.replace('postgres:@', f'{ROLE}@')}&passfile={passfile}"
    database = Database.open(address)
    assert seen(database) == 1
    role("second")
    with pytest.raises(DatabaseSignInError) as refused:
        seen(database)
    assert "first" not in f"{refused.value!r}{refused.value.params}"
    with pytest.raises(DatabaseSignInError):
        database.write(lambda tx: tx.execute(text("SELECT 1")).scalar())
    noted(passfile, "second")
    assert seen(database) == 1
    assert database.write(lambda tx: tx.execute(text("SELECT 2")).scalar()) == 2
    passfile.unlink()
    with pytest.raises(DatabaseSignInError):
        seen(database)
    database.close()


def seen(database: Database) -> object:
    with database.read() as tx:
        return tx.execute(text("SELECT 1")).scalar()


def test_connections_end_within_half_an_hour() -> None:
    assert engine.PG_LIFE <= 1_800  # the constant is what is asked


def test_a_server_that_is_away_is_no_wrong_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachableError):
        Database.open(f"postgresql://a@/a?host={tmp_path}")


def test_the_client_certificate_of_the_address_is_shown_to_the_server(tmp_path: Path) -> None:
    (here := tmp_path / "here").mkdir()
    (there := tmp_path / "there").mkdir()
    ours, theirs = self_signed(here, "sekisho"), self_signed(there, "localhost")
    ours.chmod(0o600)
    told: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_one, args=(listener, theirs, ours, told))
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(DatabaseUnreachableError):  # nobody speaks further
            Database.open(
                f"postgresql://sekisho@localhost:{port}/a?hostaddr=127.0.0.1&sslmode=verify-full"
                f"&sslcert={ours}&sslkey={ours}&sslrootcert={theirs}"
            )
        thread.join(60)
    assert told == ["sekisho"]


def answer_one(listener: socket.socket, own: Path, known: Path, told: list[object]) -> None:
    """TLS as PostgreSQL begins it, with a certificate asked for; whose it was is noted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    context.load_verify_locations(known)
    context.verify_mode = ssl.CERT_REQUIRED
    line, _ = listener.accept()
    with line:
        line.recv(SSL_REQUEST)
        line.sendall(b"S")
        with context.wrap_socket(line, server_side=True) as sealed:
            sealed.recv(1)
            found = dict(part[0] for part in sealed.getpeercert()["subject"])
            told.append(found["commonName"])
