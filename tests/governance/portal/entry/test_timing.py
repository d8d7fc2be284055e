"""Nobody learns by the clock whose address is on record (SEKISHO_SOAK alone)."""

import os
import random
import time
from datetime import timedelta

import pytest

from governance.core.terms import Lang
from governance.signon.errors import MailCodeRefusedError
from governance.signon.mail_codes import begin, deliver, enter
from tests.dsar.intake.test_timing import LEAST, MOST, TRIES, auc
from tests.governance.portal.entry.conftest import ALONE, NOBODY, Portal
from tests.installation import AT


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(3600)
def test_the_clock_tells_nothing_of_whose_address_it_is(portal: Portal) -> None:
    ports = portal.wiring.ports
    order = [ALONE, NOBODY] * TRIES
    random.Random(20261127).shuffle(order)  # noqa: S311 # an order of tries, no secret
    taken: dict[tuple[str, str], list[float]] = {}
    for place, address in enumerate(order):
        at = AT + timedelta(hours=place)  # so that the counts never stop a code
        begun = time.perf_counter()
        asked = begin(ports, address, None, at=at)
        taken.setdefault(("begin", address), []).append(time.perf_counter() - begun)
        deliver(ports, asked, Lang.JA, at=at)  # after the answer has left
        begun = time.perf_counter()
        with pytest.raises(MailCodeRefusedError):
            enter(ports, asked.secret, "0", lasting=timedelta(hours=1), network=None, at=at)
        taken.setdefault(("code", address), []).append(time.perf_counter() - begun)
    found = {act: auc(taken[act, ALONE], taken[act, NOBODY]) for act in ("begin", "code")}
    assert all(LEAST <= one <= MOST for one in found.values()), found
