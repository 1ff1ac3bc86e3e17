"""What a bundle is made from: one record, filled by the pipeline and read by every kind of bundle."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from litesmith.core.bundle import ModelCard
from litesmith.core.errors import BundleError
from litesmith.core.model_facts import RuntimeNeed
from litesmith.core.preprocessing import Layout, Resize
from litesmith.core.tensors import TensorSpec

_TAKEN = frozenset({"run", "camera", "check", "numpy", "pil", "ai_edge_litert", "tflite_runtime", "picamera2"})
_LONGEST_NAME = 60
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.tflite")
DELEGATES = ("none", "edgetpu")
RUNTIMES = ("litert", "tensorflow-lite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How a picture becomes the raw values of the model's only input: `data/images.ImagePlan`, settled.

    Attributes:
        height: Rows.
        width: Columns.
        channels: 1 or 3; 0 is gray without a channel dimension.
        swap: Whether channels are in the order blue, green, red.
        layout: Position of the channels.
        resize: Resampling filter.
        crop: Side of the central square, as a fraction of the shorter side; 0 keeps the whole picture.
    """

    height: int
    width: int
    channels: int
    swap: bool
    layout: Layout
    resize: Resize
    crop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleJob:
    """One model to be bundled.

    Attributes:
        model: The .tflite file.
        file_name: Name of its copy in the bundle: letters, digits, `.`, `_` and `-` only.
        module: Name of the generated module, from `module_name`.
        card: What is known of the model. Its inputs carry `byte_scale` and `byte_zero` where raw bytes are the input.
        picture: How pictures become the input; None for a model that takes tensors only.
        normalized: For each input, whether scale and offset of the preprocessing apply to it.
        labels: Names of the classes in the order of the output; empty where there are none.
        classifies: Whether the only output holds one score per class. True where labels are given.
        threads: Threads that the runtime uses unless the user says otherwise.
        delegate: One of `DELEGATES`.
        requirements: Packages to install, name to version, as pinned for the target.
        python: Version of Python on the target, such as `3.11`; empty where any will do.
        service: File name of the systemd unit in the bundle; empty without one.
        wheelhouse: Whether the bundle carries its wheels.
        package: Kotlin package of an Android bundle; empty for other kinds.
        class_name: Of the generated Kotlin class; empty for other kinds.
        runtime: Artifacts that an Android bundle runs on, one of `RUNTIMES`.
        needs: Oldest version of each runtime that can run the model, as the audit says it.
    """

    model: Path
    file_name: str
    module: str
    card: ModelCard
    picture: Picture | None = None
    normalized: tuple[bool, ...] = (True,)
    labels: tuple[str, ...] = ()
    classifies: bool = False
    threads: int = 4
    delegate: str = "none"
    requirements: dict[str, str] = field(default_factory=dict)
    python: str = ""
    service: str = ""
    wheelhouse: bool = False
    package: str = ""
    class_name: str = ""
    runtime: str = "litert"
    needs: tuple[RuntimeNeed, ...] = ()

    @property
    def class_count(self) -> int:
        """Number of classes; 0 where the answer is not a class."""
        if not (self.labels or self.classifies):
            return 0
        shape = self.card.outputs[0].shape
        return shape[-1] if shape else 0

    @property
    def input_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each input as the bundle feeds it, batch 1 included.

        Raises:
            BundleError: a size is dynamic and nothing says which, or the batch is fixed at more than one.
        """
        return tuple(self._fed_shape(spec) for spec in self.card.inputs)

    def _fed_shape(self, spec: TensorSpec) -> tuple[int, ...]:
        if not spec.shape:
            return ()
        if spec.shape[0] not in (-1, 1):
            raise BundleError(
                f"input '{spec.name}' takes batches of {spec.shape[0]}, a bundle feeds one sample at a time",
                hint="Convert the model with a batch of 1 or of any size.",
            )
        if self.picture is not None:
            return (1, *picture_shape(self.picture))
        if -1 in spec.shape[1:]:
            raise BundleError(
                f"input '{spec.name}' of shape {list(spec.shape)} takes any size, a bundle needs one",
                hint="Convert the model with a fixed size.",
            )
        return (1, *spec.shape[1:])


def picture_shape(picture: Picture) -> tuple[int, ...]:
    """Return the shape of a picture's raw values."""
    if picture.channels == 0:
        return (picture.height, picture.width)
    if picture.layout is Layout.CHW:
        return (picture.channels, picture.height, picture.width)
    return (picture.height, picture.width, picture.channels)


def file_name(path: Path) -> str:
    """Return the name of a model's copy in a bundle: its own where that is safe anywhere, else made so.

    >>> file_name(Path("dogs & cats (1).tflite"))
    'dogs_cats_1.tflite'
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem).strip("._-")[:_LONGEST_NAME].strip("._-")
    return f"{stem or 'model'}.tflite"


def module_name(path: Path) -> str:
    """Return an importable name for a model file: lower case, no keyword, no module that is there already.

    >>> [module_name(Path(name)) for name in ("MobileNet-v2 (int8).tflite", "json.tflite", "3d.tflite")]
    ['mobilenet_v2_int8', 'json_model', 'model_3d']
    """
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:_LONGEST_NAME].strip("_")
    if not name:
        return "model"
    if name[0].isdigit():
        name = f"model_{name}"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in sys.stdlib_module_names or name in _TAKEN:
        name = f"{name}_model"
    return name


def check(job: BundleJob) -> None:
    """Check what every kind of bundle needs.

    Raises:
        BundleError: names and numbers do not fit the model.
    """
    if job.delegate not in DELEGATES:
        raise BundleError(f"unknown delegate '{job.delegate}'", hint=f"Known: {', '.join(DELEGATES)}.")
    if not _FILE_NAME.fullmatch(job.file_name) or module_name(Path(job.module)) != job.module:
        raise BundleError(
            f"'{job.file_name}' and '{job.module}' are no safe names for a model and its module",
            hint="Name the model's file with letters, digits and underscores.",
        )
    if job.threads < 1:
        raise BundleError(f"{job.threads} threads are not enough", hint="Give 1 or more.")
    if len(job.normalized) != len(job.card.inputs):
        raise BundleError(f"{len(job.normalized)} answers on normalising for {len(job.card.inputs)} inputs")
    if job.picture is not None and len(job.card.inputs) != 1:
        raise BundleError(
            f"a picture is one input, the model takes {len(job.card.inputs)}",
            hint="Bundle it as a model that takes tensors.",
        )
    _check_classes(job)
    _ = job.input_shapes


def _check_classes(job: BundleJob) -> None:
    if not (job.labels or job.classifies):
        return
    outputs = job.card.outputs
    first = outputs[0]
    if len(outputs) != 1 or len(first.shape) != 2 or first.shape[0] not in (-1, 1) or first.shape[1] < 2:
        shapes = ", ".join(f"'{spec.name}' {list(spec.shape)}" for spec in outputs)
        raise BundleError(f"classes need one output [1, classes], the model has {shapes}", hint="Leave the labels out.")
    if job.labels and len(job.labels) != first.shape[1]:
        more = "more" if len(job.labels) > first.shape[1] else "fewer"
        raise BundleError(
            f"{len(job.labels)} labels are {more} than the {first.shape[1]} values of output '{first.name}'",
            hint="Give one label per value, in the model's order; a background class has one of its own.",
        )
