"""Every letter of both machines exists in both languages and names what the law demands."""

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.case import WithheldItem
from dsar.correspondence.articles import articles
from dsar.correspondence.editions import shipped_text
from dsar.correspondence.errors import LetterPartError, LetterSlotError, LetterTextError
from dsar.correspondence.facts import About, facts_of, remedies
from dsar.correspondence.rules import (
    BLANKS,
    REMEDIES,
    checked,
    filled,
    has_blank,
    slots_in,
    template_of,
)
from dsar.correspondence.types import (
    ALWAYS,
    ANSWERS,
    FREE,
    MAY,
    MUST,
    NAMING,
    OF,
    OF_NOBODY,
    REVIEWED,
    Slot,
    Source,
    Template,
)
from dsar.machine import tables
from dsar.types import LAW_OF, Ground, Letter, Outcome, RequestKind
from governance.core.controller import Controller
from governance.core.terms import FieldId, Lang, Law
from policies.law.load import shipped
from tests.dsar.cases import DENIED, GRANTED, NOW, case_of

T, S, K = Template, Slot, RequestKind
BOTH = case_of(K.DISCLOSURE, K.ACCESS)
# law.md 8.1, 8.2: what each notice must tell, by article
DEMANDED = {
    T.IDENTITY_ASKED: ({S.NEED, S.ARTICLES}, set()),
    T.SCOPE_ASKED: ({S.ARTICLES}, set()),
    T.FEE_QUOTED: ({S.FEE}, {"38"}),
    T.EXTENDED: ({S.REASON, S.DUE, S.REMEDIES}, {"12"}),
    T.REFUSED: ({S.GROUNDS, S.REMEDIES, S.ARTICLES}, set()),
    T.NOT_HELD: ({S.GROUNDS, S.REMEDIES, S.ARTICLES}, set()),
    T.PARTIAL: ({S.GROUNDS, S.WITHHELD, S.REMEDIES, S.ARTICLES}, set()),
    T.CORRECTED: ({S.DONE, S.GROUNDS, S.ARTICLES}, set()),
    T.STOPPED: ({S.DONE, S.GROUNDS, S.ARTICLES}, set()),
    T.STOPPED_PARTLY: ({S.DONE, S.GROUNDS, S.WITHHELD, S.REMEDIES, S.ARTICLES}, set()),
    T.ALTERNATIVE: ({S.GROUNDS, S.REMEDIES}, {"35", "36"}),
    T.METHOD_IMPOSSIBLE: ({S.REMEDIES}, {"33"}),
    T.RESTRICTION_ENDS: ({S.DUE}, {"18"}),
    T.RECIPIENTS: ({S.RECIPIENTS}, {"19"}),
    T.INCOMPLETE: ({S.GROUNDS, S.REMEDIES}, set()),
    T.COMPLAINT_ANSWERED: ({S.OUTCOME, S.REMEDIES}, {"40"}),
}


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("template", list(Template))
def test_each_text_is_complete_and_names_what_the_law_demands(
    template: Template, lang: Lang
) -> None:
    source = shipped_text(template, lang)
    assert checked(template, source) == source
    slots, articles = DEMANDED.get(template, (set(), set()))
    assert slots - {S.ARTICLES} <= MUST[template]  # a text of the company may name them itself
    assert {S.REFERENCE, *slots} <= slots_in(source)
    for article in articles:
        assert article in source.body
    assert has_blank(source) is (template in FREE - {T.RECIPIENTS})  # an officer's alone


@pytest.mark.parametrize(
    ("template", "kinds", "ja", "en"),
    [
        (T.IDENTITY_ASKED, (K.ACCESS,), "GDPR 12条6項", "GDPR Art. 12(6)"),
        (T.REFUSED, (K.DISCLOSURE,), "個人情報保護法33条3項・36条", "APPI Art. 33(3), 36"),
        (
            T.REFUSED,
            (K.CESSATION, K.ERASURE),
            "個人情報保護法35条7項・36条、GDPR 12条4項",
            "; GDPR",
        ),
        (T.NOT_HELD, (K.CORRECTION,), "個人情報保護法33条3項", "APPI Art. 33(3)"),
        (T.CORRECTED, (K.CORRECTION,), "個人情報保護法34条3項", "APPI Art. 34(3)"),
        (T.STOPPED_PARTLY, (K.ERASURE,), "GDPR 12条4項、GDPR 17条・19条", "GDPR Art. 12(4); "),
    ],
)
def test_a_letter_names_the_articles_of_its_own_case(
    template: Template, kinds: tuple[RequestKind, ...], ja: str, en: str
) -> None:
    case = case_of(*kinds)
    assert articles(case, template, Lang.JA) == ja
    assert en in articles(case, template, Lang.EN)
    assert articles(case, T.WITHDRAWN, Lang.JA) == ""
    for kind in RequestKind:
        for one in NAMING:
            assert articles(case_of(kind), one, Lang.EN).count(f"{LAW_OF[kind].value.upper()} ")


def test_every_letter_of_both_machines_has_its_text() -> None:
    called_for = {step.letter for steps in tables().values() for step in steps.values()}
    for letter in called_for - {None, Letter.OUTCOME}:
        assert letter in OF
    assert set(OF) == set(Letter) - {Letter.OUTCOME}
    assert MUST.keys() == MAY.keys() == set(Template)
    assert not (REVIEWED & FREE)
    assert not (ANSWERS - {T.INCOMPLETE}) & OF_NOBODY


