"""Nobody learns by the clock which reference numbers exist (SEKISHO_SOAK alone)."""

import os
import random
from threading import Thread

import pytest
from sqlalchemy import delete

from dsar.returning.models import ReturnRow
from dsar.returning.service import begin, deliver
from dsar.types import EvidenceKind
from governance.db.types import table_of
from governance.portal.requests.asking import BACK
from tests.clocked import LEAST, MOST, TRIES, auc, refused_after
from tests.dsar.intake.test_timing import NOBODYS
from tests.governance.portal.requests.conftest import OUTBOX, Portal
from tests.governance.portal.requests.test_form import PERSON, stranger
from tests.governance.portal.requests.test_life import CODE, number
from tests.installation import AT

WAY = table_of(ReturnRow)


def forget(portal: Portal) -> None:
    """No code was sent; the clock stands, and five a day are the most."""
    portal.wiring.database.write(lambda tx: tx.execute(delete(WAY)))


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(3600)
def test_the_clock_tells_nothing_of_which_numbers_exist(portal: Portal) -> None:
    """Codes are typed at once, while the letter is still being made, and when all of it is done."""
    ports, first = portal.wiring.ports, portal.visitor()
    known = number(first, first.filed(*stranger(PERSON)))
    letters = portal.count(OUTBOX)
    order = [known, NOBODYS] * TRIES
    random.Random(20261127).shuffle(order)  # noqa: S311 # an order of tries, no secret
    taken: dict[tuple[str, str], list[float]] = {}
    for reference in order:
        for act in ("at once", "later"):
            forget(portal)
            way = begin(ports, reference, EvidenceKind.EMAIL_CODE, at=AT)
            letter = Thread(target=deliver, args=(ports, way.way), kwargs={"at": AT})
            letter.start()
            if act == "later":
                letter.join()
            seconds = refused_after(portal.base, CODE, {BACK: way.secret})
            taken.setdefault((act, reference), []).append(seconds)
            letter.join()
    assert portal.count(OUTBOX) == letters + 2 * TRIES  # each of them left for the number that is
    found = {act: auc(taken[act, known], taken[act, NOBODYS]) for act in ("at once", "later")}
    print(f"AUC {found}")  # noqa: T201 # the campaign's figures
    assert all(LEAST <= one <= MOST for one in found.values()), found
