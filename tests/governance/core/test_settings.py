"""Settings: one order of sources, nothing unknown, nothing unsafe in production."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from governance.core.setting_kinds import MailKind, Mode
from governance.core.settings import (
    Settings,
    SettingsError,
    SettingsFileError,
    UnsafeSettingsError,
)
from governance.core.settings_reading import load
from governance.core.unsafe_settings import UNSAFE

SAFE = {"SEKISHO_MODE": "production", "SEKISHO_ORIGIN": "https://privacy.example.com"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "given.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_without_anything_the_defaults_hold() -> None:
    settings = load(environment={})
    assert (settings.mode, settings.data_dir) == (Mode.DEVELOPMENT, Path("var"))
    assert settings.database == "sqlite:///var/sekisho.db"
    assert settings.keys == "sqlite:///var/keys/keys.db"
    assert settings.database != settings.keys


def test_command_line_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    path = config(tmp_path, 'port = 1\nhost = "a"\nworkers = 7\n')
    settings = load(
        config=path,
        environment={"SEKISHO_PORT": "2", "SEKISHO_HOST": "b"},
        overrides={"port": 3, "host": None},
    )
    assert (settings.port, settings.host, settings.workers, settings.smtp_port) == (3, "b", 7, 587)


def test_the_file_beside_the_working_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "sekisho.toml").write_text("port = 9\n", encoding="utf-8")
    assert load(environment={}).port == 9


@pytest.mark.parametrize("line", ["prot = 1", "[server]\nport = 1", 'secret = "x"'])
def test_a_setting_that_does_not_exist_is_refused_by_name(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(config=config(tmp_path, line), environment={})
    assert str(error.value.params["setting"]) in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "eighty"),
        ("mode", "Production"),
        ("key_provider", "usb"),
        ("officer_mfa", "maybe"),
        ("file_scanner", "tcp:clamav.example.com:3310"),
    ],
)
def test_a_value_that_cannot_be_is_refused_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(environment={f"SEKISHO_{name.upper()}": value})
    assert error.value.params == {"setting": name}
    assert value not in str(error.value)
    assert error.value.__cause__ is None


def test_other_variables_of_the_prefix_are_no_settings() -> None:
    assert load(environment={"SEKISHO_TOKEN": "x", "OTHER": "y"}) == load(environment={})


@pytest.mark.parametrize("content", [b"port = ", b"port == 1", b"\xff\xfe", "port = 一".encode()])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsFileError) as error:
        load(config=path, environment={})
    assert error.value.exit_code == 2


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(SettingsFileError):
            load(config=path, environment={})


GUARDED = SAFE | {
    "SEKISHO_KEY_PASSPHRASE_FILE": "/x",
    "SEKISHO_OFFICER_MFA": "true",
    "SEKISHO_FILE_SCANNER": "none",
}
ELSEWHERE = "postgresql://sekisho@db.example.com/x"
# What is refused, for each row of the table of unsafe settings in its order.
REFUSED = (
    ("origin", {"SEKISHO_ORIGIN": "http://privacy.example.com"}),
    ("key_provider", {"SEKISHO_KEY_PROVIDER": "environment"}),
    ("key_passphrase_file", {"SEKISHO_KEY_PASSPHRASE_FILE": None}),
    ("kms_endpoint", {"SEKISHO_KMS_ENDPOINT": "http://kms.example.com"}),
    ("vault_address", {"SEKISHO_VAULT_ADDRESS": "http://vault.example.com"}),
    ("officer_mfa", {"SEKISHO_OFFICER_MFA": "false"}),
    (
        "smtp_encryption",
        {
            "SEKISHO_MAIL": "smtp",
            "SEKISHO_SMTP_ENCRYPTION": "none",
            "SEKISHO_SMTP_HOST": "mail.example.com",
        },
    ),
    ("forward_url", {"SEKISHO_FORWARD_URL": "syslog://siem.example.com:514"}),
    ("sms_url", {"SEKISHO_SMS_URL": "http://sms.example.com"}),
    ("database_url", {"SEKISHO_DATABASE_URL": ELSEWHERE}),
    (
        "database_url",
        {"SEKISHO_DATABASE_URL": "postgresql://u:geheim@db.example.com/x?sslmode=verify-full"},
    ),
    ("keys_url", {"SEKISHO_KEYS_URL": f"{ELSEWHERE}?sslmode=require"}),
    (
        "keys_url",
        {"SEKISHO_KEYS_URL": f"{ELSEWHERE}?sslmode=verify-full&password=geheim"},
    ),
    ("proxy_addresses", {"SEKISHO_PROXY_ADDRESSES": "10.0.0.1, 0.0.0.0/0"}),
    ("file_scanner", {"SEKISHO_FILE_SCANNER": None}),
    ("file_scanner", {"SEKISHO_FILE_SCANNER": "tcp:10.0.0.9:3310"}),
    ("log_level", {"SEKISHO_LOG_LEVEL": "DEBUG"}),
)


def test_every_row_of_the_table_has_its_example() -> None:
    assert [setting for setting, _ in REFUSED] == [row.setting for row in UNSAFE]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_production_refuses_what_is_not_safe(number: int) -> None:
    setting, change = REFUSED[number]
    given = {name: value for name, value in (GUARDED | change).items() if value is not None}
    with pytest.raises(UnsafeSettingsError) as error:
        load(environment=given)
    assert error.value.params == {"setting": setting}
    assert error.value.exit_code == 3
    assert "geheim" not in str(error.value)
    settings = load(environment=given | {"SEKISHO_MODE": "development"})
    assert next(row for row in UNSAFE if row.holds(settings)) is UNSAFE[number]


@pytest.mark.parametrize("origin", ["privacy.example.com", ""])
def test_an_origin_that_is_none_starts_nothing(origin: str) -> None:
    with pytest.raises((UnsafeSettingsError, SettingsError)) as error:
        load(environment=GUARDED | {"SEKISHO_ORIGIN": origin})
    assert error.value.params == {"setting": "origin"}


@pytest.mark.parametrize(
    "change",
    [
        {"SEKISHO_DATABASE_URL": f"{ELSEWHERE}?sslmode=verify-full&passfile=/etc/sekisho/pgpass"},
        {"SEKISHO_DATABASE_URL": "postgresql://sekisho@127.0.0.1/x"},
        {"SEKISHO_VAULT_ADDRESS": "http://127.0.0.1:8200"},
        {"SEKISHO_FORWARD_URL": "syslog+tls://siem.example.com:6514"},
        {"SEKISHO_PROXY_ADDRESSES": "10.0.0.1, 10.1.0.0/16"},
        {"SEKISHO_FILE_SCANNER": "unix:/run/clamav/clamd.ctl"},
        {"SEKISHO_FILE_SCANNER": "tcp:[::1]:3310"},
    ],
)
def test_what_is_guarded_or_of_this_machine_starts(change: dict[str, str]) -> None:
    assert load(environment=GUARDED | change).mode is Mode.PRODUCTION


def test_production_starts_over_https_with_a_guarded_key_and_a_second_factor() -> None:
    assert load(environment=GUARDED).mode is Mode.PRODUCTION


def test_the_same_settings_are_fine_outside_production() -> None:
    for mode in (Mode.DEMO, Mode.DEVELOPMENT):
        settings = load(environment={"SEKISHO_MODE": mode.value, "SEKISHO_OFFICER_MFA": "no"})
        assert (settings.mode, settings.mail) == (mode, MailKind.FOLDER)


def test_settings_are_frozen_and_their_repr_says_the_mode_only() -> None:
    settings = load(environment={"SEKISHO_DATABASE_URL": "postgresql://u:secret@db/x"})
    assert repr(settings) == "Settings(mode=development)"
    assert "secret" not in f"{settings!r}"
    with pytest.raises(ValidationError):
        settings.port = 1


def test_every_setting_is_explained_in_both_languages() -> None:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        assert field.description, name
        assert isinstance(extra, dict), name
        assert extra["ja"], name
