"""An import makes collections rare, and only while it runs."""

import gc

import pytest

from governance.gateway.intake.collecting import RARE, USUAL, rare_collections


def test_collections_are_rare_within_and_usual_after_a_fault() -> None:
    def fail() -> None:
        with rare_collections():
            assert gc.get_threshold() == RARE
            assert gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.get_threshold() == USUAL
    assert gc.get_freeze_count() == 0
