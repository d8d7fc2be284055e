"""Webhooks to a real receiver: signed, told once per change, retried, disabled, sent again."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent.choices import Choice
from consent.service import choose
from consent.types import EVERY, EventKind
from governance.app.audit_log import settle
from governance.app.deliveries import deliver
from governance.app.webhooks import service, store
from governance.app.webhooks.sending import FAILS_AT_MOST, send_webhook
from governance.app.webhooks.service import Shown
from governance.app.webhooks.telling import put_on_their_way
from governance.app.webhooks.types import (
    DeliveryState,
    WebhookEndedError,
    WebhookFormError,
    WebhookState,
    WebhookType,
    WebhookUnknownError,
)
from governance.app.wiring import Wiring
from governance.core.terms import PurposeId, SubjectId
from governance.identity.service import register_client
from governance.jobs.outbox import Delivered
from tests.governance.outbound.receivers import Receiver, serve
from tests.installation import AT, OFFICER, add_person, create, data_bytes, events

OFFERS, CALLS = "mail_marketing", "phone_marketing"
HOST = "hooks.example.com"


def to_loopback(host: str, port: int, /) -> Sequence[str]:
    assert host == HOST
    assert port
    return ("127.0.0.1",)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    server = serve(found)
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(tmp_path: Path, receiver: Receiver) -> Iterator[Wiring]:
    """An installation with a system that deals with offers by mail, and may call the receiver."""
    yield from opened(tmp_path, receiver, None)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def on_both(
    request: pytest.FixtureRequest,
    new_database: Callable[..., str],
    tmp_path: Path,
    receiver: Receiver,
) -> Iterator[Wiring]:
    """The same on each engine."""
    url = new_database("upgraded") if request.param == "postgres" else None
    yield from opened(tmp_path, receiver, url)


def opened(folder: Path, receiver: Receiver, url: str | None) -> Iterator[Wiring]:
    wiring = create(folder, url=url)
    reach = {"webhook_networks": "127.0.0.0/8", "webhook_ports": str(receiver.port)}
    wiring = replace(wiring, settings=wiring.settings.model_copy(update=reach))
    known = frozenset(wiring.policies.current.roles)
    made = partial(
        register_client,
        name="shop",
        role="mail_sender",
        purposes=[PurposeId(OFFERS)],
        known_roles=known,
        at=AT,
    )
    wiring.database.write(made)
    yield wiring
    wiring.close()


def subscribe(
    wiring: Wiring, receiver: Receiver, *types: WebhookType, ed25519: bool = False
) -> Shown:
    url = f"http://{HOST}:{receiver.port}/in?token=secret-of-the-shop"
    return wiring.database.write(
        lambda tx: service.add(
            tx,
            wiring,
            OFFICER,
            client="shop",
            url=url,
            types=types or (WebhookType.CONSENT_CHANGED,),
            ed25519=ed25519,
            at=AT,
        )
    )


def say(wiring: Wiring, person: SubjectId, kind: EventKind, purpose: str = OFFERS) -> int:
    return choose(wiring.ports, OFFICER, Choice(subject=person, purpose=purpose, kind=kind), at=AT)


def carry(wiring: Wiring, *, at: datetime = AT) -> Delivered:
    """One round: what changed is put on its way, what is due is sent."""
    put_on_their_way(wiring.ports, at=at)
    senders = {"webhook": partial(send_webhook, wiring, resolver=to_loopback)}
    there = replace(wiring, clock=lambda: at)
    return deliver(there, senders, stopping=lambda: False, jitter=lambda: 0.0)


def log(wiring: Wiring) -> list[tuple[DeliveryState, int, str | None]]:
    with wiring.database.read() as tx:
        return [(d.state, d.attempts, d.answer) for d in store.deliveries(tx)][::-1]


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in receiver.calls]


def signed(headers: dict[str, str], body: bytes, secret: str) -> str:
    """The signature once more, from the specification, not from the code under test."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def state(wiring: Wiring, shown: Shown) -> WebhookState:
    with wiring.database.read() as tx:
        return store.one(tx, wiring.vault, shown.webhook.id).state


# --- what is told


