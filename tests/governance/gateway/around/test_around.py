"""Rows around a person through the gate: written by the rules, read back, gone at erasure."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, KeyClass, RowId, SubjectId, Treatment
from governance.customers import store
from governance.customers.master.types import ContactChannel, ContactKind, Wanted
from governance.customers.store import FINDING, TABLES
from governance.customers.subjects import AgeBand
from governance.gateway.around.effects import refresh
from governance.gateway.around.types import Entry, Removal, Stored
from governance.gateway.around.views import contacts, household, thread, wishes
from governance.gateway.around.writing import put, remove
from governance.gateway.reading import read
from governance.gateway.types import ReadAnswer, ReadRequest, UnknownPersonError
from governance.gateway.writing.errors import UnknownRowError, VersionConflictError
from governance.gateway.writing.types import (
    FieldHeldError,
    FieldsInvalidError,
    FieldsRefusedError,
)
from governance.http.principal import Principal
from retention.erasure import Doomed, erase, residue
from tests.guardians import confirmed
from tests.installation import (
    AT,
    OFFICER,
    add_person,
    customer,
    data_bytes,
    events,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

SUPPORT, ADVISER = staff("support", name="hana"), staff("health_advisor", name="ken")
SALES, MARKETING = staff("sales", name="jiro"), staff("marketing", name="mari")
DSAR = "dsar_fulfilment"


def write(
    wiring: Wiring,
    table: str,
    subject: SubjectId,
    principal: Principal = SUPPORT,
    *,
    purpose: str = "order_support",
    row: RowId | None = None,
    version: int | None = None,
    **values: Any,
) -> Stored:
    entry = Entry(
        table=table, subject=subject, values=values, purpose=purpose, row=row, version=version
    )
    return put(wiring.ports, principal, entry, at=AT)


def faults(error: pytest.ExceptionInfo[FieldsInvalidError]) -> set[tuple[str, str]]:
    return {(name, code) for name, code in error.value.faults}


def shown(
    wiring: Wiring,
    subject: SubjectId,
    table: str,
    principal: Principal = OFFICER,
    purpose: str = DSAR,
) -> list[dict[str, str | None]]:
    request = ReadRequest(subject=subject, purpose=purpose, tables=(table,))
    answer: ReadAnswer = read(wiring.ports, principal, request, at=AT)
    return [
        {view.field.partition(".")[2]: view.shown.value for view in row.fields}
        for row in answer.rows
    ]


def company(wiring: Wiring, folder: Path) -> RowId:
    text = "会社ID,会社名,代表者名\r\nB000001,架空商事,架空 太郎\r\n"
    import_file(wiring, write_file(folder, text, name="companies.csv"))
    with wiring.database.read() as tx:
        return RowId(tx.execute(select(TABLES["company"].c.id)).scalar_one())


def test_a_contact_is_a_person_with_a_post_at_a_company(
    installation: Wiring, tmp_path: Path
) -> None:
    firm, person = company(installation, tmp_path), add_person(installation)
    stored = write(
        installation, "contact", person, SALES, purpose="corporate_sales",
        company_id=firm, department="購買部", title="課長", email="Kakuu@Example.com",
        phone="03(0000)0001", is_primary=True, valid_from="2026-04-01",
    )  # fmt: skip
    assert (stored.created, stored.version) == (True, 1)
    (row,) = shown(installation, person, "contact")
    assert (row["department"], row["title"]) == ("購買部", "課長")
    assert (row["email"], row["valid_from"]) == ("kakuu@example.com", "2026-04-01")
    found = contacts(installation.ports, SALES, firm, purpose="corporate_sales", at=AT)
    assert [(one.subject, one.row.table) for one in found] == [(person, "contact")]
    (event,) = [e for e in _changes(installation) if e.object_id == stored.row]
    assert event.subject == person
    assert "contact.title" in str(event.fields)
    assert "購買部".encode() not in data_bytes(installation)


def _changes(wiring: Wiring) -> Any:
    with wiring.database.read() as tx:
        return events(tx, "person.changed")


def test_a_company_has_one_primary_contact(installation: Wiring, tmp_path: Path) -> None:
    firm = company(installation, tmp_path)
    first, second = add_person(installation), add_person(installation)
    for person in (first, second):
        write(
            installation,
            "contact",
            person,
            SALES,
            purpose="corporate_sales",
            company_id=firm,
            title="係長",
            is_primary=True,
        )
    assert [row["is_primary"] for row in shown(installation, first, "contact")] == ["False"]
    assert [row["is_primary"] for row in shown(installation, second, "contact")] == ["True"]


def test_a_verified_parent_opens_consent_for_a_minor(installation: Wiring) -> None:
    child = add_person(installation, band=AgeBand.FROM_13)
    parent = add_person(installation)

    def verified() -> bool:
        with installation.database.read() as tx:
            person = store.subject_by_id(tx, child, on=AT.date())
        assert person is not None
        return person.guardian_verified

    stored = write(
        installation,
        "relation",
        child,
        other_subject_id=parent,
        kind="parent",
        verified_how="declared",
        verified_on="2026-09-01",
        until_majority=True,
    )
    assert not verified(), "what somebody merely says is no proof"
    write(
        installation,
        "relation",
        child,
        row=stored.row,
        version=1,
        verified_how="family_register",
        verified_on="2026-09-30",
    )
    assert not verified(), "one person alone gives no right"
    confirmed(installation, stored.row)
    assert verified()
    write(installation, "relation", child, row=stored.row, version=2, valid_to="2026-09-30")
    assert not verified(), "an ended right acts for nobody"


def test_a_birthday_makes_a_child_of_age_though_nobody_writes(
    installation: Wiring, tmp_path: Path
) -> None:
    child = customer(1, 生年月日="2008/10/02")
    import_file(installation, write_file(tmp_path, register([child, customer(2)])))
    person, _ = subjects(installation)
    right = write(installation, "relation", person, kind="parent", other_name="架空 親",
                  verified_how="resident_record", verified_on="2026-09-01",
                  until_majority=True)  # fmt: skip
    confirmed(installation, right.row)

    def stands(days: int) -> tuple[int, str, bool]:
        at = AT + timedelta(days=days)
        changed, _ = installation.database.write(
            lambda tx: refresh(
                tx, installation.ports, after=None, limit=10, by=ActorId("svc:sekisho"), at=at
            )
        )
        with installation.database.read() as tx:
            found = store.subject_by_id(tx, person, on=at.date())
        assert found is not None
        return changed, found.age_band.value, found.guardian_verified

    assert stands(0) == (0, "16_17", True)
    assert stands(1) == (1, "adult", False)
    assert stands(2) == (0, "adult", False)
    assert _changes(installation)[-1].reasons == "come_of_age"


def test_a_relation_names_somebody_and_a_proof_has_a_day(installation: Wiring) -> None:
    child = add_person(installation)
    with pytest.raises(FieldsInvalidError) as error:
        write(installation, "relation", child, kind="agent", verified_how="power_of_attorney",
              until_majority=True, valid_from="2026-05-01", valid_to="2026-04-01")  # fmt: skip
    assert faults(error) == {
        ("other_name", "required"),
        ("verified_on", "required"),
        ("until_majority", "not_for_this_kind"),
        ("valid_to", "before_begin"),
    }
    with pytest.raises(FieldsInvalidError) as error:
        write(installation, "relation", child, kind="parent", other_subject_id=child)
    assert faults(error) == {("other_subject_id", "unknown_value")}


def test_a_household_is_its_members(installation: Wiring) -> None:
    head, child = add_person(installation), add_person(installation)
    write(installation, "household_member", head, role="head")
    (row,) = shown(installation, head, "household_member")
    write(installation, "household_member", child, role="child", household_id=row["household_id"])
    found = household(installation.ports, SUPPORT, child, purpose="order_support", at=AT)
    assert [(subject, view.get("role").shown.value) for subject, view in found] == [  # type: ignore[union-attr] # every row has it
        (head, "head"),
        (child, "child"),
    ]


def test_a_plan_runs_renews_and_ends(installation: Wiring) -> None:
    person = add_person(installation)
    stored = write(
        installation, "subscription", person, plan_code="T-1", plan_name="定期便（架空）",
        status="running", started_on="2026-01-01", period_months=1, renews_on="2026-11-01",
        amount=3980,
    )  # fmt: skip
    with pytest.raises(FieldsInvalidError) as error:
        write(installation, "subscription", person, row=stored.row, version=1, status="cancelled")
    assert faults(error) == {("cancelled_on", "required")}
    write(
        installation, "subscription", person, row=stored.row, version=1, status="cancelled",
        cancelled_on="2026-10-01", ends_on="2026-10-31", cancel_reason="量が多い（架空）",
        renews_on=None,
    )  # fmt: skip
    (row,) = shown(installation, person, "subscription")
    assert (row["status"], row["renews_on"], row["amount"]) == ("cancelled", None, "3980")
    with pytest.raises(VersionConflictError):
        write(installation, "subscription", person, row=stored.row, version=1, amount=1)


def test_a_thread_begins_with_the_inquiry_s_own_question_and_answer(
    installation: Wiring, tmp_path: Path
) -> None:
    text = (
        "問い合わせID,顧客ID,受付日時,チャネル,件名,問い合わせ内容,対応履歴,完了日時\r\n"
        "Q000001,C000001,2026-09-01 10:00,メール,件名（架空）,いつ届きますか,明日です,"
        "2026-09-01 12:00\r\n"
    )
    import_file(installation, write_file(tmp_path, register([customer(1)])))
    import_file(installation, write_file(tmp_path, text, name="inquiries.csv"))
    (person,) = subjects(installation)
    with installation.database.read() as tx:
        inquiry = RowId(tx.execute(select(TABLES["inquiry"].c.id)).scalar_one())
    write(installation, "inquiry_message", person, inquiry_id=inquiry, direction="in",
          body="まだ届きません", sent_at="2026-09-03T09:00:00+09:00", channel="メール")  # fmt: skip
    write(installation, "inquiry_message", person, inquiry_id=inquiry, direction="out",
          body="お詫びします", sent_at="2026-09-03T10:00:00+09:00")  # fmt: skip
    found = thread(installation.ports, OFFICER, person, inquiry, purpose=DSAR, at=AT)
    assert [(one.direction.value, one.author.value, one.body.shown.value) for one in found] == [
        ("in", "person", "いつ届きますか"),
        ("out", "staff", "明日です"),
        ("in", "person", "まだ届きません"),
        ("out", "staff", "お詫びします"),
    ]
    masked = thread(installation.ports, SUPPORT, person, inquiry, purpose="order_support", at=AT)
    assert {one.body.decision.treatment for one in masked} == {Treatment.MASKED}
    with pytest.raises(FieldsInvalidError):
        write(installation, "inquiry_message", add_person(installation), inquiry_id=inquiry,
              direction="in", body="他人の問い合わせ")  # fmt: skip


def test_a_card_number_in_a_message_is_never_stored(installation: Wiring) -> None:
    person = add_person(installation)
    stored = write(
        installation, "relation", person, kind="agent", other_name="架空 次郎",
        notes="カードは 4111 1111 1111 1111 です",
    )  # fmt: skip
    assert stored.masked == ("notes",)
    (row,) = shown(installation, person, "relation")
    assert "4111" not in str(row["notes"])


def test_the_finest_wish_counts_and_the_register_for_the_rest(
    installation: Wiring, tmp_path: Path
) -> None:
    import_file(installation, write_file(tmp_path, register([customer(1, 連絡の可否="可")])))
    (person,) = subjects(installation)
    said: dict[str, Any] = {"source": "person", "since": "2026-09-01"}
    write(installation, "channel_permission", person, channel="phone", kind="any",
          wanted="unwanted", **said)  # fmt: skip
    write(installation, "channel_permission", person, channel="phone", kind="service",
          wanted="wanted", **said)  # fmt: skip
    found = wishes(installation.ports, SUPPORT, person, purpose="order_support", at=AT)
    assert found[ContactChannel.PHONE, ContactKind.OFFER] is Wanted.UNWANTED
    assert found[ContactChannel.PHONE, ContactKind.SERVICE] is Wanted.WANTED
    assert found[ContactChannel.EMAIL, ContactKind.OFFER] is Wanted.WANTED, "the register said yes"
    again = write(installation, "channel_permission", person, channel="phone", kind="any",
                  wanted="ask")  # fmt: skip
    assert (again.created, again.version) == (False, 2), "said anew, not said twice"
    assert len(shown(installation, person, "channel_permission")) == 2


def test_a_preference_stands_in_a_declared_topic(installation: Wiring) -> None:
    person = add_person(installation)
    write(installation, "preference", person, topic="contact_time", value="evening")
    assert [row["value"] for row in shown(installation, person, "preference")] == ["evening"]
    for topic, value, fault in (
        ("shoe_size", "26", ("topic", "undeclared")),
        ("contact_time", "midnight", ("value", "undeclared")),
        ("products", "靴", ("topic", "other_purpose")),
    ):
        with pytest.raises(FieldsInvalidError) as error:
            write(installation, "preference", person, topic=topic, value=value)
        assert faults(error) == {fault}


def test_a_tag_outside_the_vocabularies_is_refused(installation: Wiring) -> None:
    person = add_person(installation)
    for vocabulary, label, fault in (
        ("free", "糖尿病", ("vocabulary", "undeclared")),
        ("care", "糖尿病", ("label", "undeclared")),
        ("segment", "gift", ("vocabulary", "other_purpose")),
    ):
        with pytest.raises(FieldsInvalidError) as error:
            write(installation, "person_tag", person, vocabulary=vocabulary, label=label)
        assert faults(error) == {fault}
    write(installation, "person_tag", person, vocabulary="care", label="priority")
    assert [row["label"] for row in shown(installation, person, "person_tag")] == ["priority"]


def test_a_health_tag_needs_role_purpose_and_ground(installation: Wiring) -> None:
    person = add_person(installation)
    health: dict[str, Any] = {"vocabulary": "health", "label": "diabetes"}
    with pytest.raises(FieldsRefusedError):
        write(installation, "person_tag", person, ground="consent", **health)
    with pytest.raises(GovernanceError) as refusal:
        write(installation, "person_tag", person, ADVISER, purpose="health_consultation", **health)
    assert refusal.value.code in {"fields_refused", "fields_invalid"}
    assert shown(installation, person, "person_tag") == []


def test_who_may_not_know_is_told_of_nobody(installation: Wiring) -> None:
    person, nobody = add_person(installation), SubjectId("0" * 8 + "-0000-4000-8000-" + "0" * 12)
    operator = staff("it_operator")
    for subject, principal in ((nobody, SUPPORT), (person, operator), (nobody, operator)):
        with pytest.raises(UnknownPersonError):
            write(installation, "channel_permission", subject, principal, channel="phone",
                  kind="any", wanted="ask")  # fmt: skip
    with pytest.raises(FieldsRefusedError):
        write(installation, "channel_permission", person, MARKETING, purpose="mail_marketing",
              channel="phone", kind="any", wanted="ask")  # fmt: skip
    with pytest.raises(UnknownRowError):
        write(installation, "subject", person, wanted="ask")


def test_a_row_is_removed_on_record_but_not_under_a_hold(installation: Wiring) -> None:
    person = add_person(installation)
    stored = write(installation, "person_tag", person, vocabulary="care", label="callback")
    removal = Removal(table="person_tag", subject=person, row=stored.row, purpose="order_support")
    installation.database.write(
        lambda tx: store.place_hold(tx, person, matter="suit:1", by="u:lawyer", at=AT)
    )
    with pytest.raises(FieldHeldError):
        remove(installation.ports, SUPPORT, removal, at=AT)
    other = add_person(installation)
    with pytest.raises(UnknownRowError):
        remove(
            installation.ports,
            SUPPORT,
            Removal(table="person_tag", subject=other, row=stored.row, purpose="order_support"),
            at=AT,
        )
    free = write(installation, "person_tag", other, vocabulary="care", label="callback")
    gone = Removal(table="person_tag", subject=other, row=free.row, purpose="order_support")
    remove(installation.ports, SUPPORT, gone, at=AT + timedelta(minutes=1))
    assert shown(installation, other, "person_tag") == []
    assert _changes(installation)[-1].reasons is not None


def test_an_erased_guardian_is_forgotten_and_the_ward_s_row_stays(installation: Wiring) -> None:
    child, parent = add_person(installation), add_person(installation)
    write(installation, "relation", child, other_subject_id=parent, kind="parent",
          other_name="架空 親", notes="電話で確認")  # fmt: skip
    write(installation, "household_member", parent, role="head")
    erased(installation, parent)
    (row,) = shown(installation, child, "relation")
    assert (row["kind"], row["other_subject_id"]) == ("parent", None)
    assert (row["other_name"], row["notes"]) == (None, None)


def test_an_erased_person_has_no_row_around_them(installation: Wiring, tmp_path: Path) -> None:
    firm, person = company(installation, tmp_path), add_person(installation)
    write(installation, "contact", person, SALES, purpose="corporate_sales", company_id=firm,
          title="部長", email="gone@example.com")  # fmt: skip
    write(installation, "subscription", person, status="running", started_on="2026-01-01")
    write(installation, "person_tag", person, vocabulary="care", label="priority")
    write(installation, "preference", person, topic="language", value="en")
    write(installation, "channel_permission", person, channel="sms", kind="any", wanted="ask")
    write(installation, "relation", person, kind="agent", other_name="架空 代理", notes="委任")
    left = erased(installation, person)
    assert not left
    with installation.database.read() as tx:
        for name in ("contact", "subscription", "person_tag", "preference", "relation"):
            mine = TABLES[name].c.subject_id == person
            counted = select(func.count()).select_from(TABLES[name]).where(mine)
            assert tx.execute(counted).scalar_one() == 0, name
        noted = select(func.count()).select_from(FINDING).where(FINDING.c.subject_id == person)
        assert tx.execute(noted).scalar_one() == 0


def erased(wiring: Wiring, subject: SubjectId) -> Any:
    """The person is erased as a purge does it; what should be gone and is not."""
    doomed = Doomed(subject=subject, erased_before=False, keeps={})
    wiring.database.write(lambda tx: erase(tx, wiring.ports.vault, [doomed], at=AT))
    wiring.ports.vault.destroy(subject, KeyClass.ACTIVE)
    with wiring.database.read() as tx:
        return residue(tx, select(store.SUBJECT.c.id).where(store.SUBJECT.c.id == subject))


def test_a_value_of_the_wrong_form_is_named_by_its_column(installation: Wiring) -> None:
    person = add_person(installation)
    with pytest.raises(FieldsInvalidError) as error:
        write(
            installation, "subscription", person, status="wild", started_on="2026-02-30",
            period_months="monthly", plan_name="x" * 501, amount=2**60, colour="red",
        )  # fmt: skip
    assert faults(error) == {
        ("status", "unknown_value"),
        ("started_on", "unknown_value"),
        ("period_months", "wrong_type"),
        ("plan_name", "too_long"),
        ("amount", "wrong_type"),
        ("?", "unknown_field"),
    }
