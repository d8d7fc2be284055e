"""Two persons of the town whose rows look alike, on each engine."""

import pytest

from tests.governance.gateway.merging.couple import Couple
from tests.retention.conftest import keys, town  # noqa: F401 # fixtures
from tests.retention.town import Town


@pytest.fixture
def couple(town: Town) -> Couple:  # noqa: F811 # the fixture above
    return Couple.settled(town)
