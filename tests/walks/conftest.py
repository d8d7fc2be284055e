"""One furnished house for all walks of this process."""

from collections.abc import Iterator, Mapping

import pytest

from tests.demo_run import Done
from tests.walks.finding import Stop, stops
from tests.walks.house import House, house
from tests.walks.seeding import furnish


@pytest.fixture(scope="package")
def furnished(demo_done: Done, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo with something of every kind in it."""
    with house(demo_done, tmp_path_factory.mktemp("walk"), furnish) as made:
        yield made


@pytest.fixture(scope="package")
def way(furnished: House) -> Mapping[str, list[Stop]]:
    """Every page that can be shown, by its route."""
    return stops(furnished)