def test_a_change_is_told_once_signed_and_by_pseudonym(on_both: Wiring, receiver: Receiver) -> None:
    shop = on_both
    person = add_person(shop)
    say(shop, person, EventKind.REFUSED)  # before anybody wanted to know
    shown = subscribe(shop, receiver, ed25519=True)
    seq = say(shop, person, EventKind.GIVEN)
    assert [carry(shop).sent for _ in range(2)] == [1, 0]
    (call,) = receiver.calls
    assert json.loads(call.body) == {
        "type": "consent.changed",
        "timestamp": AT.isoformat(),
        "data": {
            "person": person,
            "purpose": OFFERS,
            "channel": "*",
            "recipient_class": "*",
            "kind": "given",
            "occurred_at": AT.isoformat(),
            "seq": seq,
        },
    }
    first, second = call.headers["webhook-signature"].split(" ")
    assert first == signed(call.headers, call.body, shown.secret)
    key = base64.b64decode(service.public_key(shown.webhook)["public_key"].removeprefix("whpk_"))
    content = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode()
    Ed25519PublicKey.from_public_bytes(key).verify(
        base64.b64decode(second.removeprefix("v1a,")), content + call.body
    )
    assert log(shop) == [(DeliveryState.DELIVERED, 1, "delivered")]


def test_only_purposes_of_the_system_are_told_and_what_is_said_to_all(
    shop: Wiring, receiver: Receiver
) -> None:
    person = add_person(shop)
    subscribe(shop, receiver)
    say(shop, person, EventKind.GIVEN, CALLS)
    say(shop, person, EventKind.GIVEN)
    say(shop, person, EventKind.OBJECTED, EVERY)
    carry(shop)
    assert [one["data"]["purpose"] for one in told(receiver)] == [OFFERS, EVERY]


def test_notices_and_policies_are_told_from_the_log(shop: Wiring, receiver: Receiver) -> None:
    subscribe(shop, receiver, WebhookType.POLICY_APPLIED)
    say(shop, add_person(shop), EventKind.GIVEN)
    assert carry(shop).sent == 0
    with shop.database.read() as tx:
        hook = service.listed(tx, shop)[0]
    assert hook.consent_seq > 0, "what was not wanted is passed over"


def test_what_the_log_tells_is_told_once_it_has_its_place(
    on_both: Wiring, receiver: Receiver
) -> None:
    shop, person = on_both, add_person(on_both)
    subscribe(shop, receiver, WebhookType.POLICY_APPLIED, WebhookType.PERSON_ERASED)
    for code, refs in (
        (EventCode.POLICY_APPLIED, ()),
        (EventCode.NOTICE_IN_FORCE, ()),
        (EventCode.ERASURE_EXECUTED, ("plan:1", f"person:{person}")),
    ):
        draft = EventDraft(
            action=code, occurred_at=AT, actor=OFFICER.id, object_type="run", object_id="r1",
            outcome=Outcome.DONE, refs=refs,
        )  # fmt: skip
        shop.database.write(partial(shop.audit.append, draft=draft))
    assert carry(shop).sent == 0
    settle(shop)
    assert [carry(shop).sent for _ in range(2)] == [2, 0]
    first, second = told(receiver)
    assert first["type"] == "policy.applied"
    assert (second["type"], second["data"]["persons"]) == ("person.erased", [person])


def test_two_addresses_are_told_apart(shop: Wiring, receiver: Receiver) -> None:
    subscribe(shop, receiver)
    subscribe(shop, receiver)
    say(shop, add_person(shop), EventKind.GIVEN)
    assert carry(shop).sent == 2
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 2


# --- retries


def test_a_failed_message_is_tried_again_under_its_id(shop: Wiring, receiver: Receiver) -> None:
    answers = iter([(500, {}, b""), (503, {"retry-after": "120"}, b""), (204, {}, b"")])
    receiver.reply = lambda _: next(answers)
    subscribe(shop, receiver)
    say(shop, add_person(shop), EventKind.GIVEN)
    assert carry(shop).postponed == 1
    assert carry(shop) == Delivered(), "not before its time"
    assert carry(shop, at=AT + timedelta(minutes=1)).postponed == 1
    assert carry(shop, at=AT + timedelta(minutes=2)) == Delivered(), "the receiver asked for it"
    assert carry(shop, at=AT + timedelta(minutes=4)).sent == 1
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert log(shop) == [(DeliveryState.DELIVERED, 3, "delivered")]


