"""Runs a part of a .tflite by itself, with the runtime's own kernels: one operator, or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.runtime.editing import EditableModel

Array = npt.NDArray[Any]


class Part:
    """A .tflite made of some operators of another, ready to run. Call it from a worker: native code may end it.

    Args:
        content: The .tflite.
        fed: The tensors of the whole model that are its inputs, in order.
        label: What to call it in messages.
        threads: Interpreter threads.

    Raises:
        EvaluationError: the runtime cannot prepare it.
    """

    def __init__(self, content: bytes, fed: Sequence[int], *, label: str, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self.fed = list(fed)
        self._label = label
        try:
            # XNNPACK fails on an operator that reads constants only.
            resolver = OpResolverType.AUTO if self.fed else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            self._interpreter: Any = Interpreter(
                model_content=content, num_threads=threads, experimental_op_resolver_type=resolver
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise EvaluationError(f"{label} cannot be prepared: {error}") from error
        self._inputs = [d["index"] for d in self._interpreter.get_input_details()]
        self._outputs = [d["index"] for d in self._interpreter.get_output_details()]
        self._shapes = [tuple(int(size) for size in d["shape"]) for d in self._interpreter.get_input_details()]

    def run(self, rows: Sequence[Array]) -> list[Array]:
        """Return copies of the outputs for one set of inputs, in the order of `fed`.

        Raises:
            EvaluationError: the runtime fails.
        """
        self._invoke(rows)
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def _invoke(self, rows: Sequence[Array]) -> None:
        try:
            if self._shapes != [row.shape for row in rows]:
                self._resize(rows)
            for index, row in zip(self._inputs, rows, strict=True):
                self._interpreter.set_tensor(index, row)
            self._interpreter.reset_all_variables()
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise EvaluationError(f"{self._label} failed to run: {error}") from error

    def _resize(self, rows: Sequence[Array]) -> None:
        for index, row in zip(self._inputs, rows, strict=True):
            self._interpreter.resize_tensor_input(index, list(row.shape))
        self._interpreter.allocate_tensors()
        self._shapes = [row.shape for row in rows]

    def run_all(self, columns: Sequence[Array], *, count: int | None = None) -> list[Array]:
        """Return the outputs over all samples: arrays [N, 1, ...] in, arrays [N, ...] of the outputs' shapes out.

        Args:
            columns: One array per input.
            count: Samples; needed where there is no input, as of an operator that reads constants only. It is then run
                once.
        """
        if not columns:
            once = self.run([])
            return [np.broadcast_to(value, (count or 1, *value.shape)) for value in once]
        count = len(columns[0])
        made: list[Array] = []
        for row in range(count):
            self._invoke([column[row] for column in columns])
            for position, index in enumerate(self._outputs):
                view = self._interpreter.tensor(index)()
                if row == 0:
                    made.append(np.empty((count, *view.shape), view.dtype))
                made[position][row] = view
                del view  # the runtime refuses to run while its memory is looked at
        return made


class SingleOp(Part):
    """An operator cut out of a model, ready to run.

    Args:
        model: The model.
        op: Position of the operator.
        activation: Fused activation it is to have instead, such as `NONE`; empty for its own.
        threads: Interpreter threads.

    Raises:
        EvaluationError: it cannot stand alone, or the runtime cannot prepare it.
    """

    def __init__(self, model: EditableModel, op: int, *, activation: str = "", threads: int = 1) -> None:
        content, fed = model.cut(op, activation=activation)
        self.op = model.main.ops[op]
        super().__init__(content, fed, label=f"{self.op.name} alone", threads=threads)
