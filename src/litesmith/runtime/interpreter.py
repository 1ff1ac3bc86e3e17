"""An open .tflite in this process. Call it from a worker: native code can end the process it runs in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError, SourceError
from litesmith.core.graph import with_bytes
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.feeding import Feed
from litesmith.runtime.flatbuffer import byte_inputs

Array = npt.NDArray[np.generic]


class OpenModel:
    """A .tflite with its tensors allocated.

    Args:
        path: The file.
        threads: Interpreter threads.
        preserve: Keep every intermediate tensor, so that `activations` can read them.
        shapes: Full input shapes, batch included, for inputs whose shape is dynamic. A dynamic dimension without
            one becomes 1.
        delegates: Whether the runtime's own delegate, XNNPACK, may take operators.

    Raises:
        SourceError: the file is no valid model.
        EvaluationError: the runtime cannot prepare it, with the runtime's reason.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        preserve: bool = False,
        shapes: Sequence[tuple[int, ...]] = (),
        delegates: bool = True,
    ) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self.path = path
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # the runtime warns that preserving costs memory
                self._interpreter: Any = Interpreter(
                    model_path=str(path),
                    num_threads=threads,
                    experimental_preserve_all_tensors=preserve,
                    experimental_op_resolver_type=(
                        OpResolverType.AUTO if delegates else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                    ),
                )
        except (ValueError, RuntimeError) as error:
            raise SourceError(
                f"{path.name} is not a model the runtime can open: {_reason(error)}",
                hint="Check that the file is complete, or convert it again.",
            ) from error
        try:
            self._resize(shapes)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise EvaluationError(f"{path.name} cannot be prepared: {_reason(error)}") from error
        self._input_indices = [d["index"] for d in self._interpreter.get_input_details()]
        self._output_indices = [d["index"] for d in self._interpreter.get_output_details()]
        names = self._signature_names()
        read = tuple(_spec(d, names) for d in self._interpreter.get_input_details())
        self.inputs = with_bytes(read, byte_inputs(path))
        self.outputs = tuple(_spec(d, names) for d in self._interpreter.get_output_details())

    def _resize(self, shapes: Sequence[tuple[int, ...]]) -> None:
        for position, detail in enumerate(self._interpreter.get_input_details()):
            declared = [int(d) for d in detail["shape_signature"]]
            if all(d >= 0 for d in declared):
                continue
            wanted = shapes[position] if position < len(shapes) else [1 if d < 0 else d for d in declared]
            self._interpreter.resize_tensor_input(detail["index"], list(wanted))

    def _signature_names(self) -> dict[int, str]:
        """Return the user's names of tensors, from the first signature."""
        signatures = self._interpreter.get_signature_list()
        if not signatures:
            return {}
        runner = self._interpreter.get_signature_runner(next(iter(signatures)))
        details = {**runner.get_input_details(), **runner.get_output_details()}
        return {int(detail["index"]): str(name) for name, detail in details.items()}

    @property
    def signature(self) -> str:
        """Name of the first signature, or empty."""
        return next(iter(self._interpreter.get_signature_list()), "")

    def invoke(self, inputs: Sequence[Array]) -> list[Array]:
        """Return copies of the outputs for one set of inputs, which have the inputs' own dtypes.

        Raises:
            EvaluationError: an input does not fit, or the runtime fails.
        """
        try:
            for index, value in zip(self._input_indices, inputs, strict=True):
                self._interpreter.set_tensor(index, value)
            self._run()
        except (ValueError, RuntimeError) as error:
            raise EvaluationError(f"{self.path.name} failed to run: {_reason(error)}") from error
        return [self._interpreter.get_tensor(index) for index in self._output_indices]

    def feed(self, feeds: Sequence[Feed], rows: Sequence[Array]) -> list[Array]:
        """Return copies of the outputs for one stored row per input, each turned into the input by its feed.

        A feed writes straight into the runtime's memory where it can: a float image is then copied once less.

        Raises:
            EvaluationError: a row does not fit, or the runtime fails.
        """
        try:
            for index, feed, row in zip(self._input_indices, feeds, rows, strict=True):
                place = self._interpreter.tensor(index)()
                if not np.ndim(place):  # a plain number beside the samples: no batch, and no memory to write into
                    self._interpreter.set_tensor(index, np.asarray(feed(row)).reshape(()))
                    continue
                if place.shape != row.shape:
                    raise EvaluationError(
                        f"{self.path.name} takes {list(place.shape)}, but a sample is {list(row.shape)}"
                    )
                made = feed(row, place)
                if made is not place:
                    place[...] = made
                del place, made  # the runtime refuses to run while its memory is looked at
            self._run()
        except (ValueError, RuntimeError) as error:
            raise EvaluationError(f"{self.path.name} failed to run: {_reason(error)}") from error
        return [self._interpreter.get_tensor(index) for index in self._output_indices]

    def _run(self) -> None:
        """Run one inference that knows nothing of the one before.

        Fused recurrent operators keep their state in variable tensors, which the runtime leaves as they are between
        inferences: the second sample would begin where the first ended. Resetting them takes less than 1 us.
        """
        self._interpreter.reset_all_variables()
        self._interpreter.invoke()

    def activations(self, indices: Sequence[int]) -> Iterator[Array]:
        """Yield views of intermediate tensors after `invoke`. Drop each before the next `invoke`."""
        for index in indices:
            yield self._interpreter.tensor(index)()

    def places(self, indices: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield (address, bytes) of tensors, those left out that have no memory yet."""
        for index in indices:
            try:
                view = self._interpreter.tensor(index)()
            except (ValueError, RuntimeError):
                continue
            if view is not None and view.nbytes:  # resources have none
                yield int(view.__array_interface__["data"][0]), int(view.nbytes)

    def delegated(self) -> list[tuple[list[int], list[int]]]:
        """Return the tensors that each delegate reads and writes, in the order they run."""
        return [
            ([int(index) for index in node["inputs"]], [int(index) for index in node["outputs"]])
            for node in self._interpreter._get_ops_details()
            if node["op_name"] == "DELEGATE"
        ]


def _spec(detail: dict[str, Any], names: dict[int, str]) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    shape = tuple(int(d) for d in detail["shape_signature"])
    return TensorSpec(
        name=names.get(int(detail["index"]), str(detail["name"])),
        dtype=np.dtype(detail["dtype"]).name,
        shape=shape or tuple(int(d) for d in detail["shape"]),
        scale=float(scale),
        zero_point=int(zero_point),
    )


def _reason(error: Exception) -> str:
    """Return the runtime's message on one line, without its source paths."""
    text = " ".join(str(error).split())
    if ".cc:" in text:
        text = text.split(".cc:", 1)[1].split(" ", 1)[-1]
    return text[:400] or type(error).__name__


def describe(path: Path) -> tuple[str, tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Return (signature, inputs, outputs) of a model that the runtime can prepare.

    Raises:
        SourceError: the file is no valid model.
        EvaluationError: the runtime cannot prepare it.
    """
    model = OpenModel(path)
    return model.signature, model.inputs, model.outputs
