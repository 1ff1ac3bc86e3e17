"""How generated Kotlin fills each input: the cheapest way that gives the bytes of `feeding.py` for every value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litesmith.bundle.feeding import Feed
from litesmith.bundle.kotlin_literals import kotlin_float
from litesmith.core.errors import BundleError

_VIEWS = {"float32": "Float", "int32": "Int", "int64": "Long"}
_BYTES = ("int8", "uint8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How raw values become one input.

    Attributes:
        name: `copy`, `xor`, `table`, `bool`, `put`, `whole`, `real` or `quantize`: a branch of the template.
        says: The same in words.
        takes: What the raw values are, in words.
        view: Kind of the typed view of the input's buffer; empty where bytes are put.
        scratch: Kind of the array that values pass through; empty where none is needed.
        channels: How many scales or offsets there are; 0 where there is one.
        stride: Values of one channel in a row, where there are several.
        scale_code: Kotlin for the scale of the preprocessing; empty where it is 1.
        offset_code: Kotlin for its offset; empty where it is 0.
        inverse: Kotlin for what values are multiplied by before they are rounded; empty where the input has no scale.
        zero_code: Kotlin that adds the zero point.
        limits: Kotlin for the smallest and the largest integer.
        bytes: How bytes are taken besides: `copy`, `xor`, `real`, or empty where they are not.
        bytes_say: The same in words.
        byte_code: Kotlin for a byte where it is `real`.
        fed_bytes: Whether raw bytes are what the model was made to take.
    """

    name: str
    says: str
    takes: str
    view: str = ""
    scratch: str = ""
    channels: int = 0
    stride: int = 1
    scale_code: str = ""
    offset_code: str = ""
    inverse: str = ""
    zero_code: str = ""
    limits: str = ""
    bytes: str = ""
    bytes_say: str = ""
    byte_code: str = ""
    fed_bytes: bool = False


def ways(feeds: Sequence[Feed], *, picture: bool) -> tuple[Way, ...]:
    """Return how each input is filled.

    Raises:
        BundleError: pixels or values do not fit the type of an input.
    """
    return tuple(_of_pixels(feed) if picture else _of_values(feed, number) for number, feed in enumerate(feeds))


def _of_pixels(feed: Feed) -> Way:
    """Return how pixels, which are bytes, become the only input."""
    dtype, takes = feed.spec.dtype, "pixels"
    if dtype == "bool" or (not feed.spec.quantized and feed.first is None and not feed.table and dtype in _BYTES):
        raise BundleError(
            f"input {feed.spec.name[:60]!a} takes {dtype} without a scale, and pixels do not fit",
            hint="Bundle it with --takes tensors.",
        )
    if dtype in ("int32", "int64"):
        view = _VIEWS[dtype]
        return Way(name="whole", says="bytes as whole numbers", takes=takes, view=view, scratch=view)
    if dtype == "float32":
        if feed.byte_scale is not None:
            arithmetic: dict[str, Any] = {"scale_code": "SCALE", "offset_code": "OFFSET"}
        else:
            arithmetic = _arithmetic(feed)
        return Way(name="real", says=_said(arithmetic), takes=takes, view="Float", scratch="Float", **arithmetic)
    if feed.first == 0 and not feed.rises:
        return Way(name="copy", says="the bytes as they are", takes=takes)
    if feed.first == 128 and not feed.rises:
        return Way(name="xor", says="each byte less 128", takes=takes, scratch="Byte")
    return Way(
        name="table",
        says="each byte by a table of what it becomes",
        takes=takes,
        scratch="Byte",
        **_arithmetic(feed),
        **_rounding(feed, ""),
    )


def _of_values(feed: Feed, number: int) -> Way:
    """Return how an array of numbers becomes an input."""
    spec, arithmetic = feed.spec, _arithmetic(feed)
    if spec.dtype == "bool":
        return Way(name="bool", says="truth as 1", takes="true or false", scratch="Byte")
    if spec.quantized:
        rounded = f"{_said(arithmetic)}, then rounded to {spec.dtype}"
        more = {**arithmetic, **_rounding(feed, str(number)), **_bytes(feed)}
        return Way(name="quantize", says=rounded, takes=_taken(arithmetic), scratch="Byte", **more)
    if spec.dtype != "float32":
        if arithmetic:
            raise BundleError(
                f"input {spec.name[:60]!a} takes {spec.dtype} without a scale, and preprocessing makes fractions",
                hint="Bundle it with the preprocessing 'raw'.",
            )
        if spec.dtype in _BYTES:
            return Way(name="copy", says="values as they are", takes=spec.dtype)
        return Way(name="put", says="values as they are", takes=spec.dtype, view=_VIEWS[spec.dtype])
    plus = _bytes(feed)
    if not arithmetic and not plus:
        return Way(name="put", says="values as they are", takes="real values", view="Float")
    return Way(
        name="real" if arithmetic else "put",
        says=_said(arithmetic),
        takes=_taken(arithmetic),
        view="Float",
        scratch="Float",
        **arithmetic,
        **plus,
    )


