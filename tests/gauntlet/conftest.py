from collections.abc import Iterator

import pytest
from gauntlet_expectations import Expected
from gauntlet_runner import Gauntlet


@pytest.fixture(scope="session")
def gauntlet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gauntlet]:
    """The two processes, for all models of the session that are asked for."""
    asked = [wanted for item in request.session.items if hasattr(item, "callspec")
             and isinstance(wanted := item.callspec.params.get("expected"), Expected)]  # fmt: skip
    with Gauntlet(tmp_path_factory.mktemp("gauntlet"), asked) as running:
        yield running
