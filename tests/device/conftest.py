"""Virtual Raspberry Pis and phones, made once for all tests, in folders that are gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import virtual_phone
from phone_sessions import BAD_PHONE, GOOD_PHONE
from virtual_phone import Room

from litesmith.core.connecting import connect
from litesmith.core.errors import LitesmithError, TargetError
from litesmith.core.isolated import Pool
from litesmith.core.progress import silent
from litesmith.core.target import Session
from litesmith.emulation import making, needs
from litesmith.emulation.boards import BOARDS
from litesmith.emulation.store import Place, home
from litesmith.targets import virtual_pi


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
    """Both boards with the runtime, installed from wheels that were gathered here. They are not running."""
    assert os.environ["LITESMITH_HOME"] == str(virtual_home)
    try:
        for board in BOARDS.values():
            making.create(board)
    except TargetError as error:
        if "does not let namespaces be made" in error.message:
            pytest.skip(f"no virtual Pi here: {error.message}. {error.hint}")
        raise
    with ThreadPoolExecutor() as both:
        done = list(both.map(lambda number: virtual_pi.prepare(number, silent), BOARDS))
    assert all("installed ai-edge-litert" in said[0] for said in done), done
    yield virtual_home
    for board in BOARDS.values():
        if Place(board).made() is not None:
            making.remove(board)


@pytest.fixture(scope="module")
def sessions(virtual_pis: Path) -> Iterator[dict[str, Session]]:
    """A session on each board, both at the same time."""
    opened: dict[str, Session] = {}
    try:
        for number in BOARDS:
            opened[number] = connect(f"virtual-pi:{number}")
        yield opened
    finally:
        for session in opened.values():
            session.close()


@pytest.fixture(scope="session")
def phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Two phones that run, and the adb that reaches them on PATH."""
    reason = virtual_phone.missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("phones")
    with ExitStack() as stack:
        try:
            room = stack.enter_context(virtual_phone.room(folder, [GOOD_PHONE, BAD_PHONE]))
        except TargetError as error:
            if "does not let namespaces be made" in error.message:
                pytest.skip(f"no virtual phone here: {error.message}. {error.hint}")
            raise
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PATH", f"{room.bin}:{os.environ['PATH']}")
        patch.delenv("ANDROID_SERIAL", raising=False)
        yield room


@pytest.fixture(scope="session")
def models(cnn: Path, int8: Path, pool: Pool) -> dict[str, Path]:
    """One model as float, with int8 weights, and in full int8."""
    dynamic = cnn.with_name("dynamic_int8.tflite")
    job = {"float_model": cnn, "out": dynamic, "scheme": "dynamic_int8", "ranges": {}}
    pool.map("litesmith.quantize.build:build", [job])
    return {"float32": cnn, "dynamic_int8": dynamic, "int8": int8}
