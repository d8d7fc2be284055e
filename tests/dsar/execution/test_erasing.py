"""A granted erasure: nothing is used meanwhile, it can be taken back, then it is final and told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from dsar.case import Case
from dsar.correspondence.types import Template
from dsar.errors import RecipientUnknownError
from dsar.execution.certifying import issued_for
from dsar.execution.confirming import confirm_by_link, confirm_by_officer
from dsar.execution.errors import (
    ErasureBlockedError,
    ExecutionChangedError,
    UndoLateError,
)
from dsar.execution.planning import erasure_of
from dsar.execution.rules import CONFIRM_DAYS
from dsar.execution.store import at_work, stores_of
from dsar.execution.types import Stage, StoreState, Without
from dsar.execution.unconfirmed import unconfirmed
from dsar.execution.undoing import undo
from dsar.execution.without import go_on_without
from dsar.recipients import (
    Told,
    Untold,
    choose_recipient,
    recipients_of,
)
from dsar.types import Event, RequestKind, Status
from governance.connectors.types import Failed, Pending, Reason
from governance.core.ids import new_row_id
from governance.customers.store import HOLD, TABLES, insert_records
from governance.http.principal import ANONYMOUS
from policies.reasons import ReasonCode
from tests.dsar.execution.fulfilling import ORIGIN, Shop, Site, told_of
from tests.dsar.world import EMAIL, NAME, OFFICER, OTHER, PERSON, STRANGER, SUBJECT, World, bought

ERASING = RequestKind.CESSATION


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


def rows(site: Site, table: str) -> int:
    with site.ports.database.read() as tx:
        mine = select(TABLES[table].c.id).where(TABLES[table].c.subject_id == SUBJECT)
        return len(tx.execute(mine).all())


def test_a_granted_erasure_stops_every_use_at_once_and_waits(site: Site) -> None:
    assert site.code("order_fulfilment") is ReasonCode.PERMIT
    case = site.granted(ERASING)
    assert site.code("order_fulfilment") is ReasonCode.SUBJECT_RESTRICTED
    found = site.drive(case)
    assert found.stage is Stage.WAITING
    assert found.agreed_at is not None
    assert found.execute_from == found.agreed_at + timedelta(days=7)
    assert rows(site, "person") == 1
    assert site.letters(case, Template.ERASURE_WAITING) == 1


def test_after_the_period_the_person_is_gone_everywhere_and_told(site: Site) -> None:
    shop = Shop()
    site.shops = (shop,)
    case = site.granted(ERASING)
    site.after(8)
    found = site.drive(case)
    assert found.stage is Stage.DONE
    assert shop.asked == 1
    assert rows(site, "person") == 0
    after = site.world.case(case.id)
    assert after.executed
    assert {track.status for track in after.tracks} == {Status.RESPONDED}
    (told,) = [mail for mail in site.mails() if mail.template == "dsar.mail.erased"]
    assert told.to == EMAIL
    assert told.params["link"].startswith(f"{ORIGIN}/portal/certificates/")
    assert set(told.params) == {"reference", "link"}  # the rest stands in the certificate
    assert site.execution(case).answer_to is None
    assert site.drive(case) == found  # again changes nothing
    assert len([mail for mail in site.mails() if mail.template == "dsar.mail.erased"]) == 1


def test_the_certificate_names_what_went_what_stays_and_who_was_told(site: Site) -> None:
    site.shops = (Shop(),)
    case = site.granted(ERASING)
    site.after(8)
    site.drive(case)
    with site.ports.database.read() as tx:
        issued = issued_for(tx, site.ports, case.id)
    assert issued is not None
    said = issued.content
    erased = {line["field"] for line in said["erased"]}
    kept = {line["field"]: line for line in said["kept"]}
    assert {"person.name", "person.email"} <= erased
    assert kept["purchase.amount"]["until"]
    assert kept["purchase.amount"]["basis_ja"]
    assert said["stores"][0]["state"] == "erased"
    assert said["keys_ended_at"]
    assert said["final_on"]
    assert [(one["stage"], one["standing"]) for one in said["stages"]] == [
        *(("erased", "reached"), ("keys_destroyed", "reached")),
        *(("unreadable", "awaited"), ("backups_ended", "awaited")),
    ]
    assert said["outcome"] == "partial", "a law keeps the purchases"
    assert said["grounds"]
    assert NAME not in str(said)
    assert EMAIL not in str(said)


@pytest.mark.parametrize("who", [PERSON, OFFICER])
def test_the_person_takes_it_back_while_it_waits(site: Site, who: object) -> None:
    case = site.granted(ERASING)
    undone = undo(site.ports, who, case.id, at=site.clock())  # type: ignore[arg-type] # a principal
    assert {track.status for track in undone.tracks} == {Status.WITHDRAWN}
    assert site.code("order_fulfilment") is ReasonCode.PERMIT
    site.after(8)
    assert site.drive(case).stage is Stage.UNDONE
    assert rows(site, "person") == 1


def test_a_request_that_is_withdrawn_as_such_erases_nothing(site: Site) -> None:
    case = site.granted(ERASING)
    site.world.step(case, Event.WITHDRAW, PERSON)
    assert site.drive(case).stage is Stage.UNDONE
    assert site.code("order_fulfilment") is ReasonCode.PERMIT
    site.after(8)
    assert site.drive(case).stage is Stage.UNDONE
    assert rows(site, "person") == 1


def test_a_stranger_cannot_take_it_back_and_nobody_can_when_it_is_over(site: Site) -> None:
    case = site.granted(ERASING)
    with pytest.raises(Exception, match="request_not_allowed"):
        undo(site.ports, STRANGER, case.id, at=site.clock())
    site.after(8)
    with pytest.raises(UndoLateError):
        undo(site.ports, PERSON, case.id, at=site.clock())


def test_the_day_of_the_answer_shortens_the_period(site: Site) -> None:
    site.wait_days = 30
    Site.__post_init__(site)
    case = site.granted(ERASING)
    due = min(day for day in (site.world.case(case.id).tracks[0].clocks[0].at,))
    found = site.execution(case)
    assert found.execute_from is not None
    assert found.execute_from - due < timedelta(days=15)


@pytest.mark.parametrize("answer", ["failed", "pending"])
def test_a_system_that_does_not_answer_stops_before_our_own_rows(site: Site, answer: str) -> None:
    failed = Failed(reason=Reason.UNREACHABLE)
    day = site.clock().date()
    shop = Shop(answers=[failed if answer == "failed" else Pending(task=new_row_id(), due=day)])
    site.shops = (shop,)
    case = site.granted(ERASING)
    site.after(8)
    assert site.drive(case).stage is Stage.STORES
    assert rows(site, "person") == 1
    with site.ports.database.read() as tx:
        (on_file,) = stores_of(tx, case.id)
    assert on_file.state is (StoreState.FAILED if answer == "failed" else StoreState.PENDING)
    assert site.drive(case).stage is Stage.DONE  # asked again, it answers
    assert shop.asked == 2


def test_an_officer_goes_on_without_a_system_and_the_certificate_says_so(site: Site) -> None:
    site.shops = (Shop(answers=[Failed(reason=Reason.REFUSED)] * 5),)
    case = site.granted(ERASING)
    site.after(8)
    site.drive(case)
    site.world.write(
        lambda tx: go_on_without(
            tx, site.ports, OFFICER, case.id, "shop", Without.SYSTEM_ENDED, at=site.clock()
        )
    )
    assert site.drive(case).stage is Stage.DONE
    with site.ports.database.read() as tx:
        issued = issued_for(tx, site.ports, case.id)
    assert issued is not None
    [store] = issued.content["stores"]
    assert (store["state"], store["because"]) == ("left", "system_ended")


def hold(site: Site) -> str:
    row = new_row_id()
    site.world.write(
        lambda tx: tx.execute(
            HOLD.insert().values(
                id=row, subject_id=SUBJECT, matter="M-1", placed_by="u:officer",
                placed_at=site.clock(),
            )
        )
    )  # fmt: skip
    return row


def test_what_is_held_cannot_be_promised_away(site: Site) -> None:
    case = site.world.reviewed(ERASING)
    hold(site)
    with pytest.raises(ErasureBlockedError):
        site.world.decide(case)


def test_a_hold_while_it_waits_stops_it_until_two_agree_anew(site: Site) -> None:
    case = site.granted(ERASING)
    hold(site)
    site.after(8)
    found = site.drive(case)
    assert found.stage is Stage.CHANGED
    assert rows(site, "person") == 1


def test_who_changed_after_the_decision_is_not_erased_by_it(site: Site) -> None:
    decided = site.world.decide(site.world.reviewed(ERASING))
    more = site.world.seal(
        *("inquiry", SUBJECT, {"source_key": "Q-9", "received_at": site.clock(),
          "channel": "web", "recorded_at": site.clock()}), subject="x",
    )  # fmt: skip
    site.world.write(lambda tx: insert_records(tx, [more]))
    site.world.approve(decided)  # more rows of the same fate are the same plan


def test_another_fate_of_a_field_needs_another_decision(site: Site) -> None:
    decided = site.world.decide(site.world.reviewed(ERASING))
    late = bought("P-9", 1) | {"purchased_on": site.clock().date()}
    more = site.world.seal("purchase", SUBJECT, late, product_name="関所せんべい")
    site.world.write(lambda tx: insert_records(tx, [more]))
    with pytest.raises(ExecutionChangedError):
        site.world.approve(decided)
    assert site.execution(decided.case).stage is Stage.PLANNED
    assert site.code("order_fulfilment") is ReasonCode.PERMIT


def test_recipients_are_listed_by_themselves_and_told_once(site: Site) -> None:
    case = site.granted(ERASING)
    with site.ports.database.read() as tx:
        listed = recipients_of(tx, site.ports, OFFICER, case.id)
    assert [one.recipient.source_key for one in listed if one.planned] == ["V-1"]
    site.after(8)
    site.drive(case)
    with site.ports.database.read() as tx:
        (one,) = recipients_of(tx, site.ports, OFFICER, case.id)
    assert one.untold is not None  # the register knows no address of it


def test_a_recipient_confirms_by_its_link_and_the_late_ones_are_listed(site: Site) -> None:
    told_of(site.world)
    case = site.granted(ERASING)
    site.after(8)
    site.drive(case)
    with site.ports.database.read() as tx:
        assert unconfirmed(tx, site.ports, OFFICER, at=site.clock()) == ()
    site.after(CONFIRM_DAYS + 1)
    with site.ports.database.read() as tx:
        late = unconfirmed(tx, site.ports, OFFICER, at=site.clock())
    assert {one.recipient for one in late} == {"V-8", "V-9"}
    notices = [mail for mail in site.mails() if "recipient_erased" in mail.template]
    token = notices[0].params["link"].rpartition("/")[2]
    for _ in range(2):  # said twice it is said once
        site.world.write(
            lambda tx: confirm_by_link(tx, site.ports, ANONYMOUS, token, at=site.clock())
        )
    with pytest.raises(RecipientUnknownError):
        site.world.write(
            lambda tx: confirm_by_link(tx, site.ports, ANONYMOUS, token + "x", at=site.clock())
        )
    (left,) = {"V-8", "V-9"} - {
        one.recipient.source_key for one in listed(site, case) if one.confirmed_at is not None
    }
    at = site.clock()
    site.world.write(lambda tx: confirm_by_officer(tx, site.ports, OFFICER, case.id, left, at=at))
    with site.ports.database.read() as tx:
        assert unconfirmed(tx, site.ports, OFFICER, at=site.clock()) == ()


def test_an_officer_leaves_a_recipient_out_for_a_reason_and_adds_another(site: Site) -> None:
    told_of(site.world)
    case = site.granted(ERASING)
    at = site.clock()
    site.world.write(
        lambda tx: choose_recipient(
            tx, site.ports, OFFICER, case.id, "V-8", untold=Untold.DISPROPORTIONATE, at=at
        )
    )
    site.after(8)
    site.drive(case)
    told = {one.recipient.source_key: one for one in listed(site, case)}
    assert told["V-8"].untold is Untold.DISPROPORTIONATE
    assert told["V-9"].told_at is not None
    assert [one.to for one in site.mails() if "recipient_" in one.template] == ["V-9@example.net"]


def listed(site: Site, case: Case) -> tuple[Told, ...]:
    with site.ports.database.read() as tx:
        return recipients_of(tx, site.ports, OFFICER, case.id)


def test_the_restriction_itself_changes_no_plan(site: Site) -> None:
    """A person who never chose anything has a first entry in the ledger by the restriction."""
    with site.ports.database.read() as tx:
        before = erasure_of(tx, OTHER, at=site.clock())
    at = site.clock()
    choice = Choice(subject=OTHER, purpose="*", kind=EventKind.RESTRICTED)
    choose(site.ports, OFFICER, choice, at=at)
    with site.ports.database.read() as tx:
        assert erasure_of(tx, OTHER, at=site.clock()).digest == before.digest


def test_the_house_looks_at_what_is_due_under_way_or_taken_back_alone(site: Site) -> None:
    case = site.granted(ERASING)

    def found() -> list[str]:
        with site.ports.database.read() as tx:
            return [one.request for one in at_work(tx, at=site.clock(), limit=5)]

    assert found() == []
    site.world.step(case, Event.WITHDRAW, PERSON)
    assert found() == [case.id]
    site.drive(case)
    assert found() == []
    second = site.granted(ERASING)
    site.after(8)
    assert found() == [second.id]
    site.drive(second)
    assert found() == []
