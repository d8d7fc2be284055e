"""Reading through the three gates: what is shown, what is never opened, what is written down."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from audit.log import AuditLog
from audit.models import EVENTS, PARTS, PENDING
from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, EventId, FieldId, Lang, SubjectId, Treatment
from governance.crypto.frame import OpenedRow
from governance.customers.ports import Ports
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.gateway.reading import read
from governance.gateway.types import GateBusyError, ReadAnswer, ReadRequest, UnknownPersonError
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.keys.vault import Cells, FieldVault
from governance.pii.types import Entity, Reason, Span
from policies.masking import MaskMethod
from tests.installation import (
    AT,
    OFFICER,
    create,
    customer,
    events,
    import_file,
    register,
    staff,
    subjects,
    system,
    write_file,
)

PERSON = customer(
    1,
    氏名="架空　花子",
    性別="女",
    生年月日="1980/05/05",
    備考="電話は夕方に（架空）",
)
# the numbers long enough that no random identity or digest holds them by chance
NUMBERS = ("C000001", "0000-0001", "9000000001", "*0001", "•0001")
PERSONAL = ("架空", "カクウ", "1980-05-05", *NUMBERS, "person1", "example.com", "丸の内", "夕方")
C, M, W = Treatment.CLEAR, Treatment.MASKED, Treatment.WITHHELD


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """One installation with one customer; tests of this module leave the customer as it is."""
    folder = tmp_path_factory.mktemp("shop")
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([PERSON])))
    yield wiring
    wiring.close()


@pytest.fixture
def person(shop: Wiring) -> SubjectId:
    return subjects(shop)[0]


@pytest.fixture
def fresh(installation: Wiring, tmp_path: Path) -> tuple[Wiring, SubjectId]:
    """The same customer on an installation of its own, on each engine."""
    import_file(installation, write_file(tmp_path, register([PERSON])))
    return installation, subjects(installation)[0]


def say(wiring: Wiring, subject: SubjectId, kind: EventKind, purpose: str) -> None:
    choose(wiring.ports, OFFICER, Choice(subject=subject, purpose=purpose, kind=kind), at=AT)


def look(
    ports: Ports, principal: Principal, subject: SubjectId, purpose: str, **other: Any
) -> ReadAnswer:
    return read(ports, principal, ReadRequest(subject=subject, purpose=purpose, **other), at=AT)


def seen(answer: ReadAnswer) -> dict[str, tuple[Treatment, str | None]]:
    """Column to treatment and what is shown."""
    (row,) = answer.rows
    return {
        view.field.partition(".")[2]: (view.decision.treatment, view.shown.value)
        for view in row.fields
    }


TABLE: Sequence[tuple[str, str, Mapping[str, tuple[Treatment, str | None]]]] = (
    (
        "support",
        "order_support",
        {
            "customer_id": (C, "C000001"),
            "name": (C, "架空 花子"),
            "status": (C, "active"),
            "email": (M, "p＊＊＊@＊＊＊.com"),
            "mobile": (M, "＊＊＊0001"),
            "address": (M, "東京都千代田区"),
            "birth_date": (M, "1980-05"),
            "notes": (M, "電話は夕方に（架空）"),
            "sex": (W, None),
            "interests": (W, None),
        },
    ),
    ("support", "mail_marketing", {"name": (W, None), "email": (W, None)}),
    ("support", "dsar_fulfilment", {"name": (W, None), "email": (W, None)}),
    ("sales", "corporate_sales", {"name": (C, "架空 花子"), "email": (W, None)}),
    ("marketing", "mail_marketing", {"name": (W, None), "email": (W, None), "notes": (W, None)}),
    ("marketing", "order_support", {"name": (W, None), "email": (W, None)}),
    ("analyst", "purchase_analysis", {"name": (W, None), "birth_date": (W, None)}),
    ("accountant", "accounting", {"name": (C, "架空 花子"), "email": (W, None), "sex": (W, None)}),
    ("data_manager", "data_quality", {"name": (C, "架空 花子"), "sex": (C, "female")}),
    (
        "privacy_officer",
        "dsar_fulfilment",
        {
            "name": (C, "架空 花子"),
            "email": (C, "person1@example.com"),
            "notes": (C, "電話は夕方に（架空）"),
        },
    ),
    ("privacy_officer", "order_support", {"name": (W, None)}),
    (
        "auditor",
        "audit_review",
        {"name": (M, "架＊＊＊"), "email": (W, None), "source": (C, "店頭")},
    ),
    ("it_operator", "audit_review", {"name": (W, None), "status": (W, None), "source": (W, None)}),
    ("staff", "order_support", {"name": (W, None)}),
    ("mail_sender", "order_support", {"name": (W, None)}),
)


@pytest.mark.parametrize(("role", "purpose", "expected"), TABLE)
def test_each_role_sees_what_the_default_policy_says(
    shop: Wiring,
    person: SubjectId,
    role: str,
    purpose: str,
    expected: Mapping[str, tuple[Treatment, str | None]],
) -> None:
    got = seen(look(shop.ports, staff(role), person, purpose))
    assert {name: got[name] for name in expected} == expected


def test_a_masked_or_withheld_value_is_nowhere_in_its_view(shop: Wiring, person: SubjectId) -> None:
    for role, purpose, _ in TABLE:
        for treatment, shown in seen(look(shop.ports, staff(role), person, purpose)).values():
            assert treatment is not W or shown is None
            assert treatment is not M or shown not in {"person1@example.com", "+819000000001"}


def test_marketing_sees_a_person_only_while_the_person_agrees(
    fresh: tuple[Wiring, SubjectId],
) -> None:
    wiring, subject = fresh
    reader = staff("marketing")
    assert {t for t, _ in seen(look(wiring.ports, reader, subject, "mail_marketing")).values()} == {
        W
    }
    say(wiring, subject, EventKind.GIVEN, "mail_marketing")
    got = seen(look(wiring.ports, reader, subject, "mail_marketing"))
    assert (got["name"], got["email"][0], got["notes"]) == ((C, "架空 花子"), M, (W, None))
    say(wiring, subject, EventKind.WITHDRAWN, "mail_marketing")
    answer = look(wiring.ports, reader, subject, "mail_marketing")
    assert {t for t, _ in seen(answer).values()} == {W}
    codes = {view.decision.code.value for view in answer.rows[0].fields}
    assert "denied.subject" in codes
    assert not any(code.startswith("denied.subject.") for code in codes)


def test_a_restricted_person_is_shown_for_legal_duties_alone(
    fresh: tuple[Wiring, SubjectId],
) -> None:
    wiring, subject = fresh
    wiring.database.write(lambda tx: set_state(tx, subject, SubjectState.RESTRICTED))
    closed = look(wiring.ports, staff("support"), subject, "order_support")
    assert closed.counts == {W: len(closed.rows[0].fields)}
    assert look(wiring.ports, OFFICER, subject, "dsar_fulfilment").counts[C] > 0


def test_a_customer_sees_the_own_row_and_no_other(shop: Wiring, person: SubjectId) -> None:
    def as_person(subject: str) -> Principal:
        return Principal(
            id=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
        )

    own = seen(look(shop.ports, as_person(person), person, "dsar_fulfilment"))
    assert (own["name"], own["clerk"]) == ((C, "架空 花子"), (W, None))
    other = look(shop.ports, as_person(new_subject_id()), person, "dsar_fulfilment")
    assert set(other.counts) == {W}


@pytest.mark.parametrize(
    ("principal", "purpose", "code"),
    [
        (ANONYMOUS, "order_support", "denied.actor.anonymous"),
        (staff("support"), "", "denied.purpose.missing"),
        (staff("support"), "山田", "denied.purpose.unknown"),
        (system("shop", "order_fulfilment"), "mail_marketing", "denied.actor.purpose_not_granted"),
        (replace(staff("support"), id=ActorId("support")), "order_support", None),
        (replace(staff("support"), roles=frozenset({"Support"})), "order_support", None),
    ],
)
def test_what_is_not_known_opens_nothing(
    shop: Wiring, person: SubjectId, principal: Principal, purpose: str, code: str | None
) -> None:
    answer = look(shop.ports, principal, person, purpose)
    assert set(answer.counts) == {W}
    codes = {view.decision.code.value for view in answer.rows[0].fields}
    assert codes == {code or "denied.actor.unknown_role"}


class CountingVault(FieldVault):
    """The true vault, which writes down which fields it was asked to open."""

    opened: list[FieldId]

    def open_rows(self, rows: Sequence[tuple[str, Cells]]) -> tuple[OpenedRow, ...]:
        self.opened = [field for _, cells in rows for field in cells]
        return super().open_rows(rows)


@pytest.mark.parametrize(
    ("role", "purpose", "never"),
    [
        ("support", "order_support", {"sex", "interests", "occupation"}),
        ("marketing", "mail_marketing", None),
        ("auditor", "audit_review", {"kana", "email", "notes", "birth_date"}),
        ("it_operator", "audit_review", None),
    ],
)
def test_a_withheld_field_is_never_unsealed(
    shop: Wiring, person: SubjectId, role: str, purpose: str, never: set[str] | None
) -> None:
    vault = CountingVault(shop.vault.ring)
    answer = look(replace(shop.ports, vault=vault), staff(role), person, purpose)
    withheld = {v.field for v in answer.rows[0].fields if v.decision.treatment is W}
    assert not withheld & set(vault.opened)
    assert (vault.opened == []) is (never is None)
    assert not {FieldId(f"person.{name}") for name in never or ()} & set(vault.opened)


def test_a_field_that_was_not_asked_for_is_not_opened(shop: Wiring, person: SubjectId) -> None:
    vault = CountingVault(shop.vault.ring)
    wanted = frozenset({FieldId("person.name")})
    ports = replace(shop.ports, vault=vault)
    answer = look(ports, OFFICER, person, "dsar_fulfilment", fields=wanted)
    assert vault.opened == ["person.name"]
    assert seen(answer) == {"name": (C, "架空 花子")}


# --- the log


class FailingLog(AuditLog):
    """A log whose disk is full."""

    def append(self, *_event: object) -> EventId:
        raise OSError


def failing(wiring: Wiring) -> AuditLog:
    return FailingLog(
        wiring.database.writer_engine, process_id="test", sealer=wiring.vault.seal_part
    )


def test_when_the_event_cannot_be_written_nothing_is_shown(shop: Wiring, person: SubjectId) -> None:
    with pytest.raises(OSError):  # noqa: PT011 -- the port's own error comes through
        look(replace(shop.ports, audit=failing(shop)), OFFICER, person, "dsar_fulfilment")


def test_a_reading_is_one_event_with_fields_counts_and_refusals(
    fresh: tuple[Wiring, SubjectId],
) -> None:
    wiring, subject = fresh
    answer = look(wiring.ports, staff("support"), subject, "order_support")
    with wiring.database.read() as tx:
        (event,) = events(tx, "person.read")
    assert (str(event.id), event.subject, event.outcome) == (answer.decision_id, subject, "permit")
    fields = (event.fields or "").split(",") if "," in (event.fields or "") else [event.fields]
    assert "person.name" in str(fields)
    assert "person.sex" not in str(fields)
    assert event.reasons == "denied.actor.no_rule"
    for treatment in Treatment:
        assert f"{treatment.value}" in str(event.counts)
    look(wiring.ports, staff("it_operator"), subject, "audit_review")
    with wiring.database.read() as tx:
        assert [e.outcome for e in events(tx, "person.read")] == ["permit", "deny"]


# --- the ledger moves meanwhile


@dataclass(slots=True)
class MovingVault:
    """Opens truly, after something else has happened."""

    vault: FieldVault
    moves: list[Any]

    def open_rows(self, rows: Sequence[tuple[str, Cells]]) -> tuple[OpenedRow, ...]:
        if self.moves:
            self.moves.pop()()
        return self.vault.open_rows(rows)


def moving(wiring: Wiring, *moves: Any) -> Ports:
    return replace(wiring.ports, vault=cast("FieldVault", MovingVault(wiring.vault, list(moves))))


def test_a_withdrawal_while_reading_makes_the_answer_anew(fresh: tuple[Wiring, SubjectId]) -> None:
    wiring, subject = fresh
    say(wiring, subject, EventKind.GIVEN, "mail_marketing")
    ports = moving(wiring, partial(say, wiring, subject, EventKind.WITHDRAWN, "mail_marketing"))
    answer = look(ports, staff("marketing"), subject, "mail_marketing")
    assert {t for t, _ in seen(answer).values()} == {W}
    with wiring.database.read() as tx:
        assert [event.outcome for event in events(tx, "person.read")] == ["deny"]


def test_a_restriction_while_reading_makes_the_answer_anew(
    fresh: tuple[Wiring, SubjectId],
) -> None:
    wiring, subject = fresh

    def restrict() -> None:
        wiring.database.write(lambda tx: set_state(tx, subject, SubjectState.RESTRICTED))

    answer = look(moving(wiring, restrict), staff("support"), subject, "order_support")
    assert set(answer.counts) == {W}


def test_an_erasure_while_reading_ends_it(fresh: tuple[Wiring, SubjectId]) -> None:
    wiring, subject = fresh

    def erase() -> None:
        wiring.database.write(lambda tx: set_state(tx, subject, SubjectState.ERASING))

    with pytest.raises(UnknownPersonError):
        look(moving(wiring, erase), staff("support"), subject, "order_support")


def test_a_person_who_keeps_moving_is_not_shown(fresh: tuple[Wiring, SubjectId]) -> None:
    wiring, subject = fresh
    move = partial(say, wiring, subject, EventKind.REQUESTED, "mail_marketing")
    with pytest.raises(GateBusyError):
        look(moving(wiring, move, move, move), staff("support"), subject, "order_support")
    with wiring.database.read() as tx:
        assert events(tx, "person.read") == ()


def test_the_choices_of_others_disturb_no_reading(
    fresh: tuple[Wiring, SubjectId], tmp_path: Path
) -> None:
    wiring, subject = fresh
    import_file(wiring, write_file(tmp_path, register([customer(2)]), name="second.csv"))
    other = next(found for found in subjects(wiring) if found != subject)
    move = partial(say, wiring, other, EventKind.GIVEN, "mail_marketing")
    answer = look(moving(wiring, *[move] * 9), staff("support"), subject, "order_support")
    assert answer.counts[C] > 0


# --- unknown persons


@pytest.mark.parametrize(
    "role", ["support", "marketing", "privacy_officer", "it_operator", "nobody"]
)
@pytest.mark.parametrize("purpose", ["order_support", "dsar_fulfilment", "nonsense", ""])
def test_an_unknown_person_is_not_found_whoever_asks(shop: Wiring, role: str, purpose: str) -> None:
    with pytest.raises(UnknownPersonError) as error:
        look(shop.ports, staff(role), new_subject_id(), purpose)
    assert (error.value.status, error.value.params) == (404, {})


def test_an_erased_person_is_as_unknown_as_one_who_never_was(
    fresh: tuple[Wiring, SubjectId],
) -> None:
    wiring, subject = fresh
    wiring.database.write(lambda tx: set_state(tx, subject, SubjectState.ERASED))
    with pytest.raises(UnknownPersonError):
        look(wiring.ports, OFFICER, subject, "dsar_fulfilment")


# --- nothing personal beside the value itself


def test_no_repr_shows_a_value(shop: Wiring, person: SubjectId) -> None:
    answer = look(shop.ports, OFFICER, person, "dsar_fulfilment")
    told = f"{answer!r} {answer} {answer.rows!r} {answer.rows[0].get('name')!r} {shop!r}"
    assert not [word for word in PERSONAL if word in told]
    assert answer.rows[0].get("name") is not None
    assert answer.rows[0].get("no_such_column") is None


def test_after_reading_no_log_table_or_log_line_holds_a_value(
    fresh: tuple[Wiring, SubjectId],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wiring, subject = fresh
    caplog.set_level(logging.DEBUG)
    for role, purpose, _ in TABLE:
        look(wiring.ports, staff(role), subject, purpose)
    told = caplog.text + "".join(capsys.readouterr())
    with wiring.database.read() as tx:
        for table in (EVENTS, PARTS, PENDING):
            rows: Sequence[Any] = tx.execute(select(table)).all()
            told += "".join(str(tuple(row)) for row in rows)
        assert tx.execute(select(func.count()).select_from(EVENTS)).scalar_one() >= len(TABLE)
    assert not [word for word in PERSONAL if word in told]


def test_redacted_text_hides_the_spans_that_the_analysis_names(
    shop: Wiring, person: SubjectId
) -> None:
    words = "電話は夕方に（架空）"

    def analyse(texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
        assert texts == [words]
        span = Span(
            start=3, end=5, entity=Entity.PERSON, score=0.9, reason=Reason.FULL_NAME, kind=None
        )
        return ((span,),)

    answer = look(replace(shop.ports, analyse=analyse), staff("support"), person, "order_support")
    view = answer.rows[0].get("notes")
    assert view is not None
    assert view.decision.method is MaskMethod.REDACT
    assert "夕方" not in str(view.shown.value)
    assert str(view.shown.value).startswith("電話は")


def test_when_the_analysis_cannot_answer_no_text_is_shown(shop: Wiring, person: SubjectId) -> None:
    def analyse(_texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        look(replace(shop.ports, analyse=analyse), staff("support"), person, "order_support")
