"""What the provider `vault` promises beyond the common suite."""

import ssl
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    EpochUnknownError,
    ProviderRefusedError,
    ProviderUnavailableError,
    WrapContext,
)
from governance.crypto.providers.vault import VaultKeyError, VaultKeyProvider
from governance.crypto.providers.vault_http import TRIES, VaultAddressError, VaultPlace
from tests.governance.crypto.providers.conftest import TOKEN, vault_case
from tests.governance.crypto.providers.vault_fake import Key, Server

DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
EPOCH = EpochId("2026-11-25")
CTX = WrapContext(installation="i-1", epoch=EPOCH, purpose="epoch")
KEY = bytes(range(100, 132))
NAME = "sekisho-2026-11-25"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def provider(folder: Path, server: Server) -> VaultKeyProvider:
    made = vault_case(folder, server).make()
    assert isinstance(made, VaultKeyProvider)
    made.create_epoch(DAY)
    return made


def reason(call: object, kind: type[GovernanceError]) -> object:
    with pytest.raises(kind) as caught:
        call()  # type: ignore[operator]
    return caught.value.params.get("reason")


def test_keys_cannot_be_exported_and_are_not_deletable_until_their_day(
    provider: VaultKeyProvider, server: Server
) -> None:
    key = server.vault.keys[NAME]
    assert key.derived
    assert (key.exportable, key.plaintext_backup, key.deletion_allowed) == (False, False, False)
    assert provider.destroy(EPOCH, at=NOW) == NOW
    assert server.vault.keys == {}


@pytest.mark.parametrize("fault", ["exportable", "plaintext_backup"])
def test_a_key_that_could_be_copied_out_is_not_used(
    folder: Path, server: Server, fault: str
) -> None:
    server.vault.keys[NAME] = Key(secret=bytes(32), derived=True, **{fault: True})
    provider = vault_case(folder, server).make()
    with pytest.raises(VaultKeyError):
        provider.create_epoch(DAY)
    with pytest.raises(VaultKeyError):
        provider.wrap([KEY], CTX)
    assert provider.health().reason == "vault_key_open"


def test_a_key_that_does_not_bind_the_context_is_not_used(folder: Path, server: Server) -> None:
    server.vault.keys[NAME] = Key(secret=bytes(32), derived=False)
    with pytest.raises(VaultKeyError):
        vault_case(folder, server).make().create_epoch(DAY)


def test_an_epoch_restored_from_a_snapshot_stays_refused(
    provider: VaultKeyProvider, server: Server
) -> None:
    (wrapped,) = provider.wrap([KEY], CTX)
    kept = server.vault.keys[NAME]
    provider.destroy(EPOCH, at=NOW)
    server.vault.keys[NAME] = kept
    with pytest.raises(EpochDestroyedError):
        provider.unwrap([wrapped], CTX)
    assert provider.destroy(EPOCH, at=NOW) == NOW


def test_wrapping_under_a_lost_key_does_not_make_a_new_one(
    provider: VaultKeyProvider, server: Server
) -> None:
    del server.vault.keys[NAME]
    with pytest.raises(EpochUnknownError):
        provider.wrap([KEY], CTX)
    assert server.vault.keys == {}


def test_a_destruction_cut_short_refuses_and_is_finished(
    provider: VaultKeyProvider, server: Server
) -> None:
    (wrapped,) = provider.wrap([KEY], CTX)
    server.vault.sealed = True
    with pytest.raises(ProviderUnavailableError):
        provider.destroy(EPOCH, at=NOW)
    server.vault.sealed = False
    assert list(provider.unwrap([wrapped], CTX)) == [KEY]  # Vault was never reached
    provider._files.bury(EPOCH, final_at=None)  # as if the process died before the deletion
    with pytest.raises(EpochDestroyedError):
        provider.unwrap([wrapped], CTX)
    assert NAME in server.vault.keys
    assert provider.destroy(EPOCH, at=NOW) == NOW
    assert server.vault.keys == {}


