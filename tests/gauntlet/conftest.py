from collections.abc import Iterator

import pytest
from gauntlet_runner import Gauntlet


@pytest.fixture(scope="session")
def gauntlet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gauntlet]:
    """The two processes, for all models of the session that are asked for."""
    asked = [item.callspec.params["expected"] for item in request.session.items if hasattr(item, "callspec")
             and "expected" in item.callspec.params]  # fmt: skip
    with Gauntlet(tmp_path_factory.mktemp("gauntlet"), asked) as running:
        yield running
