import ssl
import threading
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from governance.outbound.client import Answer, Limits, Request, fetch
from governance.outbound.errors import DeliveryFailedError, OutboundRefusedError
from governance.outbound.ssrf import Egress
from tests.governance.outbound.receivers import Receiver

QUICK = Limits(connect_seconds=1, total_seconds=1, response_bytes=1000, redirects=2)


def to_loopback(host: str, port: int, /) -> Sequence[str]:
    assert host
    assert port
    return ("127.0.0.1",)


def ask(receiver: Receiver, path: str = "/", **changes: object) -> Answer:
    request = Request(
        method="GET",
        url=f"http://hooks.example.com:{receiver.port}{path}",
        headers={"Authorization": "Bearer x"},
    )
    request = replace(request, **changes)  # type: ignore[arg-type] # fields by name
    return fetch(request, egress=receiver.egress, limits=QUICK, resolver=to_loopback)


def test_the_request_reaches_the_pinned_address_under_its_own_name(receiver: Receiver) -> None:
    receiver.reply = lambda _: (200, {"x-a": "b"}, b"hello")
    answer = ask(receiver, "/a?b=c", method="POST", content=b"body")
    (call,) = receiver.calls
    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"hello", "b")
    assert (call.method, call.path, call.body) == ("POST", "/a?b=c", b"body")
    assert call.headers["host"] == f"hooks.example.com:{receiver.port}"


def test_loopback_is_refused_unless_opened_by_hand(receiver: Receiver) -> None:
    with pytest.raises(OutboundRefusedError):
        fetch(
            Request(method="GET", url=f"http://127.0.0.1:{receiver.port}/"),
            egress=replace(receiver.egress, networks=()),
            limits=QUICK,
        )
    assert receiver.calls == []


def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    assert ask(receiver).status == 204


def test_every_redirect_is_judged_anew(receiver: Receiver) -> None:
    for location in ("http://169.254.169.254/", f"http://10.0.0.1:{receiver.port}/", "//[::1]:1/"):
        receiver.reply = lambda _, to=location: (302, {"location": to}, b"")  # type: ignore[misc]
        with pytest.raises(OutboundRefusedError):
            ask(receiver)
    assert len(receiver.calls) == 3


def test_a_redirect_to_another_origin_loses_its_credentials(receiver: Receiver) -> None:
    there = f"http://other.example.com:{receiver.port}/there"
    receiver.reply = lambda call: (
        (204, {}, b"") if call.path == "/there" else (307, {"location": there}, b"")
    )
    ask(receiver, "/here", method="POST", content=b"body")
    here, after = receiver.calls
    assert here.headers["authorization"] == "Bearer x"
    assert "authorization" not in after.headers
    assert (after.method, after.body) == ("POST", b"body")


def test_a_redirect_loop_ends(receiver: Receiver) -> None:
    receiver.reply = lambda _: (302, {"location": "/again"}, b"")
    with pytest.raises(OutboundRefusedError):
        ask(receiver)
    assert len(receiver.calls) == QUICK.redirects + 1


def test_an_answer_over_the_limit_is_cut_off(receiver: Receiver) -> None:
    receiver.reply = lambda _: (200, {}, b"x" * 5000)
    with pytest.raises(DeliveryFailedError) as caught:
        ask(receiver)
    assert caught.value.params["reason"] == "size"


def test_a_receiver_that_does_not_answer_costs_no_more_than_the_limit(receiver: Receiver) -> None:
    given_up = threading.Event()

    def silent(_: object) -> tuple[int, dict[str, str], bytes]:
        given_up.wait(60)  # answers only when nobody waits for it any more
        return 204, {}, b""

    receiver.reply = silent
    try:
        with pytest.raises(DeliveryFailedError) as caught:
            ask(receiver)
    finally:
        given_up.set()
    assert caught.value.params["reason"] == "timeout"


def test_a_closed_port_is_a_failure_to_try_again() -> None:
    egress = Egress(
        schemes=frozenset({"http"}), ports=frozenset({1}), networks=(ip_network("127.0.0.0/8"),)
    )
    with pytest.raises(DeliveryFailedError):
        fetch(Request(method="GET", url="http://127.0.0.1:1/"), egress=egress, limits=QUICK)


def test_tls_is_verified_against_the_name_though_the_address_is_pinned(
    tls_receiver: Receiver, certificate: Path
) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate))

    def ask_host(host: str, tls: ssl.SSLContext | None) -> int:
        request = Request(method="GET", url=f"https://{host}:{tls_receiver.port}/")
        return fetch(
            request, egress=tls_receiver.egress, limits=QUICK, resolver=to_loopback, tls=tls
        ).status

    assert ask_host("hooks.example.com", trusted) == 204
    with pytest.raises(DeliveryFailedError):
        ask_host("other.example.com", trusted)
    with pytest.raises(DeliveryFailedError):
        ask_host("hooks.example.com", None)


def test_tls_that_verifies_nothing_is_refused(tls_receiver: Receiver) -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(OutboundRefusedError):
        fetch(
            Request(method="GET", url=f"https://hooks.example.com:{tls_receiver.port}/"),
            egress=tls_receiver.egress,
            limits=QUICK,
            resolver=to_loopback,
            tls=blind,
        )
    assert tls_receiver.calls == []


def test_a_redirect_from_https_to_http_is_refused(
    tls_receiver: Receiver, certificate: Path
) -> None:
    tls_receiver.reply = lambda _: (302, {"location": "http://hooks.example.com/"}, b"")
    with pytest.raises(OutboundRefusedError) as caught:
        fetch(
            Request(method="GET", url=f"https://hooks.example.com:{tls_receiver.port}/"),
            egress=tls_receiver.egress,
            limits=QUICK,
            resolver=to_loopback,
            tls=ssl.create_default_context(cafile=str(certificate)),
        )
    assert caught.value.params["reason"] == "scheme"


def test_nothing_of_a_request_is_printed() -> None:
    request = Request(method="POST", url="https://h.example/?t=secret", content=b"secret")
    assert "secret" not in repr(request)