def _bytes(feed: Feed) -> dict[str, Any]:
    """Return how an input of numbers takes bytes besides: stored integers, or raw bytes where it was made for them."""
    spec = feed.spec
    if not feed.normalized and spec.quantized:
        return {"bytes": "copy", "bytes_say": "integers as the model stores them"}
    if not (feed.normalized and spec.byte_fed):
        return {}
    said = {"bytes_say": "unsigned bytes, which the model takes as they are", "fed_bytes": True}
    if spec.dtype != "float32":
        return {"bytes": "copy" if spec.dtype == "uint8" else "xor", **said}
    code = "(raw[place].toInt() and 0xFF).toFloat() * BYTE_SCALE + BYTE_OFFSET"
    return {"bytes": "real", "byte_code": code, **said}


def _arithmetic(feed: Feed) -> dict[str, Any]:
    """Return the fields of a way that say what scale and offset do."""
    found: dict[str, Any] = {}
    for name, value in (("scale", feed.scale), ("offset", feed.offset)):
        if value is None:
            continue
        found[f"{name}_code"] = name.upper()
        if isinstance(value, tuple):
            found[f"{name}_code"] = f"{name.upper()}S[channel]"
            found["channels"] = len(value)
            found["stride"] = feed.shape[-1] * feed.shape[-2] if isinstance(value[0], tuple) else 1
    return found


def _rounding(feed: Feed, number: str) -> dict[str, Any]:
    """Return the fields of a way that say how values become integers."""
    if feed.inverse is None:
        return {}
    zero = feed.spec.zero_point
    return {
        "inverse": f"INVERSE{'_' if number else ''}{number}",
        "zero_code": f" {'-' if zero < 0 else '+'} {abs(zero)}f" if zero else "",
        "limits": "-128f, 127f" if feed.spec.dtype == "int8" else "0f, 255f",
    }


def _said(arithmetic: dict[str, Any]) -> str:
    parts = ["times the scale"] if "scale_code" in arithmetic else []
    parts += ["plus the offset"] if "offset_code" in arithmetic else []
    if not parts:
        return "values as they are"
    return "each value " + " ".join(parts) + (" of its channel" if arithmetic.get("channels") else "")


def _taken(arithmetic: dict[str, Any]) -> str:
    return "raw values, before scale and offset" if arithmetic else "real values"


def constants(feeds: Sequence[Feed], found: Sequence[Way]) -> list[tuple[str, str, str]]:
    """Return (declaration, value, what it is) of each constant that the ways need."""
    made: dict[str, tuple[str, str]] = {}
    for feed, way in zip(feeds, found, strict=True):
        if way.name == "real" and feed.byte_scale is not None and way.bytes != "real":
            made["const val SCALE"] = kotlin_float(feed.byte_scale), "What a byte is multiplied by."
            made["const val OFFSET"] = kotlin_float(feed.byte_offset or 0.0), "What is added then."
        else:
            made |= _scaling(way.scale_code, feed.scale, "SCALE", "What raw values are multiplied by")
            made |= _scaling(way.offset_code, feed.offset, "OFFSET", "What is added then")
        if way.bytes == "real":
            made["const val BYTE_SCALE"] = kotlin_float(feed.byte_scale or 0.0), "What a byte is multiplied by."
            made["const val BYTE_OFFSET"] = kotlin_float(feed.byte_offset or 0.0), "What is added to it then."
        if way.inverse:
            says = f"1 / scale of input '{_plain(feed.spec.name)}'." if len(feeds) > 1 else "1 / scale of the input."
            made[f"const val {way.inverse}"] = kotlin_float(feed.inverse or 0.0), says
    return [(declaration, code, says) for declaration, (code, says) in made.items()]


def _plain(name: str) -> str:
    """Return a name for a comment: letters, digits and what cannot end one."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.:-") else "?" for c in name[:40])


def _scaling(code: str, value: object, name: str, says: str) -> dict[str, tuple[str, str]]:
    if not code:
        return {}
    if isinstance(value, tuple):
        numbers = [v[0][0] if isinstance(v, tuple) else v for v in value]
        listed = ", ".join(kotlin_float(number) for number in numbers)
        return {f"val {name}S": (f"floatArrayOf({listed})", f"{says}, by channel.")}
    assert isinstance(value, float)
    return {f"const val {name}": (kotlin_float(value), f"{says}.")}
