"""What a cause of failure is, and what it is recognised by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from litesmith.core.conversion import Diagnosis

PACKAGE = "litesmith.diagnosis.causes"


class Stage(Enum):
    """Where in the work a cause shows."""

    OPENING = "opening"
    CONVERTING = "converting"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of the user's model.

    Attributes:
        name: As the user sees it in `model.summary()`.
        kind: Class name.
        functions: Names of the functions that its configuration refers to, such as activations; where it was read.
    """

    name: str
    kind: str
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a failure.

    Attributes:
        text: The whole error, or the last output of a process that ended.
        stage: Where it happened.
        layers: The user's layers, as far as known, in the order of the model.
        crashed: Whether the process ended by itself.
        path: The source, as named by the user.
    """

    text: str
    stage: Stage
    layers: tuple[Layer, ...] = ()
    crashed: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One entry of the catalogue.

    Attributes:
        name: As its file.
        title: What went wrong, in a few words.
        stage: Where it shows.
        pattern: Searched in the error's text. The first cause in the order of `rank` that matches is taken.
        why: The reason, in a sentence or two. `{group}` stands for a named group of the pattern, `{ops}` for the
            TensorFlow ops that the text names as having no kernel.
        remedy: What to change. May hold groups like `why`.
        code: Lines of Python that show the change, or empty. May hold groups like `why`.
        cured_by: Rung of the ladder that cures it; empty when only the user can.
        source: Where this is documented or comes from.
        provoked_by: How the tests provoke it, where they do so with less than a model as TensorFlow or Keras saves it.
        rank: Lower ones are asked first; general patterns have high ones.
        where: Finds the user's layers or ops in the evidence.
        fits: A further condition, where a pattern alone would say too much.
    """

    name: str
    title: str
    stage: Stage
    pattern: re.Pattern[str]
    why: str
    remedy: str
    source: str
    code: str = ""
    cured_by: str = ""
    provoked_by: str = ""
    rank: int = 50
    where: Callable[[re.Match[str], Evidence], tuple[str, ...]] | None = None
    fits: Callable[[re.Match[str], Evidence], bool] | None = None


UNKNOWN = "unknown"
Explain = Callable[[Evidence], Diagnosis]
