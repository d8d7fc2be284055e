"""Acts of a review: nothing covered is ever shown, order does not matter, offsets stay true."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.case import WithheldItem
from dsar.found import Found, FoundRecord, FoundValue
from dsar.review import rules
from dsar.review.applying import shown
from dsar.review.store import spots_from_bytes, spots_to_bytes
from dsar.review.types import COVERING, EXCEPTIONS, REVEALING, Act, ActKind, Lack, Reason, Spot
from dsar.types import Ground
from governance.core.terms import ActorId, FieldId, Lang, Law, RowId
from governance.pii.redaction import Placeholders
from policies.masking import Span
from policies.types import Label

AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
LABEL = Label(ja="本文", en="Text")
BODY, NOTES = FieldId("inquiry.body"), FieldId("inquiry.response")
SIGNS = "架空花子さん 0a　"
KINDS = ("PERSON", "PHONE", "PASSAGE")


def value(text: str, *places: tuple[int, int], name: FieldId = BODY) -> FoundValue:
    others = tuple(Span(start=start, end=end, label="PERSON") for start, end in places)
    return FoundValue(name=name, label=LABEL, text=text, others=others)


def found(*values: FoundValue, source: str = "inquiry") -> Found:
    records = tuple(FoundRecord(row=RowId(f"r{n}"), values=(v,)) for n, v in enumerate(values))
    return Found(source=source, label=LABEL, records=records)


def act(seq: int, kind: ActKind, *spots: Spot, **more: object) -> Act:
    made = Act(id=RowId(f"a{seq}"), seq=seq, kind=kind, by=ActorId("u:officer"), at=AT, spots=spots)
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def texts(findings: tuple[Found, ...]) -> list[str]:
    numbering = Placeholders(Lang.JA)
    return [v.shown(numbering) for _, _, v in rules.values_of(findings)]


def hidden(findings: tuple[Found, ...]) -> list[set[int]]:
    """Which signs of each value are covered."""
    return [
        {at for place in v.others for at in range(place.start, place.end)}
        for _, _, v in rules.values_of(findings)
    ]


@st.composite
def places(draw: st.DrawFn, text: str) -> tuple[int, int]:
    start = draw(st.integers(0, len(text) - 1))
    return start, draw(st.integers(start + 1, len(text)))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[tuple[Found, ...], tuple[Act, ...]]:
    """Findings with overlapping suggestions, and acts of every kind about them."""
    written = draw(st.lists(st.text(SIGNS, min_size=1, max_size=12), min_size=1, max_size=4))
    values = [
        value(text, *draw(st.lists(places(text), max_size=3, unique=True))) for text in written
    ]
    findings = (found(*values),)
    suggested, acts = rules.suggestions(findings), list[Act]()
    for seq in range(1, draw(st.integers(0, 8)) + 1):
        kind = draw(st.sampled_from(tuple(ActKind)))
        if kind in (ActKind.ACCEPT, ActKind.REVEAL) and suggested:
            acts.append(act(seq, kind, *draw(st.lists(st.sampled_from(suggested), max_size=3))))
        elif kind is ActKind.COVER:
            phrase = draw(st.text(SIGNS, min_size=1, max_size=3))
            spots = rules.places_of(phrase, findings, label=draw(st.sampled_from(KINDS)))
            acts.append(act(seq, kind, *spots))
        elif kind is ActKind.LIFT and acts:
            acts.append(act(seq, kind, lifts=draw(st.sampled_from(acts)).id))
        else:
            acts.append(act(seq, ActKind.FINISH))
    return findings, tuple(acts)


@given(worlds(), st.randoms(use_true_random=False))
def test_order_in_which_acts_come_changes_nothing(
    world: tuple[tuple[Found, ...], tuple[Act, ...]], chance: random.Random
) -> None:
    findings, acts = world
    shuffled = list(acts)
    chance.shuffle(shuffled)
    assert shown(findings, shuffled) == shown(findings, acts)
    assert rules.items_of(shuffled) == rules.items_of(acts)


@given(worlds())
def test_whatever_stands_covered_is_not_shown(
    world: tuple[tuple[Found, ...], tuple[Act, ...]],
) -> None:
    findings, acts = world
    last = {spot: one.kind for one in sorted(acts, key=lambda a: a.seq) for spot in one.spots
            if one.kind in (ActKind.ACCEPT, ActKind.REVEAL)}  # fmt: skip
    lifted = {one.lifts for one in acts}
    wanted: dict[RowId, set[int]] = {}
    for spot in rules.suggestions(findings):
        if last.get(spot) is not ActKind.REVEAL:
            wanted.setdefault(spot.row, set()).update(range(spot.start, spot.end))
    for one in acts:
        if one.kind is ActKind.COVER and one.id not in lifted:
            for spot in one.spots:
                wanted.setdefault(spot.row, set()).update(range(spot.start, spot.end))
    seen = shown(findings, acts)
    for (_, record, _), covered in zip(rules.values_of(seen), hidden(seen), strict=True):
        assert covered == wanted.get(record.row, set())


@given(worlds())
def test_offsets_stay_true_and_the_rest_is_as_it_was(
    world: tuple[tuple[Found, ...], tuple[Act, ...]],
) -> None:
    seen = shown(*world)
    for (_, _, one), covered, told in zip(
        rules.values_of(seen), hidden(seen), texts(seen), strict=True
    ):
        rest = "".join(sign for at, sign in enumerate(one.text) if at not in covered)
        parts = Placeholders(Lang.JA)
        again = one.shown(parts)
        for sign in parts.hidden:
            again = again.replace(sign, "")
        assert again == rest
        assert told.count("【") >= bool(covered)


@given(worlds())
def test_places_come_back_from_their_bytes(
    world: tuple[tuple[Found, ...], tuple[Act, ...]],
) -> None:
    for one in world[1]:
        assert set(spots_from_bytes(spots_to_bytes(one.spots))) == set(one.spots)


@given(worlds(), st.text(SIGNS, min_size=1, max_size=12))
def test_acts_touch_no_text_but_the_one_they_were_made_on(
    world: tuple[tuple[Found, ...], tuple[Act, ...]], other: str
) -> None:
    findings, acts = world
    first = findings[0].records[0]
    changed = replace(first.values[0], text=other + "。", others=())
    anew = (
        replace(
            findings[0],
            records=(replace(first, values=(changed,)), *findings[0].records[1:]),
        ),
    )
    assert next(rules.values_of(shown(anew, acts)))[2].others == ()


def test_undo_shows_the_words_and_a_cover_over_them_hides_them_again() -> None:
    findings = (found(value("架空花子さんへ", (0, 4)), value("架空　花子さん", (0, 5))),)
    spot = rules.suggestions(findings)[0]
    assert texts(shown(findings, ())) == ["【氏名1】さんへ", "【氏名1】さん"]
    undone = act(1, ActKind.REVEAL, *rules.alike(findings, spot), reason=Reason.CONSENTED)
    assert texts(shown(findings, (undone,))) == ["架空花子さんへ", "架空　花子さん"]
    own = act(2, ActKind.COVER, *rules.places_of("花子", findings, label="PASSAGE"))
    assert texts(shown(findings, (undone, own))) == ["架空【記載1】さんへ", "架空　【記載1】さん"]
    lifted = act(3, ActKind.LIFT, lifts=own.id)
    assert texts(shown(findings, (undone, own, lifted)))[0] == "架空花子さんへ"


def test_word_is_found_however_it_is_written() -> None:
    findings = (found(value("ＡＢＣ社、a b c、aｂc。"), value("abd")),)
    assert [(s.start, s.end) for s in rules.places_of("abc", findings, label="PASSAGE")] == [
        (0, 3),
        (5, 10),
        (11, 14),
    ]
    only = rules.Where(source="inquiry", row=RowId("r1"), name=BODY)
    assert rules.places_of("abc", findings, label="PASSAGE", where=only) == ()
    assert rules.places_of("　 ", findings, label="PASSAGE") == ()
    assert rules.places_of("a" * 201, findings, label="PASSAGE") == ()
    assert rules.places_of("(.*", findings, label="PASSAGE") == ()


def test_review_ends_only_when_everything_is_judged() -> None:
    findings = (found(value("架空花子さん", (0, 4))),)
    spots = rules.suggestions(findings)
    assert rules.lacking(findings, ()) is Lack.OPEN
    end = act(2, ActKind.FINISH, basis="b")
    for kind in (ActKind.ACCEPT, ActKind.REVEAL):
        judged = act(1, kind, *spots)
        assert rules.finished(findings, (judged, end), basis="b")
        assert not rules.finished(findings, (judged, end), basis="another run")
        assert not rules.finished(findings, (judged, end, act(3, kind, *spots)), basis="b")
    assert not rules.finished(findings, (end,), basis="b")
    assert not rules.finished((), (), basis="b")


def test_cover_of_a_text_that_changed_is_told_and_covers_nothing() -> None:
    before, after = (found(value("花子の件")),), (found(value("太郎の件")),)
    own = act(1, ActKind.COVER, *rules.places_of("花子", before, label="PERSON"))
    assert rules.stale(before, (own,)) == ()
    assert rules.stale(after, (own,)) == (own,)
    assert rules.lacking(after, (own,)) is Lack.STALE
    assert texts(shown(after, (own,))) == ["太郎の件"]


@pytest.mark.parametrize("laws", [{Law.APPI}, {Law.GDPR}, {Law.APPI, Law.GDPR}])
def test_exception_needs_a_ground_under_each_law_of_the_case(laws: set[Law]) -> None:
    grounds = tuple(EXCEPTIONS[law][0] for law in laws)
    assert rules.grounds_fit(grounds, laws)
    assert not rules.grounds_fit(grounds[1:], laws)
    assert not rules.grounds_fit((*grounds, Ground.APPI_34_2), laws)
    assert not rules.grounds_fit(grounds, ())


def test_exception_names_a_field_of_one_record_of_every_record_or_a_record() -> None:
    findings = (found(value("一"), value("二"), value("三", name=NOTES)),)
    why = (Ground.APPI_33_2_2,)

    def at(**place: object) -> list[tuple[str, str | None]]:
        where = rules.Where(source="inquiry", **place)  # type: ignore[arg-type]  # by name
        return [(i.field, i.row) for i in rules.items_at(where, findings, why)]

    assert at(row="r0", name=BODY) == [(BODY, "r0")]
    assert at(name=BODY) == [(BODY, None)]
    assert at(row="r2") == [(NOTES, "r2")]
    assert at(row="r9") == []
    kept = act(1, ActKind.WITHHOLD, items=rules.items_at(
        rules.Where(source="inquiry", name=BODY), findings, why))  # fmt: skip
    assert rules.items_of((kept,)) == (WithheldItem(field=BODY, grounds=why),)
    assert rules.left_out(findings, (kept,)) == 2
    assert rules.items_of((kept, act(2, ActKind.LIFT, lifts=kept.id))) == ()


def test_every_reason_is_one_for_showing_or_for_hiding() -> None:
    assert sorted((*REVEALING, *COVERING)) == sorted(Reason)