def test_a_process_that_dies_after_the_answer_sends_again_and_the_id_tells(
    shop: Wiring, receiver: Receiver
) -> None:
    subscribe(shop, receiver)
    say(shop, add_person(shop), EventKind.GIVEN)
    put_on_their_way(shop.ports, at=AT)

    class Killed(BaseException):
        pass

    def sent_then_killed(*args: Any, **kwargs: Any) -> None:
        send_webhook(shop, *args, resolver=to_loopback, **kwargs)
        raise Killed

    with pytest.raises(Killed):
        deliver(shop, {"webhook": sent_then_killed}, stopping=lambda: False, jitter=lambda: 0.0)
    assert carry(shop).sent == 0, "the dead one's lease still runs"
    assert carry(shop, at=AT + timedelta(minutes=6)).sent == 1
    ids = [call.headers["webhook-id"] for call in receiver.calls]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_follower_that_dies_leaves_nothing_out_and_tells_nothing_twice(
    shop: Wiring, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(shop, receiver)
    for _ in range(3):
        say(shop, add_person(shop), EventKind.GIVEN)

    def dies(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(store, "move_cursors", dies)
        with pytest.raises(RuntimeError):
            put_on_their_way(shop.ports, at=AT)
    assert log(shop) == []
    assert carry(shop).sent == 3
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 3


def test_an_address_that_fails_for_long_is_disabled_with_an_alarm(
    shop: Wiring, receiver: Receiver
) -> None:
    receiver.reply = lambda _: (500, {}, b"")
    shown, person = subscribe(shop, receiver), add_person(shop)
    say(shop, person, EventKind.GIVEN)
    carry(shop)
    assert state(shop, shown) is WebhookState.ACTIVE
    say(shop, person, EventKind.WITHDRAWN)
    carry(shop, at=AT + FAILS_AT_MOST)
    assert state(shop, shown) is WebhookState.DISABLED
    with shop.database.read() as tx:
        assert [one.reasons for one in events(tx, "webhook.changed")][-1] == "failing"
        assert len(events(tx, "log.alert")) == 1
    calls = len(receiver.calls)
    carry(shop, at=AT + 2 * FAILS_AT_MOST)
    assert len(receiver.calls) == calls, "nothing goes to a disabled address"
    receiver.reply = lambda _: (204, {}, b"")
    late = AT + 3 * FAILS_AT_MOST
    hook = shown.webhook.id
    say(shop, person, EventKind.RENEWED)
    shop.database.write(lambda tx: service.enable(tx, shop, OFFICER, hook, at=late))
    carry(shop, at=late)
    assert told(receiver)[-1]["data"]["kind"] == "renewed", "it goes on where it stopped"


def test_an_address_that_is_gone_is_disabled_at_once(shop: Wiring, receiver: Receiver) -> None:
    receiver.reply = lambda _: (410, {}, b"")
    shown = subscribe(shop, receiver)
    say(shop, add_person(shop), EventKind.GIVEN)
    assert carry(shop).dead == 1
    assert state(shop, shown) is WebhookState.DISABLED
    assert log(shop) == [(DeliveryState.GIVEN_UP, 1, "delivery_gone")]


# --- by hand


def test_what_was_given_up_is_sent_again_by_hand(shop: Wiring, receiver: Receiver) -> None:
    receiver.reply = lambda _: (500, {}, b"")
    shown = subscribe(shop, receiver)
    say(shop, add_person(shop), EventKind.GIVEN)
    at = AT
    for _ in range(12):
        carry(shop, at=at)
        at += timedelta(hours=4)
    assert log(shop) == [(DeliveryState.GIVEN_UP, 12, "500")]
    receiver.reply = lambda _: (204, {}, b"")
    again = partial(service.resend_failed, wiring=shop, principal=OFFICER, at=at)
    assert shop.database.write(lambda tx: again(tx, webhook=shown.webhook.id)) == 1
    assert carry(shop, at=at).sent == 1
    with shop.database.read() as tx:
        (line,) = store.deliveries(tx)
    shop.database.write(lambda tx: service.resend(tx, shop, OFFICER, line.id, at=at))
    assert carry(shop, at=at).sent == 1
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len(receiver.calls) == 14


def test_both_secrets_sign_until_the_change_is_settled(shop: Wiring, receiver: Receiver) -> None:
    shown, person = subscribe(shop, receiver), add_person(shop)
    hook = shown.webhook.id
    turned = shop.database.write(lambda tx: service.rotate(tx, shop, OFFICER, hook, at=AT))
    say(shop, person, EventKind.GIVEN)
    carry(shop)
    shop.database.write(lambda tx: service.settle(tx, shop, OFFICER, hook, at=AT))
    say(shop, person, EventKind.WITHDRAWN)
    carry(shop)
    both, one = receiver.calls
    assert both.headers["webhook-signature"].split(" ") == [
        signed(both.headers, both.body, secret) for secret in (turned.secret, shown.secret)
    ]
    assert one.headers["webhook-signature"] == signed(one.headers, one.body, turned.secret)


def test_a_test_message_says_that_it_is_one(shop: Wiring, receiver: Receiver) -> None:
    shown = subscribe(shop, receiver)
    hook = shown.webhook.id
    shop.database.write(lambda tx: service.test(tx, shop, OFFICER, hook, at=AT))
    assert carry(shop).sent == 1
    assert told(receiver)[0]["type"] == "test"


def test_a_removed_address_is_told_nothing_and_its_secrets_are_gone(
    shop: Wiring, receiver: Receiver
) -> None:
    shown = subscribe(shop, receiver)
    hook = shown.webhook.id
    say(shop, add_person(shop), EventKind.GIVEN)
    put_on_their_way(shop.ports, at=AT)
    shop.database.write(lambda tx: service.remove(tx, shop, OFFICER, hook, at=AT))
    carry(shop)
    assert receiver.calls == []
    with shop.database.read() as tx:
        with pytest.raises(WebhookUnknownError):
            store.one(tx, shop.vault, hook)
        sealed = tx.execute(select(store.WEBHOOK.c.sealed)).scalar_one()
    assert b"whsec_" not in shop.vault.open_blob(store.BLOB, hook, sealed)


# --- what is refused


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com:8443/",
        "ftp://hooks.example.com/",
        "https://user:word@hooks.example.com/",
        "https:///nowhere",
        "https://hooks.example.com:99999/",
        "",
    ],
)
def test_an_address_that_may_not_be_called_is_refused(shop: Wiring, url: str) -> None:
    for given in ({"url": url}, {"client": "nobody"}, {"types": (WebhookType.TEST,)}):
        wanted: dict[str, Any] = {
            "client": "shop",
            "url": "https://hooks.example.com/",
            "types": (WebhookType.CONSENT_CHANGED,),
        } | given
        with pytest.raises(WebhookFormError):
            shop.database.write(
                partial(service.add, wiring=shop, principal=OFFICER, at=AT, **wanted)
            )


