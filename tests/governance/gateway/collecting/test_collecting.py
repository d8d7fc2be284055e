"""What comes in at a point: stored with what was shown, proved, once, and never told apart."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from audit.actions import EventCode
from consent import ledger
from consent.checks import check
from consent.collecting import service, store
from consent.collecting.errors import (
    CollectedFaultsError,
    NoticeStaleError,
    PointChangedError,
    PointFaultsError,
    PointUnknownError,
)
from consent.collecting.reading import shipped
from consent.collecting.rules import Answers
from consent.gates import UseRequest
from consent.proofs import proof_of
from consent.receipts.issue import newest_choice
from dsar.answer_words import in_words
from dsar.collection import CollectionSource
from dsar.reads import Query
from governance.app.wiring import Wiring
from governance.core.terms import Lang, Law, PurposeId, RequestId, SubjectId
from governance.customers.store import TABLES
from governance.gateway.collecting.service import collect
from governance.gateway.collecting.types import Received, Submission, collector
from governance.gateway.writing.types import FieldsInvalidError, Once
from policies.api import ActionForbiddenError
from retention import edges
from tests.installation import (
    AT,
    OFFICER,
    create,
    customer,
    data_bytes,
    events,
    import_file,
    register,
    staff,
    subjects,
    system,
    write_file,
)

MAIL = PurposeId("mail_marketing")
PERSON = TABLES["person"]
SHOWN = {"customer_terms": "3.1", "marketing": "3.1", "analysis": "3.1", "business_contacts": "3.1"}


def opened(wiring: Wiring, name: str = "newsletter") -> None:
    wiring.database.write(
        lambda tx: service.set_open(tx, wiring.ports, OFFICER, name, opened=True, at=AT)
    )


def submission(name: str = "newsletter", **changes: Any) -> Submission:
    made = Submission(
        point=name,
        answers=Answers(
            lang=Lang.JA,
            values={"name": "架空　新子", "email": "new@example.com"},
            consents={MAIL: True},
            notices={"marketing": "3.1"},
            adult=True,
        ),
        once=Once(key="k" * 64, fingerprint="f"),
        user_agent="phone",
    )
    return replace(made, **changes)


def answers(**changes: Any) -> Answers:
    return replace(submission().answers, **changes)


def sent(wiring: Wiring, given: Submission, principal: Any = None) -> Received:
    point = next(one for one in shipped() if one.id == given.point)
    by = principal or collector(point, "192.0.2.0/24")
    return collect(wiring.ports, by, given, at=AT)


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    made = create(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Wiring]:
    url = new_database("upgraded") if request.param == "postgres" else None
    made = create(tmp_path, url=url)
    yield made
    made.close()


def persons(wiring: Wiring) -> int:
    with wiring.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(PERSON)).scalar_one())


def allowed(wiring: Wiring, subject: SubjectId, channel: str = "email") -> str:
    asked = UseRequest(subject=subject, purpose=MAIL, channel=channel)
    return check(wiring.ports, system("mail_sender", MAIL), asked, at=AT).exact.value


def test_a_new_person_comes_in_with_what_was_shown_and_what_they_agreed_to(
    either: Wiring,
) -> None:
    opened(either)
    got = sent(either, submission())
    assert allowed(either, got.subject) == "permit"
    with either.database.read() as tx:
        row = tx.execute(select(PERSON).where(PERSON.c.subject_id == got.subject)).one()
        assert (row.source, row.acquired_from, row.acquisition_method) == (
            "ウェブサイト（メールマガジン）",
            "person",
            "web_form",
        )
        kept = tx.execute(select(store.COLLECTED)).one()
        assert (kept.point, kept.point_version, kept.notices) == ("newsletter", 1, "marketing@3.1")
        assert (kept.items, kept.user_agent, kept.entered_by) == ("email,name", "phone", None)
        choice = newest_choice(tx, got.subject, MAIL)
        event = tx.execute(select(ledger.EVENT).where(ledger.EVENT.c.id == choice)).one()
        assert (event.kind, event.channel, event.notice_version) == ("given", "email", "3.1")
        assert (event.collection_point, event.collection_version) == ("newsletter", 1)
        proof = proof_of(tx, either.ports, choice)
        assert proof.shown == "メールマガジンを受け取ることに同意します。"
        assert (proof.action, proof.network) == ("unticked_box", "192.0.2.0/24")
        (noted,) = events(tx, EventCode.DATA_COLLECTED)
        assert (noted.subject, noted.fields) == (got.subject, "person.email,person.name")


def test_the_same_request_twice_is_one_person(either: Wiring) -> None:
    opened(either)
    first, second = sent(either, submission()), sent(either, submission())
    assert (second.subject, second.repeated) == (first.subject, True)
    assert persons(either) == 1
    with either.database.read() as tx:
        assert len(ledger.full_history(tx, first.subject)) == 1


def test_an_empty_box_says_nothing_and_a_no_refuses(wiring: Wiring) -> None:
    opened(wiring)
    got = sent(wiring, submission(answers=answers(consents={}, adult=False)))
    with wiring.database.read() as tx:
        assert [e.kind.value for e in ledger.full_history(tx, got.subject)] == ["requested"]
    assert allowed(wiring, got.subject) == "denied.subject.no_consent"
    opened(wiring, "phone_inquiry")
    calls = PurposeId("phone_marketing")
    spoken = submission(
        "phone_inquiry",
        answers=answers(
            values={"name": "架空　声子", "phone": "03-0000-1234"},
            consents={calls: False},
            notices={"customer_terms": "3.1", "marketing": "3.1"},
        ),
        once=None,
    )
    said = sent(wiring, spoken, OFFICER)
    with wiring.database.read() as tx:
        (event,) = ledger.full_history(tx, said.subject)
        assert event.kind.value == "refused"
        assert proof_of(tx, wiring.ports, newest_choice(tx, said.subject, calls)).action == "spoken"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"notices": {"marketing": "3.0"}}, NoticeStaleError),
        ({"notices": {}}, NoticeStaleError),
        ({"values": {"name": "架空", "sex": "F"}}, CollectedFaultsError),
        ({"values": {"email": "x@example.com"}}, CollectedFaultsError),
        ({"consents": {PurposeId("ad_matching"): True}}, CollectedFaultsError),
        ({"adult": False}, CollectedFaultsError),
        ({"values": {"name": "架空", "email": "nobody"}}, FieldsInvalidError),
    ],
)
def test_what_is_refused_leaves_nothing(
    wiring: Wiring, changes: dict[str, Any], error: type[Exception]
) -> None:
    opened(wiring)
    with pytest.raises(error):
        sent(wiring, submission(answers=answers(**changes)))
    assert persons(wiring) == 0
    with wiring.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(ledger.EVENT)).scalar() == 0
        assert tx.execute(select(func.count()).select_from(store.COLLECTED)).scalar() == 0


def test_a_closed_point_and_an_unknown_one_are_told_the_same(wiring: Wiring) -> None:
    with pytest.raises(PointUnknownError):
        sent(wiring, submission())
    opened(wiring)
    sent(wiring, submission())
    wiring.database.write(
        lambda tx: service.set_open(tx, wiring.ports, OFFICER, "newsletter", opened=False, at=AT)
    )
    with pytest.raises(PointUnknownError):
        sent(wiring, submission(once=None))


def test_nobody_is_recognised_by_what_they_write(wiring: Wiring, tmp_path: Path) -> None:
    known = customer(1)
    import_file(wiring, write_file(tmp_path, register([known])))
    (there,) = subjects(wiring)
    opened(wiring)
    values = {"name": known["氏名"], "email": known["メールアドレス"]}
    got = sent(wiring, submission(answers=answers(values=values)))
    assert got.subject != there
    assert persons(wiring) == 2
    assert allowed(wiring, there) == "denied.subject.no_consent"


def test_a_known_person_keeps_what_the_form_does_not_ask(wiring: Wiring, tmp_path: Path) -> None:
    import_file(wiring, write_file(tmp_path, register([customer(1)])))
    (there,) = subjects(wiring)
    opened(wiring)
    got = sent(wiring, submission(person=there), OFFICER)
    assert (got.subject, persons(wiring)) == (there, 1)
    assert allowed(wiring, there) == "permit"
    with wiring.database.read() as tx:
        kept = tx.execute(select(store.COLLECTED)).one()
        assert (kept.subject_id, kept.entered_by) == (there, OFFICER.id)
    again = sent(wiring, submission(person=there), OFFICER)
    assert again.repeated
    with wiring.database.read() as tx:
        assert len(ledger.full_history(tx, there)) == 1


def test_a_minor_who_ticks_has_not_yet_agreed(wiring: Wiring) -> None:
    opened(wiring, "membership")
    given = submission(
        "membership",
        answers=answers(
            values={"name": "架空　若子", "email": "y@example.com", "birth_date": "2015-05-05"},
            notices=SHOWN,
        ),
    )
    got = sent(wiring, given)
    assert allowed(wiring, got.subject) == "denied.subject.minor_unverified"


def test_a_paper_is_entered_with_its_day_and_the_notice_of_that_day(wiring: Wiring) -> None:
    opened(wiring, "paper_form")
    values = {"name": "架空　紙子", "birth_date": "1980-05-05", "address": "東京都千代田区1-1"}
    on = AT - timedelta(days=500)  # in 2025
    older = {"customer_terms": "3.0", "marketing": "3.0"}
    given = submission(
        "paper_form",
        answers=answers(values=values, notices=older, consents={MAIL: True}),
        shown_at=on,
    )
    got = sent(wiring, given, OFFICER)
    with wiring.database.read() as tx:
        event = ledger.full_history(tx, got.subject)[-1]
        given_ = [e for e in ledger.full_history(tx, got.subject) if e.kind.value == "given"]
        row = tx.execute(select(PERSON).where(PERSON.c.subject_id == got.subject)).one()
    assert event.occurred_at == on
    assert given_[0].notice_version == "3.0"
    assert row.acquired_on == on.date()
    with pytest.raises(CollectedFaultsError):
        sent(wiring, replace(given, shown_at=AT + timedelta(days=1), once=None), OFFICER)


def test_no_value_stands_in_the_clear_anywhere(wiring: Wiring) -> None:
    opened(wiring)
    sent(wiring, submission())
    content = data_bytes(wiring)
    assert "架空　新子".encode() not in content
    assert b"new@example.com" not in content


def test_a_declaration_changed_in_the_database_takes_nothing_in(wiring: Wiring) -> None:
    opened(wiring)
    forged = replace(shipped()[0], source="どこか").as_json()
    import json  # noqa: PLC0415 # here alone

    wiring.database.write(
        lambda tx: tx.execute(
            update(store.POINT)
            .where(store.POINT.c.id == "newsletter")
            .values(content=json.dumps(forged))
        )
    )
    with pytest.raises(PointChangedError):
        sent(wiring, submission())


def test_a_version_is_declared_once_and_replaces_the_one_before_when_it_opens(
    wiring: Wiring,
) -> None:
    second = replace(shipped()[0], version=2, fields=shipped()[0].fields[:2])

    def declared(given: Any) -> Any:
        return wiring.database.write(
            lambda tx: service.declare(tx, wiring.ports, OFFICER, given, at=AT)
        )

    opened(wiring)
    declared(second)
    declared(second)
    with pytest.raises(PointFaultsError):
        declared(replace(second, source="別"))
    with wiring.database.read() as tx:
        assert store.open_point(tx, "newsletter", on=AT.date()).point.version == 1
    opened(wiring)
    with wiring.database.read() as tx:
        assert store.open_point(tx, "newsletter", on=AT.date()).point.version == 2
    more = submission(answers=answers(values={"name": "架空", "interests": "登山"}))
    with pytest.raises(CollectedFaultsError):
        sent(wiring, more)


def test_only_who_writes_notices_opens_points(wiring: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        wiring.database.write(
            lambda tx: service.set_open(
                tx, wiring.ports, staff("support"), "newsletter", opened=True, at=AT
            )
        )


def test_the_person_is_told_where_their_data_came_in(wiring: Wiring) -> None:
    opened(wiring)
    got = sent(wiring, submission())
    query = Query(
        request=RequestId("r"),
        laws=frozenset({Law.APPI}),
        subject=got.subject,
        principal=OFFICER,
        at=AT,
    )
    (record,) = CollectionSource(wiring.ports).find(query).records
    said = {str(value.name): value.text for value in record.values}
    read = {name: in_words(name, value, Lang.JA) for name, value in said.items()}
    assert read["collection.point"] == "メールマガジンの申込み"
    assert read["collection.notices"] == "ご案内の送付（版 3.1）"
    assert read["collection.lang"] == "日本語"
    assert "メールアドレス" in read["collection.items"].split("、")


def test_a_no_of_a_known_person_is_in_the_journal_and_erasure_takes_the_record(
    wiring: Wiring, tmp_path: Path
) -> None:
    import_file(wiring, write_file(tmp_path, register([customer(1)])))
    (there,) = subjects(wiring)
    opened(wiring, "phone_inquiry")
    given = submission(
        "phone_inquiry",
        person=there,
        answers=answers(
            values={"name": "架空　声子", "phone": "03-0000-1234"},
            consents={PurposeId("phone_marketing"): False},
            notices={"customer_terms": "3.1", "marketing": "3.1"},
        ),
    )
    before = wiring.settings.journal.read_text().count("withdrawal")
    sent(wiring, given, OFFICER)
    assert wiring.settings.journal.read_text().count("withdrawal") == before + 1
    gone = wiring.database.write(lambda tx: edges.follow(tx, [there]))
    assert gone["collection"] == 1
