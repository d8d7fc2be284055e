"""A client and a server over HTTP: told at once, recorded upstream, refused where it may not."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from audit.decisions.checking import check_decisions, lost_decisions
from audit.decisions.models import DECISIONS
from consent.client.client import Client, NotReadyError
from consent.client.engine import REFUSED
from consent.client.records import Recorded
from consent.client.upstream import Upstream
from consent.leases import store as leases
from consent.types import EventKind
from governance.core.terms import ActorId
from governance.identity.store import set_client_state
from governance.identity.types import AccountState
from tests.consent.client.world import PURPOSE, World, world

PATIENCE = 60  # seconds; a busy machine may need them, a quiet one needs none


@pytest.fixture(scope="module")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), persons=6) as found:
        yield found


@pytest.fixture
def client(served_world: World) -> Iterator[Client]:
    with Client(served_world.base, served_world.key) as found:
        found.register(served_world.agreed, timeout=PATIENCE)
        found.ready(PATIENCE)
        yield found


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_acknowledged_withdrawal_is_refused_at_once(served_world: World, client: Client) -> None:
    person = served_world.agreed[0]
    held = client.allowed(person, PURPOSE, channel="email")
    assert held
    seq = served_world.choose(person, EventKind.WITHDRAWN)
    assert not held
    refused = client.allowed(person, PURPOSE, channel="email", min_seq=seq)
    assert (refused.code, bool(refused)) == ("denied.subject", False)


def test_what_a_client_decided_is_in_the_log_once(served_world: World, client: Client) -> None:
    person = served_world.agreed[1]
    numbers = [client.allowed(person, PURPOSE, channel="email").number for _ in range(3)]
    holder = client._engine.holder
    until(lambda: client.unsent == 0)
    again = [
        Recorded(n, person, (PURPOSE, "email", None, None), "permit", 1, "1", 0.0) for n in numbers
    ]
    client._engine.upstream.record(again, stream=holder, wall=lambda boot: boot)
    with served_world.wiring.database.read() as tx:
        mine = DECISIONS.c.stream == f"svc:shop/{holder}"
        found = tx.execute(select(DECISIONS.c.n, DECISIONS.c.subject).where(mine)).all()
        check_decisions(tx)
        assert lost_decisions(tx) == ()
    assert sorted(found) == [(n, person) for n in numbers]


def test_a_key_that_is_refused_is_said_to_be(served_world: World) -> None:
    with Client(served_world.base, "sk_nobody_0") as client:
        until(lambda: client._engine.trouble == REFUSED)
        with pytest.raises(NotReadyError, match="refused the key"):
            client.ready(0)


@pytest.fixture
def upstream(served_world: World) -> Iterator[Upstream]:
    found = Upstream(served_world.base, served_world.key, purposes=None)
    yield found
    found.close()


def test_a_number_that_never_came_is_a_gap_in_the_log(
    served_world: World, upstream: Upstream
) -> None:
    stream, person = str(uuid4()), served_world.agreed[2]
    late = Recorded(3, person, (PURPOSE, None, None, None), "permit", 1, "1", 0.0)
    upstream.record([late], stream=stream, wall=float)
    upstream.record([late._replace(number=2), late], stream=stream, wall=float)  # too late: no news
    with pytest.raises(httpx.HTTPStatusError):
        upstream.record([late, late._replace(number=4)], stream=stream, wall=float)
    with served_world.wiring.database.read() as tx:
        gaps = [one for one in lost_decisions(tx) if one.stream == f"svc:shop/{stream}"]
    assert [(gap.first, gap.last) for gap in gaps] == [(1, 2)]


def test_a_closed_client_is_waited_for_no_more(served_world: World) -> None:
    client = Client(served_world.base, served_world.key)
    client.start()
    client.ready(PATIENCE)
    holder = client._engine.holder
    client.close()
    with served_world.wiring.database.read() as tx:
        assert holder not in {row.id for row in leases.holders(tx)}
    assert client.allowed(served_world.agreed[3], PURPOSE).code != "permit"


def test_who_heartbeats_without_applying_loses_the_lease(
    served_world: World, upstream: Upstream
) -> None:
    holder = str(uuid4())
    told = upstream.ask(holder, applied=0)
    assert told.standing == "joined"
    assert upstream.ask(holder, applied=told.owed).standing == "granted"
    served_world.choose(served_world.agreed[4], EventKind.WITHDRAWN)
    assert upstream.ask(holder, applied=told.owed).standing in {"behind", "joined"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/leases", {}),
        ("/v1/leases", {"holder": "x", "applied": 1}),
        ("/v1/leases", {"holder": str(uuid4()), "applied": -1}),
        ("/v1/leases", {"holder": str(uuid4()), "applied": 1, "more": 1}),
        ("/v1/identifiers", {"add": ["x"]}),
        ("/v1/identifiers", {"add": "x"}),
        ("/v1/decisions", {"stream": "x", "first": 1, "decisions": []}),
        ("/v1/decisions", []),
    ],
)
def test_a_body_of_another_form_is_refused(
    served_world: World, path: str, body: dict[str, object]
) -> None:
    headers = {"authorization": f"Bearer {served_world.key}"}
    answer = httpx.post(served_world.base + path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "feed_body")


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/leases", "/v1/identifiers", "/v1/decisions"])
def test_nobody_follows_without_a_key(served_world: World, path: str) -> None:
    ask = httpx.get if path == "/v1/feed" else httpx.post
    assert ask(served_world.base + path).status_code == 401


def test_a_system_whose_key_was_ended_decides_nothing(served_world: World, client: Client) -> None:
    database, shop = served_world.wiring.database, ActorId("svc:shop")
    database.write(lambda tx: set_client_state(tx, shop, AccountState.SUSPENDED))
    try:
        until(lambda: not client._engine.lease.holds())
        assert not client.allowed(served_world.agreed[5], PURPOSE)
    finally:
        database.write(lambda tx: set_client_state(tx, shop, AccountState.ACTIVE))
