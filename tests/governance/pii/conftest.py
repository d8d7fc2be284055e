"""One analyzer for all tests of personal data detection."""

import pytest

from governance.pii.engine import Analyzer


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()
