"""An installation that several real processes serve, and persons who choose over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import httpx
from sqlalchemy import Connection

from consent.activity import note_acts
from consent.ledger import NewEvent, append, new_event_id, notices
from consent.types import By, EventKind
from governance.app.wiring import Wiring
from governance.core.clock import JST, utc_now
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, KeyClass, Law, PurposeId, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import AgeBand, SubjectKind
from governance.http.principal import PrincipalKind
from governance.identity.middleware import SESSION_COOKIE
from governance.identity.service import open_session, register_client
from tests.installation import create

PURPOSE = PurposeId("mail_marketing")
PART = 500  # persons of one transaction
START_SECONDS = 240
STOP_SECONDS = 30


@dataclass(kw_only=True)
class Person:
    """One customer (架空) with an open session of the own pages."""

    id: SubjectId
    cookie: str
    csrf: str


@dataclass(kw_only=True)
class Town:
    """Where the servers are, the key of a system, and the persons."""

    folder: Path
    url: str | None
    key: str = ""
    persons: list[Person] = field(default_factory=list)
    base: str = ""

    @classmethod
    def build(cls, folder: Path, *, url: str | None, persons: int) -> Self:
        """Everybody has agreed to be written to."""
        town = cls(folder=folder, url=url)
        wiring = create(folder, url=url)
        try:
            roles = frozenset(wiring.policies.current.roles)
            town.key = wiring.database.write(lambda tx: _system(tx, roles))
            for start in range(0, persons, PART):
                count = min(PART, persons - start)
                town.persons += wiring.database.write(lambda tx: _persons(tx, wiring, count))  # noqa: B023 # at once
        finally:
            wiring.close()
        return town


def _system(tx: Connection, roles: frozenset[str]) -> str:
    _, key = register_client(
        tx, name="shop", role="shop", purposes=[PURPOSE], known_roles=roles, at=utc_now()
    )
    return key


def _persons(tx: Connection, wiring: Wiring, count: int) -> list[Person]:
    at, ports = utc_now(), wiring.ports
    subjects = [new_subject_id() for _ in range(count)]
    add_subjects(tx, [_adult(subject) for subject in subjects], at=at)
    ports.vault.ensure_keys(subjects, KeyClass.RECORD)
    notice = ports.policies.current.purposes[PURPOSE].notice
    shown = [version for version in notices(tx) if version.notice == notice][-1]
    given = [
        NewEvent(
            id=new_event_id(),
            subject=subject,
            purpose=PURPOSE,
            kind=EventKind.GIVEN,
            occurred_at=at,
            notice=shown.notice,
            notice_version=shown.version,
            notice_hash=shown.text_hash,
            acted_by=By.PERSON,
        )
        for subject in subjects
    ]
    append(tx, given, at=at)
    today = at.astimezone(JST).date()
    note_acts(tx, ports, dict.fromkeys(subjects, today), by=ActorId("svc:test"), at=at)
    return [_signed_in(tx, subject, at=at) for subject in subjects]


def _adult(subject: SubjectId) -> NewSubject:
    return NewSubject(
        id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"}, age_band=AgeBand.ADULT
    )


def _signed_in(tx: Connection, subject: SubjectId, *, at: datetime) -> Person:
    actor, lasting = ActorId(f"p:{subject}"), timedelta(hours=5)
    session, secret = open_session(
        tx, actor=actor, kind=PrincipalKind.PERSON, lasting=lasting, at=at
    )
    return Person(id=subject, cookie=secret, csrf=session.csrf)


def choose(
    town: Town, http: httpx.Client, person: Person, *, on: bool, base: str | None = None
) -> int:
    """The status of the answer to a person's choice; 303 acknowledges it."""
    answer = http.post(
        f"{base or town.base}/portal/choices/{PURPOSE}",
        data={"choice": "on" if on else "off", "csrf": person.csrf},
        headers={  # each from an own browser: no process keeps the connections of another's end
            "cookie": f"{SESSION_COOKIE}={person.cookie}",
            "connection": "close",
        },
    )
    return answer.status_code


@contextmanager
def served(town: Town, *, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """`sekisho serve --workers N` in processes of their own, told to stop at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"SEKISHO_DATA_DIR": str(town.folder / "data")}
    if town.url is not None:
        environment["SEKISHO_DATABASE_URL"] = town.url
    log = (town.folder / "serve.log").open("wb")
    command = ["-m", "governance", "serve", "--workers", str(workers), "--port", str(port)]
    process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
    town.base = f"http://127.0.0.1:{port}"
    try:
        _await(town, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
            log.close()


def _await(town: Town, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, (town.folder / "serve.log").read_text()
        assert time.monotonic() < deadline, "the server did not start"
        try:
            if httpx.get(f"{town.base}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The serving processes under the first one."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(name) for name in children.split()]
