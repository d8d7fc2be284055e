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
    load,
)

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
    [("port", "eighty"), ("mode", "Production"), ("key_provider", "usb"), ("officer_mfa", "maybe")],
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


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"SEKISHO_ORIGIN": "http://privacy.example.com"}, "origin"),
        ({"SEKISHO_ORIGIN": "privacy.example.com"}, "origin"),
        ({"SEKISHO_ORIGIN": ""}, "origin"),
        ({}, "key_passphrase_file"),
        ({"SEKISHO_KEY_PROVIDER": "environment"}, "key_provider"),
        (
            {"SEKISHO_KEY_PASSPHRASE_FILE": "/x", "SEKISHO_OFFICER_MFA": "false"},
            "officer_mfa",
        ),
    ],
)
def test_production_refuses_what_is_not_safe(change: dict[str, str], setting: str) -> None:
    with pytest.raises(UnsafeSettingsError) as error:
        load(environment=SAFE | change)
    assert error.value.params == {"setting": setting}
    assert error.value.exit_code == 3


def test_production_starts_over_https_with_a_guarded_key_and_a_second_factor() -> None:
    guarded = {"SEKISHO_KEY_PASSPHRASE_FILE": "/x", "SEKISHO_OFFICER_MFA": "true"}
    assert load(environment=SAFE | guarded).mode is Mode.PRODUCTION


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
