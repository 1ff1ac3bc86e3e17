"""Golden vectors: what a model was fed and what it answered, in a form that Python, Kotlin and JavaScript read.

A bundle has a folder `golden/` with `golden.json` (a `Golden` as it stands) and the files it names: tensors as bare
little-endian numbers in C order (`.bin`), so that any language can map them, and images as `.png`, which every decoder
decodes to the same pixels. Paths are relative to the folder of the bundle. Digests of the files are in its manifest.
"""

from __future__ import annotations

from dataclasses import dataclass

GOLDEN_FOLDER = "golden"
GOLDEN_FILE = "golden/golden.json"
GOLDEN_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenTensor:
    """One array in a file.

    Attributes:
        name: Name of the model's input or output; `image` for decoded pixels.
        file: Relative to the folder of the bundle.
        dtype: NumPy name; float16 values are stored as float16.
        shape: Dimensions, batch included for inputs and outputs.
    """

    name: str
    file: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenVector:
    """One inference. Each step can be compared on its own: image, pixels, raw, inputs, outputs.

    Attributes:
        name: Such as `ties`, `all-255` or `photo-2`.
        about: What it is there for, one line.
        image: An image file, or empty where the vector begins with raw values.
        pixels: What the decoder makes of the image: uint8 [H, W, 3], or [H, W] of a grey one; None without an image.
        raw: Before scale and offset, as users have it: pixels after crop and resize, or values; one per model input.
        inputs: What the model is fed, of its own dtypes, one per input.
        outputs: What it answers, of its own dtypes, one per output.
    """

    name: str
    about: str
    image: str
    pixels: GoldenTensor | None
    raw: tuple[GoldenTensor, ...]
    inputs: tuple[GoldenTensor, ...]
    outputs: tuple[GoldenTensor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far an output may lie from the golden one: |a - b| <= absolute + relative * max |golden output|.

    Attributes:
        absolute: In the output's own unit; 0 for integers that must be the same.
        relative: Fraction of the largest magnitude in the golden output.
        reason: Why that much, and where the figure comes from.
    """

    absolute: float
    relative: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """All golden vectors of a model.

    Attributes:
        schema_version: Of this record.
        model: File name of the model.
        model_sha256: Its digest.
        exact: Whether outputs must be the same bytes: models whose operators are all integer.
        delegate: What ran the operators when the vectors were made, `XNNPACK` or `none`.
        runtime: Runtime package and version that made them.
        machine: Architecture that made them.
        tolerances: One per output.
        vectors: In order.
    """

    schema_version: int
    model: str
    model_sha256: str
    exact: bool
    delegate: str
    runtime: str
    machine: str
    tolerances: tuple[Tolerance, ...]
    vectors: tuple[GoldenVector, ...]
