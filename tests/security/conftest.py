"""One installation for all of these tests; none of them changes what another looks at."""

from collections.abc import Iterator

import pytest

from tests.security.ground import Ground, ground


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield made
