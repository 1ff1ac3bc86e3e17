"""Virtual Raspberry Pis of their own, made once for all tests, in a folder that is gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith.core.errors import LitesmithError
from litesmith.emulation import making, needs, power
from litesmith.emulation.boards import BOARDS
from litesmith.emulation.store import Place, home


def virtual_pis_missing() -> str:
    """Return why this machine has no virtual Pi; empty where it can."""
    try:
        needs.require_host()
        needs.require_tools()
        needs.find_qemu()
    except LitesmithError as error:
        return f"no virtual Pi here: {error.message}. {error.hint}"
    return ""


@pytest.fixture(scope="session")
def virtual_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the boards are kept. A qemu that counts is taken from the user's own, if one was built."""
    reason = virtual_pis_missing()
    if reason:
        pytest.skip(reason)
    counting = home() / "qemu"
    folder = tmp_path_factory.mktemp("virtual pi's") / "home"  # a space and a quote on purpose
    folder.mkdir()
    if counting.is_dir():
        (folder / "qemu").symlink_to(counting)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITESMITH_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def virtual_pis(virtual_home: Path) -> Iterator[Path]:
    """Both boards, created and not yet started."""
    assert os.environ["LITESMITH_HOME"] == str(virtual_home)
    for board in BOARDS.values():
        if Place(board).made() is None:
            making.create(board)
    yield virtual_home
    for board in BOARDS.values():
        place = Place(board)
        if place.made() is not None:
            power.stop(place)
            making.remove(board)