@pytest.mark.parametrize("lang", list(Lang))
def test_remedies_rest_on_the_law_book_and_name_complaint_and_court(lang: Lang) -> None:
    told = remedies(About(case=BOTH, controller=Controller(), lang=lang, at=NOW))
    known = {duty.id: duty.article for duty in shipped().obligations}
    for ids in REMEDIES.values():
        for id_ in ids:
            number, *parts = known[id_].rstrip(")").split("(")
            japanese = number + "条" + "".join(f"{part}項" for part in parts)
            assert (japanese if lang is Lang.JA else f"Art. {known[id_]}") in told
    court, complaint = (
        ("裁判所", "個人情報保護委員会") if lang is Lang.JA else ("court", "Commission")
    )
    assert told.count(court) >= 2
    assert complaint in told
    assert (
        "2026年12月9日(水)" if lang is Lang.JA else "Wed 9 Dec 2026"
    ) in told  # APPI 39: two weeks after the arrival


@pytest.mark.parametrize(
    ("outcome", "kind", "wanted"),
    [
        (Outcome.NOT_HELD, K.DISCLOSURE, T.NOT_HELD),
        (Outcome.PARTIAL, K.DISCLOSURE, T.PARTIAL),
        (Outcome.REFUSE, K.DISCLOSURE, T.REFUSED),
        (Outcome.GRANT, K.CORRECTION, T.CORRECTED),
        (Outcome.GRANT, K.CESSATION, T.STOPPED),
        (Outcome.GRANT, K.RESTRICTION, T.STOPPED),
        (Outcome.PARTIAL, K.CESSATION, T.STOPPED_PARTLY),
        (Outcome.GRANT, K.PURPOSE_NOTICE, T.GRANTED),
    ],
)
def test_the_outcome_chooses_the_letter(
    outcome: Outcome, kind: RequestKind, wanted: Template
) -> None:
    case = replace(case_of(kind), decision=replace(GRANTED, outcome=outcome))
    assert template_of(case, Letter.OUTCOME) is wanted
    if outcome is Outcome.GRANT:
        assert template_of(case, Letter.OUTCOME, alternative=True) is T.ALTERNATIVE


def test_what_was_never_complete_has_a_letter_of_its_own() -> None:
    grounds = (Ground.APPI_37_IDENTITY, Ground.GDPR_11_2)
    case = replace(BOTH, decision=replace(DENIED, grounds=grounds))
    assert template_of(case, Letter.OUTCOME) is T.INCOMPLETE
    mixed = replace(case, decision=replace(DENIED, grounds=(*grounds, Ground.APPI_33_2_2)))
    assert template_of(mixed, Letter.OUTCOME) is T.REFUSED


def test_grounds_and_withheld_items_stand_with_their_articles_in_words() -> None:
    item = WithheldItem(field=FieldId("person.notes"), grounds=(Ground.APPI_33_2_1,))
    decision = replace(GRANTED, outcome=Outcome.PARTIAL, items=(item,))
    about = About(
        case=replace(BOTH, decision=decision), controller=Controller(), lang=Lang.JA, at=NOW
    )
    facts = facts_of(about, Slot)
    assert "33条2項1号" in facts[S.WITHHELD]
    assert facts[S.GROUNDS].count("\n") == 1
    assert facts[S.ANSWER_BY].count("\n") == 1  # a day under each law


@pytest.mark.parametrize("template", list(Template))
def test_no_edit_takes_out_what_must_stand(template: Template) -> None:
    source = shipped_text(template, Lang.JA)
    for slot in (S.REFERENCE, *MUST[template]):
        without = replace(source, body=source.body.replace(f"{{{slot}}}", "-"))
        with pytest.raises(LetterPartError) as refused:
            checked(template, without)
        assert refused.value.params == {"slot": slot.value}


@pytest.mark.parametrize("name", ["name", "email", "", "reference.__class__", "0", "contact!r"])
def test_a_slot_that_nobody_knows_is_refused(name: str) -> None:
    source = shipped_text(T.WITHDRAWN, Lang.JA)
    with pytest.raises(LetterSlotError) as refused:
        checked(T.WITHDRAWN, replace(source, body=f"{source.body} {{{name}}}"))
    assert "__class__" not in str(refused.value.params)


@pytest.mark.parametrize("brace", ["{", "}", "{\n}", "{{reference}", "{reference}}"])
def test_a_brace_that_opens_nothing_is_refused(brace: str) -> None:
    source = shipped_text(T.WITHDRAWN, Lang.JA)
    with pytest.raises(LetterSlotError):
        checked(T.WITHDRAWN, replace(source, body=source.body + brace))


@pytest.mark.parametrize("words", ["", " \n", "あ" * 9_000, "a\x00b", "a\u202eb", "a\x1bb"])
def test_an_empty_long_or_hidden_text_is_refused(words: str) -> None:
    with pytest.raises(LetterTextError):
        checked(T.WITHDRAWN, Source(title="{reference}", body=words))


@given(st.dictionaries(st.sampled_from(sorted(ALWAYS)), st.text(max_size=40), max_size=5))
def test_what_a_fact_says_is_never_a_slot_again(facts: dict[Slot, str]) -> None:
    source = Source(title="{reference}", body="{reference}/{right}/{company}/{contact}/{received}")
    told = {slot: facts.get(slot, "{company}{x}") for slot in ALWAYS}
    written = filled(source, told)
    assert written.title == told[S.REFERENCE]
    parts = (S.REFERENCE, S.RIGHT, S.COMPANY, S.CONTACT, S.RECEIVED)
    assert written.body == "/".join(told[slot] for slot in parts)


def test_blanks_are_signs_that_no_shipped_automatic_text_has() -> None:
    assert all(not set(blank) & set(string.ascii_letters) for blank in BLANKS)
    assert {track.law for track in BOTH.tracks} == {Law.APPI, Law.GDPR}
