"""A Keras model as a list of steps in the order of computing, nested models opened up.

Steps can be played on symbolic tensors, which builds a Keras model, and on real ones, which computes: with `call`
between them, each step can be computed in another way than the layer's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litesmith.core.errors import SourceError


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for a tensor among a step's arguments."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a layer or operation.

    Attributes:
        layer: A Keras 3 layer or operation.
        args: As it is called, tensors replaced by `Ref`.
        kwargs: As `args`.
        outputs: Indices of the tensors it makes.
    """

    layer: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: tuple[int, ...]

    @property
    def kind(self) -> str:
        """Class name of the layer."""
        return type(self.layer).__name__

    @property
    def name(self) -> str:
        """Name of the layer."""
        return str(self.layer.name)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the tensors it takes."""
        found: list[int] = []
        _walk((self.args, dict(self.kwargs)), lambda ref: found.append(ref.index))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """A whole model.

    Attributes:
        inputs: Indices of its input tensors.
        steps: In an order that can be computed.
        outputs: Indices of its output tensors.
    """

    inputs: tuple[int, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def uses(self) -> Counter[int]:
        """Return how often each tensor is used; being an output of the model counts too."""
        return Counter([*(i for step in self.steps for i in step.inputs), *self.outputs])

    def fresh(self) -> int:
        """Return an index that no tensor has yet."""
        return 1 + max([*self.inputs, *(i for step in self.steps for i in step.outputs)])


def refused(reason: str) -> SourceError:
    """Return the error of a model that recovery cannot train."""
    return SourceError(reason, hint="Leave --recover out; the variants made after training are built as usual.")


def traced(model: Any) -> Tape:
    """Return the steps of a Sequential or Functional Keras 3 model, those of models inside it among them.

    Raises:
        SourceError: it is a subclassed model or holds one, or a layer that runs the user's own code.
    """
    import keras

    _require_graph(model)
    known: dict[int, int] = {}
    kept: list[Any] = []  # tensors stay alive, so that no two have the same id
    steps: list[Step] = []

    def number(tensor: Any) -> int:
        if id(tensor) not in known:
            known[id(tensor)] = len(kept)
            kept.append(tensor)
        return known[id(tensor)]

    def note(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.layers.Lambda):
            raise refused(f"layer '{layer.name}' is a Lambda, whose code training cannot look into")
        if isinstance(layer, keras.Model):
            _require_graph(layer)
            return run(layer, args[0] if len(args) == 1 else list(args))
        made = layer(*args, **kwargs)
        plain = {name: value for name, value in kwargs.items() if name != "training"}
        steps.append(
            Step(
                layer=layer,
                args=_replaced(args, _is_tensor, lambda t: Ref(number(t))),
                kwargs=_replaced(plain, _is_tensor, lambda t: Ref(number(t))),
                outputs=tuple(number(t) for t in keras.tree.flatten(made)),
            )
        )
        return made

    def run(part: Any, tensors: Any) -> Any:
        if isinstance(part, keras.Sequential):
            for layer in part.layers:
                tensors = note(layer, tensors)
            return tensors
        # Only the calls are of interest; the clone itself is thrown away.
        return keras.models.clone_model(
            part, input_tensors=tensors, clone_function=lambda layer: layer, call_function=note
        ).output

    ends = keras.tree.map_structure(
        lambda t: keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name), structure_of(model)[0]
    )
    first = tuple(number(t) for t in keras.tree.flatten(ends))
    last = run(model, ends)
    return Tape(inputs=first, steps=tuple(steps), outputs=tuple(number(t) for t in keras.tree.flatten(last)))


def structure_of(model: Any) -> tuple[Any, Any]:
    """Return a model's inputs and outputs as it takes and gives them: a tensor, or nested tuples, lists and dicts."""
    import keras

    if isinstance(model, keras.Sequential):
        return model.inputs[0], model.outputs[0]
    return model.input, model.output


def played(
    tape: Tape, tensors: Sequence[Any], call: Callable[[Step, tuple[Any, ...], dict[str, Any]], Any] | None = None
) -> dict[int, Any]:
    """Return every tensor by index, from those of the inputs.

    Args:
        tape: The model.
        tensors: One per input, symbolic or real.
        call: Computes one step from its arguments; by default the layer does.
    """
    import keras

    values = dict(zip(tape.inputs, tensors, strict=True))

    def fill(ref: Ref) -> Any:
        return values[ref.index]

    for step in tape.steps:
        args = _replaced(step.args, _is_ref, fill)
        kwargs = _replaced(dict(step.kwargs), _is_ref, fill)
        made = step.layer(*args, **kwargs) if call is None else call(step, args, kwargs)
        values.update(zip(step.outputs, keras.tree.flatten(made), strict=True))
    return values


def _require_graph(model: Any) -> None:
    import keras

    known = isinstance(model, (keras.Sequential, keras.Function))
    if not known or not type(model).call.__module__.startswith("keras."):
        kind = type(model).__name__
        raise refused(f"model '{model.name}' is a {kind} with code of its own, not a Sequential or Functional model")


def _is_tensor(value: Any) -> bool:
    import keras

    return bool(keras.utils.is_keras_tensor(value))


def _is_ref(value: Any) -> bool:
    return isinstance(value, Ref)


def _replaced(tree: Any, hit: Callable[[Any], bool], put: Callable[[Any], Any]) -> Any:
    """Return nested tuples, lists and dicts with some of the leaves replaced."""
    if hit(tree):
        return put(tree)
    if isinstance(tree, Mapping):
        return {key: _replaced(value, hit, put) for key, value in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)(_replaced(value, hit, put) for value in tree)
    return tree


def _walk(tree: Any, tell: Callable[[Ref], None]) -> None:
    _replaced(tree, _is_ref, tell)
