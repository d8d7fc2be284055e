"""An agreed erasure that a hold stopped goes on by itself, once, after its release."""

import pytest
from sqlalchemy import func, select

from dsar.execution.resuming import resume_held
from dsar.execution.types import Stage
from dsar.types import RequestKind
from governance.core.ids import new_row_id
from governance.customers.holds.types import What
from governance.customers.store import HOLD, TABLES
from retention.fates import Fate, erase_plan
from retention.holds.deferring import waiting
from retention.holds.types import DeferredGround
from tests.dsar.execution.fulfilling import Site
from tests.dsar.world import OFFICER, SUBJECT, World

ERASING, WHOLE = RequestKind.CESSATION, What()


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


def rows(site: Site, table: str) -> int:
    source = TABLES[table]
    counted = select(func.count()).where(source.c.subject_id == SUBJECT)
    with site.ports.database.read() as tx:
        return int(tx.execute(counted).scalar_one())


def hold(site: Site, what: What = WHOLE) -> str:
    row = {"id": new_row_id(), "subject_id": SUBJECT, "matter": "M-1", "placed_by": "u:officer"}
    held = {"held_table": what.table, "field": what.field}
    placed = HOLD.insert().values(**row, **held, placed_at=site.clock())
    site.world.write(lambda tx: tx.execute(placed))
    return str(row["id"])


def release(site: Site, row: str) -> None:
    ended = HOLD.update().where(HOLD.c.id == row).values(released_at=site.clock())
    site.world.write(lambda tx: tx.execute(ended))


def resumed(site: Site) -> int:
    return resume_held(site.ports, OFFICER, at=site.clock(), limit=10)


def test_it_waits_for_the_hold_and_goes_on_once(site: Site) -> None:
    case = site.granted(ERASING)
    row = hold(site)
    site.after(8)
    assert site.drive(case).stage is Stage.CHANGED
    with site.ports.database.read() as tx:
        (waits,) = waiting(tx, subjects=[SUBJECT])
    assert (waits.ground, waits.matters) == (DeferredGround.DECISION, ("M-1",))
    assert resumed(site) == 0
    release(site, row)
    assert [resumed(site), resumed(site)] == [1, 0]
    assert site.drive(case).stage is Stage.DONE
    assert rows(site, "person") == 0
    with site.ports.database.read() as tx:
        assert waiting(tx, subjects=[SUBJECT]) == ()


def test_a_part_that_is_held_stays_and_no_paper_names_the_matter(site: Site) -> None:
    hold(site, What(table="inquiry"))
    with site.ports.database.read() as tx:
        plan = erase_plan(tx, SUBJECT, at=site.clock())
    kept = [one for one in plan.fates if one.field.startswith("inquiry.")]
    assert {one.fate for one in kept} == {Fate.KEEP}
    assert {one.basis_ja for one in kept} == {"法令に基づき保存"}
    assert "M-1" not in str(plan.as_json())
    case = site.granted(ERASING)
    site.after(8)
    assert site.drive(case).stage is Stage.DONE
    assert (rows(site, "person"), rows(site, "inquiry") > 0) == (0, True)
