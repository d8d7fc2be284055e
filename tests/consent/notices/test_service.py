"""A notice from draft to force, with two persons; what was announced is never edited."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from audit.actions import EventCode
from consent import ledger
from consent.checks import check
from consent.choices import Choice
from consent.gates import UseRequest
from consent.notices import service, store
from consent.notices.errors import (
    NoticeChangedError,
    NoticeClosedError,
    NoticeFaultsError,
    NoticeUnknownError,
)
from consent.notices.types import Edition, EditionState
from consent.service import choose
from consent.types import ChangeClass, EventKind
from governance.app.approvals import approve_and_execute
from governance.app.wiring import SYSTEM, Wiring
from governance.approvals.errors import ApprovalForbiddenError
from governance.core.terms import Lang, NoticeId, PurposeId
from policies.api import ActionForbiddenError
from policies.types import Label
from tests.installation import AT, OFFICER, add_person, events, staff, system

APPROVER = staff("privacy_approver", name="hanako")
TODAY = date(2026, 10, 1)
ANALYSIS = PurposeId("purchase_analysis")


def edition(**changes: object) -> Edition:
    made = Edition(
        notice=NoticeId("analysis"),
        version="4.0",
        effective_on=TODAY,
        change=ChangeClass.MATERIAL,
        title=Label(ja="購買履歴の分析", en="Analysis"),
        body=Label(ja="分析します。店舗の記録も使います。", en="We analyse. Shops too."),
        summary=Label(ja="店舗の記録を加えました。", en="Shop records were added."),
        predecessor="3.1",
        purposes=(ANALYSIS,),
        relatedness=Label(ja="同じ目的の資料が増えるだけです。", en="The same aim, more records."),
    )
    return replace(made, **changes)  # type: ignore[arg-type] # named by the test


def drafted(wiring: Wiring, given: Edition) -> service.Review:
    return wiring.database.write(
        lambda tx: service.draft(tx, wiring.ports, OFFICER, given, at=wiring.clock())
    )


def proposed(wiring: Wiring, given: Edition) -> str:
    drafted(wiring, given)
    approval, _ = wiring.database.write(
        lambda tx: service.propose(
            tx,
            wiring.ports,
            OFFICER,
            given.notice,
            given.version,
            at=wiring.clock(),
        )
    )
    return str(approval.id)


def announced(wiring: Wiring, given: Edition) -> None:
    approve_and_execute(wiring, APPROVER, proposed(wiring, given), at=wiring.clock())


def state_of(wiring: Wiring, given: Edition) -> EditionState:
    with wiring.database.read() as tx:
        return store.kept(tx, given.notice, given.version).state


def allowed(wiring: Wiring, subject: str) -> str:
    asked = UseRequest(subject=subject, purpose=ANALYSIS)  # type: ignore[arg-type] # an id
    return check(wiring.ports, system("analytics", ANALYSIS), asked, at=AT).exact.value


def agree(wiring: Wiring, count: int) -> list[str]:
    people = [add_person(wiring) for _ in range(count)]
    for person in people:
        yes = Choice(subject=person, purpose=ANALYSIS, kind=EventKind.GIVEN)
        choose(wiring.ports, OFFICER, yes, at=AT)
    return [str(person) for person in people]


def test_two_persons_put_a_version_in_force_and_old_consents_are_asked_again(
    installation: Wiring,
) -> None:
    people = agree(installation, 3)
    no = Choice(subject=people[2], purpose=ANALYSIS, kind=EventKind.WITHDRAWN)  # type: ignore[arg-type] # an id
    choose(installation.ports, OFFICER, no, at=AT)
    assert allowed(installation, people[0]) == "permit"
    found = drafted(installation, edition())
    assert found.faults == ()
    assert [(one.purpose, one.agreed, one.staled) for one in found.staled] == [(ANALYSIS, 2, 2)]
    assert allowed(installation, people[0]) == "permit"
    announced(installation, edition())
    assert state_of(installation, edition()) is EditionState.IN_FORCE
    assert allowed(installation, people[0]) == "denied.subject.stale_notice"
    with installation.database.read() as tx:
        newest = service.versions_of(tx, "analysis")[-1]
        assert (newest.version, newest.order) == ("4.0", 6)
        text = ledger.notice_text(tx, newest.notice, "4.0", Lang.JA) or ""
        assert text.endswith("4.0 (2026-10-01): 店舗の記録を加えました。")
        assert events(tx, EventCode.NOTICE_IN_FORCE)[0].counts == f"staled.{ANALYSIS}=2"


def test_nobody_announces_their_own_draft(on_sqlite: Wiring) -> None:
    approval = proposed(on_sqlite, edition())
    with pytest.raises((ApprovalForbiddenError, ActionForbiddenError)):
        approve_and_execute(on_sqlite, OFFICER, approval, at=AT)
    with pytest.raises(ActionForbiddenError):
        approve_and_execute(on_sqlite, staff("support", name="jiro"), approval, at=AT)
    assert state_of(on_sqlite, edition()) is EditionState.DRAFT


def test_a_draft_that_changed_after_it_was_proposed_is_not_announced(on_sqlite: Wiring) -> None:
    approval = proposed(on_sqlite, edition())
    drafted(on_sqlite, edition(summary=Label(ja="別の変更", en="Something else")))
    with pytest.raises(NoticeClosedError):
        approve_and_execute(on_sqlite, APPROVER, approval, at=AT)
    assert state_of(on_sqlite, edition()) is EditionState.DRAFT


def test_what_was_announced_is_never_edited(on_sqlite: Wiring) -> None:
    announced(on_sqlite, edition())
    with pytest.raises(NoticeClosedError):
        drafted(on_sqlite, edition(summary=Label(ja="書き換え", en="Rewritten")))
    with pytest.raises(NoticeClosedError):
        on_sqlite.database.write(
            lambda tx: service.drop(tx, on_sqlite.ports, OFFICER, "analysis", "4.0", at=AT)
        )


def test_a_version_with_a_day_ahead_waits_for_it(on_sqlite: Wiring) -> None:
    (person,) = agree(on_sqlite, 1)
    later = edition(effective_on=TODAY + timedelta(days=2))
    announced(on_sqlite, later)
    assert state_of(on_sqlite, later) is EditionState.ANNOUNCED
    assert allowed(on_sqlite, person) == "permit"

    def effect(days: int) -> int:
        at = AT + timedelta(days=days)
        return on_sqlite.database.write(
            lambda tx: service.take_effect(tx, on_sqlite.ports, by=SYSTEM, at=at, limit=10)
        )

    assert (effect(1), effect(2), effect(2)) == (0, 1, 0)
    assert allowed(on_sqlite, person) == "denied.subject.stale_notice"


def test_one_version_waits_at_a_time(on_sqlite: Wiring) -> None:
    announced(on_sqlite, edition(effective_on=TODAY + timedelta(days=2)))
    again = edition(version="4.1", effective_on=TODAY + timedelta(days=3))
    assert ("version", "another_waits") in drafted(on_sqlite, again).faults


def test_a_faulty_draft_cannot_be_proposed(on_sqlite: Wiring) -> None:
    drafted(on_sqlite, edition(relatedness=None))
    with pytest.raises(NoticeFaultsError) as caught:
        proposed(on_sqlite, edition(relatedness=None))
    assert caught.value.faults == (("relatedness", "relatedness_needed"),)


def test_a_dropped_draft_may_be_written_anew(on_sqlite: Wiring) -> None:
    drafted(on_sqlite, edition())
    drop: Callable[..., object] = service.drop
    on_sqlite.database.write(
        lambda tx: drop(tx, on_sqlite.ports, OFFICER, "analysis", "4.0", at=AT)
    )
    assert state_of(on_sqlite, edition()) is EditionState.DROPPED
    drafted(on_sqlite, edition())
    assert state_of(on_sqlite, edition()) is EditionState.DRAFT


def test_a_content_changed_in_the_database_is_not_shown(on_sqlite: Wiring) -> None:
    drafted(on_sqlite, edition())
    forged = edition(body=Label(ja="何でも使います。", en="Anything goes."))
    row = store.EDITION.c
    on_sqlite.database.write(
        lambda tx: tx.execute(
            update(store.EDITION)
            .where(row.version == "4.0")
            .values(content=str(forged.as_json()).replace("'", '"').replace("None", "null"))
        )
    )
    with pytest.raises(NoticeChangedError):
        state_of(on_sqlite, edition())


def test_a_new_recipient_asks_only_those_who_agreed_to_others(on_sqlite: Wiring) -> None:
    agree(on_sqlite, 1)
    given = edition(
        change=ChangeClass.NEW_RECIPIENT,
        purposes=(),
        relatedness=None,
        recipient=Label(ja="架空分析", en="Kakuu Bunseki"),
    )
    (staled,) = drafted(on_sqlite, given).staled
    assert (staled.agreed, staled.staled) == (1, 1)  # their yes was for every recipient


def test_only_who_writes_notices_drafts_them(on_sqlite: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        on_sqlite.database.write(
            lambda tx: service.draft(tx, on_sqlite.ports, APPROVER, edition(), at=AT)
        )
    with pytest.raises(NoticeUnknownError):
        state_of(on_sqlite, edition(version="9.9"))


def test_shipped_versions_have_their_editions(on_sqlite: Wiring) -> None:
    with on_sqlite.database.read() as tx:
        kept = store.every(tx, states=[EditionState.IN_FORCE])
        for one in ledger.notices(tx):
            assert store.edition_in_force(tx, one.notice, one.version) is not None
    assert all(one.drafted_by is None for one in kept)


def test_two_versions_are_compared_sentence_by_sentence(on_sqlite: Wiring) -> None:
    announced(on_sqlite, edition())
    with on_sqlite.database.read() as tx:
        lines = service.difference(tx, "analysis", "3.1", "4.0", Lang.JA)
    assert ("+", "店舗の記録も使います。") in lines
    assert any(mark == "-" for mark, _ in lines)
