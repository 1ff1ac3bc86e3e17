"""The answers of a .tflite compared with those of its source, and what a difference means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.convert.check import AnswersChanged, checked, checked_separately, require_steady
from litesmith.convert.session import Converter
from litesmith.core.conversion import Conversion
from litesmith.core.errors import ShapeVaries
from litesmith.core.isolated import Pool
from litesmith.core.samples import SampleSet
from litesmith.core.separate_answers import read_separate
from litesmith.evaluate.collect import answer

_Separate = list[list[npt.NDArray[Any]]]


def compared(conversion: Conversion, samples: SampleSet, *, session: Converter, pool: Pool, folder: Path) -> Conversion:
    """Return the conversion compared to the source that `session` has open.

    First in batches, which is faster. Where that shows a difference, or shapes that depend on the sample, one sample
    at a time: an output that depends on the whole batch, such as the places that tf.where finds, is then the same.

    Args:
        conversion: As made, with the whole path of the file.
        samples: What both are fed.
        session: Has the source open.
        pool: Workers with the runtime.
        folder: For the answers.

    Raises:
        AnswersChanged: they differ, the source differs from itself, or it takes several samples at once and its
            answers cannot be told apart.
    """
    if conversion.select_ops is None:
        try:
            ours = answer(Path(conversion.file), samples, pool=pool, folder=folder / "tflite")
            theirs = session.predict(samples, samples.count, folder)
            return checked(
                conversion,
                [np.load(file) for file in theirs],
                [np.asarray(ours.values(i)) for i in range(len(ours.files))],
                check_source=samples.source,
                precision=session.precision,
            )
        except AnswersChanged as error:
            if session.takes_several:
                raise session.explained(error) from error
        except ShapeVaries as error:
            if session.takes_several:
                raise session.explained(AnswersChanged(error.message, hint=error.hint)) from error
    return _separately(conversion, samples, session=session, pool=pool, folder=folder)


def _separately(
    conversion: Conversion, samples: SampleSet, *, session: Converter, pool: Pool, folder: Path
) -> Conversion:
    ours = _own_answers(conversion, samples, session=session, pool=pool, folder=folder)
    if ours is None:
        return conversion
    theirs = _read(session.predict_separately(samples, folder / "source"))
    try:
        return checked_separately(conversion, theirs, ours, check_source=samples.source, precision=session.precision)
    except AnswersChanged as error:
        again = _read(session.predict_separately(samples, folder / "again", rounds=2))
        try:
            require_steady(theirs, again, precision=session.precision)
        except AnswersChanged as unsteady:
            raise session.explained(unsteady) from error
        raise session.explained(error) from error


def _own_answers(
    conversion: Conversion, samples: SampleSet, *, session: Converter, pool: Pool, folder: Path
) -> _Separate | None:
    """Return the .tflite's answers; None where nothing on this computer can run it."""
    if conversion.select_ops is not None:
        made = session.predict_made(conversion, samples, folder / "made")
        return None if made is None else _read(made)
    files = [folder / "made" / f"output-{i}.npz" for i in range(len(conversion.outputs))]
    pool.workers[0].call(
        "litesmith.runtime.run_samples:run_separately",
        path=Path(conversion.file),
        samples=replace(samples, labels=None, findings=()),
        files=files,
    )
    return _read(files)


def _read(files: list[Path]) -> _Separate:
    return [read_separate(file) for file in files]
