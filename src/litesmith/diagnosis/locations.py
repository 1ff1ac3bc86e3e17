"""From the places that TensorFlow's converter names to the user's layers.

The converter prints `loc(callsite(fused["Svd:", "model_1/odd_1/Svd@__inference_serve_7"] at callsite(...)))`: the op
first, then each call around it, with the scope path of the graph before the `@`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from litesmith.diagnosis.cause import Evidence, Layer

_ERROR = re.compile(r"error: (?P<place>loc\(.*?\)): (?P<text>(?:'|Failed to convert|failed to legalize)[^\n]*)")
_NAMED = re.compile(r'fused\["(?P<op>[\w.]*):", "(?P<path>[^"]*)"')
_OPS = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
_COUNTER = re.compile(r"_\d+$")
SHAPE_CHECK = "EnsureShape"
"""An op without a kernel for any type. It computes nothing, so it is told only where no other op is without one."""
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_OUTSIDE = ("gradient_tape", "")
_OPERATIONS = {
    "MatrixInverse": "Inv",
    "FFT2D": "FFT2",
    "IFFT2D": "IFFT2",
    "DenseBincount": "Bincount",
    "ImageProjectiveTransformV3": "AffineTransform",
}
"""Ops that an operation of Keras of another name is made of. Operations, unlike layers, leave no scope of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the user's graph one error of the converter lies.

    Attributes:
        text: What the converter says of it.
        op: TensorFlow op, such as `Svd`.
        scopes: Scope names from the model to the op, the op's own name last.
    """

    text: str
    op: str
    scopes: tuple[str, ...]


def places(text: str) -> list[Place]:
    """Return where the errors in a converter's message lie, in order, each once."""
    found = []
    for match in _ERROR.finditer(text):
        named = [(part["op"], part["path"].partition("@")[0]) for part in _NAMED.finditer(match["place"])]
        if not named:
            continue
        scopes: list[str] = []
        for _, path in reversed(named):  # from the outermost call to the op
            parts = [part for part in path.split("/") if not _is_call(part) and part not in _OUTSIDE]
            scopes += parts
        found.append(Place(text=match["text"], op=named[0][0], scopes=tuple(scopes)))
    return list(dict.fromkeys(found))


def _is_call(part: str) -> bool:
    return _COUNTER.sub("", part) in _CALLS


def failing_ops(text: str) -> tuple[str, ...]:
    """Return the ops without a kernel that a converter's message names, each once.

    >>> failing_ops("error: 'tf.Svd' op is neither a custom op nor a flex op")
    ('tf.Svd',)
    """
    return tuple(f"tf.{op}" for op in dict.fromkeys(_OPS.findall(text)))


def layers_at(text: str, layers: Sequence[Layer]) -> tuple[str, ...]:
    """Return the user's layers in which a converter's errors lie, in the order of the model.

    Args:
        text: The converter's message.
        layers: The user's layers. Without any, as for a SavedModel, the scope below the model's is given.
    """
    found = places(text)
    return layers_of([place for place in found if place.op != SHAPE_CHECK] or found, layers)


def layers_of(found: Iterable[Place], layers: Sequence[Layer]) -> tuple[str, ...]:
    """Return the user's layers of places. See `layers_at`."""
    by_name = {layer.name: layer for layer in layers}
    named, nameless = [], []
    for place in found:
        layer, scope = _known(place, by_name), _scope(place)
        if layer or scope:
            named.append(layer.name if layer else scope)
        else:
            nameless.append(f"{place.scopes[-1] if place.scopes else place.op} (tf.{place.op})")
    names = named or nameless
    order = {name: position for position, name in enumerate(by_name)}
    unique = sorted(dict.fromkeys(name for name in names if name), key=lambda name: order.get(name, len(order)))
    return tuple(shown(by_name[name]) if name in by_name else name for name in unique)


def shown(layer: Layer) -> str:
    """Return a layer as the user reads it.

    >>> shown(Layer(name="up", kind="Conv2DTranspose"))
    'up (Conv2DTranspose)'
    """
    return f"{layer.name} ({layer.kind})"


def _known(place: Place, layers: dict[str, Layer]) -> Layer | None:
    """Return the innermost scope that is a layer. Keras 3 counts the scopes when it traces a layer again."""
    for scope in reversed(place.scopes):
        for name in (scope, _COUNTER.sub("", scope)):
            if name in layers:
                return layers[name]
    kind = _OPERATIONS.get(place.op, place.op).lower()
    same = [layer for layer in layers.values() if layer.kind.lower() == kind]
    return same[0] if len(same) == 1 else None


def _scope(place: Place) -> str:
    """Return the scope below the model's, less the counter that Keras 3 adds to both; empty where there is none."""
    if len(place.scopes) < 3:
        return ""
    outer, name = place.scopes[:2]
    counters = [found[0] for scope in (outer, name) if (found := _COUNTER.search(scope))]
    return name.removesuffix(counters[1]) if len(counters) == 2 else name


def by_kind(evidence: Evidence, kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the user's layers of some classes."""
    wanted = set(kinds)
    return tuple(shown(layer) for layer in evidence.layers if layer.kind in wanted)


def by_name(evidence: Evidence, names: Iterable[str]) -> tuple[str, ...]:
    """Return the user's layers of some names; a name that is no known layer's stays as it is."""
    known = {layer.name: shown(layer) for layer in evidence.layers}
    return tuple(known.get(name, name) for name in dict.fromkeys(names))


def at_errors(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    """Return the user's layers in which the converter's errors lie; for `Cause.where`."""
    del match
    return layers_at(evidence.text, evidence.layers)


def at_layer(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    """Return the layer that the pattern's group `layer` names, or those of class `kind`; for `Cause.where`."""
    groups = match.groupdict()
    if groups.get("layer"):
        return by_name(evidence, groups["layer"].split(", "))
    return by_kind(evidence, [groups.get("kind") or ""])
