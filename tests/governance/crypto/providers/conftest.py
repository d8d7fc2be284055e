"""Every key provider as a case: how to make one, and how its key is lost."""

import base64
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.kms.models import kms_backends

from governance.crypto.providers.aws import KmsPlace
from governance.crypto.providers.aws_kms import KmsKeyProvider
from governance.crypto.providers.aws_kms_own import KmsOwnKeyProvider
from governance.crypto.providers.env import EnvKeyProvider
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.pkcs11 import Pkcs11KeyProvider, TokenPlace
from governance.crypto.providers.switching import SwitchingKeyProvider
from governance.crypto.providers.types import EpochId, KeyProvider
from governance.crypto.providers.vault import VaultKeyProvider
from governance.crypto.providers.vault_http import VaultPlace
from tests.governance.crypto.providers.vault_fake import Server

N = 2**10  # a cheap scrypt; the cost is the setting's, not the test's
REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
NO_HSM = "needs SoftHSM2: apt install softhsm2"
PIN = "493827"
TOKEN = "s.4f9example"
PASSPHRASE = "架空 passphrase"
KEK = base64.b64encode(bytes(range(32))).decode()
SECRETS = (PIN, TOKEN, PASSPHRASE, KEK)
NAMES = (
    "file",
    "file_passphrase",
    "env",
    "vault",
    "aws_kms",
    "aws_kms_own",
    "pkcs11",
    "switching",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One provider: each `make` is another process over the same keys."""

    name: str
    make: Callable[[], KeyProvider]
    lose: Callable[[EpochId], None]
    parts: dict[str, Any] = field(default_factory=dict)


def softhsm() -> Path | None:
    """The module, if SoftHSM2 is installed."""
    found = next((Path(path) for path in MODULES if Path(path).is_file()), None)
    return found if shutil.which("softhsm2-util") else None


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A fresh token of this run; the module reads its configuration once in a process."""
    module = softhsm()
    if module is None:
        pytest.skip(NO_HSM)
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = false\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "sekisho-test"]
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", "11112222"], check=True, capture_output=True
        )
        yield module, "sekisho-test"


@pytest.fixture
def secrets_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("TEST_PIN", PIN),
        ("TEST_TOKEN", TOKEN),
        ("TEST_PASSPHRASE", PASSPHRASE),
        ("TEST_KEK", KEK),
        ("AWS_ACCESS_KEY_ID", "example"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)


@pytest.fixture
def server(secrets_in_place: None) -> Iterator[Server]:
    opened = Server()
    opened.vault.token = TOKEN
    yield opened
    opened.close()


@pytest.fixture
def aws(secrets_in_place: None) -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("kms", region_name=REGION)


def file_case(folder: Path, *, passphrase: str | None = None) -> Case:
    return Case(
        name="file",
        make=lambda: FileKeyProvider(folder, passphrase=passphrase, scrypt_n=N),
        lose=lambda epoch: (folder / f"{epoch}.key").unlink(),
    )


def vault_case(folder: Path, server: Server, *, timeout: float = 5.0) -> Case:
    place = VaultPlace(address=server.address, token="env:TEST_TOKEN", timeout=timeout)

    def lose(epoch: EpochId) -> None:
        del server.vault.keys[f"sekisho-{epoch}"]

    return Case(
        name="vault",
        make=lambda: VaultKeyProvider(place, folder, pause=lambda _: None),
        lose=lose,
        parts={"server": server, "folder": folder},
    )


def kms_case(folder: Path, aws: Any) -> Case:
    key_id = aws.create_key()["KeyMetadata"]["Arn"]

    def lose(_epoch: EpochId) -> None:
        kms_backends[ACCOUNT][REGION].keys.clear()

    return Case(
        name="aws_kms",
        make=lambda: KmsKeyProvider(KmsPlace(region=REGION), folder, key_id=key_id),
        lose=lose,
        parts={"client": aws, "folder": folder, "key_id": key_id},
    )


def kms_own_case(folder: Path, aws: Any) -> Case:
    def lose(epoch: EpochId) -> None:
        aws.delete_alias(AliasName=f"alias/sekisho-{epoch}")

    return Case(
        name="aws_kms_own",
        make=lambda: KmsOwnKeyProvider(KmsPlace(region=REGION), folder),
        lose=lose,
        parts={"client": aws, "folder": folder},
    )


def pkcs11_case(folder: Path, token: tuple[Path, str], *, prefix: str) -> Case:
    place = TokenPlace(module=token[0], token=token[1], pin="env:TEST_PIN")

    def make() -> Pkcs11KeyProvider:
        return Pkcs11KeyProvider(place, folder, prefix=prefix)

    def lose(epoch: EpochId) -> None:
        provider = make()
        with provider._session(rw=True) as session:
            for key in list(provider._keys(session, epoch)):
                key.destroy()

    return Case(name="pkcs11", make=make, lose=lose, parts={"folder": folder, "prefix": prefix})


def env_case(monkeypatch: pytest.MonkeyPatch) -> Case:
    def lose(_epoch: EpochId) -> None:
        monkeypatch.setenv("TEST_KEK", base64.b64encode(bytes(range(1, 33))).decode())

    return Case(name="env", make=lambda: EnvKeyProvider("env:TEST_KEK"), lose=lose)


def switching_case(folder: Path, server: Server) -> Case:
    present, before = file_case(folder / "file"), vault_case(folder / "vault", server)
    return Case(
        name="switching",
        make=lambda: SwitchingKeyProvider(present.make(), previous=before.make()),
        lose=present.lose,
    )


@pytest.fixture(params=NAMES)
def case(request: pytest.FixtureRequest, tmp_path: Path, secrets_in_place: None) -> Case:
    folder = tmp_path / "epochs"
    match request.param:
        case "file":
            return file_case(folder)
        case "file_passphrase":
            return file_case(folder, passphrase="env:TEST_PASSPHRASE")
        case "vault":
            return vault_case(folder, request.getfixturevalue("server"))
        case "aws_kms":
            return kms_case(folder, request.getfixturevalue("aws"))
        case "aws_kms_own":
            return kms_own_case(folder, request.getfixturevalue("aws"))
        case "pkcs11":
            found = request.getfixturevalue("token")
            return pkcs11_case(folder, found, prefix=f"t{abs(hash(tmp_path))}")
        case "switching":
            return switching_case(folder, request.getfixturevalue("server"))
        case _:
            return env_case(request.getfixturevalue("monkeypatch"))
