"""Moving an installation between key providers by the command line, and what doctor says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.doctor import provider_finding
from governance.app.key_providers import KeySettingMissingError, provider_of
from governance.app.wiring import Wiring
from governance.core.clock import JST, utc_now
from governance.core.setting_kinds import KeyProviderKind, Mode
from governance.core.settings import Settings, UnsafeSettingsError
from governance.core.settings_reading import load, refuse_unsafe
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.keys.epochs import roll
from tests.governance.cli.line import Line
from tests.governance.crypto.providers.vault_fake import Server
from tests.installation import customer, register, subjects, write_file


def private(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    for name in list(os.environ):
        if name.startswith("SEKISHO_"):
            monkeypatch.delenv(name)
    made = Line(folder=tmp_path / "data")
    made.found()
    made.hire("kacho", "data_manager")
    path = write_file(tmp_path, register([customer(1), customer(2)]))
    made.done("import", str(path), by="kacho")
    return made


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Server]:
    server = Server()
    server.vault.token = "s.example"
    private(tmp_path / "token", "s.example\n")
    yield server
    server.close()


@pytest.fixture
def moved(line: Line, monkeypatch: pytest.MonkeyPatch, vault: Server, tmp_path: Path) -> None:
    """The settings name Vault now, and the folder of files before it."""
    for name, value in (
        ("KEY_PROVIDER", "vault"),
        ("KEY_PROVIDER_PREVIOUS", "file"),
        ("VAULT_ADDRESS", vault.address),
        ("VAULT_TOKEN_FILE", str(tmp_path / "token")),
        ("KEY_TIMEOUT_SECONDS", "0.5"),
    ):
        monkeypatch.setenv(f"SEKISHO_{name}", value)


def finding(line: Line, check: str) -> dict[str, str]:
    said = line.run("doctor")
    return next(item for item in said.value if item["check"] == check)


def today() -> date:
    return utc_now().astimezone(JST).date()


@pytest.mark.usefixtures("moved")
def test_an_installation_moves_to_vault_and_the_old_files_end(
    line: Line, vault: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = line.done("keys", "provider", by="hanako")
    assert (told["provider"], told["previous"]) == ("vault", "file")
    assert told["previous_epochs"] == [today().isoformat()]
    assert line.done("keys", "move", by="jiro")["moved"] is True
    assert line.done("keys", "move", by="jiro")["moved"] is False
    assert list(vault.vault.keys) == [f"sekisho-{today()}"]
    assert line.done("keys", "status", by="hanako")["provider"] == "vault"
    assert "移行中" in finding(line, "provider")["text"]
    wiring = Wiring.open(load(environment=os.environ, overrides={"data_dir": line.folder}))
    with wiring.database.read() as tx:
        events = select(EVENTS.c.object_type, EVENTS.c.object_id)
        rows = tx.execute(events.where(EVENTS.c.action == "key.rotated")).all()
    assert ("key_provider", "vault") in [tuple(row) for row in rows]
    for number in range(1, 9):
        roll(wiring.vault.ring, day=today() + timedelta(days=number), keep_days=7)
    assert len(subjects(wiring)) == 2
    wiring.close()
    assert list((tmp_path / "data" / "keys" / "epochs").glob("*.key")) == []
    assert "消せます" in finding(line, "provider")["text"]
    monkeypatch.delenv("SEKISHO_KEY_PROVIDER_PREVIOUS")
    assert finding(line, "provider")["state"] == "good"
    assert line.done("keys", "provider", by="hanako")["previous"] is None


@pytest.mark.usefixtures("moved")
def test_a_move_without_the_one_before_says_what_to_set(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEKISHO_KEY_PROVIDER_PREVIOUS")
    said = line.run("keys", "status", by="hanako")
    assert (said.code, said.refusal) == (3, "epoch_elsewhere")
    said = line.run("keys", "status", by="hanako", as_json=False)
    assert "key_provider_previous" in said.err


@pytest.mark.usefixtures("moved")
def test_doctor_says_what_to_do_about_a_silent_vault(line: Line, vault: Server) -> None:
    line.done("keys", "move", by="jiro")
    vault.vault.sealed = True
    said = line.run("doctor", as_json=False)
    assert said.code == 1
    assert "unsealed" in " ".join(said.out.split())
    (only,) = line.run("doctor").value
    assert (only["check"], only["state"]) == ("provider", "bad")
    vault.vault.sealed = False
    vault.vault.token = "another"
    assert "key_provider_refused" in finding(line, "provider")["text"]


def test_doctor_names_the_provider_that_answers(line: Line) -> None:
    assert finding(line, "provider") == {
        "check": "provider",
        "state": "good",
        "text": text("cli.doctor.provider_good", Lang.JA, reason="file"),
    }
    told = line.done("keys", "provider", by="hanako")
    assert (told["answers"], told["destroys"], told["ends_after_days"]) == (True, True, 0)


def test_moving_nowhere_changes_nothing(line: Line) -> None:
    first = line.done("keys", "move", by="jiro")
    assert first["provider"] == "file"
    assert line.done("keys", "move", by="jiro")["moved"] is False


def test_only_who_may_rotate_may_move(line: Line) -> None:
    for words in (("keys", "move"), ("keys", "passphrase", "--new-file", "/nonexistent")):
        assert line.refused(*words, by="kacho") == "action_forbidden"


def test_the_passphrase_is_set_and_changed(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, new = private(tmp_path / "kept", "first"), private(tmp_path / "new", "second\n")
    told = line.done("keys", "passphrase", "--new-file", str(kept), by="jiro")
    assert told == {"changed": 1, "file": str(kept)}
    assert line.refused("keys", "status", by="hanako") == "key_passphrase"
    monkeypatch.setenv("SEKISHO_KEY_PASSPHRASE_FILE", str(kept))
    told = line.done("keys", "passphrase", "--new-file", str(new), by="jiro")
    assert told == {"changed": 1, "file": str(kept)}
    assert kept.read_text() == "second"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert line.done("keys", "status", by="hanako")["provider"] == "file"
    assert line.done("keys", "passphrase", "--new-file", str(new), by="jiro")["changed"] == 0
    new.chmod(0o644)
    assert line.refused("keys", "passphrase", "--new-file", str(new), by="jiro") == (
        "secret_permission"
    )
    assert kept.read_text() == "second"


@pytest.mark.usefixtures("moved")
def test_other_providers_have_no_passphrase(line: Line, tmp_path: Path) -> None:
    new = private(tmp_path / "new", "x")
    said = line.run("keys", "passphrase", "--new-file", str(new), by="jiro")
    assert (said.code, said.refusal) == (2, "no_passphrase")


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        (KeyProviderKind.VAULT, "vault_address"),
        (KeyProviderKind.AWS_KMS, "kms_key_id"),
        (KeyProviderKind.PKCS11, "pkcs11_module"),
    ],
)
def test_a_provider_without_its_settings_names_the_first_missing(
    tmp_path: Path, kind: KeyProviderKind, setting: str
) -> None:
    settings = Settings(data_dir=tmp_path, key_provider=kind)
    with pytest.raises(KeySettingMissingError) as caught:
        provider_of(settings)
    assert caught.value.params == {"setting": setting}
    found = provider_finding(settings)
    assert (found.state, found.params["reason"]) == ("bad", "key_setting_missing")
    for lang in Lang:
        assert "key_setting_missing" in text(f"cli.{found.key}", lang, **found.params)


def test_every_provider_has_advice_in_both_languages() -> None:
    for kind in KeyProviderKind:
        for lang in Lang:
            assert text(f"cli.doctor.provider_bad_{kind.value}", lang, reason="x")


def test_a_provider_of_variables_is_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEKISHO_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    settings = Settings(data_dir=tmp_path, key_provider=KeyProviderKind.ENVIRONMENT)
    assert provider_finding(settings).state == "attention"
    monkeypatch.setenv("SEKISHO_KEK", "weak")
    assert provider_finding(settings).state == "bad"


def test_the_lease_is_a_setting(tmp_path: Path) -> None:
    settings = load(
        environment={"SEKISHO_KEY_ANSWER_MINUTES": "3"}, overrides={"data_dir": tmp_path}
    )
    assert provider_of(settings).lease == timedelta(minutes=3)
    for wrong in ("0", "1441", "x"):
        with pytest.raises(Exception, match="settings_invalid"):
            load(environment={"SEKISHO_KEY_ANSWER_MINUTES": wrong})


@pytest.mark.parametrize(
    "kind", [KeyProviderKind.VAULT, KeyProviderKind.AWS_KMS, KeyProviderKind.PKCS11]
)
def test_production_takes_every_provider_that_can_destroy(kind: KeyProviderKind) -> None:
    safe = Settings(
        mode=Mode.PRODUCTION,
        origin="https://x.example.com",
        officer_mfa=True,
        file_scanner="none",
        key_provider=kind,
    )
    refuse_unsafe(safe)
    with pytest.raises(UnsafeSettingsError):
        refuse_unsafe(safe.model_copy(update={"kms_endpoint": "http://kms.example.com"}))
    with pytest.raises(UnsafeSettingsError):
        refuse_unsafe(safe.model_copy(update={"key_provider": KeyProviderKind.ENVIRONMENT}))
    with pytest.raises(UnsafeSettingsError):
        refuse_unsafe(safe.model_copy(update={"key_provider": KeyProviderKind.FILE}))


def test_no_optional_library_is_loaded_until_its_provider_is_chosen() -> None:
    words = "import governance.app.wiring, sys; print(sorted({'boto3', 'pkcs11'} & {*sys.modules}))"
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
