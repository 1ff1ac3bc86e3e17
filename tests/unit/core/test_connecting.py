"""Which target a specification names."""

from __future__ import annotations

import pytest

from litesmith.core.connecting import connect, resolve
from litesmith.core.errors import UnknownNameError, UserError


def test_a_plugin_by_its_name() -> None:
    target, address = resolve("local")
    assert (target.name, address) == ("local", "")
    assert connect("local").device().target == "local"


@pytest.mark.parametrize(
    ("typed", "close"), [("locale:pi", "local"), ("lokal", "local"), ("locale:a@b", "local"), ("Local", "local")]
)
def test_a_typo(typed: str, close: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown target '{typed.partition(':')[0]}'") as caught:
        connect(typed)
    assert f"Did you mean '{close}'?" in caught.value.hint


def test_a_bare_host_is_told_how_hosts_are_named() -> None:
    with pytest.raises(UnknownNameError) as caught:
        resolve("raspberrypi.fritz.box")
    assert caught.value.hint.endswith("A host is named ssh:raspberrypi.fritz.box")


@pytest.mark.parametrize("typed", ["", " "])
def test_nothing_typed(typed: str) -> None:
    with pytest.raises(UserError, match="the target is empty"):
        resolve(typed)
