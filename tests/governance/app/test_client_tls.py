"""A certificate that a system shows to the server's own TLS."""

import ssl
from functools import partial
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from governance.app.factory import create_app
from governance.app.patience import protocol_of
from governance.app.server import config_of
from governance.core.terms import ActorId
from governance.identity.service import register_client
from governance.identity.store import change_client
from tests.certificates import self_signed
from tests.installation import AT, create
from tests.serving import served


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    folder = tmp_path / "client"
    folder.mkdir()
    return self_signed(folder, "client.example.com")


def test_a_bound_key_opens_with_its_certificate_alone(tmp_path: Path, shown: Path) -> None:
    server = self_signed(tmp_path, "localhost")
    wiring = create(tmp_path / "data")
    try:
        settings = wiring.settings.model_copy(
            update={"tls_certificate_file": server, "tls_client_ca_file": shown}
        )
        app = create_app(wiring)
        asked = config_of(app, settings)
        assert (asked.ssl_cert_reqs, asked.ssl_ca_certs) == (ssl.CERT_OPTIONAL, str(shown))
        known = frozenset(wiring.policies.current.roles)
        _, key = wiring.database.write(
            partial(
                register_client, name="shop", role="mail_sender", purposes=(),
                known_roles=known, at=AT,
            )
        )  # fmt: skip
        der = ssl.PEM_cert_to_DER_cert(shown.read_text().partition("-----BEGIN PRIVATE")[0])
        bind = partial(
            change_client, actor=ActorId("svc:shop"), certificate=sha256(der).hexdigest()
        )
        wiring.database.write(bind)
        trust = ssl.create_default_context(cafile=str(server))
        with served(app, http=protocol_of(app.lane), tls=server, clients=shown) as base:
            codes = [_asked(base, trust, key)]
            trust.load_cert_chain(shown)
            codes.append(_asked(base, trust, key))
        assert codes == [401, 403]
    finally:
        wiring.close()


def _asked(base: str, trust: ssl.SSLContext, key: str) -> int:
    with httpx.Client(verify=trust) as client:
        headers = {"authorization": f"Bearer {key}"}
        return client.get(f"{base}/v1/webhooks", headers=headers).status_code
