import base64
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from governance.core.clock import utc_now
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.outbound import channels
from governance.outbound.channels import ChannelKind, Channels, Message
from governance.outbound.errors import (
    DeliveryFailedError,
    DeliveryGoneError,
    MessageRefusedError,
)
from governance.outbound.mail import Mail
from governance.outbound.sms import Sms, WebhookSms
from governance.outbound.webhooks import WebhookMessage, WebhookPort, signature_headers
from tests.governance.outbound.receivers import Receiver

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 24).decode()
BODY = '{"event":"架空","subject":"3f2b8c1e"}'.encode()


def to_loopback(host: str, port: int, /) -> Sequence[str]:
    assert host
    assert port
    return ("127.0.0.1",)


def port(receiver: Receiver, *secrets: str) -> WebhookPort:
    return WebhookPort(secrets=secrets or (NEW,), egress=receiver.egress, resolver=to_loopback)


def message(receiver: Receiver, body: bytes = BODY) -> WebhookMessage:
    url = f"http://hooks.example.com:{receiver.port}/in?token=t"
    return WebhookMessage(idem_key="run1/s1/hook", url=url, body=body)


def test_a_receiver_can_verify_with_the_old_and_with_the_new_secret(receiver: Receiver) -> None:
    port(receiver, NEW, OLD).send(message(receiver), at=utc_now())
    (call,) = receiver.calls
    assert call.body == BODY
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(call.body, call.headers)["event"] == "架空"
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(call.body + b" ", call.headers)


def test_a_second_delivery_carries_the_same_id(receiver: Receiver) -> None:
    for _ in range(2):
        port(receiver).send(message(receiver), at=NOW)
    assert [call.headers["webhook-id"] for call in receiver.calls] == ["run1/s1/hook"] * 2


def test_nothing_leaves_unsigned(receiver: Receiver) -> None:
    unsigned = WebhookPort(secrets=(), egress=receiver.egress, resolver=to_loopback)
    with pytest.raises(MessageRefusedError):
        unsigned.send(message(receiver), at=NOW)
    assert receiver.calls == []


def test_timestamp_and_signature_are_those_of_the_given_moment(receiver: Receiver) -> None:
    headers = signature_headers(message(receiver), secrets=[NEW], at=NOW)
    assert headers["webhook-timestamp"] == "1773111600"
    assert headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    ("status", "headers", "error", "params"),
    [
        (500, {}, DeliveryFailedError, {"reason": "status", "status": 500}),
        (302, {"location": "/x"}, DeliveryFailedError, {"reason": "status", "status": 302}),
        (
            429,
            {"retry-after": "90"},
            DeliveryFailedError,
            {"reason": "status", "status": 429, "retry_after": 90},
        ),
        (
            503,
            {"retry-after": "9" * 40},
            DeliveryFailedError,
            {"reason": "status", "status": 503, "retry_after": 86_400},
        ),
        (410, {}, DeliveryGoneError, {}),
    ],
)
def test_an_answer_says_whether_and_when_to_try_again(
    receiver: Receiver,
    status: int,
    headers: dict[str, str],
    error: type[GovernanceError],
    params: dict[str, object],
) -> None:
    receiver.reply = lambda _: (status, headers, b"")
    with pytest.raises(error) as caught:
        port(receiver).send(message(receiver), at=NOW)
    assert caught.value.params == params
    assert len(receiver.calls) == 1


def test_a_body_over_the_limit_is_refused_before_it_leaves(receiver: Receiver) -> None:
    with pytest.raises(MessageRefusedError):
        port(receiver).send(message(receiver, b"x" * 256_001), at=NOW)
    assert receiver.calls == []


def sms(**changes: str) -> Sms:
    number = changes.get("to", "+815012345678")
    return Sms(
        idem_key="r1/sms",
        to=number,
        template="outbound.sms.sign_in",
        lang=Lang.JA,
        params={"code": "ABCD-1234", "minutes": "10"},
    )


def test_an_sms_is_handed_to_the_provider_as_a_signed_webhook(receiver: Receiver) -> None:
    url = f"http://sms.example.com:{receiver.port}/send"
    WebhookSms(url=url, webhooks=port(receiver)).send(sms(), at=utc_now())
    (call,) = receiver.calls
    body = msgspec.json.decode(call.body)
    assert (body["id"], body["to"]) == ("r1/sms", "+815012345678")
    assert "ABCD-1234" in body["text"]
    Webhook(NEW).verify(call.body, call.headers)


def test_a_number_that_is_none_is_refused(receiver: Receiver) -> None:
    for number in ("050-1234-5678", "+0123456789", "山田"):
        with pytest.raises(MessageRefusedError):
            WebhookSms(url="http://x/", webhooks=port(receiver)).send(sms(to=number), at=NOW)


MESSAGES: list[Message] = [
    Mail(idem_key="k", to="taro@example.com", template="outbound.mail.test", lang=Lang.JA),
    WebhookMessage(idem_key="k", url="https://hooks.example.com/?token=secret", body=b"{}"),
    sms(),
]


@pytest.mark.parametrize("each", MESSAGES)
def test_a_message_survives_the_outbox_and_prints_no_address(each: Message) -> None:
    assert channels.decode(channels.kind_of(each), channels.encode(each)) == each
    for hidden in ("taro", "secret", "8150"):
        assert hidden not in repr(each)


def test_every_channel_has_its_form() -> None:
    assert set(channels.FORMS) == set(ChannelKind)
    assert {channels.kind_of(each) for each in MESSAGES} == set(ChannelKind)


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(MessageRefusedError):
        channels.decode(ChannelKind.MAIL, b"{")


def test_a_channel_that_is_not_configured_is_tried_again_later(receiver: Receiver) -> None:
    class Sink:
        def __init__(self) -> None:
            self.got: list[Mail] = []

        def send(self, mail: Mail, *, at: datetime) -> None:
            assert at == NOW
            self.got.append(mail)

    sink = Sink()
    only_mail = Channels(mail=sink)
    channels.send(only_mail, MESSAGES[0], at=NOW)
    assert sink.got == [MESSAGES[0]]
    for each in MESSAGES[1:]:
        with pytest.raises(DeliveryFailedError):
            channels.send(only_mail, each, at=NOW)
    every = Channels(mail=sink, webhook=port(receiver))
    channels.send(every, message(receiver), at=NOW)
    assert len(receiver.calls) == 1