def test_an_inner_address_is_never_called(tmp_path: Path, receiver: Receiver) -> None:
    wiring = create(tmp_path)
    opened = {"webhook_networks": "10.9.0.0/16", "webhook_ports": str(receiver.port)}
    wiring = replace(wiring, settings=wiring.settings.model_copy(update=opened))
    made = partial(
        register_client,
        name="shop",
        role="mail_sender",
        purposes=[PurposeId(OFFERS)],
        known_roles=frozenset(wiring.policies.current.roles),
        at=AT,
    )
    wiring.database.write(made)
    subscribe(wiring, receiver)
    say(wiring, add_person(wiring), EventKind.GIVEN)
    assert carry(wiring).sent == 0
    assert receiver.calls == []
    wiring.close()


def test_a_disabled_address_takes_no_test(shop: Wiring, receiver: Receiver) -> None:
    receiver.reply = lambda _: (410, {}, b"")
    shown = subscribe(shop, receiver)
    hook = shown.webhook.id
    say(shop, add_person(shop), EventKind.GIVEN)
    carry(shop)
    with pytest.raises(WebhookEndedError):
        shop.database.write(lambda tx: service.test(tx, shop, OFFICER, hook, at=AT))


def test_address_and_secrets_stand_sealed(shop: Wiring, receiver: Receiver) -> None:
    shown = subscribe(shop, receiver)
    stored = data_bytes(shop)
    assert b"secret-of-the-shop" not in stored
    assert shown.secret.removeprefix("whsec_").encode() not in stored
    assert "whsec_" not in repr(shown)
    assert "secret-of-the-shop" not in repr(shown)
