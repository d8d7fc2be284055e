"""A server before its first answer."""

import gc

from governance.app.server import keep_for_good


def test_what_was_made_by_the_start_is_in_no_search_for_cycles() -> None:
    made: list[object] = []
    made.append(made)
    assert any(one is made for one in gc.get_objects())
    keep_for_good()
    assert not any(one is made for one in gc.get_objects())
