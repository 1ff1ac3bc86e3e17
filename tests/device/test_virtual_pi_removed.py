"""What is left when virtual boards are removed: nothing. The last of their tests, since the others need them."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_calls import called
from processes import naming

from litesmith.core.connecting import connect
from litesmith.core.errors import UserError

pytestmark = pytest.mark.device


def test_removed_boards_leave_nothing(virtual_pis: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert naming(virtual_pis) == []
    session = connect("virtual-pi:5")
    assert naming(virtual_pis) != []
    for name in ("virtual-pi:4", "virtual-pi:5"):  # one stopped, one running
        assert called(capsys, "device", "remove", name).code == 0
    session.close()
    assert naming(virtual_pis) == []
    left = [path.name for path in (virtual_pis / "virtual-pi").rglob("*")]
    assert [name for name in left if not name.endswith((".lock", ".users"))] == []
    with pytest.raises(UserError, match="was not created"):
        connect("virtual-pi:5")
