"""Every error a user can meet, with its exit code.

    LitesmithError
    ├── UserError            2   the request cannot be carried out as typed
    │   ├── UnknownNameError     a name nobody knows; the nearest one is in the hint
    │   ├── SourceError          the model file is missing, damaged or of another kind
    │   ├── DatasetError         the samples are missing, unreadable or do not fit the model
    │   ├── ConfigError          a setting in litesmith.toml or on the command line
    │   ├── OutputError          the output folder cannot be written, or the disk is full
    │   └── MissingExtraError    an optional dependency is not installed
    ├── ConversionError      3   TensorFlow could not convert, or the answers changed
    ├── TargetError          4   a device could not be reached, or a command on it failed
    ├── EvaluationError      5   a model could not be run or measured
    │   └── ShapeVaries          an output's shape depends on the sample
    ├── BundleError          6   files to ship could not be written
    ├── GateError            7   a quality gate or a constraint was not met
    └── PluginError         70   a defect in Litesmith itself

Exit code 0 is success and 130 is an interrupted run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litesmith.core.conversion import Diagnosis


class LitesmithError(Exception):
    """Base of all errors; carries a message and the next thing to type.

    Args:
        message: What went wrong: the thing, its value and the limit.
        hint: What to type or change next.
        diagnosis: The cause in the catalogue, where one was recognised.
    """

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "", diagnosis: Diagnosis | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.diagnosis = diagnosis

    def __reduce__(self) -> tuple[object, ...]:
        """Keep hint and diagnosis when the error crosses a process boundary."""
        return (_rebuild, (type(self), self.message, self.hint, self.diagnosis))


def _rebuild(kind: type[LitesmithError], message: str, hint: str, diagnosis: Diagnosis | None) -> LitesmithError:
    return kind(message, hint=hint, diagnosis=diagnosis)


class UserError(LitesmithError):
    """The request cannot be carried out as it was typed."""

    exit_code = 2


class UnknownNameError(UserError):
    """A scheme, preset, metric or other name that does not exist."""


class SourceError(UserError):
    """The model file is missing, empty, damaged or of another kind."""


class DatasetError(UserError):
    """The samples are missing, unreadable or do not fit the model."""


class ConfigError(UserError):
    """A setting has a wrong name, type or value."""


class OutputError(UserError):
    """The output cannot be written."""


class MissingExtraError(UserError):
    """An optional dependency is needed and not installed."""


class ConversionError(LitesmithError):
    """The model could not be converted, or conversion changed its answers."""

    exit_code = 3


class TargetError(LitesmithError):
    """A target could not be reached or a command on it failed."""

    exit_code = 4


class EvaluationError(LitesmithError):
    """A model could not be run or measured."""

    exit_code = 5


class ShapeVaries(EvaluationError):
    """An output has another shape for one sample than for another, so that answers make no array [N, ...]."""

    @classmethod
    def of(cls, output: str, first: tuple[int, ...], other: tuple[int, ...]) -> ShapeVaries:
        """Return the error of an output whose shape was `first` for one sample and is `other` for the next."""
        return cls(
            f"output '{output}' has shape {list(other)} for one sample and {list(first)} for another",
            hint="Give the output a shape that does not depend on the values fed: pad what is selected.",
        )


class BundleError(LitesmithError):
    """A bundle could not be written."""

    exit_code = 6


class GateError(LitesmithError):
    """A constraint or quality gate was not met."""

    exit_code = 7


class PluginError(LitesmithError):
    """A defect in Litesmith or in a plugin."""

    exit_code = 70
