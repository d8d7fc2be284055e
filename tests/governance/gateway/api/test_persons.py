"""`/v1/persons`: what is shown, stored and refused, on each engine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import install
from governance.customers.custom.declaration import NOTHING
from governance.customers.search.looking import find_tokens
from governance.customers.store import LAW, SUBJECT, SUPPRESSION, record_by_id, set_state
from governance.customers.subjects import SubjectState
from governance.gateway.intake.tokens import Indexer
from tests.governance.gateway.api.conftest import Desk, opened
from tests.installation import AT, OFFICER, events, nothing_found, with_ports

PERSON = {
    "fields": {
        "name": "架空　太郎",
        "kana": "かくう たろう",
        "email": "Taro.Kakuu＠Example.com",
        "mobile": "０９０－１１１１－２２２２",
        "birth_date": "昭和55年5月5日",
        "customer_id": "c-77",
    },
    "acquisition": {"acquired_from": "person", "method": "paper", "source": "店頭"},
}
QUALITY = {"purpose": "data_quality"}
SUPPORT = {"purpose": "order_support"}
CORRECTION = {**SUPPORT, "reason": "person_request"}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    shape: dict[str, Any] = answer.json()
    assert shape["code"] == code
    assert shape["detail"]
    return shape


def faults(answer: httpx.Response, status: int, code: str) -> dict[str, str]:
    return {item["field"]: item["code"] for item in problem(answer, status, code)["errors"]}


def person_row(desk: Desk, subject: str) -> store.Record:
    with desk.wiring.database.read() as tx:
        (row,) = store.records_of(tx, SubjectId(subject), "person")
    return row


def value(desk: Desk, subject: str, column: str) -> object:
    """What is stored of a person, opened past the gate."""
    row = person_row(desk, subject)
    field = FieldId(f"person.{column}")
    if field not in row.sealed:
        return row.clear.get(column)
    return desk.wiring.vault.open_row(row.id, {field: row.sealed[field]})[field].value


def found_by(desk: Desk, column: str, text: str) -> set[str]:
    """Persons whom the index finds by a whole value."""
    field = FieldId(f"person.{column}")
    tokens = [token for _, token in Indexer(desk.wiring.vault, ["person"]).of(field, text)]
    with desk.wiring.database.read() as tx:
        return {subject for _, _, subject in find_tokens(tx, [field], tokens)}


def created(desk: Desk, body: dict[str, Any] = PERSON) -> httpx.Response:
    return desk.staff("data_manager").post("/v1/persons", params=QUALITY, json=body)


def with_fields(**fields: Any) -> dict[str, Any]:
    return {**PERSON, "fields": {"name": "架空 花", **fields}}


# --- creating


def test_a_new_person_is_normalised_sealed_indexed_and_on_record(desk: Desk) -> None:
    answer = created(desk)
    assert answer.status_code == 201, answer.text
    shape = answer.json()
    assert answer.headers["location"] == f"/v1/persons/{shape['id']}"
    assert answer.headers["etag"] == shape["etag"] == f'"{shape["row"]}.1"'
    assert shape["normalised"] == {
        "name": "架空 太郎",
        "kana": "カクウ タロウ",
        "email": "taro.kakuu@example.com",
        "mobile": "+819011112222",
        "birth_date": "1980-05-05",
        "customer_id": "C000077",
    }
    assert value(desk, shape["id"], "birth_date") == date(1980, 5, 5)
    assert value(desk, shape["id"], "source") == "店頭"
    assert found_by(desk, "mobile", "+819011112222") == {shape["id"]}
    with desk.wiring.database.read() as tx:
        (event,) = events(tx, "person.created")
        laws = set(tx.execute(select(LAW.c.law).where(LAW.c.subject_id == shape["id"])).scalars())
    assert event.subject == shape["id"]
    assert "person.email" in str(event.fields)
    assert "person" in str(event.reasons)
    assert "paper" in str(event.reasons)
    assert laws == {Law.APPI.value}


def test_a_person_of_european_origin_stands_under_both_laws(desk: Desk) -> None:
    body = {**PERSON, "acquisition": {**PERSON["acquisition"], "origin": "DE"}}
    subject = created(desk, body).json()["id"]
    with desk.wiring.database.read() as tx:
        person = store.subject_by_id(tx, SubjectId(subject), on=AT.date())
    assert person is not None
    assert person.laws == {Law.APPI, Law.GDPR}


def test_without_its_acquisition_record_nobody_is_stored(desk: Desk) -> None:
    answer = created(desk, {"fields": PERSON["fields"]})
    assert faults(answer, 422, "body_invalid") == {"acquisition": "required"}
    third = {"acquired_from": "third_party", "method": "provision", "source": "名簿"}
    answer = created(desk, {**PERSON, "acquisition": third})
    assert faults(answer, 422, "fields_invalid") == {"acquisition.provider": "required"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": None}, {"name": "required"}),
        ({"phone": "12"}, {"phone": "PHONE_DIGITS"}),
        ({"email": "nobody"}, {"email": "EMAIL_SYNTAX"}),
        ({"birth_date": "2026-02-30"}, {"birth_date": "DATE_IMPOSSIBLE"}),
        ({"status": "maybe"}, {"status": "VALUE_UNKNOWN"}),
        ({"unpaid_balance": "1000"}, {"unpaid_balance": "wrong_type"}),
        ({"unpaid_balance": True}, {"unpaid_balance": "wrong_type"}),
        ({"name": 7}, {"name": "wrong_type"}),
        ({"nickname": "x"}, {"nickname": "unknown_field"}),
        ({"架空 花子": "x"}, {"?": "unknown_field"}),
        ({"version": 7}, {"version": "read_only"}),
        ({"source": "x"}, {"source": "read_only"}),
        ({"source_key": "x"}, {"source_key": "read_only"}),
        ({"name": "x" * 501}, {"name": "too_long"}),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_stored(
    town: Desk, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    with town.wiring.database.read() as tx:
        before = store.count_rows(tx, "person")
    officer = town.staff("privacy_officer")
    answer = officer.post(
        "/v1/persons", params={"purpose": "dsar_fulfilment"}, json=with_fields(**fields)
    )
    assert faults(answer, 422, "fields_invalid") == expected
    with town.wiring.database.read() as tx:
        assert store.count_rows(tx, "person") == before


def test_an_erased_person_is_not_taken_in_again_unless_they_sign_up_themselves(desk: Desk) -> None:
    field = FieldId("person.mobile")
    tokens = Indexer(desk.wiring.vault, ["person"]).of(field, "+819011112222")
    row = {"field": field, "rule": "erasure", "placed_at": AT, "ends_on": None}
    desk.wiring.database.write(
        lambda tx: tx.execute(
            SUPPRESSION.insert(),
            [{"id": RowId("s" * 36), "version": v, "token": t, **row} for v, t in tokens],
        )
    )
    problem(created(desk), 409, "person_suppressed")
    own = {**PERSON, "acquisition": {**PERSON["acquisition"], "own_sign_up": True}}
    assert created(desk, own).status_code == 201
    with desk.wiring.database.read() as tx:
        assert tx.execute(select(SUPPRESSION)).all() == []
        (event,) = events(tx, "person.created")
    assert "suppressions_lifted" in str(event.counts)


def test_a_customer_id_belongs_to_one_person(desk: Desk) -> None:
    assert created(desk).status_code == 201
    answer = created(desk, with_fields(customer_id="Ｃ７７"))
    assert faults(answer, 409, "key_taken") == {"customer_id": "taken"}


def test_a_system_writes_what_its_purpose_opens_and_no_more(desk: Desk) -> None:
    shop = desk.system("shop")
    params = {"purpose": "order_fulfilment"}
    assert shop.post("/v1/persons", params=params, json=with_fields()).status_code == 201
    answer = shop.post("/v1/persons", params=params, json=with_fields(sex="female"))
    assert faults(answer, 403, "fields_refused") == {"sex": "denied.actor.no_rule"}
    other = desk.system("probe").post("/v1/persons", params=params, json=with_fields())
    assert faults(other, 403, "fields_refused") == {"name": "denied.actor.purpose_not_granted"}
    with desk.wiring.database.read() as tx:
        refused = events(tx, "access.denied")
    assert [event.outcome for event in refused] == ["deny", "deny"]


# --- reading


def test_a_reading_shows_each_field_as_the_gates_say(town: Desk) -> None:
    subject = town.people[0]
    answer = town.staff("support").get(f"/v1/persons/{subject}", params=SUPPORT)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    fields = answer.json()["fields"]
    assert fields["email"] == {
        "treatment": "masked",
        "code": "permit",
        "value": "p＊＊＊@＊＊＊.com",
    }
    assert fields["sex"] == {"treatment": "withheld", "code": "denied.actor.no_rule"}
    with town.wiring.database.read() as tx:
        read = {event.id for event in events(tx, "person.read")}
    assert answer.json()["decision_id"] in read


def test_only_asked_fields_are_shown(town: Desk) -> None:
    params = {**SUPPORT, "fields": "name,status"}
    answer = town.staff("support").get(f"/v1/persons/{town.people[0]}", params=params)
    assert set(answer.json()["fields"]) == {"name", "status"}
    unknown = town.staff("support").get(
        f"/v1/persons/{town.people[0]}", params={**SUPPORT, "fields": "name,shoe_size"}
    )
    assert faults(unknown, 422, "body_invalid") == {"shoe_size": "unknown_field"}


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "taro", "架空花子"])
@pytest.mark.parametrize("role", ["support", "auditor", "marketing", "sales"])
def test_who_is_unknown_is_not_found_whatever_the_caller_may_do(
    town: Desk, name: str, role: str
) -> None:
    path = f"/v1/persons/{name}"
    if role != "auditor":  # who holds no person:read at all is refused whoever is meant
        problem(town.staff(role).get(path, params=QUALITY), 404, "person_unknown")
    else:
        problem(town.staff(role).get(path, params=QUALITY), 403, "action_forbidden")


def test_a_caller_to_whom_nothing_is_open_cannot_tell_that_a_person_exists(town: Desk) -> None:
    there, nowhere = town.people[0], "00000000-0000-4000-8000-000000000000"
    for client in (town.system("mailer"), town.staff("support")):
        answers = [
            client.get(f"/v1/persons/{name}", params={"purpose": "corporate_sales"})
            for name in (there, nowhere)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
    support = town.staff("support")
    for name in (there, nowhere):
        answer = support.patch(
            f"/v1/persons/{name}",
            params={"purpose": "mail_marketing", "reason": "error"},
            headers={"if-match": f'"{there}.1"'},
            json={"email": "x@example.com"},
        )
        problem(answer, 404, "person_unknown")


def test_nobody_is_asked_to_sign_in(town: Desk) -> None:
    problem(town.nobody().get("/v1/persons", params=QUALITY), 401, "sign_in_needed")


def test_a_purpose_that_nobody_knows_is_refused_before_the_person(town: Desk) -> None:
    path = f"/v1/persons/{town.people[0]}"
    problem(town.staff("support").get(path, params={"purpose": "x"}), 422, "purpose_not_in_policy")
    missing = town.staff("support").get(path)
    assert faults(missing, 422, "body_invalid") == {"purpose": "required"}


def test_a_list_names_only_persons_of_whom_something_is_shown(desk: Desk) -> None:
    first, second = desk.people
    mailer, params = desk.system("mailer"), {"purpose": "mail_marketing", "fields": "name,email"}
    assert mailer.get("/v1/persons", params=params).status_code == 403  # no person:search
    marketing = desk.staff("marketing")
    assert marketing.get("/v1/persons", params=params).json()["items"] == []
    choice = Choice(subject=second, purpose="mail_marketing", kind=EventKind.GIVEN)
    choose(desk.wiring.ports, OFFICER, choice, at=AT)
    shape = marketing.get("/v1/persons", params={**params, "limit": 1}).json()
    assert shape["items"] == []
    assert shape["next"]
    rest = marketing.get("/v1/persons", params={**params, "after": shape["next"]}).json()
    assert [item["id"] for item in rest["items"]] == [second]
    assert rest["next"] is None
    with desk.wiring.database.read() as tx:
        assert [event.subject for event in events(tx, "person.read")] == [second]
    assert first not in str(rest)


def test_a_page_has_at_most_two_hundred_rows(town: Desk) -> None:
    answer = town.staff("data_manager").get("/v1/persons", params={**QUALITY, "limit": 201})
    assert faults(answer, 422, "body_invalid") == {"limit": "unknown_value"}


# --- correcting


def read_tag(client: httpx.Client, subject: str) -> str:
    return client.get(f"/v1/persons/{subject}", params=SUPPORT).headers["etag"]


def corrected(
    client: httpx.Client,
    subject: str,
    body: dict[str, Any],
    *,
    tag: str | None = None,
    **params: str,
) -> httpx.Response:
    headers = {"if-match": tag if tag is not None else read_tag(client, subject)}
    return client.patch(
        f"/v1/persons/{subject}", params={**CORRECTION, **params}, headers=headers, json=body
    )


def test_a_correction_replaces_value_token_and_version_and_is_on_record(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    tag = read_tag(support, subject)
    answer = corrected(support, subject, {"email": "Ｎｅｗ@example.com", "address": None}, tag=tag)
    assert answer.status_code == 200, answer.text
    assert answer.json()["normalised"] == {"email": "new@example.com"}
    assert answer.headers["etag"] != tag
    assert answer.headers["etag"].endswith('.2"')
    assert found_by(desk, "email", "new@example.com") == {subject}
    assert found_by(desk, "email", "person1@example.com") == set()
    assert value(desk, subject, "address") is None
    with desk.wiring.database.read() as tx:
        (event,) = events(tx, "person.changed")
    assert (event.subject, event.reasons) == (subject, "person_request")
    assert "person.email" in str(event.fields)
    assert "person.address" in str(event.fields)


def test_a_correction_names_the_version_that_it_corrects(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    tag = read_tag(support, subject)
    path, body = f"/v1/persons/{subject}", {"email": "new@example.com"}
    problem(support.patch(path, params=CORRECTION, json=body), 428, "precondition_required")
    for stale in ('"nothing"', tag.replace(".1", ".2"), f"W/{tag}", f'"{subject}.1"'):
        problem(corrected(support, subject, body, tag=stale), 412, "version_conflict")
    problem(corrected(support, subject, body, tag="*"), 428, "precondition_required")
    assert corrected(support, subject, body, tag=f'"x", {tag}').status_code == 200
    problem(corrected(support, subject, body, tag=tag), 412, "version_conflict")


def test_fields_of_another_role_are_refused_and_nothing_of_the_item_is_stored(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    answer = corrected(support, subject, {"email": "new@example.com", "name": "別人"})
    assert faults(answer, 403, "fields_refused") == {"name": "denied.actor.no_rule"}
    assert value(desk, subject, "email") == "person1@example.com"


@pytest.mark.parametrize(
    ("role", "purpose", "body"),
    [
        ("support", "order_support", {"mobile": "090-2222-3333"}),
        ("data_manager", "data_quality", {"name": "架空 実", "unpaid_balance": 5, "notes": "済"}),
        ("privacy_officer", "dsar_fulfilment", {"name": "架空 実", "notes": "本人の申し出"}),
    ],
)
def test_each_role_corrects_what_its_work_needs(
    desk: Desk, role: str, purpose: str, body: dict[str, Any]
) -> None:
    client, subject = desk.staff(role), desk.people[0]
    path = f"/v1/persons/{subject}"
    tag = client.get(path, params={"purpose": purpose}).headers["etag"]
    params = {"purpose": purpose, "reason": "error"}
    answer = client.patch(path, params=params, headers={"if-match": tag}, json=body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["written"]) == set(body)


def test_a_restricted_person_is_only_stored_but_for_their_own_request(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    tag = read_tag(support, subject)
    desk.wiring.database.write(lambda tx: set_state(tx, subject, SubjectState.RESTRICTED))
    answer = corrected(support, subject, {"email": "new@example.com"}, tag=tag)
    assert faults(answer, 403, "fields_refused") == {"email": "denied.subject"}
    officer = desk.staff("privacy_officer")
    params = {"purpose": "dsar_fulfilment"}
    answer = corrected(officer, subject, {"email": "new@example.com"}, tag=tag, **params)
    assert answer.status_code == 200, answer.text


def test_an_erased_person_is_unknown_to_every_writer(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    tag = read_tag(support, subject)
    desk.wiring.database.write(lambda tx: set_state(tx, subject, SubjectState.ERASED))
    answer = corrected(support, subject, {"email": "new@example.com"}, tag=tag)
    problem(answer, 404, "person_unknown")
    purchase = desk.system("shop").post(
        f"/v1/persons/{subject}/purchases",
        params={"purpose": "order_fulfilment"},
        json={"fields": {"type": "single"}},
    )
    problem(purchase, 404, "person_unknown")


def test_what_a_law_alone_keeps_is_not_corrected(desk: Desk) -> None:
    subject, officer = desk.people[0], desk.staff("privacy_officer")
    tag = read_tag(desk.staff("support"), subject)
    desk.wiring.database.write(
        lambda tx: set_state(tx, subject, SubjectState.ERASED, kept_by_law="accounting")
    )
    answer = corrected(
        officer, subject, {"email": "n@example.com"}, tag=tag, purpose="dsar_fulfilment"
    )
    assert answer.status_code in (403, 409), answer.text
    assert value(desk, subject, "email") == "person1@example.com"


def test_under_a_hold_nothing_is_emptied_and_what_is_replaced_is_kept_sealed(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    desk.wiring.database.write(
        lambda tx: store.place_hold(tx, subject, matter="case-1", by="u:x", at=AT)
    )
    answer = corrected(support, subject, {"email": None})
    assert faults(answer, 409, "field_held") == {"email": "held"}
    assert corrected(support, subject, {"email": "new@example.com"}).status_code == 200
    from audit.models import PARTS  # noqa: PLC0415 # here alone

    with desk.wiring.database.read() as tx:
        (part,) = tx.execute(select(PARTS).where(PARTS.c.subject == subject)).all()
    assert b"person1@example.com" in desk.wiring.vault.open_part(part.id, bytes(part.payload))
    assert b"person1@example.com" not in bytes(part.payload)


def test_what_the_gates_know_follows_a_corrected_birth_date_and_origin(desk: Desk) -> None:
    subject, manager = desk.people[0], desk.staff("data_manager")
    tag = read_tag(desk.staff("support"), subject)
    body = {"birth_date": "2015-01-01", "origin": "FR"}
    answer = corrected(manager, subject, body, tag=tag, purpose="data_quality", reason="error")
    assert answer.status_code == 200, answer.text
    with desk.wiring.database.read() as tx:
        found = tx.execute(select(SUBJECT).where(SUBJECT.c.id == subject)).one()
        person = store.subject_by_id(tx, subject, on=AT.date())
    assert found.birth_band == "under_13"
    assert found.fence == 1
    assert person is not None
    assert person.laws == {Law.APPI, Law.GDPR}


def test_an_empty_patch_changes_nothing(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    tag = read_tag(support, subject)
    answer = corrected(support, subject, {}, tag=tag)
    assert (answer.status_code, answer.headers["etag"]) == (200, tag)
    with desk.wiring.database.read() as tx:
        assert events(tx, "person.changed") == ()


def test_a_person_is_never_erased_by_one_call(town: Desk) -> None:
    for name in (town.people[0], "00000000-0000-4000-8000-000000000000"):
        answer = town.staff("privacy_officer").delete(f"/v1/persons/{name}")
        problem(answer, 405, "delete_by_request")
        assert answer.headers["allow"] == "GET, PATCH"
    assert town.staff("support").get(f"/v1/persons/{town.people[0]}", params=SUPPORT).is_success


def test_a_correction_survives_in_the_row_and_nowhere_else(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    row = person_row(desk, subject).id
    assert corrected(support, subject, {"email": "new@example.com"}).status_code == 200
    with desk.wiring.database.read() as tx:
        stored = record_by_id(tx, "person", row)
    assert stored is not None
    assert stored.clear["version"] == 2
    assert value(desk, subject, "mobile") == "+819000000001"


# --- fields of the installation's own

OWN = """\
fields:
  vip:
    on: person
    label: 特別会員 / Special member
    type: boolean
    purposes: [data_quality]
    category: membership
    sensitivity: ordinary
    retention: customer_master
    owner: customer_desk
  visits:
    on: person
    label: 来店回数 / Visits
    type: number
    purposes: [data_quality]
    category: membership
    sensitivity: ordinary
    retention: customer_master
    owner: customer_desk
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose register has two fields of its own."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "fields.yaml").write_text(OWN, encoding="utf-8")
    settings = Settings(data_dir=tmp_path / "data", catalogue_dir=folder)
    wiring = Wiring.create(settings, clock=lambda: AT)
    wiring = with_ports(wiring, replace(wiring.ports, analyse=nothing_found))
    with opened(wiring, tmp_path) as made:
        yield made
    install(NOTHING.catalogue())


