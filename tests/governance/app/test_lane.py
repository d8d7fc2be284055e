"""What is answered in its connection is answered as the application does, or by it."""

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from audit.decisions.models import DECISIONS
from consent.choices import Choice
from consent.service import choose
from consent.state.live import NoLease
from consent.types import EventKind
from governance.app.factory import Application, create_app
from governance.app.lane import SHORT, LaneProtocol
from governance.app.patience import protocol_of
from governance.app.wiring import Wiring
from governance.core.terms import PurposeId, SubjectId
from governance.identity.service import register_client
from governance.identity.store import set_client_state
from governance.identity.types import AccountState
from tests.certificates import self_signed
from tests.consent.state.town import Held
from tests.installation import AT, OFFICER, add_person, create
from tests.serving import served

MAIL = PurposeId("mail_marketing")
PATH = "/access/v1/evaluation"
END = b"\r\n\r\n"
CHANGING = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[^\"]*|date: [^\r]*")


@dataclass
class Hall:
    """One installation behind both ways in."""

    wiring: Wiring
    app: Application
    key: str
    yes: SubjectId
    no: SubjectId
    usual: tuple[str, int]
    lane: tuple[str, int]

    def recorded(self) -> int:
        self.wiring.ports.decisions.settle()
        with self.wiring.database.read() as tx:
            return int(tx.execute(select(func.count()).select_from(DECISIONS)).scalar_one())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    wiring = create(tmp_path_factory.mktemp("hall"))
    yes, no = add_person(wiring), add_person(wiring)
    for person, kind in ((yes, EventKind.GIVEN), (no, EventKind.WITHDRAWN)):
        choose(wiring.ports, OFFICER, Choice(subject=person, purpose=MAIL, kind=kind), at=AT)
    known = frozenset(wiring.policies.current.roles)
    _, key = wiring.database.write(
        lambda tx: register_client(
            tx, name="mailer", role="mail_sender", purposes=[MAIL], known_roles=known, at=AT
        )
    )
    app = create_app(wiring)
    with served(app) as usual, served(app, http=protocol_of(app.lane)) as lane:
        yield Hall(wiring, app, key, yes, no, place(usual), place(lane))
    wiring.close()


