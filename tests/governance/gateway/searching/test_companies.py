"""A company is found by its own row and by its contacts, under the same gates as a person."""

from typing import Any

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import store
from governance.customers.search.filling import follow
from governance.customers.search.leaving import forget_subjects, owe_clear
from governance.customers.search_terms import Level
from governance.customers.store import NewSubject, Record
from governance.customers.subjects import SubjectKind, SubjectState
from governance.customers.tokens import ENTRY, POSTING, ROW, add_tokens
from governance.customers.upkeep.company_merges import CompanyMerge, enter
from governance.customers.upkeep.merges import MergeState
from governance.gateway.intake.tokens import Indexer
from governance.gateway.search_registers import COMPANIES
from governance.gateway.search_types import SearchAnswer, SearchRefusedError, SearchRequest
from governance.gateway.searching import search
from governance.http.principal import Principal
from tests.installation import AT, MANAGER, events, staff

SALES = staff("sales")
FIELDS = {"name", "kana", "corporate_number", "postal_code", "address", "phone", "source_key"}


class Street:
    """A few invented companies (架空) with representatives and contacts."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.indexer = Indexer(wiring.vault, ["company", "contact", "deal"])
        self.owners: dict[RowId, SubjectId] = {}

    def company(self, representative: str = "架空　代表", **clear: str) -> RowId:
        row, subject = new_row_id(), self._subject()
        given = {"source_key": row, **clear, "recorded_at": AT, "version": 1}
        self._insert("company", row, subject, given, {"representative": representative})
        self.owners[row] = subject
        return row

    def contact(self, company: RowId, **sealed: str) -> SubjectId:
        row, subject = new_row_id(), self._subject()
        clear = {"company_id": company, "is_primary": False, "version": 1, "recorded_at": AT}
        self._insert("contact", row, subject, clear, sealed)
        self.owners[row] = subject
        return subject

    def deal(self, company: RowId, **sealed: str) -> None:
        row, subject = new_row_id(), self._subject()
        clear = {"source_key": row, "company_id": company, "version": 1, "recorded_at": AT}
        self._insert("deal", row, subject, clear, sealed)

    def follow(self) -> None:
        follow(self.wiring.database, self.wiring.vault)

    def found(
        self, text: str, *, who: Principal = SALES, purpose: str = "corporate_sales", **more: Any
    ) -> SearchAnswer:
        request = SearchRequest(register=COMPANIES, text=text, purpose=purpose, **more)
        return search(self.wiring.ports, who, request, at=AT)

    def rows(self, text: str, **more: Any) -> list[RowId]:
        return [hit.row for hit in self.found(text, **more).hits]

    def _subject(self) -> SubjectId:
        made = NewSubject(id=new_subject_id(), kind=SubjectKind.CONTACT, laws={Law.APPI: "test"})
        self.wiring.database.write(lambda tx: store.add_subjects(tx, [made], at=AT))
        return made.id

    def _insert(
        self,
        table: str,
        row: RowId,
        subject: SubjectId,
        clear: dict[str, Any],
        said: dict[str, str],
    ) -> None:
        plain = {FieldId(f"{table}.{name}"): value for name, value in said.items()}
        cells = self.wiring.vault.seal_row(subject, row, plain)
        sealed = {name: bytes(cell) for name, cell in cells.items() if cell is not None}
        record = Record(table=table, id=row, subject=subject, clear=clear, sealed=sealed)
        made = self.indexer.row_tokens(table, row, subject, plain, clear=clear)

        def write(tx: Any) -> None:
            store.insert_records(tx, [record])
            add_tokens(tx, made)

        self.wiring.database.write(write)


@pytest.fixture
def street(installation: Wiring) -> Street:
    made = Street(installation)
    made.company(
        "架空　太郎", name="株式会社架空商事", kana="カクウショウジ",
        corporate_number="1180301018771", postal_code="730-0826",
        address="広島県広島市中区吉島西5-10-1", phone="+81824504752",
    )  # fmt: skip
    made.company(name="有限会社ゼータ工業", kana="ゼータコウギョウ", address="京都府京都市南区5-20")
    made.company(name="架空商事販売株式会社", phone="+81355551234")
    first, *_ = made.owners
    made.contact(first, email="hanako@shoji.example.com", phone="+819011112222")
    made.follow()
    return made


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ("㈱架空商事", 0, 2),
        ("架空商事", 0, 2),
        ("ｶｸｳｼｮｳｼﾞ", 0, 1),
        ("kakuu", 0, 1),
        ("ゼータ", 1, 1),
        ("(有)ｾﾞｰﾀ工業", 1, 1),
        ("1180301018771", 0, 1),
        ("T1180301018771", 0, 1),
        ("082-450-4752", 0, 1),
        ("4752", 0, 1),
        ("730-0826", 0, 1),
        ("広島市中区", 0, 1),
        ("架空商事 03-5555-1234", 2, 1),
        ("架空商事 広島市", 0, 1),
        ("hanako@shoji.example.com", 0, 1),
        ("090-1111-2222", 0, 1),
        ("架空商事 hanako@shoji.example.com", 0, 1),
    ],
)
def test_one_box_finds_companies(street: Street, text: str, first: int, count: int) -> None:
    answer = street.found(text)
    rows = list(street.owners)
    assert answer.hits[0].row == rows[first]
    assert (len(answer.hits), answer.total, answer.total_exact) == (count, count, True)
    assert answer.index_behind == 0


def test_a_contact_leads_to_the_company_and_says_by_what(street: Street) -> None:
    (hit,) = street.found("hanako@shoji.example.com").hits
    assert hit.view.table == "company"
    assert hit.level is Level.EXACT
    assert hit.matched == (FieldId("contact.email"),)


def test_whom_a_deal_is_with_leads_to_the_company(street: Street) -> None:
    row = list(street.owners)[1]
    street.deal(row, contact_email="jiro@zeta.example.com", contact_name="架空　次郎")
    street.follow()
    (hit,) = street.found("jiro@zeta.example.com").hits
    assert (hit.row, hit.matched) == (row, (FieldId("deal.contact_email"),))
    (hit,) = street.found("架空次郎").hits
    assert (hit.row, hit.matched) == (row, (FieldId("deal.contact_name"),))
    assert street.rows("", values={"contact_name": "架空次"}) == [row]


def test_named_values_ask_the_fields_that_they_mean(street: Street) -> None:
    rows = list(street.owners)
    for name, value, row in (
        ("representative", "架空太郎", rows[0]),
        ("corporate_number", "1180301018771", rows[0]),
        ("company_id", rows[1], rows[1]),
        ("phone", "090-1111-2222", rows[0]),
    ):
        assert street.rows("", values={name: value}) == [row]


def test_who_may_not_see_companies_finds_none(street: Street) -> None:
    with pytest.raises(SearchRefusedError):
        street.found("架空商事", who=staff("marketing"), purpose="mail_marketing")
    with street.wiring.database.read() as tx:
        assert events(tx, "person.searched")[-1].outcome == "deny"


def test_the_record_names_the_companies_and_no_word(street: Street) -> None:
    answer = street.found("架空商事")
    with street.wiring.database.read() as tx:
        event = tx.execute(select(EVENTS).order_by(EVENTS.c.id.desc()).limit(1)).one()
    assert event.id == answer.decision_id
    assert f"company:{answer.hits[0].row}" in str(event.refs)
    assert "架空" not in " ".join(str(column) for column in event)


def test_an_erased_representative_takes_their_tokens_and_leaves_the_company(
    street: Street,
) -> None:
    row = next(iter(street.owners))
    who = street.owners[row]
    before = _tokens(street, row)

    def erase(tx: Any) -> None:
        store.set_state(tx, who, SubjectState.ERASED)
        forget_subjects(tx, [who])
        company = store.TABLES["company"]
        tx.execute(company.update().where(company.c.id == row).values(representative=None))

    street.wiring.database.write(erase)
    with street.wiring.database.read() as tx:
        assert tx.execute(select(ROW.c.row_key).where(ROW.c.subject_id == who)).all() == []
    assert _tokens(street, row) < before
    assert street.rows("架空太郎") == []
    (hit, *_) = street.found("架空商事").hits
    assert hit.row == row
    shown = hit.view.get("representative")
    assert shown is None or shown.shown.value is None


def test_a_contact_who_is_erased_leads_nowhere(street: Street) -> None:
    contact = list(street.owners.values())[-1]

    def erase(tx: Any) -> None:
        store.set_state(tx, contact, SubjectState.ERASED)

    street.wiring.database.write(erase)
    assert street.rows("hanako@shoji.example.com") == []
    street.wiring.database.write(lambda tx: forget_subjects(tx, [contact]))
    with street.wiring.database.read() as tx:
        keys = set(tx.execute(select(ROW.c.row_key)).scalars())
        assert set(tx.execute(select(ENTRY.c.row_key).distinct()).scalars()) <= keys
        assert set(tx.execute(select(POSTING.c.row_key).distinct()).scalars()) <= keys


def test_a_name_that_changed_without_the_index_is_left_to_the_job(street: Street) -> None:
    row = list(street.owners)[1]

    def rename(tx: Any) -> None:
        company = store.TABLES["company"]
        tx.execute(company.update().where(company.c.id == row).values(name="オメガ工業"))
        owe_clear(tx, "company", row, ["name"])

    street.wiring.database.write(rename)
    assert street.rows("ゼータコウギョウ") == [row]  # by its reading, which stands
    assert street.found("オメガ").index_behind == 1
    street.follow()
    assert street.rows("オメガ") == [row]


def test_a_merged_company_is_one_hit_by_either_name(street: Street) -> None:
    first, _, third = list(street.owners)[:3]
    merge = CompanyMerge(
        id=new_row_id(), survivor=first, absorbed=third, state=MergeState.MERGED, left=first,
        right=third, merged_by=MANAGER.id, merged_at=AT,
    )  # fmt: skip
    street.wiring.database.write(lambda tx: enter(tx, merge))
    answer = street.found("架空商事")
    assert [hit.row for hit in answer.hits] == [first]
    assert (answer.total, answer.total_exact) == (1, True)
    assert street.rows("架空商事販売") == [first]


def _tokens(street: Street, row: RowId) -> set[tuple[int, bytes]]:
    with street.wiring.database.read() as tx:
        key = bytes.fromhex(row.replace("-", ""))
        held = tx.execute(
            select(POSTING.c.index_id, POSTING.c.token).where(POSTING.c.row_key == key)
        )
        return {(number, bytes(token)) for number, token in held}
