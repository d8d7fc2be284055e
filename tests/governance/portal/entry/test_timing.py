"""Nobody learns by the clock whose address is on record (SEKISHO_SOAK alone)."""

import os
import random
import time
from threading import Thread

import pytest

from governance.app.portal_entry import COOKIE
from governance.core.terms import Lang
from governance.signon.mail_codes import begin, deliver
from tests.clocked import LEAST, MOST, TRIES, auc, refused_after
from tests.governance.portal.entry.conftest import ALONE, CODE, NOBODY, Portal, forget
from tests.installation import AT


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(3600)
def test_the_clock_tells_nothing_of_whose_address_it_is(portal: Portal) -> None:
    """Codes are typed at once, while the mail is still being made, and when all of it is done."""
    ports = portal.wiring.ports
    order = [ALONE, NOBODY] * TRIES
    random.Random(20261127).shuffle(order)  # noqa: S311 # an order of tries, no secret
    taken: dict[tuple[str, str], list[float]] = {}
    for address in order:
        for act in ("at once", "later"):
            forget(portal)  # so that no count stops a code
            begun = time.perf_counter()
            asked = begin(ports, address, None, at=AT)
            taken.setdefault(("begin", address), []).append(time.perf_counter() - begun)
            mail = Thread(target=deliver, args=(ports, asked, Lang.JA), kwargs={"at": AT})
            mail.start()
            if act == "later":
                mail.join()
            seconds = refused_after(portal.base, CODE, {COOKIE: asked.secret})
            taken.setdefault((act, address), []).append(seconds)
            mail.join()
    acts = ("begin", "at once", "later")
    found = {act: auc(taken[act, ALONE], taken[act, NOBODY]) for act in acts}
    print(f"AUC {found}")  # noqa: T201 # the campaign's figures
    assert all(LEAST <= one <= MOST for one in found.values()), found