def test_a_deletion_that_the_policy_refuses_promises_no_date(
    provider: VaultKeyProvider, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = server.vault._route

    def stubborn(method: str, parts: list[str], body: dict[str, object]) -> object:
        return (204, {}) if parts[-1] == "config" else route(method, parts, body)

    monkeypatch.setattr(server.vault, "_route", stubborn)
    assert reason(lambda: provider.destroy(EPOCH, at=NOW), ProviderRefusedError) == "deletion"
    assert provider._files.final_at(EPOCH) is None
    with pytest.raises(EpochDestroyedError):
        provider.wrap([KEY], CTX)


def test_says_what_vault_refuses(provider: VaultKeyProvider, server: Server) -> None:
    server.vault.token = "another"
    seen = len(server.vault.seen)
    found = reason(lambda: provider.wrap([KEY], CTX), ProviderRefusedError)
    assert found == "token_or_policy"
    assert len(server.vault.seen) == seen + 1  # a refusal is not tried again
    assert provider.health().reason == "key_provider_refused"


def test_a_sealed_vault_is_asked_again_and_then_said_to_be_sealed(
    provider: VaultKeyProvider, server: Server
) -> None:
    server.vault.sealed = True
    seen = len(server.vault.seen)
    assert reason(lambda: provider.wrap([KEY], CTX), ProviderUnavailableError) == "sealed"
    assert len(server.vault.seen) == seen + TRIES
    assert provider.health().reason == "key_provider_unavailable"


def test_a_passing_fault_is_got_over(provider: VaultKeyProvider, server: Server) -> None:
    server.vault.failing = TRIES - 1
    assert provider.unwrap(provider.wrap([KEY], CTX), CTX) == (KEY,)


def test_a_silent_vault_is_given_up(folder: Path, server: Server) -> None:
    provider = vault_case(folder, server, timeout=0.1).make()
    server.vault.silent = 1.0
    assert reason(lambda: provider.create_epoch(DAY), ProviderUnavailableError) == "timeout"


def test_an_unreachable_vault_is_unavailable(folder: Path, server: Server) -> None:
    provider = vault_case(folder, server).make()
    server.close()
    assert reason(lambda: provider.create_epoch(DAY), ProviderUnavailableError) == "connection"
    server.__init__()  # type: ignore[misc] # so that the fixture can close it


def test_no_answer_leads_elsewhere(provider: VaultKeyProvider, server: Server) -> None:
    """A redirect is an answer like another: neither keys nor token follow it."""
    server.vault.redirect = "http://127.0.0.1:9/v1/transit/keys/x"
    found = reason(lambda: provider.wrap([KEY], CTX), ProviderUnavailableError)
    assert found == "http_307"


def test_a_proxy_of_the_environment_is_not_used(
    folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert vault_case(folder, server).make().create_epoch(DAY) == EPOCH


@pytest.mark.parametrize(
    "address",
    [
        "http://vault.example.com:8200",
        "ftp://127.0.0.1",
        "https://",
        "vault.example.com",
        "https://user:pw@vault.example.com",
        "https://vault.example.com/ui",
        "https://vault.example.com?x=1",
        "",
    ],
)
def test_an_address_that_would_leak_is_refused(address: str, folder: Path) -> None:
    with pytest.raises(VaultAddressError) as caught:
        VaultKeyProvider(VaultPlace(address=address, token="env:TEST_TOKEN"), folder)
    assert "pw" not in str(caught.value)


def test_a_namespace_goes_with_every_request(folder: Path, server: Server) -> None:
    server.vault.namespace = "team/a"
    place = VaultPlace(address=server.address, token="env:TEST_TOKEN", namespace="team/a")
    assert VaultKeyProvider(place, folder).create_epoch(DAY) == EPOCH
    with pytest.raises(ProviderRefusedError):
        vault_case(folder, server).make().create_epoch(DAY)


def test_a_missing_mount_is_not_a_missing_key(folder: Path, server: Server) -> None:
    place = VaultPlace(address=server.address, token="env:TEST_TOKEN", mount="elsewhere")
    provider = VaultKeyProvider(place, folder)
    assert reason(lambda: provider.create_epoch(DAY), ProviderRefusedError) == "mount"


def test_a_renewed_token_needs_no_restart(
    provider: VaultKeyProvider, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.vault.token = "s.renewed"
    monkeypatch.setenv("TEST_TOKEN", "s.renewed")
    assert provider.unwrap(provider.wrap([KEY], CTX), CTX) == (KEY,)


@pytest.mark.parametrize("token", ["two\r\nX-Evil: 1", "spa ce", "日本"])
def test_a_token_that_is_no_token_is_not_sent(
    provider: VaultKeyProvider, server: Server, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("TEST_TOKEN", token)
    seen = len(server.vault.seen)
    assert reason(lambda: provider.wrap([KEY], CTX), ProviderRefusedError) == "token_form"
    assert len(server.vault.seen) == seen


def test_a_certificate_file_that_is_none_stops_the_start(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    place = VaultPlace(address="https://vault.example.com", token="env:X", ca_file=path)
    assert reason(lambda: VaultKeyProvider(place, folder), ProviderUnavailableError) == "ca_file"
    assert issubclass(ssl.SSLError, OSError)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of its own for 127.0.0.1, and the same with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vault.example.com")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    folder = tmp_path_factory.mktemp("vault-tls")
    (folder / "ca.pem").write_bytes(pem)
    (folder / "both.pem").write_bytes(pem + secret)
    return folder / "ca.pem", folder / "both.pem"


def test_only_the_named_authority_is_believed(
    folder: Path, secrets_in_place: None, authority: tuple[Path, Path]
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority[1])
    opened = Server(tls=tls)
    opened.vault.token = TOKEN
    try:
        believed = VaultPlace(address=opened.address, token="env:TEST_TOKEN", ca_file=authority[0])
        assert VaultKeyProvider(believed, folder).create_epoch(DAY) == EPOCH
        seen = len(opened.vault.seen)
        stranger = VaultPlace(address=opened.address, token="env:TEST_TOKEN")
        provider = VaultKeyProvider(stranger, folder, pause=lambda _: None)
        assert reason(lambda: provider.create_epoch(DAY), ProviderUnavailableError) == "connection"
        assert len(opened.vault.seen) == seen  # the token was not sent
    finally:
        opened.close()


def test_the_token_appears_in_no_path(provider: VaultKeyProvider, server: Server) -> None:
    provider.wrap([KEY], CTX)
    assert all(TOKEN not in path for _, path in server.vault.seen)
