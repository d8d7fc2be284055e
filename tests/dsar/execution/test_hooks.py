"""Recipients that are told by webhook: signed, once in effect, receipt and confirmation apart."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.case import Case
from dsar.execution.confirming import confirm_by_link
from dsar.execution.hook_sending import TRIES, confirms, send_to_recipient
from dsar.execution.types import Channel, Confirmed
from dsar.execution.unconfirmed import unconfirmed
from dsar.recipients import Told, Untold, recipients_of, tell_recipients, told_names
from dsar.types import RequestKind
from governance.http.principal import ANONYMOUS
from governance.jobs.outbox import OUTBOX, Delivered, deliver_once
from governance.outbound.client import Answer
from governance.outbound.ssrf import Egress
from governance.registers.errors import RecipientHookError, RecipientHookMissingError
from governance.registers.hooks import (
    hook_for,
    remove_hook,
    rotate_hook,
    set_hook,
    settle_hook,
)
from governance.registers.store import RECIPIENT
from policies.api import ActionForbiddenError
from tests.dsar.execution.fulfilling import HOUSE_ITSELF, ORIGIN, Site, told_of
from tests.dsar.world import EMAIL, NAME, OFFICER, STRANGER, SUBJECT, World
from tests.governance.outbound.receivers import Receiver, serve

HOST, KEY = "hooks.example.com", "V-8"
SECRET = "whsec_" + base64.b64encode(b"architect-of-invented-secrets-01").decode()


def to_loopback(host: str, _port: int, /) -> Sequence[str]:
    assert host == HOST
    return ("127.0.0.1",)


class Killed(BaseException):
    """The process died here."""


@dataclass
class Told19:
    """A corrected case whose recipient V-8 has a webhook, and the receiver behind it."""

    world: World
    receiver: Receiver
    case: Case

    def tell(self, *keys: str) -> dict[str, Told]:
        request, at = self.case.id, self.world.tick()
        found = self.world.write(
            lambda tx: tell_recipients(
                tx, self.world.ports, OFFICER, request, keys or (KEY,), origin=ORIGIN, at=at
            )
        )
        return {one.recipient.source_key: one for one in found}

    def round(
        self, *, at: datetime | None = None, egress: Egress | None = None, dies: bool = False
    ) -> Delivered:
        def webhook(waiting: Any, /, *, at: datetime) -> None:
            reach = egress or self.receiver.egress
            ports = self.world.ports
            send_to_recipient(ports, reach, HOUSE_ITSELF, waiting, at=at, resolver=to_loopback)
            if dies:
                raise Killed

        return deliver_once(
            self.world.ports.database,
            {"webhook": webhook},
            at=at or self.world.tick(),
            limit=100,
            jitter=lambda: 0.0,
        )

    def until_given_up(self) -> datetime:
        at = self.world.tick()
        for _ in range(TRIES + 1):
            self.round(at=at)
            at += timedelta(hours=4)
        return at

    @property
    def one(self) -> Told:
        with self.world.ports.database.read() as tx:
            found = recipients_of(tx, self.world.ports, OFFICER, self.case.id)
        return {one.recipient.source_key: one for one in found}[KEY]

    def records(self, code: str) -> list[tuple[str, str]]:
        with self.world.ports.database.read() as tx:
            rows = tx.execute(select(EVENTS).where(EVENTS.c.action == code).order_by(EVENTS.c.id))
            return [(row.outcome, row.reasons) for row in rows]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    server = serve(found)
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(world: World, receiver: Receiver) -> Told19:
    told_of(world)
    found = Told19(world=world, receiver=receiver, case=world.corrected())
    world.write(lambda tx: tx.execute(OUTBOX.delete()))  # letters that do not matter here
    hook(found)
    return found


def hook(told: Told19, url: str | None = None, secret: str | None = SECRET) -> None:
    where = url or f"http://{HOST}:{told.receiver.port}/in?key=of-the-partner"
    ports, egress, at = told.world.ports, told.receiver.egress, told.world.tick()
    told.world.write(
        lambda tx: set_hook(tx, ports, OFFICER, KEY, url=where, secret=secret, egress=egress, at=at)
    )


def signed(headers: dict[str, str], body: bytes, secret: str) -> str:
    """The signature once more, from the specification, not from the code under test."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


