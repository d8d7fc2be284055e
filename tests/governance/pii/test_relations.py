"""Relatives: a word of kinship right before a name, or in a bracket after it."""

import pytest

from governance.pii.engine import Analyzer
from governance.pii.relations import related
from governance.pii.types import Entity, Reason, Role, SensitiveKind, Span


def role_of(text: str, name: str, role: Role = Role.UNKNOWN) -> Role:
    start = text.index(name)
    span = Span(
        start=start,
        end=start + len(name),
        entity=Entity.PERSON,
        score=0.9,
        reason=Reason.HONORIFIC,
        role=role,
    )
    return related(text, (span,))[0].role


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("妻の花子が電話しました", "花子"),
        ("配偶者：架空花子", "架空花子"),
        ("長女・美咲さんの学校", "美咲"),
        ("義母 架空ハナ様は施設です", "架空ハナ"),
        ("娘さんの架空由美さん", "架空由美"),
        ("同居人の架空次郎", "架空次郎"),
        ("架空一郎（父）", "架空一郎"),
        ("架空みき様（続柄：次女）", "架空みき"),
        ("Called by his mother Jane Doe.", "Jane Doe"),
        ("my daughter, Ann Doe, asked", "Ann Doe"),
        ("Spouse: Mr. John Doe", "John Doe"),
        ("Tom Doe (son)", "Tom Doe"),
    ],
)
def test_word_of_kinship_beside_a_name_makes_a_relative(text: str, name: str) -> None:
    assert role_of(text, name) is Role.FAMILY


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("架空和夫、架空一郎", "架空一郎"),  # the end of a given name
        ("大丈夫、架空さんに伝えました", "架空"),
        ("神父の架空さん", "架空"),
        ("息子の友人の架空さん", "架空"),
        ("妻が架空さんに会った", "架空"),
        ("the grandson's friend Jane Doe", "Jane Doe"),
        ("person Jane Doe", "Jane Doe"),  # ends like son
        ("Jane Doe (sonar unit)", "Jane Doe"),
    ],
)
def test_kinship_elsewhere_makes_no_relative(text: str, name: str) -> None:
    assert role_of(text, name) is Role.UNKNOWN


def test_label_of_a_relative_is_not_the_person_asking() -> None:
    assert role_of("配偶者：架空花子", "架空花子", Role.SELF) is Role.FAMILY


@pytest.mark.parametrize("label", ["紹介者", "代理人", "相手方", "出席者", "お届け先", "差出人"])
def test_label_of_anybody_claims_nobody_for_the_person_asking(
    analyzer: Analyzer, label: str
) -> None:
    found = analyzer.analyze(f"{label}：佐藤花子")
    assert [span.role for span in found] == [Role.UNKNOWN]


def test_staff_stays_staff() -> None:
    assert role_of("妻の架空さん", "架空", Role.STAFF) is Role.STAFF


def test_analysis_tells_relatives_from_other_third_persons(analyzer: Analyzer) -> None:
    text = "妻の花子さんと友人の佐藤太郎さんが来店。"
    found = {text[s.start : s.end]: s.role for s in analyzer.analyze(text)}
    assert found == {"花子": Role.FAMILY, "佐藤太郎": Role.THIRD}


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("母が糖尿病です", Role.FAMILY),
        ("同僚が糖尿病です", Role.THIRD),
        ("糖尿病です", Role.SELF),
    ],
)
def test_mention_of_an_illness_says_whose_it_is(analyzer: Analyzer, text: str, role: Role) -> None:
    found = [s for s in analyzer.analyze(text) if s.kind is SensitiveKind.MEDICAL_HISTORY]
    assert found
    assert {span.role for span in found} == {role}
