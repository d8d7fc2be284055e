"""A policy folder is read strictly; every fault names file, line, path and what is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from governance.core.terms import Lang, Law
from policies.document import PolicySet
from policies.load import PolicyRefusedError, load_folder, load_sources
from policies.masking import MaskMethod
from policies.purposes import Basis, Minors
from policies.types import Effect

Load = Callable[[str], PolicySet]

FAULTS = [
    ("allow: [support], to: read", "Allow: [support], to: read", "unknown_key"),
    ('deny: ["*"]', 'Deny: ["*"]', "unknown_key"),
    ("expect: permit, by: R-1", "expect: Permit, by: R-1", "unknown_word"),
    (
        "to: read, on: person, fields: [name]",
        "to: Read, on: person, fields: [name]",
        "unknown_word",
    ),
    ("allow: [support], to: read", "allow: [suport], to: read", "unknown_role"),
    ("allow: [support], to: read", "allow: [], to: read", "empty_list"),
    ("allow: [support], to: read", "allow: [support], deny: [staff], to: read", "allow_or_deny"),
    ("fields: [name], for: [help]", "fields: [nam], for: [help]", "pattern_without_field"),
    ("fields: [name], for: [help]", "fields: [name], for: [halp]", "unknown_purpose"),
    ("fields: [name], for: [help]", 'fields: [name], for: [""]', "empty_word"),
    (
        "fields: [name], for: [help]",
        "fields: [name], except: [name], for: [help]",
        "rule_without_field",
    ),
    ("method: partial", "method: hash", "unknown_word"),
    ("keep: 4", "keep: 40", "not_a_number"),
    ("mask: {fields: [phone]", "mask: {fields: [memo]", "mask_outside_rule"),
    ("{log: normal}", "log", "obligation_needs_more"),
    ("{log: normal}", "{purpose_tag: yes}", "obligation_takes_nothing"),
    ("{log: normal}", "{log: normal, rate: 3}", "one_obligation"),
    ("{log: normal}", "shred", "unknown_word"),
    ("because: 対応のため / To help", "because: 対応のため", "label_in_both"),
    (
        "because: 機微 / Sensitive}",
        "because: 機微 / S, obligations: [purpose_tag]}",
        "deny_with_obligation",
    ),
    (
        "because: 機微 / Sensitive}",
        'because: 機微 / S, when: ["resource.x == subject.id"]}',
        "unknown_attribute",
    ),
    ("because: 機微 / Sensitive}", 'because: 機微 / S, when: ["1 == 1"]}', "bad_condition"),
    ("- {id: R-2,", "- {id: R-1,", "defined_twice"),
    ("gdpr: contract", "gdpr: within_purpose", "basis_not_of_law"),
    ("gdpr: contract", "GDPR: contract", "unknown_key"),
    ("notice: offers@1", "notice: offers", "bad_notice"),
    ("notice: offers@1", "notice: offers@1, expires: soon", "bad_period"),
    ("notice: offers@1", "notice: offers@1, recipients: [everyone]", "bad_recipient"),
    ("notice: offers@1", "notice: offers@1, countries: [Japan]", "bad_country"),
    ("notice: offers@1", "notice: offers@1, code: P50", "code_twice"),
    ("categories: [name, contact],", "categories: [name, health],", "unknown_category"),
    ('inherits: [staff], may: ["person:read"]', "inherits: [support]", "role_inherits_itself"),
    ('inherits: [staff], may: ["person:read"]', "inherits: [boss]", "unknown_role"),
    (
        'inherits: [staff], may: ["person:read"]',
        "kind: system, inherits: [staff]",
        "role_kind_differs",
    ),
    ('may: ["console:open"]', 'may: ["console:close"]', "unknown_word"),
    ("officer: {label: 管理者 / Officer", "officer: {label: 職員 / Officer", "label_twice"),
    ("  officer:", "  support:", "duplicate_key"),
    ("  offers: {label", "  r:offers: {label", "bad_name"),
    ("  offers: {label", "  route: {label", "bad_name"),
    ('version: "1"', 'version: ""', "empty_word"),
    ('version: "1"\n', "", "missing_section"),
    ("for: help, expect: permit, by: R-1", "expect: permit, by: R-1", "on_and_for"),
]


@pytest.mark.parametrize(("before", "after", "code"), FAULTS)
def test_fault_is_refused_with_its_code_and_place(
    load: Load, small: str, before: str, after: str, code: str
) -> None:
    assert before in small
    with pytest.raises(PolicyRefusedError) as caught:
        load(small.replace(before, after, 1))
    assert code in {fault.code for fault in caught.value.faults}
    for fault in caught.value.faults:
        assert fault.place.file in {"policy.yaml", "./"}
        assert fault.place.line >= 1


def test_fault_names_the_line(load: Load, small: str) -> None:
    with pytest.raises(PolicyRefusedError) as caught:
        load(small.replace("method: partial", "method: hash"))
    (fault,) = caught.value.faults
    assert "method: partial" in small.splitlines()[fault.place.line - 1]
    assert fault.place.path == "/rules/1/obligations/0/mask/method"
    for sentence in caught.value.sentences(Lang.JA) + caught.value.sentences(Lang.EN):
        assert "policy.yaml" in sentence
        assert "hash" in sentence


def test_all_faults_of_a_folder_are_told_at_once(load: Load, small: str) -> None:
    broken = small.replace("method: partial", "method: hash").replace("[name], for", "[nam], for")
    with pytest.raises(PolicyRefusedError) as caught:
        load(broken)
    assert len(caught.value.faults) == 2


def test_japanese_words_mean_the_same(load: Load, small: str) -> None:
    pairs = [
        ("rules:", "規則:"),
        ("purposes:", "利用目的:"),
        ("roles:", "役割:"),
        ("tests:", "試験:"),
        ("allow: [support], to: read", "許可: [サポート], 行為: 閲覧"),
        ("deny:", "禁止:"),
        ("because:", "理由:"),
        ("method: partial", "方法: 一部"),
        ("appi: consent", "appi: 同意"),
        ("expect: deny", "結果: 拒否"),
        ("for: [help]", "目的: [対応]"),
        ("fields: [name], 目的", "項目: [氏名], 目的"),
        ("on: person", "対象: person"),
    ]
    japanese = small
    for english, word in pairs:
        assert english in japanese
        japanese = japanese.replace(english, word)
    ours, theirs = load(small), load(japanese)
    assert ours.rules == theirs.rules
    assert ours.tests == theirs.tests
    assert ours.purposes == theirs.purposes


def test_key_in_both_languages_is_a_duplicate(load: Load, small: str) -> None:
    with pytest.raises(PolicyRefusedError) as caught:
        load(
            small.replace(
                "to: read, on: person, fields: [name]",
                "to: read, 行為: read, on: person, fields: [name]",
            )
        )
    assert caught.value.faults[0].code == "duplicate_key"


def test_values_are_read_as_written(load: Load, small: str) -> None:
    policy = load(small)
    rule = policy.rules[1]
    assert rule.effect is Effect.ALLOW
    assert rule.fields == ("person.phone", "person.email")
    assert rule.obligations[0].masking is not None
    assert rule.obligations[0].masking.method is MaskMethod.PARTIAL
    assert rule.obligations[0].fields == ("person.phone",)
    offers = policy.purposes[1]
    assert offers.basis[Law.GDPR] is Basis.CONSENT
    assert (offers.notice, offers.notice_version) == ("offers", "1")
    assert offers.minors is Minors.GUARDIAN
    assert policy.rules[3].fields == ("person.memo",)
    assert policy.rules[3].purposes == ("offers",)


def test_sections_may_stand_in_several_files(small: str) -> None:
    terms, rules = small.split("rules:", 1)
    policy = load_sources({"a.yaml": terms, "b.yaml": "rules:" + rules})
    assert policy.places["rules/R-1"].file == "b.yaml"


def test_resource_without_fields_is_one_whole(load: Load, small: str) -> None:
    todo = "  todo: {label: 予定 / Todo, actions: [can_read, can_delete], attributes: [ownerID]}\n"
    policy = load(small.replace("roles:\n", todo + "roles:\n", 1))
    assert policy.resources[1].fields[0].id == "todo.record"
    assert policy.resources[1].actions == ("can_read", "can_delete")


def test_folder_is_read_with_its_files_only(tmp_path: Path, small: str) -> None:
    (tmp_path / "policy.yaml").write_text("\ufeff" + small, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a policy", encoding="utf-8")
    assert load_folder(tmp_path).version == "1"


@pytest.mark.parametrize(("content", "code"), [(None, "folder_empty"), (b"\x83\x65", "not_utf8")])
def test_unusable_folder_is_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / "policy.yaml").write_bytes(content)
    with pytest.raises(PolicyRefusedError) as caught:
        load_folder(tmp_path)
    assert caught.value.faults[0].code == code


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyRefusedError) as caught:
        load_folder(tmp_path / "absent")
    assert caught.value.faults[0].code == "folder_missing"


def test_inheritance_deeper_than_casbin_follows_is_refused(load: Load, small: str) -> None:
    chain = "".join(
        f"  r{n}: {{label: 段{n} / Step {n}, inherits: [r{n - 1}]}}\n" for n in range(1, 11)
    )
    with pytest.raises(PolicyRefusedError) as caught:
        load(small.replace("roles:\n", "roles:\n  r0: {label: 段0 / Step 0}\n" + chain, 1))
    assert {fault.code for fault in caught.value.faults} == {"inheritance_too_deep"}