# --- what is told


def test_a_recipient_with_a_webhook_is_told_signed_and_without_a_value(told: Told19) -> None:
    assert told.tell()[KEY].channel is Channel.WEBHOOK
    assert told.round().sent == 1
    (call,) = told.receiver.calls
    said = json.loads(call.body)
    confirm = said["data"].pop("confirm")
    assert confirm.startswith(f"{ORIGIN}/confirm/")
    assert (said["type"], said["data"]) == (
        "recipient.corrected",
        {
            "id": call.headers["webhook-id"],
            "reference": told.case.reference,
            "person": SUBJECT,
            "fields": ["person.address", "person.mobile"],
        },
    )
    assert call.headers["webhook-signature"] == signed(call.headers, call.body, SECRET)
    assert call.headers["webhook-signature"] != signed(
        call.headers, call.body, "whsec_" + base64.b64encode(b"x" * 32).decode()
    )
    assert told.one.delivered_at is not None
    assert told.one.confirmed_at is None, "receipt is no confirmation"
    assert told.records("recipient.told") == [("done", "corrected"), ("done", "delivered")]
    assert told.round() == Delivered()


def test_what_waits_and_where_it_goes_stand_sealed(told: Told19) -> None:
    told.tell()
    with told.world.ports.database.read() as tx:
        (row,) = [one for one in tx.execute(select(OUTBOX)) if one.kind == "webhook"]
        stored = bytes(tx.execute(select(RECIPIENT.c.hook)).scalars().first() or b"")
        events = repr(tx.execute(select(EVENTS)).all())
    for value in (NAME, EMAIL, SUBJECT, "of-the-partner", SECRET[6:]):
        assert value not in repr(row)
        assert value.encode() not in stored
    assert "of-the-partner" not in events
    assert SECRET not in events


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (RequestKind.PROVISION_STOP, "recipient.provision_stopped"),
        (RequestKind.CESSATION, "recipient.erased"),
    ],
)
def test_what_was_done_is_the_type(
    world: World, receiver: Receiver, kind: RequestKind, name: str
) -> None:
    told_of(world)
    site = Site(world)
    found = Told19(world=world, receiver=receiver, case=site.granted(kind))
    hook(found)
    site.after(8)
    site.drive(found.case)
    found.round(at=site.clock())
    assert [json.loads(call.body)["type"] for call in receiver.calls] == [name]
    assert found.one.delivered_at is not None


# --- at least once, one effect


def test_one_that_dies_after_the_answer_sends_the_same_again(told: Told19) -> None:
    told.tell()
    at = told.world.tick()
    with pytest.raises(Killed):
        told.round(at=at, dies=True)
    assert told.round(at=at + timedelta(minutes=1)) == Delivered(), "its lease still runs"
    assert told.round(at=at + timedelta(minutes=6)).sent == 1
    first, second = told.receiver.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert told.records("recipient.told")[1:] == [("done", "delivered")]


def test_told_again_by_an_officer_nothing_more_is_sent(told: Told19) -> None:
    told.tell()
    told.tell()
    assert [told.round().sent for _ in range(2)] == [1, 0]


def test_a_receiver_that_fails_is_tried_again_under_the_same_id(told: Told19) -> None:
    answers: Iterator[tuple[int, dict[str, str], bytes]] = iter(
        [(500, {}, b""), (503, {}, b""), (204, {}, b"")]
    )
    told.receiver.reply = lambda _: next(answers)
    told.tell()
    at = told.world.tick()
    assert told.round(at=at).postponed == 1
    assert told.one.delivered_at is None
    assert told.round(at=at + timedelta(minutes=2)).postponed == 1
    assert told.round(at=at + timedelta(minutes=9)).sent == 1
    assert len({call.headers["webhook-id"] for call in told.receiver.calls}) == 1
    assert told.one.delivered_at is not None


