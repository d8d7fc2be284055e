"""Nobody learns by the clock whether a person is in the register (SEKISHO_SOAK alone)."""

import os
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dsar.identity.codes import answer_code, send_code
from dsar.identity.errors import CodeRefusedError
from dsar.intake.service import file_request
from dsar.intake.types import Claim
from dsar.returning import service as returning
from dsar.types import EvidenceKind
from governance.http.principal import ANONYMOUS
from tests.clocked import LEAST, MOST, TRIES, auc
from tests.dsar.intake.filed import filing, index
from tests.dsar.world import EMAIL, MOBILE, NAME, World

if TYPE_CHECKING:
    from dsar.case import Case

MAIL = EvidenceKind.EMAIL_CODE
NOBODYS = "R-2026-ZZZZZ-ZZZZZ"
KNOWN = Claim(name=NAME, email=EMAIL, phone=MOBILE)
# of the same form and length, so that only the register differs
UNKNOWN = Claim(name="山本 太郎", email="taro.yamado@example.com", phone="090-0000-9876")


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(3600)
def test_the_clock_tells_nothing_of_who_is_known(world: World) -> None:
    index(world)
    ports, at = world.ports, world.tick()
    order = [KNOWN, UNKNOWN] * TRIES
    random.Random(20261126).shuffle(order)  # noqa: S311 # an order of tries, no secret
    taken: dict[tuple[str, str], list[float]] = {}

    def timed(act: str, claim: Claim, begun: float) -> None:
        taken.setdefault((act, claim.email), []).append(time.perf_counter() - begun)

    for claim in order:
        begun = time.perf_counter()
        case: Case = file_request(ports, ANONYMOUS, filing(claim), at=at)
        timed("file", claim, begun)
        begun = time.perf_counter()
        send_code(ports, case.id, MAIL, claim, at=at)
        timed("send", claim, begun)
        begun = time.perf_counter()
        with pytest.raises(CodeRefusedError):
            answer_code(ports, ANONYMOUS, case.id, MAIL, claim, "0", at=at)
        timed("answer", claim, begun)
    found = {
        act: auc(taken[act, KNOWN.email], taken[act, UNKNOWN.email])
        for act in ("file", "send", "answer")
    }
    print(f"AUC {found}")  # noqa: T201 # the campaign's figures
    assert all(LEAST <= one <= MOST for one in found.values()), found


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(3600)
def test_the_clock_tells_nothing_of_which_numbers_exist(world: World) -> None:
    ports, at = world.ports, world.tick()
    known = file_request(ports, ANONYMOUS, filing(UNKNOWN), at=at).reference
    order = [known, NOBODYS] * TRIES
    random.Random(20261126).shuffle(order)  # noqa: S311 # an order of tries, no secret
    taken: dict[str, list[float]] = {}
    for place, reference in enumerate(order):
        moment = at + timedelta(hours=place)  # five codes a day go out, and are looked for
        begun = time.perf_counter()
        way = returning.begin(ports, reference, MAIL, at=moment)
        taken.setdefault(reference, []).append(time.perf_counter() - begun)
        returning.deliver(ports, way.way, at=moment)  # after the answer has left
    found = auc(taken[known], taken[NOBODYS])
    print(f"AUC {found}")  # noqa: T201 # the campaign's figure
    assert LEAST <= found <= MOST, found
