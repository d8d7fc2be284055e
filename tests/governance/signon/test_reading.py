"""The file of providers: what is unsafe or wrong stops the start, and says where."""

from pathlib import Path

import pytest

from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.signon.errors import ProviderUnknownError, SignOnFileError
from governance.signon.reading import provider_of, providers_of, require_providers

GOOD = """
providers:
  - id: one
    label: {ja: 一, en: One}
    for: staff
    issuer: https://id.example.com/tenant
    client_id: sekisho
    client_secret: file:/etc/sekisho/one.secret
    roles: {privacy: [privacy_officer]}
    second_factor: {amr: [mfa]}
"""


def settings(tmp_path: Path, text: str, **more: object) -> Settings:
    file = tmp_path / "providers.yaml"
    file.write_text(text, encoding="utf-8")
    return Settings.model_validate({"sign_on_file": file, **more})


def refused(found: Settings) -> str:
    with pytest.raises(SignOnFileError) as caught:
        providers_of(found)
    return str(caught.value.params["reason"])


def test_a_good_file_names_its_providers(tmp_path: Path) -> None:
    found = settings(tmp_path, GOOD, mode=Mode.PRODUCTION)
    assert provider_of(found, "one").roles_for(frozenset({"privacy", "x"})) == {"privacy_officer"}
    with pytest.raises(ProviderUnknownError):
        provider_of(found, "two")
    assert "one.secret" not in repr(provider_of(found, "one"))
    assert providers_of(Settings()) == {}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("https://id.example.com/tenant", "http://id.example.com", "issuer"),
        ("https://id.example.com/tenant", "http://127.0.0.1:9", "issuer"),
        ("https://id.example.com/tenant", "https://id.example.com/?a=b", "issuer"),
        ("https://id.example.com/tenant", "https://user@id.example.com/", "issuer"),
        ("    second_factor: {amr: [mfa]}\n", "", "second_factor"),
        ("{amr: [mfa]}", "{amr: []}", "one.second_factor"),
        ("{amr: [mfa]}", "{amr: [mfa], enforced: true}", "one.second_factor"),
        ("file:/etc/sekisho/one.secret", "the secret itself", "providers.0.client_secret"),
        ("client_secret: file:/etc/sekisho/one.secret", "scopes: [openid]", "one.client_secret"),
        ("client_id: sekisho", "client_id: sekisho\n    algorithms: [none]", "one.algorithms"),
        ("client_id: sekisho", "client_id: sekisho\n    algorithms: [HS256]", "one.algorithms"),
        ("client_id: sekisho", "client_id: sekisho\n    scopes: [profile]", "one.label_or_scopes"),
        ("client_id: sekisho", "client_id: sekisho\n    networks: [x]", "one.networks"),
        ("client_id: sekisho", "client_id: sekisho\n    surprise: 1", "providers.0.surprise"),
        ("for: staff", "for: customers", "one.match"),
        ("for: staff", "for: customers\n    match: customer_number", "one.customer_claim"),
        ("for: staff", "for: staff\n    customer_claim: sub", "one.customer_claim"),
        ("id: one", "id: ../one", "providers.0.id"),
        ("{ja: 一, en: One}", "{ja: 一}", "one.label_or_scopes"),
        ("providers:", "providers: [", "ParserError"),
    ],
)
def test_what_is_unsafe_stops_the_start(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    assert refused(settings(tmp_path, text, mode=Mode.PRODUCTION)) == reason


def test_a_second_factor_that_the_company_demands_there_is_said_by_hand(tmp_path: Path) -> None:
    text = GOOD.replace("{amr: [mfa]}", "{enforced: true}")
    found = provider_of(settings(tmp_path, text, mode=Mode.PRODUCTION), "one")
    assert found.second_factor is not None
    assert found.second_factor.enforced


def test_two_of_one_name_and_no_file_are_refused(tmp_path: Path) -> None:
    entry = GOOD.partition("providers:\n")[2]
    assert refused(settings(tmp_path, GOOD + entry)) == "id"
    assert refused(Settings(sign_on_file=tmp_path / "none.yaml")) == "FileNotFoundError"


def test_without_the_local_way_there_must_be_another(tmp_path: Path) -> None:
    require_providers(settings(tmp_path, GOOD, local_sign_in=False))
    with pytest.raises(SignOnFileError):
        require_providers(Settings(local_sign_in=False))
