"""Which certificate counts as shown: by our own TLS, or by a proxy that was declared."""

from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import pytest

from governance.core.settings import Settings, SettingsError
from governance.identity.clients.certificates import PEER, SCOPE, proxies_of, thumbprint_of

DER = b"\x30\x82 not looked into"
PRINT = sha256(DER).hexdigest()
RFC9440 = b":" + b64encode(DER) + b":"
PEM = "-----BEGIN CERTIFICATE-----\n" + b64encode(DER).decode() + "\n-----END CERTIFICATE-----\n"
PROXIES = proxies_of(
    Settings(proxy_addresses="10.0.0.0/24, 127.0.0.1", certificate_header="Client-Cert")
)


def scope(peer: str | None, *said: bytes, **more: Any) -> dict[str, Any]:
    return {"headers": [(b"client-cert", one) for one in said], PEER: peer, **more}


@pytest.mark.parametrize("said", [RFC9440, quote(PEM).encode(), PEM.replace("\n", " ").encode()])
def test_a_declared_proxy_hands_on_what_it_verified(said: bytes) -> None:
    assert thumbprint_of(scope("10.0.0.7", said), PROXIES) == PRINT


@pytest.mark.parametrize(
    ("peer", "said"),
    [
        ("10.0.1.7", (RFC9440,)),
        (None, (RFC9440,)),
        ("unix", (RFC9440,)),
        ("10.0.0.7", (RFC9440, RFC9440)),
        ("10.0.0.7", ()),
        ("10.0.0.7", (b"::",)),
        ("10.0.0.7", (b":not base64!:",)),
        ("10.0.0.7", (PRINT.encode(),)),
        ("10.0.0.7", (b"\xff" * 10,)),
        ("10.0.0.7", (b":" + b"A" * 20_000 + b":",)),
    ],
)
def test_whatever_else_comes_shows_no_certificate(
    peer: str | None, said: tuple[bytes, ...]
) -> None:
    assert thumbprint_of(scope(peer, *said), PROXIES) is None


def test_without_the_setting_no_header_counts() -> None:
    assert thumbprint_of(scope("127.0.0.1", RFC9440), proxies_of(Settings())) is None


def test_our_own_tls_is_believed_before_any_header() -> None:
    own = scope("10.0.0.7", b":AAAA:", **{SCOPE: DER})
    assert thumbprint_of(own, PROXIES) == PRINT


@pytest.mark.parametrize("name", ["proxy_addresses", "certificate_header"])
def test_a_setting_that_says_nothing_is_refused(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        proxies_of(Settings.model_validate({name: "no such: thing"}))
    assert caught.value.params["setting"] == name
