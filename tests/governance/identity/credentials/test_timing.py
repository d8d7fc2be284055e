"""Nobody learns by the clock which logins exist (SEKISHO_SOAK alone)."""

import os
import random
import time
from functools import partial

import pytest

from governance.app.staff import add_staff
from governance.core.ids import new_row_id
from governance.identity.credentials import store
from governance.identity.credentials.entering import enter_by_password
from governance.identity.credentials.hashing import Cost, Hasher
from governance.identity.credentials.terms import terms_of
from governance.identity.credentials.types import Caller
from governance.identity.errors import SignInRefusedError
from tests.clocked import LEAST, MOST, TRIES, auc
from tests.installation import AT, create

CHEAP = Cost(memory_kib=1_024, passes=1)  # a dear hash would hide what differs beside it


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(3600)
def test_the_clock_tells_nothing_of_which_logins_exist(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    wiring = create(tmp_path_factory.mktemp("timing"))
    hasher, terms = Hasher(CHEAP), terms_of(wiring.settings, wiring.settings.origin)
    work = partial(
        add_staff, wiring=wiring, login="hanako", display_name="架空", roles=["support"], at=AT
    )
    actor = wiring.database.write(work)
    hashed = hasher.hash("mizu to tetsu no uta")
    wiring.database.write(lambda tx: store.set_password(tx, actor, hashed, at=AT))
    order = ["hanako", "hanaka"] * TRIES
    random.Random(20261126).shuffle(order)  # noqa: S311 # an order of tries, no secret
    taken: dict[str, list[float]] = {"hanako": [], "hanaka": []}
    for login in order:
        wiring.database.write(lambda tx: tx.execute(store.FAILURE.delete()))
        caller = Caller(network="192.0.2.0/24", device=new_row_id())
        begun = time.perf_counter()
        with pytest.raises(SignInRefusedError):
            enter_by_password(wiring.ports, hasher, terms, login, "wrong", caller, at=AT)
        taken[login].append(time.perf_counter() - begun)
    wiring.close()
    found = auc(taken["hanako"], taken["hanaka"])
    print(f"AUC {found:.3f}")  # noqa: T201 # the campaign's figure
    assert LEAST <= found <= MOST, found
