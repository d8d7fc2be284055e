"""Production refuses every unsafe setting by name, and starts with safe ones."""

from pathlib import Path

import pytest

from governance.core.errors import GovernanceError
from governance.core.setting_kinds import Mode
from governance.core.settings_reading import load

SAFE: dict[str, object] = {
    "mode": "production",
    "origin": "https://privacy.example.jp",
    "key_provider": "file",
    "key_passphrase_file": Path("passphrase"),
    "officer_mfa": True,
    "file_scanner": "none",
}


def test_safe_settings_start() -> None:
    assert load(environment={}, overrides=SAFE).mode is Mode.PRODUCTION


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("origin", "http://privacy.example.jp"),
        ("key_provider", "environment"),
        ("officer_mfa", False),
    ],
)
def test_an_unsafe_setting_is_refused_by_name(setting: str, value: object) -> None:
    with pytest.raises(GovernanceError, match=setting):
        load(environment={}, overrides=SAFE | {setting: value})


def test_keys_without_a_passphrase_are_refused() -> None:
    bare = {key: value for key, value in SAFE.items() if key != "key_passphrase_file"}
    with pytest.raises(GovernanceError, match="key_passphrase_file"):
        load(environment={}, overrides=bare)