# --- confirmation


def test_a_receiver_confirms_in_its_answer_and_again_changes_nothing(told: Told19) -> None:
    told.receiver.reply = lambda _: (200, {}, b'{"confirmed": true}')
    told.tell()
    with pytest.raises(Killed):
        told.round(dies=True)
    told.round(at=told.world.tick() + timedelta(minutes=6))
    assert told.one.confirmed_how is Confirmed.ANSWER
    assert told.records("recipient.confirmed") == [("done", "answer")]
    assert len(told.receiver.calls) == 1, "what is confirmed is not sent again"


def test_a_receiver_confirms_by_the_link_of_its_message(told: Told19) -> None:
    told.tell()
    told.round()
    token = json.loads(told.receiver.calls[0].body)["data"]["confirm"].rsplit("/", 1)[1]
    ports, at = told.world.ports, told.world.tick()
    told.world.write(lambda tx: confirm_by_link(tx, ports, ANONYMOUS, token, at=at))
    assert told.one.confirmed_how is Confirmed.LINK


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, b'{"confirmed": true}'),
        (200, b'{"confirmed": "true"}'),
        (200, b'{"confirmed": 1}'),
        (200, b'["confirmed"]'),
        (200, b"\xff\xfe"),
        (200, b"[" * 60_000),
        (200, b'{"x": ' * 10_000),
        (200, b""),
    ],
)
def test_anything_else_confirms_nothing(status: int, body: bytes) -> None:
    assert not confirms(Answer(status=status, headers={}, body=body))


def test_one_that_took_it_and_never_confirmed_is_listed_as_late(told: Told19) -> None:
    told.tell()
    told.round()
    ports, late = told.world.ports, told.world.tick() + timedelta(days=20)
    with ports.database.read() as tx:
        (one,) = unconfirmed(tx, ports, OFFICER, at=late)
    assert one.recipient == KEY


# --- when it cannot be delivered


def test_after_the_last_try_it_goes_by_mail_with_the_same_link(told: Told19) -> None:
    told.receiver.reply = lambda _: (500, {}, b"")
    told.tell()
    at = told.until_given_up()
    assert len(told.receiver.calls) == TRIES
    assert told.one.channel is Channel.MAIL
    assert told.one.told_at is not None
    link = json.loads(told.receiver.calls[0].body)["data"]["confirm"]
    (mail,) = [one for one in Site(told.world).mails() if one.to == f"{KEY}@example.net"]
    assert mail.params["link"] == link
    told.receiver.reply = lambda _: (204, {}, b"")
    told.round(at=at + timedelta(days=1))
    assert len(told.receiver.calls) == TRIES, "given up is given up"


def test_without_a_mail_address_it_stands_as_undelivered_and_can_be_told_again(
    told: Told19,
) -> None:
    told.receiver.reply = lambda _: (410, {}, b"")
    told.world.write(lambda tx: tx.execute(RECIPIENT.update().values(contact=None)))
    told.tell()
    assert told.round().dead == 1
    assert told.one.untold is Untold.UNDELIVERED
    assert told.one.told_at is None
    assert told.records("recipient.told")[-1] == ("failed", "undelivered")
    with told.world.ports.database.read() as tx:
        assert told_names(tx, told.case) == ()
    told.receiver.reply = lambda _: (200, {}, b'{"confirmed": true}')
    told.tell()
    assert told.round().sent == 1
    first, second = told.receiver.calls
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert told.one.confirmed_how is Confirmed.ANSWER


def test_a_message_that_does_not_open_leaves_nobody_untold(told: Told19) -> None:
    told.tell()
    told.world.write(lambda tx: tx.execute(OUTBOX.update().values(payload=b"damaged")))
    told.until_given_up()
    assert told.receiver.calls == []
    assert told.one.channel is Channel.MAIL


