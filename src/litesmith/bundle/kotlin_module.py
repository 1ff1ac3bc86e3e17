"""What the templates of an Android bundle are filled with: facts of one model, ready to be written as Kotlin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from litesmith import __version__
from litesmith.bundle.android_project import project_values
from litesmith.bundle.feeding import Feed, feeds, require_sound
from litesmith.bundle.job import BundleJob
from litesmith.bundle.kotlin_feeding import constants, ways
from litesmith.bundle.kotlin_names import members, require_class_name, require_package
from litesmith.bundle.kotlin_support import require_servable
from litesmith.bundle.python_module import tall_pictures
from litesmith.bundle.readme import readme_values
from litesmith.core.environment import version_of
from litesmith.core.graph import stateful_ops
from litesmith.core.preprocessing import Layout, Resize
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.flatbuffer import read_graph

_ARRAYS = {
    "float32": "FloatArray",
    "int8": "ByteArray",
    "uint8": "ByteArray",
    "int32": "IntArray",
    "int64": "LongArray",
    "bool": "BooleanArray",
}
_VIEWS = {"float32": "Float", "int32": "Int", "int64": "Long"}
_SUPPORT = {Resize.BOX: 0.5, Resize.BILINEAR: 1.0, Resize.BICUBIC: 2.0, Resize.LANCZOS: 3.0}
_LONGEST_NAME = 200
_LONGEST_LINE = 40
"""Of shapes shown in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KotlinTensor:
    """One input or output as generated code has it.

    Attributes:
        spec: Name (cut where it is very long), type, shape with batch 1, scale.
        member: Name of the parameter or property.
        array: Kotlin type of its values outside: `FloatArray` where it is float or quantized.
        feed: How an input is fed; None for outputs.
    """

    spec: TensorSpec
    member: str
    array: str
    feed: Feed | None = None

    @property
    def type(self) -> str:
        """Constant of the Kotlin `DType`."""
        return self.spec.dtype.upper()

    @property
    def size(self) -> int:
        """Elements, batch 1 included."""
        size = 1
        for side in self.spec.shape:
            size *= side
        return size

    @property
    def unit(self) -> str:
        """What a value means, in words for a comment."""
        spec = self.spec
        if not spec.quantized:
            return spec.dtype
        zero = f" {'-' if spec.zero_point > 0 else '+'} {abs(spec.zero_point)}" if spec.zero_point else ""
        return f"{spec.dtype}, q stands for {spec.scale:.6g} * (q{zero})"


def kotlin_values(job: BundleJob) -> dict[str, Any]:
    """Return what the templates are filled with.

    Raises:
        ConfigError: the package or class name cannot be used.
        BundleError: an input or output is of a type or shape that Kotlin code cannot feed or read.
    """
    require_package(job.package)
    require_class_name(job.class_name)
    require_servable(job)
    fed = feeds(job)
    stateful = any(stateful_ops(graph) for graph in read_graph(job.model).subgraphs)
    inputs, outputs = _inputs(job, fed), _outputs(job)
    filled = ways(fed, picture=job.picture is not None)
    picture = job.picture
    pillow = version_of("pillow") or ""
    return {
        "job": job,
        "card": job.card,
        "version": __version__,
        "package": job.package,
        "core_package": f"{job.package}.core",
        "library_package": f"{job.package}.library",
        "class_name": job.class_name,
        "file_name": job.file_name,
        "sha256": job.card.sha256,
        "size_bytes": job.card.size_bytes,
        "min_runtime": job.card.min_runtime,
        "runtime": job.runtime,
        "threads": job.threads,
        "labels": job.labels,
        "labels_file": labels_file(job),
        "classes": job.class_count,
        "stateful": stateful,
        "dynamic": any(-1 in spec.shape for spec in job.card.inputs),
        "feeds": fed,
        "inputs": inputs,
        "ways": filled,
        "views": sorted({way.view for way in filled if way.view}),
        "output_views": sorted({_VIEWS[o.spec.dtype] for o in outputs if o.spec.dtype in _VIEWS}),
        "constants": constants(fed, filled),
        "rounds": any(way.inverse for way in filled),
        "outputs": outputs,
        **_picture_values(job, pillow),
        "tensors": picture is None,
        "answers": not job.class_count,
        "pillow": pillow,
        **readme_values(job, fed),
        **project_values(job, stateful=stateful),
    }


def labels_file(job: BundleJob) -> str:
    """Return the name of the asset with the labels: the model's, as an app may have a `labels.json` of its own.

    An app's asset takes the place of a library's of the same name, without a word; a model's sha256 tells that.
    """
    return f"{job.file_name.removesuffix('.tflite')}.labels.json"


def _picture_values(job: BundleJob, pillow: str) -> dict[str, Any]:
    picture = job.picture
    return {
        "picture": picture,
        "gray": picture is not None and picture.channels != 3,
        "chw": picture is not None and picture.layout is Layout.CHW and picture.channels > 0,
        "resize": picture.resize.value if picture else "",
        "smooth": picture is not None and picture.resize is not Resize.NEAREST,
        "support": _SUPPORT.get(picture.resize, 0.0) if picture else 0.0,
        "tall": tall_in_kotlin(pillow),
    }


def tall_in_kotlin(pillow: str) -> str:
    """Return the condition of `tall_pictures` as Kotlin.

    >>> tall_in_kotlin("13.0.0"), tall_in_kotlin("12.2.0")
    ('height - HEIGHT > maxOf(0, 2 * (width - WIDTH))', 'height > width * 100 && height > HEIGHT')
    """
    return tall_pictures(pillow).replace("max(", "maxOf(").replace(" and ", " && ")


def _inputs(job: BundleJob, fed: list[Feed]) -> tuple[KotlinTensor, ...]:
    names = members([feed.spec.name for feed in fed], "input", taken=("top", "pixels", "runner", "labels"))
    return tuple(
        KotlinTensor(
            spec=_cut(replace(feed.spec, shape=feed.shape)),
            member=name,
            array="ByteArray" if job.picture is not None else _array(feed.spec),
            feed=feed,
        )
        for feed, name in zip(fed, names, strict=True)
    )


def _outputs(job: BundleJob) -> tuple[KotlinTensor, ...]:
    specs = [replace(spec, shape=(1, *spec.shape[1:]) if spec.shape else ()) for spec in job.card.outputs]
    for spec in specs:
        require_sound(spec, "output")
    names = members([spec.name for spec in specs], "output")
    return tuple(
        KotlinTensor(spec=_cut(spec), member=name, array=_array(spec)) for spec, name in zip(specs, names, strict=True)
    )


def _array(spec: TensorSpec) -> str:
    return "FloatArray" if spec.quantized else _ARRAYS[spec.dtype]


def _cut(spec: TensorSpec) -> TensorSpec:
    """Return a tensor whose name, which only messages need, is of a length that a class file can hold."""
    name = spec.name if len(spec.name) <= _LONGEST_NAME else spec.name[: _LONGEST_NAME - 3] + "..."
    return replace(spec, name=name)
