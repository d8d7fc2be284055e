"""What a law keeps makes a granted erasure a partial one, said with law, day and ground."""

from datetime import date
from functools import partial

import pytest

from dsar.correspondence.types import Template
from dsar.execution.agreeing import ask_anew
from dsar.execution.certificate_paper import page
from dsar.execution.certifying import issued_for
from dsar.execution.types import Measure, Stage
from dsar.measures.rows import lives
from dsar.types import Ground, Outcome, RequestKind
from governance.core.terms import Lang
from governance.customers.store import TABLES, insert_records
from governance.i18n.formats import long_day
from tests.dsar.corresponding import words
from tests.dsar.execution.fulfilling import Site
from tests.dsar.world import APPROVER, OFFICER, SUBJECT, World, bought

KEPT = "他の法令が保存を義務づけるものは利用を止めて保存する"


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


def test_an_erasure_that_leaves_what_a_law_keeps_is_a_partial_grant(site: Site) -> None:
    case = site.granted(RequestKind.CESSATION)
    decision = case.decision
    assert decision is not None
    assert decision.outcome is Outcome.PARTIAL
    grounds = {str(item.field): item.grounds for item in decision.items}
    assert grounds["purchase.amount"] == (Ground.APPI_35_KEPT,)
    assert "person.name" not in grounds, "what goes is not named as kept"
    site.after(8)
    assert site.drive(case).stage is Stage.DONE
    with site.ports.database.read() as tx:
        (life,) = lives(tx)
        issued = issued_for(tx, site.ports, case.id)
    assert (life.outcome, life.refusals) == (Outcome.PARTIAL, (Ground.APPI_35_KEPT,))
    assert issued is not None
    kept = {line["field"]: line for line in issued.content["kept"]}
    assert kept.keys() == grounds.keys(), "decision, letter and certificate say the same"
    assert kept["purchase.amount"]["grounds"] == [Ground.APPI_35_KEPT.value]
    until, basis = kept["purchase.amount"]["until"], kept["purchase.amount"]["basis_ja"]
    said = words(site.world, case, Template.STOPPED_PARTLY)
    paper = page(issued.content, Lang.JA)
    assert until not in paper, "a letter and a certificate say days as people read them"
    for told in (long_day(date.fromisoformat(until), Lang.JA), basis, KEPT):
        assert told in said
        assert told in paper
    assert "一部に応じます" in said
    assert "購入" in said.partition("■ 応じない部分とその理由")[2]
    assert "purchase." not in said


def test_a_stop_of_use_keeps_nothing_back(site: Site) -> None:
    case = site.granted(RequestKind.CESSATION, measure=Measure.STOP_USE)
    assert case.decision is not None
    assert (case.decision.outcome, case.decision.items) == (Outcome.GRANT, ())
    site.drive(case)
    assert site.letters(case, Template.STOPPED) == 1


def test_what_two_agree_to_anew_is_what_the_decision_leaves_out(site: Site) -> None:
    site.world.write(lambda tx: tx.execute(TABLES["purchase"].delete()))
    case = site.granted(RequestKind.CESSATION)
    assert case.decision is not None
    assert "purchase.amount" not in {item.field for item in case.decision.items}
    late = site.world.seal("purchase", SUBJECT, bought("P-9", 1), product_name="関所せんべい")
    site.world.write(lambda tx: insert_records(tx, [late]))
    site.after(8)
    assert site.drive(case).stage is Stage.CHANGED
    desk, at = site.world.approvals, site.clock()
    use = partial(ask_anew, ports=site.ports, approvals=desk, principal=OFFICER, request=case.id)
    asked = site.world.write(lambda tx: use(tx, at=at))
    site.world.write(
        lambda tx: desk.approve_and_execute(
            tx, asked.id, digest=asked.digest, by=APPROVER, at=site.clock()
        )
    )
    after = site.world.case(case.id).decision
    assert after is not None
    assert after.outcome is Outcome.PARTIAL
    assert "purchase.amount" in {item.field for item in after.items}
    assert site.drive(case).stage is Stage.DONE