def test_an_inner_address_is_never_called(told: Told19) -> None:
    told.tell()
    assert told.round(egress=replace(told.receiver.egress, networks=())).sent == 0
    assert told.receiver.calls == []


# --- the register


def test_while_a_secret_changes_both_sign_until_it_is_settled(told: Told19) -> None:
    told.tell()
    ports, at, world = told.world.ports, told.world.tick(), told.world
    new = world.write(lambda tx: rotate_hook(tx, ports, OFFICER, KEY, at=at))
    assert new.secret != SECRET
    told.round()
    (call,) = told.receiver.calls
    both = [signed(call.headers, call.body, one) for one in (new.secret, SECRET)]
    assert call.headers["webhook-signature"].split(" ") == both
    again = world.write(lambda tx: rotate_hook(tx, ports, OFFICER, KEY, at=at))
    assert again.secrets == (again.secret, new.secret), "never more than two"
    settled = world.write(lambda tx: settle_hook(tx, ports, OFFICER, KEY, at=at))
    assert settled.secrets == (again.secret,)


def test_who_is_told_by_mail_has_no_secret_to_change(told: Told19) -> None:
    ports, at = told.world.ports, told.world.tick()
    for use in (rotate_hook, settle_hook):
        with pytest.raises(RecipientHookMissingError):
            told.world.write(lambda tx, use=use: use(tx, ports, OFFICER, "V-9", at=at))  # type: ignore[misc] # bound here
        with pytest.raises(ActionForbiddenError):
            told.world.write(lambda tx, use=use: use(tx, ports, STRANGER, KEY, at=at))  # type: ignore[misc] # bound here
    with pytest.raises(RecipientHookError):
        told.world.write(lambda tx: rotate_hook(tx, ports, OFFICER, KEY, secret="whsec_鍵", at=at))


def test_what_may_not_be_called_or_cannot_sign_is_refused(told: Told19) -> None:
    ports, at, good = told.world.ports, told.world.tick(), "https://hooks.example.com/"
    wrong = [
        ("https://hooks.example.com:8443/", None),
        ("http://hooks.example.com/", None),
        ("ftp://hooks.example.com/", None),
        ("https://user:word@hooks.example.com/", None),
        ("https:///nowhere", None),
        ("", None),
        (good + "a" * 5_000_000, None),
        (good, "whsec_c2hvcnQ="),
        (good, "not-a-secret"),
        (good, "whsec_鍵"),
    ]
    for url, secret in wrong:
        with pytest.raises(RecipientHookError) as refused:
            told.world.write(
                lambda tx, url=url, secret=secret: set_hook(  # type: ignore[misc] # bound here
                    tx, ports, OFFICER, KEY, url=url, secret=secret, egress=Egress(), at=at
                )
            )
        assert refused.value.params == {"part": "url" if secret is None else "secret"}


def test_only_a_keeper_of_the_register_sets_it_and_taken_away_it_is_mail_again(
    told: Told19,
) -> None:
    ports, at = told.world.ports, told.world.tick()
    with pytest.raises(ActionForbiddenError):
        told.world.write(lambda tx: remove_hook(tx, ports, STRANGER, KEY, at=at))
    told.world.write(lambda tx: remove_hook(tx, ports, OFFICER, KEY, at=at))
    with ports.database.read() as tx:
        assert hook_for(tx, ports, OFFICER, KEY) is None
    assert told.tell()[KEY].channel is Channel.MAIL


def test_a_webhook_that_is_taken_away_while_its_message_waits_leaves_the_mail(
    told: Told19,
) -> None:
    told.tell()
    ports, at = told.world.ports, told.world.tick()
    told.world.write(lambda tx: remove_hook(tx, ports, OFFICER, KEY, at=at))
    assert told.round().dead == 0
    assert told.receiver.calls == []
    assert told.one.channel is Channel.MAIL
