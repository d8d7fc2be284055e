"""Two writers, repeated requests and killed ones: exactly one change, never two, never half."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, func, select

from governance.app.wiring import Wiring
from governance.customers import store
from governance.gateway.writing.models import WriteOnceRow
from governance.gateway.writing.service import write
from governance.gateway.writing.store import ONCE
from governance.gateway.writing.types import (
    AcquiredFrom,
    AcquisitionMethod,
    AcquisitionRecord,
    Batch,
    Creation,
    Once,
    Written,
)
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT, MANAGER, create, events

PERSON: dict[str, Any] = {
    "fields": {"name": "架空 太郎", "mobile": "090-1111-2222"},
    "acquisition": {"acquired_from": "person", "method": "paper", "source": "店頭"},
}
QUALITY = {"purpose": "data_quality"}
WRITERS = 8


def persons(wiring: Wiring) -> int:
    with wiring.database.read() as tx:
        return store.count_rows(tx, "person")


def at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def test_of_writers_who_read_the_same_version_exactly_one_wins(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    path, params = f"/v1/persons/{subject}", {"purpose": "order_support"}
    for round_ in range(3):
        tag = support.get(path, params=params).headers["etag"]
        found = at_once(
            [
                lambda n=n, tag=tag: support.patch(
                    path,
                    params={**params, "reason": "changed"},
                    headers={"if-match": tag},
                    json={"email": f"w{n}@example.com"},
                )
                for n in range(WRITERS)
            ]
        )
        statuses = sorted(answer.status_code for answer in found)
        assert statuses == [200] + [412] * (WRITERS - 1)
        with desk.wiring.database.read() as tx:
            assert len(events(tx, "person.changed")) == round_ + 1


def test_of_two_new_persons_with_one_customer_id_one_is_stored(desk: Desk) -> None:
    manager = desk.staff("data_manager")
    before = persons(desk.wiring)
    body = {**PERSON, "fields": {**PERSON["fields"], "customer_id": "C9"}}
    found = at_once(
        [lambda: manager.post("/v1/persons", params=QUALITY, json=body) for _ in range(WRITERS)]
    )
    assert sorted(a.status_code for a in found) == [201] + [409] * (WRITERS - 1)
    assert persons(desk.wiring) == before + 1


def test_a_repeated_request_does_nothing_and_is_told_the_same(desk: Desk) -> None:
    manager = desk.staff("data_manager")
    before = persons(desk.wiring)

    def ask() -> httpx.Response:
        return manager.post(
            "/v1/persons", params=QUALITY, json=PERSON, headers={"idempotency-key": "order-1"}
        )

    first, second = ask(), ask()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert persons(desk.wiring) == before + 1
    with desk.wiring.database.read() as tx:
        assert len(events(tx, "person.created")) == 1


def test_requests_with_one_key_at_the_same_moment_store_one_person(desk: Desk) -> None:
    manager, before = desk.staff("data_manager"), persons(desk.wiring)
    headers = {"idempotency-key": "at-once"}
    found = at_once(
        [
            lambda: manager.post("/v1/persons", params=QUALITY, json=PERSON, headers=headers)
            for _ in range(WRITERS)
        ]
    )
    assert {answer.status_code for answer in found} == {201}
    assert len({answer.json()["id"] for answer in found}) == 1
    assert persons(desk.wiring) == before + 1


def test_a_key_is_of_one_request_of_one_caller(desk: Desk) -> None:
    headers = {"idempotency-key": "mine"}
    manager, before = desk.staff("data_manager"), persons(desk.wiring)
    assert manager.post("/v1/persons", params=QUALITY, json=PERSON, headers=headers).is_success
    other = {**PERSON, "fields": {"name": "架空 別人"}}
    answer = manager.post("/v1/persons", params=QUALITY, json=other, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    shop = desk.system("shop").post(
        "/v1/persons", params={"purpose": "order_fulfilment"}, json=PERSON, headers=headers
    )
    assert shop.status_code == 201
    assert persons(desk.wiring) == before + 2


def test_a_refused_request_leaves_its_key_free(desk: Desk) -> None:
    headers, manager = {"idempotency-key": "again"}, desk.staff("data_manager")
    bad = {**PERSON, "fields": {"name": None}}
    assert manager.post("/v1/persons", params=QUALITY, json=bad, headers=headers).is_client_error
    assert manager.post("/v1/persons", params=QUALITY, json=PERSON, headers=headers).is_success


@pytest.mark.parametrize("key", ["", "x" * 256, "鍵".encode().decode("latin-1"), "a\tb"])
def test_a_key_is_visible_ascii(town: Desk, key: str) -> None:
    answer = town.staff("data_manager").post(
        "/v1/persons",
        params=QUALITY,
        json=PERSON,
        headers=[(b"idempotency-key", key.encode("latin-1"))],
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_form")


def batch(*names: str, key: str = "a" * 64, atomic: bool = False) -> Batch:
    record = AcquisitionRecord(
        acquired_from=AcquiredFrom.PERSON, method=AcquisitionMethod.PAPER, source="店頭"
    )
    items = [Creation(table="person", members={"name": n}, acquisition=record) for n in names]
    once = Once(key=key, fingerprint="f")
    return Batch(items=tuple(items), purpose="data_quality", once=once, atomic=atomic)


def test_a_key_is_kept_for_a_day_and_then_forgotten(on_disk: Wiring) -> None:
    write(on_disk.ports, MANAGER, batch("架空 一"), at=AT)
    assert write(on_disk.ports, MANAGER, batch("架空 一"), at=AT + timedelta(hours=23)).repeated
    later = write(on_disk.ports, MANAGER, batch("架空 二", key="b" * 64), at=AT + timedelta(days=2))
    assert not later.repeated
    with on_disk.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(ONCE)).scalar() == 1


def test_what_is_kept_of_a_request_holds_no_value(on_disk: Wiring) -> None:
    write(on_disk.ports, MANAGER, batch("架空　特異名"), at=AT)
    with on_disk.database.read() as tx:
        (sealed,) = tx.execute(select(ONCE.c.outcome)).scalars()
    kept = on_disk.vault.open_blob("write_once", ("a" * 64)[:36], bytes(sealed))
    assert "特異名" not in kept.decode()
    assert {column.name for column in WriteOnceRow.__table__.columns} == {  # type: ignore[attr-defined] # set by SQLModel
        "id",
        "outcome",
        "ends_at",
    }


def test_a_writer_killed_at_any_statement_leaves_all_or_nothing(on_disk: Wiring) -> None:
    """Each statement in turn fails; the repeated request then stores both persons, once."""
    before, attempts = persons(on_disk), 0
    while True:
        key = f"{attempts:064d}"
        try:
            outcome = _dying(on_disk, batch("架空 一", "架空 二", key=key), after=attempts)
        except ConnectionError:
            assert persons(on_disk) == before
            with on_disk.database.read() as tx:
                assert tx.execute(select(func.count()).select_from(ONCE)).scalar() == 0
            attempts += 1
            continue
        break
    assert attempts > 5
    assert all(isinstance(result, Written) for result in outcome.results)
    assert persons(on_disk) == before + 2
    again = write(on_disk.ports, MANAGER, batch("架空 一", "架空 二", key=key), at=AT)
    assert again.repeated
    assert persons(on_disk) == before + 2


def _dying(wiring: Wiring, wanted: Batch, *, after: int) -> Any:
    """The writing, whose connection breaks after so many statements of the store."""
    left = after

    def count(tx: Connection) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise ConnectionError

    class Dying:
        """The true database, counting what goes through it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(wiring.database, name)

        def write(self, work: Callable[[Connection], Any], *, batch: bool = False) -> Any:
            def counted(tx: Connection) -> Any:
                return work(Counting(tx, count))

            return wiring.database.write(counted, batch=batch)

    ports = replace(wiring.ports, database=Dying())  # type: ignore[arg-type] # the test's port
    return write(ports, MANAGER, wanted, at=AT)


class Counting:
    """A connection that tells of every statement before it runs."""

    def __init__(self, tx: Connection, tell: Callable[[Connection], None]) -> None:
        self._tx, self._tell = tx, tell

    def execute(self, *given: Any, **named: Any) -> Any:
        self._tell(self._tx)
        return self._tx.execute(*given, **named)

    def exec_driver_sql(self, *given: Any, **named: Any) -> Any:
        self._tell(self._tx)
        return self._tx.exec_driver_sql(*given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


@pytest.fixture
def on_disk(tmp_path: Any) -> Any:
    wiring = create(tmp_path)
    yield wiring
    wiring.close()
