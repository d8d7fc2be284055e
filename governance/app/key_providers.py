"""Who keeps the epoch keys of an installation, built from its settings."""

from datetime import timedelta
from pathlib import Path
from typing import TypeVar, assert_never

from governance.core.errors import GovernanceError
from governance.core.setting_kinds import KeyProviderKind, KmsEpochKeys
from governance.core.settings import Settings
from governance.crypto.providers.aws import KmsPlace
from governance.crypto.providers.aws_kms import KmsKeyProvider
from governance.crypto.providers.aws_kms_own import KmsOwnKeyProvider
from governance.crypto.providers.env import EnvKeyProvider
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.pkcs11 import Pkcs11KeyProvider, TokenPlace
from governance.crypto.providers.switching import SwitchingKeyProvider
from governance.crypto.providers.types import KeyProvider

T = TypeVar("T")


class KeySettingMissingError(GovernanceError):
    """The chosen key provider needs a setting that is not there."""

    code, status, exit_code = "key_setting_missing", 400, 2


def provider_of(settings: Settings) -> SwitchingKeyProvider:
    """The provider of the settings, and the one before it while a move goes on."""
    before = settings.key_provider_previous
    return SwitchingKeyProvider(
        made(settings, settings.key_provider),
        previous=None if before is None else made(settings, before),
        lease=timedelta(minutes=settings.key_answer_minutes),
    )


def made(settings: Settings, kind: KeyProviderKind) -> KeyProvider:
    """One provider; raises for a setting that it needs and does not have."""
    match kind:
        case KeyProviderKind.FILE:
            return file_provider(settings)
        case KeyProviderKind.ENVIRONMENT:
            return EnvKeyProvider()
        case KeyProviderKind.VAULT:
            return _vault(settings)
        case KeyProviderKind.AWS_KMS:
            return _aws_kms(settings)
        case KeyProviderKind.PKCS11:
            return _pkcs11(settings)
        case never:
            assert_never(never)


def file_provider(settings: Settings) -> FileKeyProvider:
    """The folder of key files, under the passphrase of the settings if there is one."""
    secret = settings.key_passphrase_file
    return FileKeyProvider(
        settings.key_folder, passphrase=None if secret is None else _reference(secret)
    )


def _vault(settings: Settings) -> KeyProvider:
    # an HTTP client that every command would load and only this provider needs
    from governance.crypto.providers.vault import VaultKeyProvider  # noqa: PLC0415
    from governance.crypto.providers.vault_http import VaultPlace  # noqa: PLC0415

    place = VaultPlace(
        address=_needed(settings.vault_address, "vault_address"),
        token=_reference(_needed(settings.vault_token_file, "vault_token_file")),
        mount=settings.vault_mount,
        namespace=settings.vault_namespace,
        ca_file=settings.vault_ca_file,
        timeout=settings.key_timeout_seconds,
    )
    return VaultKeyProvider(place, settings.key_folder / "vault", prefix=settings.key_prefix)


def _aws_kms(settings: Settings) -> KeyProvider:
    place = KmsPlace(
        region=settings.kms_region,
        endpoint=settings.kms_endpoint,
        timeout=settings.key_timeout_seconds,
    )
    match settings.kms_epoch_keys:
        case KmsEpochKeys.WRAPPED:
            key_id = _needed(settings.kms_key_id, "kms_key_id")
            return KmsKeyProvider(place, settings.key_folder / "aws-kms", key_id=key_id)
        case KmsEpochKeys.OWN:
            return KmsOwnKeyProvider(
                place,
                settings.key_folder / "aws-kms-own",
                prefix=settings.key_prefix,
                wait_days=settings.kms_wait_days,
            )
        case never:
            assert_never(never)


def _pkcs11(settings: Settings) -> KeyProvider:
    place = TokenPlace(
        module=_needed(settings.pkcs11_module, "pkcs11_module"),
        token=_needed(settings.pkcs11_token, "pkcs11_token"),
        pin=_reference(_needed(settings.pkcs11_pin_file, "pkcs11_pin_file")),
    )
    return Pkcs11KeyProvider(place, settings.key_folder / "pkcs11", prefix=settings.key_prefix)


def _reference(path: Path) -> str:
    return f"file:{path}"


def _needed(value: T | None, name: str) -> T:
    if value is None:
        raise KeySettingMissingError(setting=name)
    return value
