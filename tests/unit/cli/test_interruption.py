from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith.cli import interruption
from litesmith.cli.progress import Bars


@pytest.fixture(autouse=True)
def handler_again() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)
    interruption.heed()
    signal.signal(signal.SIGINT, before)


PROGRAM = """
    import signal, sys
    from litesmith.cli import interruption

    def main():
        interruption.heed()
        try:
            exec("import signal; signal.raise_signal(signal.SIGINT)")
        except KeyboardInterrupt:
            return 130

    sys.exit(main())
"""


def test_exit_code_is_kept_where_a_text_was_executed(tmp_path: Path) -> None:
    (tmp_path / "interrupted_program.py").write_text(textwrap.dedent(PROGRAM))
    command = [sys.executable, "-m", "interrupted_program"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 130


def test_what_was_lost_is_raised_at_the_next_step() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interruption.heed()
    with Bars(quiet=True) as progress:
        progress("convert", 0, 1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            progress("convert", 1, 1)
    interruption.heed()
    with Bars(quiet=True) as progress:
        progress("convert", 1, 1)


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interruption.heed()
    signal.raise_signal(signal.SIGINT)
