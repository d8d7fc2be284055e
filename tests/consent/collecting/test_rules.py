"""What a point may ask, and what of it is sent: undeclared, stale, unanswered, under age."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from consent.collecting.errors import PointFormError
from consent.collecting.reading import read_points, shipped
from consent.collecting.rules import (
    Answers,
    Fault,
    check_answers,
    faults_of,
    needed_notices,
    stale_notices,
)
from consent.collecting.types import (
    AgeQuestion,
    Ask,
    AskForm,
    Point,
    PointField,
    PointKind,
    point_of,
)
from consent.notices.shipped import shipped as shipped_notices
from governance.core.terms import Lang, NoticeId, PurposeId
from governance.customers.catalogue import catalogue
from policies.snapshot import default_snapshot
from policies.types import Label

WORDS = Label(ja="ご案内を受け取ります。", en="I would like offers.")
MAIL = PurposeId("mail_marketing")
NOTICES = [one.version for one in shipped_notices()]
POINT = Point(
    id="newsletter",
    version=1,
    kind=PointKind.FORM,
    title=WORDS,
    lead=WORDS,
    notice=NoticeId("customer_terms"),
    source="ウェブサイト",
    fields=(
        PointField(name="name", purposes=(MAIL,), required=True),
        PointField(name="email", purposes=(MAIL,)),
    ),
    asks=(Ask(purpose=MAIL, words=WORDS, channel="email"),),
    age=AgeQuestion.ADULT,
    hosted=True,
)


def point(**changes: Any) -> Point:
    return replace(POINT, **changes)


def codes(given: Point) -> set[Fault]:
    return set(faults_of(given, default_snapshot().purposes, catalogue(), NOTICES))


def test_a_whole_point_has_no_fault() -> None:
    assert codes(POINT) == set()


def test_every_shipped_point_has_none_and_is_the_same_after_storage() -> None:
    for one in shipped():
        assert codes(one) == set(), one.id
        assert point_of(one.as_json()) == one


FIELD = PointField(name="email", purposes=(MAIL,))
NAME = POINT.fields[0]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": "News letter"}, ("id", "bad_id")),
        ({"notice": "nothing"}, ("notice", "unknown_notice")),
        ({"kind": PointKind.PAPER}, ("hosted", "not_hosted")),
        ({"source": " "}, ("source", "source_needed")),
        ({"langs": ()}, ("langs", "bad_langs")),
        ({"title": Label(ja="題", en="")}, ("title", "both_languages")),
        ({"fields": ()}, ("fields", "too_many_or_none")),
        ({"fields": (FIELD,)}, ("fields.name", "name_needed")),
        ({"fields": (NAME, NAME)}, ("fields", "named_twice")),
        ({"age": AgeQuestion.NONE}, ("age", "age_needed")),
        ({"age": AgeQuestion.BIRTH_DATE}, ("age", "birth_date_needed")),
        (
            {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)},
            ("valid_to", "ends_before"),
        ),
        (
            {"fields": (NAME, replace(FIELD, name="customer_id"))},
            ("fields.customer_id", "not_to_be_asked"),
        ),
        ({"fields": (NAME, replace(FIELD, name="notes"))}, ("fields.notes", "not_to_be_asked")),
        ({"fields": (NAME, replace(FIELD, name="shoe"))}, ("fields.shoe", "not_to_be_asked")),
        ({"fields": (NAME, replace(FIELD, purposes=()))}, ("fields.email", "purpose_needed")),
        (
            {"fields": (NAME, replace(FIELD, purposes=("nothing",)))},
            ("fields.email", "unknown_purpose"),
        ),
        (
            {"fields": (NAME, replace(FIELD, purposes=("postal_marketing",)))},
            ("fields.email", "purpose_does_not_cover"),
        ),
        (
            {"asks": (Ask(purpose=PurposeId("order_fulfilment"), words=WORDS),)},
            ("asks.order_fulfilment", "no_consent_needed"),
        ),
        (
            {"asks": (Ask(purpose=MAIL, words=WORDS, channel="post"),)},
            ("asks.mail_marketing", "unknown_channel"),
        ),
        ({"asks": (*POINT.asks, *POINT.asks)}, ("asks.mail_marketing", "named_twice")),
    ],
)
def test_a_point_that_asks_wrongly_is_refused(changes: Mapping[str, Any], fault: Fault) -> None:
    assert fault in codes(point(**changes))


def answers(**changes: Any) -> Answers:
    made = Answers(
        lang=Lang.JA,
        values={"name": "架空 花子", "email": "a@example.com"},
        consents={MAIL: True},
        adult=True,
    )
    return replace(made, **changes)


def test_what_is_declared_is_taken() -> None:
    assert check_answers(POINT, answers()) == ()
    assert check_answers(POINT, answers(values={"name": "架空"}, consents={}, adult=False)) == ()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"values": {"name": "架空", "blood_type": "A"}}, ("blood_type", "undeclared_field")),
        ({"values": {"name": "架空", "架空 花子": "x"}}, ("?", "undeclared_field")),
        ({"values": {"name": "  "}}, ("name", "answer_needed")),
        (
            {"consents": {PurposeId("ad_matching"): True}},
            ("consents.ad_matching", "undeclared_consent"),
        ),
        ({"adult": False}, ("adult", "adult_needed")),
    ],
)
def test_what_is_not_asked_for_is_refused(changes: Mapping[str, Any], fault: Fault) -> None:
    assert fault in check_answers(POINT, answers(**changes))


def test_a_question_must_be_answered_and_an_empty_box_need_not() -> None:
    question = point(asks=(replace(POINT.asks[0], form=AskForm.YES_NO),))
    assert check_answers(question, answers(consents={})) == (
        ("consents.mail_marketing", "answer_needed"),
    )
    assert check_answers(question, answers(consents={MAIL: False}, adult=False)) == ()


def test_only_the_notices_in_force_when_they_were_shown_count() -> None:
    purposes = default_snapshot().purposes
    assert needed_notices(POINT, purposes) == ("customer_terms", "marketing")
    on = date(2026, 10, 1)
    shown = {"customer_terms": "3.1", "marketing": "3.1"}
    assert stale_notices(POINT, purposes, NOTICES, shown, on=on) == ()
    older = {**shown, "marketing": "3.0"}
    assert stale_notices(POINT, purposes, NOTICES, older, on=on) == ("marketing",)
    assert stale_notices(POINT, purposes, NOTICES, {}, on=on) == ("customer_terms", "marketing")
    in_2025 = {"customer_terms": "3.0", "marketing": "3.0"}  # a paper of that day
    assert stale_notices(POINT, purposes, NOTICES, in_2025, on=date(2025, 6, 1)) == ()


ONE = """
schema: sekisho-collection/1
points:
- {id: a, version: 1, kind: form, title: {ja: 題, en: T}, lead: {ja: 説, en: L},
   notice: marketing, source: web, fields: [{name: name, purposes: [mail_marketing]}]}
"""


@pytest.mark.parametrize(
    "broken",
    [
        ONE.replace("collection/1", "collection/9"),
        ONE.replace("kind: form", "kind: dance"),
        ONE.replace("version: 1", "version: one"),
        ONE.replace("source: web", "source: web, extra: 1"),
        ONE.replace("purposes: [mail_marketing]", "purposes: mail"),
        "[]",
    ],
)
def test_a_document_of_another_form_is_refused(broken: str) -> None:
    assert read_points(ONE)
    with pytest.raises(PointFormError):
        read_points(broken)
