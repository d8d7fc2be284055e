"""What the providers `aws-kms` and `aws-kms-own` promise beyond the common suite."""

import builtins
import importlib
import json
import socket
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from governance.core.errors import GovernanceError
from governance.crypto.providers.aws import Kms, KmsPlace
from governance.crypto.providers.aws_kms import KmsKeyProvider
from governance.crypto.providers.aws_kms_own import KmsOwnKeyProvider
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    ProviderExtraError,
    ProviderRefusedError,
    ProviderUnavailableError,
    WrapContext,
)
from governance.crypto.wrap import KeyUnwrapError
from tests.governance.crypto.providers.conftest import REGION, kms_case, kms_own_case

DAY = date(2026, 11, 25)
EPOCH = EpochId("2026-11-25")
CTX = WrapContext(installation="i-1", epoch=EPOCH, purpose="epoch")
KEY = bytes(range(100, 132))
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)


class Answering:
    """A client that answers every call with one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: object) -> None:
            raise self.error

        return call


def denied(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words of AWS"}}, "Decrypt")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", ProviderRefusedError),
        ("DisabledException", ProviderRefusedError),
        ("KMSInvalidStateException", ProviderRefusedError),
        ("NotFoundException", ProviderRefusedError),
        ("ExpiredTokenException", ProviderRefusedError),
        ("ThrottlingException", ProviderUnavailableError),
        ("KMSInternalException", ProviderUnavailableError),
        ("DependencyTimeoutException", ProviderUnavailableError),
        ("InvalidCiphertextException", KeyUnwrapError),
        ("IncorrectKeyException", KeyUnwrapError),
    ],
)
def test_says_what_kms_refuses(aws: Any, code: str, kind: type[GovernanceError]) -> None:
    kms = Kms(KmsPlace(region=REGION))
    kms._client = Answering(denied(code))
    with pytest.raises(kind) as caught:
        kms.call("decrypt")
    assert "words of AWS" not in str(caught.value)


def test_a_silent_kms_is_given_up(secrets_in_place: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        place = KmsPlace(
            region=REGION, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.1
        )
        with pytest.raises(ProviderUnavailableError):
            Kms(place).call("describe_key", KeyId="x")


def test_missing_credentials_are_refused_not_waited_for(
    secrets_in_place: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ProviderRefusedError) as caught:
        Kms(KmsPlace(region=REGION)).call("describe_key", KeyId="x")
    assert caught.value.params["reason"] == "credentials"


def test_a_region_is_needed(secrets_in_place: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(ProviderRefusedError):
        Kms(KmsPlace())


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, package: str | None = None) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ProviderExtraError) as caught:
        Kms(KmsPlace(region=REGION))
    assert caught.value.params["extra"] == "kms"
    assert builtins.__import__ is not None


class TestWrappedSecrets:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "kms"

    def test_the_disk_holds_only_what_kms_wrapped(self, folder: Path, aws: Any) -> None:
        provider = kms_case(folder, aws).make()
        provider.create_epoch(DAY)
        (path,) = folder.iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert set(json.loads(path.read_text())) == {"format", "epoch", "key"}

    def test_a_secret_of_another_day_does_not_pass_for_this_one(
        self, folder: Path, aws: Any
    ) -> None:
        provider = kms_case(folder, aws).make()
        provider.create_epoch(DAY)
        other = provider.create_epoch(DAY + timedelta(days=1))
        body = json.loads((folder / f"{other}.key").read_text())
        (folder / f"{EPOCH}.key").write_text(json.dumps(body | {"epoch": EPOCH}))
        with pytest.raises(KeyUnwrapError):  # KMS refuses it: another encryption context
            provider.wrap([KEY], CTX)

    def test_a_key_that_is_switched_off_is_unhealthy(self, folder: Path, aws: Any) -> None:
        case = kms_case(folder, aws)
        aws.disable_key(KeyId=case.parts["key_id"].rpartition("/")[2])
        assert case.make().health().reason == "key_provider_refused"

    @pytest.mark.usefixtures("aws")
    def test_an_unknown_key_stops_the_first_epoch(self, folder: Path) -> None:
        provider = KmsKeyProvider(KmsPlace(region=REGION), folder, key_id="alias/none")
        with pytest.raises(ProviderRefusedError):
            provider.create_epoch(DAY)
        assert list(folder.iterdir()) == []

    def test_destruction_is_final_at_once_and_leaves_no_file(self, folder: Path, aws: Any) -> None:
        provider = kms_case(folder, aws).make()
        provider.create_epoch(DAY)
        content = (folder / f"{EPOCH}.key").read_bytes()
        assert provider.destroy(EPOCH, at=NOW) == NOW
        assert [path.suffix for path in folder.iterdir()] == [".destroyed"]
        (folder / f"{EPOCH}.key").write_bytes(content)
        with pytest.raises(EpochDestroyedError):
            provider.wrap([KEY], CTX)


class TestOwnKeys:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "own"

    def test_the_promised_date_is_the_one_of_kms(self, folder: Path, aws: Any) -> None:
        provider = kms_own_case(folder, aws).make()
        provider.create_epoch(DAY)
        final_at = provider.destroy(EPOCH, at=NOW)
        found = aws.describe_key(KeyId=f"alias/sekisho-{EPOCH}")["KeyMetadata"]
        assert found["KeyState"] == "PendingDeletion"
        assert final_at == found["DeletionDate"].astimezone(UTC)
        assert final_at is not None
        assert final_at.tzinfo is UTC
        assert final_at > datetime.now(UTC) + timedelta(days=6, hours=23)

    def test_a_destruction_cut_short_keeps_the_date_that_runs(self, folder: Path, aws: Any) -> None:
        provider = kms_own_case(folder, aws).make()
        provider.create_epoch(DAY)
        answer = aws.schedule_key_deletion(
            KeyId=aws.describe_key(KeyId=f"alias/sekisho-{EPOCH}")["KeyMetadata"]["KeyId"],
            PendingWindowInDays=20,
        )
        assert provider.destroy(EPOCH, at=NOW) == answer["DeletionDate"].astimezone(UTC)

    @pytest.mark.parametrize(("asked", "held"), [(1, 7), (7, 7), (14, 14), (90, 30)])
    @pytest.mark.usefixtures("aws")
    def test_the_waiting_time_is_within_the_bounds_of_aws(
        self, folder: Path, asked: int, held: int
    ) -> None:
        provider = KmsOwnKeyProvider(KmsPlace(region=REGION), folder, wait_days=asked)
        assert provider.ends_after == timedelta(days=held)
        provider.create_epoch(DAY)
        final_at = provider.destroy(EPOCH, at=NOW)
        assert final_at is not None
        assert abs(final_at - datetime.now(UTC) - timedelta(days=held)) < timedelta(minutes=5)

    def test_two_makers_leave_one_living_key(self, folder: Path, aws: Any) -> None:
        first, second = (kms_own_case(folder, aws).make() for _ in range(2))
        assert isinstance(second, KmsOwnKeyProvider)
        found, calls = second._found, [None]

        def blind(epoch: EpochId) -> object:
            return calls.pop() if calls else found(epoch)

        second._found = blind  # type: ignore[method-assign,assignment]
        first.create_epoch(DAY)
        assert second.create_epoch(DAY) == EPOCH
        states = [
            aws.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
            for key in aws.list_keys()["Keys"]
        ]
        assert sorted(states) == ["Enabled", "PendingDeletion"]

    def test_every_page_of_aliases_is_read(self, folder: Path, aws: Any) -> None:
        provider = kms_own_case(folder, aws).make()
        assert isinstance(provider, KmsOwnKeyProvider)
        pages = [
            {"Aliases": [{"AliasName": "alias/x"}], "Truncated": True, "NextMarker": "m"},
            {"Aliases": [{"AliasName": "alias/sekisho-2026-11-25"}], "Truncated": False},
        ]
        asked: list[dict[str, object]] = []

        def call(operation: str, **arguments: object) -> dict[str, object]:
            asked.append(arguments)
            return pages[len(asked) - 1]

        provider._kms.call = call  # type: ignore[method-assign,assignment]
        assert [item.epoch for item in provider.list_epochs()] == [EPOCH]
        assert asked == [{}, {"Marker": "m"}]