@pytest.fixture
def hall(built: Hall, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """Everything is known already: the key, and why the second is refused."""
    monkeypatch.setattr(built.wiring.live, "freshness", Held())
    built.wiring.live.follow(at=AT)
    for person in (built.yes, built.no):
        told(built.usual, request(built, person))
    return built


def place(url: str) -> tuple[str, int]:
    found = urlsplit(url)
    return str(found.hostname), int(found.port or 0)


def body_of(person: str, **more: Any) -> bytes:
    question = {
        "subject": {"type": "system", "id": "mailer"},
        "resource": {"type": "person", "id": person},
        "action": {"name": "use", "properties": {"purpose": MAIL}},
        "context": {"channel": "email"},
    }
    return json.dumps(question | more).encode()


def request(hall: Hall, person: str, *lines: str, body: bytes | None = None, **named: str) -> bytes:
    """One request; a line replaces what stands there otherwise, an empty one takes it away."""
    sent = body_of(person) if body is None else body
    head = {
        "host": "host: localhost",
        "authorization": f"authorization: Bearer {hall.key}",
        "content-type": "content-type: application/json",
        "content-length": f"content-length: {len(sent)}",
    }
    head |= {name.replace("_", "-"): line for name, line in named.items() if name != "first"}
    first = named.get("first", f"POST {PATH} HTTP/1.1")
    return "\r\n".join([first, *filter(None, head.values()), *lines]).encode() + END + sent


def told(where: tuple[str, int], *parts: bytes, answers: int = 1) -> bytes:
    """What comes back for these octets, up to so many whole answers or the end."""
    with socket.create_connection(where, timeout=20) as line:
        for part in parts:
            line.sendall(part)
        return received(line, answers)


def received(line: socket.socket, answers: int = 1) -> bytes:
    got = b""
    while got.count(b'"context"') + got.count(b'"status"') < answers or not whole(got):
        if not (more := line.recv(65_536)):
            break
        got += more
    return got


def whole(got: bytes) -> bool:
    """Whether the last answer is there to its announced end."""
    head, _, rest = got.rpartition(b"HTTP/1.1 ")[2].partition(END)
    length = re.search(rb"content-length: (\d+)", head)
    return length is not None and len(rest) >= int(length[1])


def plain(answer: bytes) -> tuple[bytes, frozenset[bytes], bytes]:
    """Status, headers in no order, body; without ids and times."""
    head, _, rest = CHANGING.sub(b"*", answer).partition(END)
    first, *lines = head.split(b"\r\n")
    return first, frozenset(lines), rest


def variants(hall: Hall) -> dict[str, bytes]:
    yes = hall.yes
    big = body_of(yes)[:-1] + b', "extra": "' + b"x" * 2 * SHORT + b'"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (body_of(yes)[:9], body_of(yes)[9:]))
    return {
        "a permit": request(hall, yes),
        "a refusal": request(hall, hall.no),
        "a stranger": request(hall, "nobody"),
        "its own id": request(hall, yes, "x-request-id: order-7"),
        "an odd id": request(hall, yes, "x-request-id: a b\tc"),
        "two ids": request(hall, yes, "x-request-id: a", "x-request-id: b"),
        "no key": request(hall, yes, authorization=""),
        "a wrong key": request(hall, yes, authorization="authorization: Bearer sk_nobody"),
        "another scheme": request(hall, yes, authorization="authorization: Basic eDp5"),
        "two keys": request(hall, yes, "authorization: Bearer sk_nobody"),
        "small letters": request(hall, yes, authorization=f"AUTHORIZATION: bearer {hall.key}"),
        "text": request(hall, yes, content_type="content-type: text/plain"),
        "a charset": request(
            hall, yes, content_type="content-type: application/json; charset=utf-8"
        ),
        "another charset": request(
            hall, yes, content_type="content-type: application/json; charset=latin-1"
        ),
        "no type": request(hall, yes, content_type=""),
        "a query": request(hall, yes, first=f"POST {PATH}?a=b HTTP/1.1"),
        "another path": request(hall, yes, first="POST /access/v1/nothing HTTP/1.1"),
        "a look": request(hall, yes, first=f"GET {PATH} HTTP/1.1"),
        "the old version": request(hall, yes, first=f"POST {PATH} HTTP/1.0"),
        "a last question": request(hall, yes, "connection: close"),
        "a wish to change": request(hall, yes, "connection: upgrade", "upgrade: websocket"),
        "a key twice": request(
            hall, yes, body=body_of(yes).replace(b'"id"', b'"id": "x", "id"', 1)
        ),
        "no JSON": request(hall, yes, body=b"{"),
        "no octets": request(hall, yes, body=b""),
        "a long body": request(hall, yes, body=big),
        "wrong types": request(hall, yes, body=body_of(yes, action={"name": 7})),
        "an unknown purpose": request(
            hall, yes, body=body_of(yes, action={"name": "use", "properties": {"purpose": "x"}})
        ),
        "a demand": request(hall, yes, body=body_of(yes, context={"min_seq": 10**9})),
        "another subject": request(
            hall, yes, body=body_of(yes, subject={"type": "staff", "id": "u"})
        ),
        "chunks": request(
            hall, yes, content_length="transfer-encoding: chunked", body=chunks + b"0\r\n\r\n"
        ),
        "a broken head": request(hall, yes, "no colon"),
        "a second length": request(hall, yes, "content-length: 1"),
    }


def test_both_ways_answer_alike(hall: Hall) -> None:
    for name, octets in variants(hall).items():
        assert plain(told(hall.lane, octets)) == plain(told(hall.usual, octets)), name


def test_the_common_question_never_reaches_the_application(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_asked: object) -> None:
        raise AssertionError("it went the usual way")

    before = hall.recorded()
    monkeypatch.setattr(hall.app, "front", never)
    assert b'"decision":true' in told(hall.lane, request(hall, hall.yes))
    assert b'"decision":false' in told(hall.lane, request(hall, hall.no, "x-request-id: a"))
    assert b" 500 " in told(hall.lane, request(hall, hall.yes, first="GET / HTTP/1.1"))
    assert hall.recorded() == before + 2


def test_after_a_plain_question_every_other_is_answered_alike(hall: Hall) -> None:
    first = request(hall, hall.yes)
    for name, octets in variants(hall).items():
        with socket.create_connection(hall.lane, timeout=20) as line:
            for _ in range(2):
                line.sendall(first)
                assert b'"decision":true' in received(line), name
            line.sendall(octets)
            assert plain(received(line)) == plain(told(hall.usual, octets)), name


def test_under_the_same_head_each_body_is_looked_at(hall: Hall) -> None:
    first = request(hall, hall.yes)
    head, _, body = first.partition(END)
    with socket.create_connection(hall.lane, timeout=20) as line:
        for sent, expected in (
            ((first,), b'"decision":true'),
            ((first,), b'"decision":true'),
            ((first.replace(hall.yes.encode(), hall.no.encode()),), b'"decision":false'),
            ((first.replace(b"mail_marketing", b"mail_astrology"),), b"denied."),
            ((first[:-3], first[-3:]), b'"decision":true'),
            ((head, END, body), b'"decision":true'),
            ((first.replace(b'"use"', b'"us" '),), b'"decision":false'),
            ((first[:-1] + b"]",), b" 400 "),
            ((first,), b'"decision":true'),
        ):
            for part in sent:
                line.sendall(part)
                time.sleep(0.002)
            assert expected in received(line), sent


def test_a_key_that_ends_is_refused_on_an_open_connection(hall: Hall) -> None:
    known = frozenset(hall.wiring.policies.current.roles)
    client, key = hall.wiring.database.write(
        lambda tx: register_client(
            tx, name="leaving", role="mail_sender", purposes=[MAIL], known_roles=known, at=AT
        )
    )
    hall.wiring.live.follow(at=AT)
    body = body_of(hall.yes, subject={"type": "system", "id": "leaving"})
    octets = request(hall, hall.yes, authorization=f"authorization: Bearer {key}", body=body)
    with socket.create_connection(hall.lane, timeout=20) as line:
        for _ in range(3):
            line.sendall(octets)
            assert b'"decision":true' in received(line)
        hall.wiring.database.write(
            lambda tx: set_client_state(tx, client.id, AccountState.SUSPENDED)
        )
        hall.wiring.live.follow(at=AT)
        line.sendall(octets)
        assert b" 401 " in received(line)


def test_a_connection_that_rests_is_closed(hall: Hall) -> None:
    class Hasty(LaneProtocol):
        """A connection that waits a moment alone."""

        lane = hall.app.lane

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.timeout_keep_alive = 0.05  # type: ignore[assignment] # shorter than uvicorn's

    with (
        served(hall.app, http=Hasty) as url,
        socket.create_connection(place(url), timeout=20) as line,
    ):
        for _ in range(3):
            line.sendall(request(hall, hall.yes))
            assert b'"decision":true' in received(line)
        assert line.recv(1) == b""


@pytest.mark.parametrize("step", [1, 7, 64])
def test_a_question_may_come_in_pieces(hall: Hall, step: int) -> None:
    octets = request(hall, hall.yes)
    parts = [octets[n : n + step] for n in range(0, len(octets), step)]
    assert b'"decision":true' in told(hall.lane, *parts)


def test_questions_behind_each_other_are_answered_in_their_order(hall: Hall) -> None:
    slow = request(hall, hall.yes, body=body_of(hall.yes, extra="the general reader's"))
    asked = [request(hall, hall.yes), slow, request(hall, hall.no), slow, request(hall, hall.yes)]
    got = told(hall.lane, b"".join(asked), answers=5)
    assert re.findall(rb'"decision":(\w+)', got) == [b"true", b"true", b"false", b"true", b"true"]


def test_without_a_lease_the_application_is_asked(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hall.wiring.live, "freshness", NoLease())
    assert b'"decision":true' in told(hall.lane, request(hall, hall.yes))


def test_a_caller_behind_a_proxy_is_known_by_its_own_address(hall: Hall) -> None:
    for address in ("192.0.2.7", "198.51.100.9"):
        octets = request(hall, hall.yes, f"x-forwarded-for: {address}")
        assert b'"decision":true' in told(hall.usual, octets)
        assert b'"decision":true' in told(hall.lane, octets)
    hall.wiring.ports.decisions.settle()
    with hall.wiring.database.read() as tx:
        networks = tx.execute(select(DECISIONS.c.network).order_by(DECISIONS.c.id)).scalars().all()
    assert networks[-4:] == ["192.0.2.0/24"] * 2 + ["198.51.100.0/24"] * 2


def test_a_question_that_is_on_its_way_at_a_stop_is_answered(hall: Hall) -> None:
    octets, half = request(hall, hall.yes), threading.Event()

    class Stopping(LaneProtocol):
        """A connection on which the stop comes when half of the question is there."""

        lane = hall.app.lane

        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            self.shutdown()
            half.set()

    with (
        served(hall.app, http=Stopping) as url,
        socket.create_connection(place(url), timeout=20) as line,
    ):
        line.sendall(octets[:-20])
        assert half.wait(20)
        line.sendall(octets[-20:])
        got = b""
        while more := line.recv(65_536):
            got += more
    assert b'"decision":true' in got
    assert b"connection: close" in got


def test_decisions_pages_and_feeds_come_over_one_encrypted_server(
    hall: Hall, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=certificate)
    key = {"authorization": f"Bearer {hall.key}"}
    headers = key | {"content-type": "application/json"}
    with (
        served(hall.app, http=protocol_of(hall.app.lane), tls=certificate) as base,
        httpx.Client(base_url=base, verify=trust, timeout=20) as client,
    ):
        for person, decision in ((hall.yes, True), (hall.no, False)) * 2:
            answer = client.post(PATH, headers=headers, content=body_of(person))
            assert answer.json()["decision"] is decision
        page = client.get("/sign-in")
        script = re.search(r'<script src="([^"]*htmx[^"]*)"', page.text)
        assert script is not None
        assert "htmx" in client.get(script[1]).raise_for_status().text
        with client.stream("GET", "/v1/feed", headers=key) as feed:
            assert feed.headers["content-type"].startswith("text/event-stream")
            assert next(feed.iter_lines())
        again = client.post(PATH, headers=headers, content=body_of(hall.yes))
        assert again.json()["decision"] is True
