"""The exception tree, its exit codes, and what survives a process boundary."""

from __future__ import annotations

import pickle
import re

import pytest

from litesmith.core import errors
from litesmith.core.errors import LitesmithError
from litesmith.core.worker_errors import RemoteError, WorkerClosed, WorkerCrash, WorkerTimeout

CODES = {
    "UserError": 2,
    "UnknownNameError": 2,
    "SourceError": 2,
    "DatasetError": 2,
    "ConfigError": 2,
    "OutputError": 2,
    "MissingExtraError": 2,
    "ConversionError": 3,
    "TargetError": 4,
    "EvaluationError": 5,
    "ShapeVaries": 5,
    "BundleError": 6,
    "GateError": 7,
    "PluginError": 70,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_exit_codes_do_not_change(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    drawn = {}
    parents = ["LitesmithError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^(?P<lead>[ │]*)[├└]── (?P<name>\w+)(?: +(?P<code>\d+))?", line)
        if found:
            depth = found["lead"].count("│") + 1
            parents[depth:] = [found["name"]]
            drawn[found["name"]] = parents[depth - 1]
            if found["code"]:
                assert getattr(errors, found["name"]).exit_code == int(found["code"])
    real = {
        name: kind.__base__.__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, LitesmithError) and kind is not LitesmithError
    }
    assert drawn == real
    assert set(real) == set(CODES)


@pytest.mark.parametrize(
    "kind", [*(getattr(errors, n) for n in CODES), WorkerCrash, WorkerTimeout, WorkerClosed, RemoteError]
)
def test_pickling_keeps_kind_message_and_hint(kind: type[LitesmithError]) -> None:
    back = pickle.loads(pickle.dumps(kind("disk is full", hint="Free some.")))
    assert type(back) is kind
    assert (str(back), back.message, back.hint, back.exit_code) == (
        "disk is full",
        "disk is full",
        "Free some.",
        kind.exit_code,
    )
