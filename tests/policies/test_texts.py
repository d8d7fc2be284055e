"""Every code that a person can meet has a Japanese and an English sentence."""

import re
from enum import StrEnum

import pytest

from governance.core.errors import GovernanceError, domain_of
from governance.core.terms import Lang, Treatment
from governance.i18n.catalogue import domain, text
from policies.actions import Action, action_label
from policies.check import FindingCode, Severity
from policies.masking import MaskMethod
from policies.purposes import Basis, Channel, Minors, Provision
from policies.reasons import Audience, ReasonCode, hidden, reason_text
from policies.types import ObligationKind, Outcome, RoleKind, Verb

GROUPS: dict[str, type[StrEnum]] = {
    "finding": FindingCode,
    "severity": Severity,
    "mask": MaskMethod,
    "basis": Basis,
    "channel": Channel,
    "minors": Minors,
    "provision": Provision,
    "obligation": ObligationKind,
    "outcome": Outcome,
    "role_kind": RoleKind,
    "verb": Verb,
    "treatment": Treatment,
}
KANA = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.mark.parametrize("lang", Lang)
def test_every_action_has_a_label(lang: Lang) -> None:
    assert len({action_label(action, lang) for action in Action}) == len(Action)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_three_texts_in_both_languages(code: ReasonCode) -> None:
    for audience in Audience:
        assert KANA.search(reason_text(code, audience, Lang.JA))
        assert not KANA.search(reason_text(code, audience, Lang.EN))


@pytest.mark.parametrize("code", ReasonCode)
def test_text_for_the_person_names_no_rule_and_no_article(code: ReasonCode) -> None:
    for lang in Lang:
        assert not re.search(
            r"規則|\brule|[A-Z]-\d|条|Art\.", reason_text(code, Audience.PERSON, lang)
        )


@pytest.mark.parametrize("group", GROUPS)
def test_every_word_of_a_closed_list_has_a_label(group: str) -> None:
    for lang in Lang:
        for word in GROUPS[group]:
            assert text(f"policies.{group}.{word.value}", lang)


def test_both_languages_hold_the_same_keys_and_placeholders() -> None:
    japanese, english = domain("policies", Lang.JA), domain("policies", Lang.EN)
    assert japanese.keys() == english.keys()
    for key, sentence in japanese.items():
        assert set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", english[key])), key


def test_every_error_has_a_sentence() -> None:
    ours = [
        error
        for error in GovernanceError.registry.values()
        if error.__module__.startswith("policies.") and "policies.law" not in error.__module__
    ]
    for error in ours:
        key = f"{domain_of(error.__module__)}.error.{error.code}"
        assert domain("policies", Lang.JA)[key]


def test_reasons_about_a_person_are_hidden_without_the_grant() -> None:
    for code in ReasonCode:
        about_person = code.value.startswith("denied.subject")
        assert hidden(code) is (ReasonCode.SUBJECT if about_person else code)


def test_codes_are_of_the_closed_families() -> None:
    families = ("permit", "denied.actor.", "denied.purpose.", "denied.subject", "unavailable.")
    assert all(code.value.startswith(families) for code in ReasonCode)
