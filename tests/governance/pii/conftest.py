"""One analyzer for all tests of personal data detection."""

import pytest

from governance.pii.engine import Analyzer
from governance.pii.types import NO_MODEL


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture(scope="session")
def rules() -> Analyzer:
    """The rules alone, without the learned tagger."""
    return Analyzer(model=NO_MODEL)
