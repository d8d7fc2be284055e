"""What an edition must say, by its class and the law; texts and comparisons."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.notices.errors import NoticeFormError
from consent.notices.reading import read_edition
from consent.notices.rules import compared, faults_of, shown_text
from consent.notices.types import Edition, Transfer, edition_of
from consent.types import ChangeClass, NoticeVersion
from governance.core.terms import Lang, Law, NoticeId, PurposeId
from policies.purposes import Basis, PurposeRecord
from policies.types import Label

DAY = date(2026, 12, 1)
WORDS = Label(ja="案内を送ります。", en="We send offers.")
ABROAD = Transfer(
    recipient=Label(ja="配信会社", en="A mailing company"),
    country="US",
    country_name=Label(ja="アメリカ合衆国", en="the United States"),
    system=Label(ja="包括的な法はありません。", en="No comprehensive act."),
    measures=Label(ja="契約で同等の措置を義務付けます。", en="Equal measures by contract."),
)
MAIL = PurposeRecord(
    id=PurposeId("mail"),
    label=Label(ja="配信", en="Mail"),
    basis={Law.APPI: Basis.CONSENT},
    categories=frozenset({"contact"}),
    recipients=("internal", "processor:*"),
    notice=NoticeId("marketing"),
)
BEFORE = NoticeVersion(
    notice=NoticeId("marketing"),
    version="3.1",
    published_on=date(2026, 4, 1),
    change=ChangeClass.EDITORIAL,
    text_hash="0" * 64,
    order=1,
)


def edition(**changes: object) -> Edition:
    made = Edition(
        notice=NoticeId("marketing"),
        version="4.0",
        effective_on=DAY,
        change=ChangeClass.MATERIAL,
        title=WORDS,
        body=WORDS,
        summary=WORDS,
        predecessor="3.1",
    )
    return replace(made, **changes)  # type: ignore[arg-type] # named by the test


def codes(given: Edition, *uses: PurposeRecord, before: Edition | None = None) -> set[str]:
    found = faults_of(given, [BEFORE], before, uses or (MAIL,), on=DAY)
    return {code for _, code in found}


def test_a_whole_edition_has_no_fault() -> None:
    assert codes(edition()) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"notice": "Marketing"}, "bad_id"),
        ({"version": "four"}, "bad_version"),
        ({"version": "3.1"}, "not_after"),
        ({"version": "3.0.9"}, "not_after"),
        ({"effective_on": date(2026, 11, 30)}, "in_the_past"),
        ({"body": Label(ja="あ", en=" ")}, "both_languages"),
        ({"body": Label(ja="あ" * 20_001, en="x")}, "too_long"),
        ({"predecessor": "3.0"}, "not_the_newest"),
        ({"predecessor": None}, "not_the_newest"),
        ({"change": ChangeClass.FIRST}, "not_the_first"),
        ({"change": ChangeClass.EDITORIAL, "recipient": WORDS}, "editorial_changes_nothing"),
        ({"change": ChangeClass.NEW_RECIPIENT}, "recipient_needed"),
        ({"recipient": WORDS}, "another_class"),
        ({"purposes": ("mail",)}, "relatedness_needed"),
        ({"purposes": ("other",), "relatedness": WORDS}, "purpose_of_another_notice"),
        ({"relatedness": WORDS}, "no_purpose_changes"),
        ({"transfers": (replace(ABROAD, country="usa"),)}, "bad_country"),
    ],
)
def test_each_lack_is_told(changes: dict[str, object], code: str) -> None:
    assert code in codes(edition(**changes))


def test_a_changed_purpose_with_its_relation_may_be_announced() -> None:
    assert codes(edition(purposes=("mail",), relatedness=WORDS)) == set()


def test_a_changed_purpose_is_never_a_new_recipient_alone() -> None:
    given = edition(
        change=ChangeClass.NEW_RECIPIENT, recipient=WORDS, purposes=("mail",), relatedness=WORDS
    )
    assert codes(given) == {"purpose_is_material"}


def test_an_editorial_version_keeps_what_is_told_of_abroad() -> None:
    before = edition(version="3.1", transfers=(ABROAD,))
    given = edition(change=ChangeClass.EDITORIAL)
    assert codes(given, before=before) == {"editorial_changes_nothing"}


def test_a_country_abroad_is_told_of() -> None:
    to_us = replace(MAIL, countries=frozenset({"JP", "US"}))
    assert codes(edition(), to_us) == {"country_not_told"}
    assert codes(edition(transfers=(ABROAD,)), to_us) == set()


def test_the_union_and_the_company_itself_need_no_telling() -> None:
    to_ireland = replace(MAIL, countries=frozenset({"JP", "IE", "GB"}))
    inside = replace(MAIL, countries=frozenset({"US"}), recipients=("internal",))
    assert codes(edition(), to_ireland, inside) == set()


def test_a_purpose_to_any_country_says_why_none_is_named() -> None:
    anywhere = replace(MAIL, countries=frozenset({"*"}))
    assert codes(edition(), anywhere) == {"any_country_not_told"}
    assert codes(edition(transfers=(replace(ABROAD, country=None),)), anywhere) == set()


def test_the_first_version_of_a_notice_has_no_predecessor() -> None:
    given = edition(change=ChangeClass.FIRST, predecessor=None, version="1.0")
    assert faults_of(given, [], None, [MAIL], on=DAY) == ()
    assert ("change", "is_the_first") in faults_of(edition(), [], None, [MAIL], on=DAY)


def test_the_text_tells_of_abroad_and_continues_the_history() -> None:
    shown = shown_text(
        edition(transfers=(ABROAD,)), "題\n\n本文\n\n1.0 (2019-04-01): 初版", Lang.JA
    )
    assert "アメリカ合衆国" in shown
    assert shown.endswith("1.0 (2019-04-01): 初版\n4.0 (2026-12-01): 案内を送ります。")


def test_a_comparison_marks_what_went_and_what_came() -> None:
    marks = compared("送ります。消します。", "送ります。残します。")
    assert marks == ((" ", "送ります。"), ("-", "消します。"), ("+", "残します。"))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=50)
@given(TEXT, TEXT)
def test_a_comparison_loses_no_sentence(old: str, new: str) -> None:
    lines = compared(old, new)
    assert [w for mark, w in lines if mark != "+"] == [w for _, w in compared(old, old)]
    assert [w for mark, w in lines if mark != "-"] == [w for _, w in compared(new, new)]


LABELS = st.builds(Label, ja=TEXT, en=TEXT)


@settings(max_examples=50)
@given(LABELS, LABELS, st.sampled_from(ChangeClass))
def test_an_edition_is_the_same_after_storage(
    title: Label, body: Label, change: ChangeClass
) -> None:
    made = edition(title=title, body=body, change=change, transfers=(ABROAD,), purposes=("mail",))
    assert edition_of(made.as_json()) == made
    assert edition_of(made.as_json()).digest == made.digest


ENGLISH = """
schema: sekisho-notice/1
notice: marketing
version: '4.0'
effective_on: 2026-12-01
change: new_recipient
title: {ja: 案内, en: Offers}
body: {ja: 送ります。, en: We send them.}
summary: {ja: 提供先を加えました。, en: A recipient was added.}
predecessor: '3.1'
recipient: {ja: 架空配送, en: Kakuu Haiso}
"""
JAPANESE = """
様式: sekisho-notice/1
通知文: marketing
版: '4.0'
施行日: 2026-12-01
変更区分: 提供先の追加
標題: {ja: 案内, en: Offers}
本文: {ja: 送ります。, en: We send them.}
変更点: {ja: 提供先を加えました。, en: A recipient was added.}
前の版: '3.1'
新しい提供先: {ja: 架空配送, en: Kakuu Haiso}
"""


def test_a_document_reads_the_same_with_japanese_keys() -> None:
    assert read_edition(ENGLISH) == read_edition(JAPANESE)


@pytest.mark.parametrize(
    "broken",
    [
        ENGLISH.replace("sekisho-notice/1", "sekisho-notice/2"),
        ENGLISH.replace("new_recipient", "big"),
        ENGLISH + "extra: 1\n",
        ENGLISH.replace("version: '4.0'\n", ""),
        ENGLISH.replace("2026-12-01", "soon"),
        "- a list",
        "a: [",
        "notice: 1\nnotice: 2",
    ],
)
def test_a_document_of_another_form_is_refused_by_its_place(broken: str) -> None:
    with pytest.raises(NoticeFormError) as caught:
        read_edition(broken)
    assert caught.value.params["path"]
