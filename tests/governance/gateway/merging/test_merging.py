"""Two rows of one person become one and two again, and nothing of either is lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from audit.actions import EventCode
from audit.models import EVENTS
from consent.ledger import full_history
from consent.types import EventKind
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, FieldId, KeyClass, Lang, Law, RowId
from governance.crypto.frame import dek_id_of
from governance.customers import store
from governance.customers.store import HOLD, LAW, SUBJECT, TABLES
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.candidates import DUPLICATE
from governance.gateway import merge_moves
from governance.gateway.merge_types import (
    LaterRowsError,
    MergeBarredError,
    MergeNotNewestError,
    MergeRequest,
    MergeUndoneError,
    MergeUnknownError,
    Side,
)
from governance.gateway.merging import merge
from governance.gateway.pairs import (
    PairChangedError,
    PairDecidedError,
    pair_id,
    show,
    tell_apart,
    waiting,
)
from governance.http.principal import PrincipalKind
from governance.identity.accounts import CustomerMergedError, customer_code
from governance.identity.errors import SignInRefusedError
from governance.identity.service import issue_code, open_session, principal_by_session, sign_in
from governance.jobs.journal_record import JournalKind
from policies.api import ActionForbiddenError
from retention import service
from retention.facts import all_facts
from retention.plans import RunState
from retention.store import in_force
from tests.governance.gateway.merging.couple import CLERK, EMAIL, ID, NAME, Couple
from tests.retention.town import OFFICER, SUPPORT


def test_all_rows_are_the_survivors_under_their_key(couple: Couple) -> None:
    done = couple.merge()
    assert (done.survivor, done.absorbed) == (couple.older, couple.newer)
    assert [couple.ids(couple.newer, table) for table in TABLES] == [()] * len(TABLES)
    with couple.town.ports.vault.ring.look() as look:
        for table in TABLES:
            for record in couple.records(couple.older, table):
                for cell in record.sealed.values():
                    held = look.held(dek_id_of(cell))
                    assert (held.subject, held.key_class) == (couple.older, KeyClass.ACTIVE)


def test_every_row_of_the_person_says_the_newest_value_and_keeps_its_own_id(
    couple: Couple,
) -> None:
    couple.merge()
    rows = couple.values(couple.older)
    assert {row[EMAIL] for row in rows} == {"marked-newer@example.com"}
    assert {row[ID] for row in rows} == {"C000001", "C000002"}


def test_the_officer_may_choose_another_value(couple: Couple) -> None:
    (row,) = couple.ids(couple.older, "person")
    couple.merge(choices={EMAIL: row})
    assert {r[EMAIL] for r in couple.values(couple.older)} == {"marked-older@example.com"}
    assert {r[NAME] for r in couple.values(couple.older)} == {"MARKED-newer"}


def test_the_officer_may_choose_who_survives(couple: Couple) -> None:
    assert couple.merge(survivor=couple.newer).survivor == couple.newer


def test_the_index_finds_the_survivor_and_forgets_what_no_longer_holds(couple: Couple) -> None:
    couple.merge()
    assert couple.found(EMAIL, "marked-older@example.com") == set()
    rows = couple.ids(couple.older, "person")
    wanted = {(row, couple.older) for row in rows}
    assert couple.found(EMAIL, "marked-newer@example.com") == wanted
    assert {who for _, who in couple.found(ID, "C000002")} == {couple.older}


class TestChoices:
    def test_a_cell_permits_only_when_both_histories_do(self, couple: Couple) -> None:
        couple.choose(couple.older, EventKind.GIVEN)
        couple.choose(couple.newer, EventKind.GIVEN)
        assert couple.may(couple.older)
        couple.merge()
        assert couple.may(couple.older)
        assert couple.may(couple.newer)

    @pytest.mark.parametrize("refuser", ["older", "newer"])
    def test_the_refusal_of_one_refuses_for_both(self, couple: Couple, refuser: str) -> None:
        couple.choose(couple.older, EventKind.GIVEN)
        couple.choose(couple.newer, EventKind.GIVEN)
        couple.choose(getattr(couple, refuser), EventKind.WITHDRAWN)
        couple.merge()
        assert not couple.may(couple.older)
        assert not couple.may(couple.newer)

    def test_the_person_ends_the_doubt_by_choosing_anew(self, couple: Couple) -> None:
        couple.choose(couple.newer, EventKind.GIVEN)
        couple.choose(couple.newer, EventKind.OBJECTED, "*")
        couple.choose(couple.older, EventKind.GIVEN)
        couple.merge()
        assert not couple.may(couple.older)
        couple.choose(couple.older, EventKind.OBJECTION_LIFTED, "*")
        couple.choose(couple.newer, EventKind.GIVEN)  # the old pseudonym means the person
        assert couple.may(couple.older)

    def test_an_undone_merge_leaves_withdrawals_with_both_and_grants_with_none(
        self, couple: Couple
    ) -> None:
        for who in (couple.older, couple.newer):
            couple.choose(who, EventKind.GIVEN)
        done = couple.merge()
        couple.choose(couple.older, EventKind.WITHDRAWN)
        couple.unmerge(done)
        assert not couple.may(couple.older)
        assert not couple.may(couple.newer)

    def test_undoing_gives_each_their_own_choice_back(self, couple: Couple) -> None:
        couple.choose(couple.older, EventKind.GIVEN)
        couple.choose(couple.newer, EventKind.WITHDRAWN)
        done = couple.merge()
        couple.choose(couple.older, EventKind.GIVEN)
        couple.unmerge(done)
        assert couple.may(couple.older)
        assert not couple.may(couple.newer)

    def test_what_a_merge_takes_is_in_the_control_journal(self, couple: Couple) -> None:
        couple.choose(couple.older, EventKind.GIVEN)
        couple.choose(couple.newer, EventKind.WITHDRAWN)
        before = couple.town.ports.journal.head.seq
        couple.merge()
        told = [r.entry for r in couple.town.ports.journal.replay(before)]
        lost = [e for e in told if e.kind is JournalKind.WITHDRAWAL]
        assert {e.subject for e in lost} == {couple.older}
        assert {e.scope.partition("/")[0] for e in lost} >= {"mail_marketing"}


class TestUniting:
    def test_holds_and_restriction_unite(self, couple: Couple) -> None:
        def burden(tx: object) -> None:
            store.place_hold(tx, couple.newer, matter="suit:9", by="u:x", at=couple.town.now)  # type: ignore[arg-type] # a connection
            store.set_state(tx, couple.newer, SubjectState.RESTRICTED)  # type: ignore[arg-type] # the same

        couple.town.ports.database.write(burden)
        couple.merge()
        with couple.town.ports.database.read() as tx:
            assert store.held(tx, couple.older)
        assert couple.state(couple.older).state == "restricted"

    def test_laws_unite(self, couple: Couple) -> None:
        european = couple.town.settle("european", laws=(Law.APPI, Law.GDPR))
        done = couple.merge(pair=_pair_with(couple, european))
        laws = select(LAW.c.law).where(LAW.c.subject_id == couple.older)
        with couple.town.ports.database.read() as tx:
            assert set(tx.execute(laws).scalars()) == {"appi", "gdpr"}
        couple.unmerge(done)
        with couple.town.ports.database.read() as tx:
            assert set(tx.execute(laws).scalars()) == {"appi"}

    def test_an_order_that_a_merge_cannot_see_is_asked_for(self, couple: Couple) -> None:
        done = couple.merge()
        fresh = couple.buy(couple.older)
        with pytest.raises(LaterRowsError) as refused:
            couple.unmerge(done)
        assert refused.value.params["count"] == 1
        couple.unmerge(done, later={fresh: Side.ABSORBED})
        assert fresh in couple.ids(couple.newer, "purchase")
        assert {
            v[FieldId("purchase.product_name")] for v in couple.values(couple.newer, "purchase")
        }


class TestUndoing:
    def test_both_are_exactly_as_before(self, couple: Couple) -> None:
        before = couple.world()
        couple.unmerge(couple.merge())
        assert couple.world() == before

    def test_a_restriction_that_the_merge_brought_goes_and_holds_go_back(
        self, couple: Couple
    ) -> None:
        def burden(tx: object) -> None:
            store.place_hold(tx, couple.newer, matter="suit:9", by="u:x", at=couple.town.now)  # type: ignore[arg-type] # a connection
            store.set_state(tx, couple.newer, SubjectState.RESTRICTED)  # type: ignore[arg-type] # the same

        couple.town.ports.database.write(burden)
        before = couple.world()
        couple.unmerge(couple.merge())
        assert couple.world() == before

    def test_a_hold_that_came_since_stands_on_both(self, couple: Couple) -> None:
        done = couple.merge()
        later = couple.town.now + timedelta(hours=1)
        couple.town.ports.database.write(
            lambda tx: store.place_hold(tx, couple.older, matter="suit:10", by="u:x", at=later)
        )
        couple.unmerge(done)
        with couple.town.ports.database.read() as tx:
            assert store.held(tx, couple.older)
            assert store.held(tx, couple.newer)

    def test_a_correction_made_since_stays(self, couple: Couple) -> None:
        done = couple.merge()
        ports = couple.town.ports
        record = couple.records(couple.older, "person")[0]
        cells = ports.vault.seal_row(couple.older, record.id, {EMAIL: "right@example.com"})

        def correct(tx: object) -> None:
            fresh = store.Record(
                table="person",
                id=record.id,
                subject=couple.older,
                clear={},
                sealed={EMAIL: bytes(cells[EMAIL] or b"")},
            )
            store.update_record(tx, fresh)  # type: ignore[arg-type] # a connection

        ports.database.write(correct)
        couple.unmerge(done)
        assert [row[EMAIL] for row in couple.values(couple.older)] == ["right@example.com"]

    def test_an_undone_merge_cannot_be_undone_again(self, couple: Couple) -> None:
        done = couple.merge()
        couple.unmerge(done)
        with pytest.raises(MergeUndoneError):
            couple.unmerge(done)
        assert couple.pair_state() == "different"

    def test_an_unknown_merge_is_unknown(self, couple: Couple) -> None:
        done = couple.merge()
        with pytest.raises(MergeUnknownError):
            couple.unmerge(replace(done, merge=RowId("none")))

    def test_the_newer_merge_must_go_first(self, couple: Couple) -> None:
        first = couple.merge()
        third = couple.town.settle("third")
        pair = _pair_with(couple, third)
        second = couple.merge(pair=pair)
        assert second.survivor == couple.older
        with pytest.raises(MergeNotNewestError) as refused:
            couple.unmerge(first)
        assert refused.value.params["newer"] == second.merge
        couple.unmerge(second)
        couple.unmerge(first)
        assert couple.ids(third, "person")


def test_a_decided_pair_is_not_decided_again(couple: Couple) -> None:
    tell_apart(couple.town.ports, CLERK, couple.pair, at=couple.town.now)
    with pytest.raises(PairDecidedError):
        couple.merge()


def test_a_pair_that_changed_since_it_was_shown_is_refused(couple: Couple) -> None:
    shown = show(couple.town.ports, CLERK, couple.pair, at=couple.town.now)
    assert shown.left is not None
    assert shown.right is not None
    couple.town.ports.database.write(
        lambda tx: store.set_state(tx, couple.older, SubjectState.RESTRICTED)
    )
    with pytest.raises(PairChangedError):
        couple.merge(version=shown.version)


def test_the_queue_shows_evidence_by_field(couple: Couple) -> None:
    with couple.town.ports.database.read() as tx:
        (found, *_) = waiting(tx, couple.town.ports, CLERK, limit=10)
    shape = found.as_json()
    assert shape["score"] == 21.0
    assert {"field": "birth_date", "kind": "birth_same", "weight": 10} in shape["evidence"]  # type: ignore[operator] # a list


def test_who_may_not_merge_merges_nothing(couple: Couple) -> None:
    with pytest.raises(ActionForbiddenError):
        merge(couple.town.ports, SUPPORT, MergeRequest(pair=couple.pair), at=couple.town.now)


def test_an_erased_person_is_not_merged(couple: Couple) -> None:
    couple.town.ports.database.write(
        lambda tx: store.set_state(tx, couple.newer, SubjectState.ERASED)
    )
    with pytest.raises(MergeBarredError):
        couple.merge()


def test_each_act_is_one_event(couple: Couple) -> None:
    couple.unmerge(couple.merge())
    wanted = (EventCode.PERSON_MERGED.value, EventCode.PERSON_UNMERGED.value)
    with couple.town.ports.database.read() as tx:
        events = tx.execute(select(EVENTS.c.action).where(EVENTS.c.action.in_(wanted))).scalars()
        assert sorted(events) == sorted(wanted)


def test_erasing_the_person_erases_every_pseudonym(couple: Couple) -> None:
    couple.town.adopt()
    couple.merge()
    ports, town = couple.town.ports, couple.town
    plan = ports.database.write(
        lambda tx: service.plan_erasure(tx, ports, OFFICER, couple.newer, at=town.now)
    )
    report = town.drive(town.start(plan.id))
    assert (report.state, report.erased) == (RunState.DONE, 1)
    for who in (couple.older, couple.newer):
        assert couple.state(who).state == "erased"
        assert couple.ids(who, "merge_trace") == ()
        with pytest.raises(GovernanceError):
            ports.vault.seal_row(who, "00000000-0000-4000-8000-000000000000", {NAME: "x"})


def test_a_merged_pseudonym_is_never_planned_on_its_own(couple: Couple) -> None:
    couple.town.adopt()
    couple.merge()
    with couple.town.ports.database.read() as tx:
        known = {f.subject for f in all_facts(tx, in_force(tx), at=couple.town.now.date())}
    assert couple.older in known
    assert couple.newer not in known


def test_every_table_that_names_a_person_is_dealt_with() -> None:
    import governance.app.factory  # noqa: F401, PLC0415 # every table is known

    known = {
        *TABLES,
        *merge_moves.FOLLOWS,
        *merge_moves.STAYS,
        "search_row",
        "text_finding",
        "custom_value",
        "import_row",
        "duplicate_candidate",
    }
    referring = {
        table.name
        for table in SUBJECT.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "subject"
    }
    assert referring <= known
    assert HOLD.name in known


def _pair_with(couple: Couple, third: object) -> str:
    """A second pair, between the survivor and another person."""

    def write(tx: object) -> str:
        mine, theirs = couple.row(tx, couple.older), couple.row(tx, third)  # type: ignore[arg-type] # a connection
        left, right = sorted((mine, theirs))
        owner = {mine: couple.older, theirs: third}
        tx.execute(  # type: ignore[attr-defined] # the same
            insert(DUPLICATE).values(
                left_id=left,
                right_id=right,
                left_subject_id=owner[left],
                right_subject_id=owner[right],
                score=15_000,
                evidence="name_same",
                state="open",
                found_at=couple.town.now,
            )
        )
        return pair_id(left, right)

    return couple.town.ports.database.write(write)


class TestOwnPages:
    """A wrong merge must not show one customer another's data in the own pages."""

    def secrets(self, couple: Couple) -> list[str]:
        """A session of each of the two."""

        def sign_in(tx: Connection) -> list[str]:
            return [
                open_session(
                    tx,
                    actor=ActorId(f"p:{who}"),
                    kind=PrincipalKind.PERSON,
                    lasting=timedelta(hours=1),
                    at=couple.town.now,
                )[1]
                for who in (couple.older, couple.newer)
            ]

        return couple.town.ports.database.write(sign_in)

    def seen(self, couple: Couple, secrets: list[str]) -> list[PrincipalKind]:
        at = couple.town.now
        with couple.town.ports.database.read() as tx:
            found = [principal_by_session(tx, one, at=at, lang=Lang.JA)[0] for one in secrets]
        return [principal.kind for principal in found]

    def test_a_merge_ends_the_sessions_and_codes_of_both(self, couple: Couple) -> None:
        secrets = self.secrets(couple)
        actor = ActorId(f"p:{couple.newer}")
        code = couple.town.ports.database.write(
            lambda tx: issue_code(tx, actor=actor, kind=PrincipalKind.PERSON, at=couple.town.now)
        )
        assert self.seen(couple, secrets) == [PrincipalKind.PERSON] * 2
        couple.merge()
        assert self.seen(couple, secrets) == [PrincipalKind.ANONYMOUS] * 2
        with pytest.raises(SignInRefusedError):
            couple.town.ports.database.write(
                lambda tx: sign_in(tx, code, lasting=timedelta(hours=1), at=couple.town.now)
            )

    def test_nobody_is_invited_or_known_under_the_absorbed_pseudonym(self, couple: Couple) -> None:
        done = couple.merge()
        ports, at = couple.town.ports, couple.town.now
        late = self.secrets(couple)
        assert self.seen(couple, late) == [PrincipalKind.PERSON, PrincipalKind.ANONYMOUS]
        with pytest.raises(CustomerMergedError) as refused:
            ports.database.write(lambda tx: customer_code(tx, ports, OFFICER, couple.newer, at=at))
        assert refused.value.params["standing"] == couple.older
        assert ports.database.write(
            lambda tx: customer_code(tx, ports, OFFICER, couple.older, at=at)
        )
        couple.unmerge(done)
        assert self.seen(couple, late) == [PrincipalKind.ANONYMOUS] * 2  # of whom it was is unknown


def test_the_whole_history_of_choices_stands_under_both_pseudonyms(couple: Couple) -> None:
    couple.merge()
    with couple.town.ports.database.read() as tx:
        told = [full_history(tx, who) for who in (couple.older, couple.newer)]
    assert told[0] == told[1]
    assert {event.subject for event in told[0]} == {couple.older, couple.newer}