def test_fields_of_the_installations_own_are_written_and_read_as_the_others(own: Desk) -> None:
    manager = own.staff("data_manager")
    body = with_fields(**{"custom.vip": True, "custom.visits": 7})
    made = manager.post("/v1/persons", params=QUALITY, json=body)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    shown = manager.get(path, params=QUALITY).json()["fields"]
    assert (shown["custom.vip"]["value"], shown["custom.visits"]["value"]) == ("true", "7")
    patch = {"custom.vip": None, "custom.visits": 8}
    done = manager.patch(
        path,
        params={**QUALITY, "reason": "changed"},
        headers={"if-match": made.headers["etag"]},
        json=patch,
    )
    assert done.status_code == 200, done.text
    shown = manager.get(path, params=QUALITY).json()["fields"]
    assert (shown["custom.vip"]["value"], shown["custom.visits"]["value"]) == (None, "8")
    wrong = manager.post(
        "/v1/persons", params=QUALITY, json=with_fields(**{"custom.vip": "yes", "custom.x": 1})
    )
    assert faults(wrong, 422, "fields_invalid") == {
        "custom.vip": "wrong_type",
        "custom.x": "unknown_field",
    }
    many = {**QUALITY, "ids": [made.json()["id"]] * 9 + list(own.people)}
    found = manager.post("/v1/persons:bulk-read", json=many).json()["items"]
    assert found[0]["fields"]["custom.visits"]["value"] == "8"
