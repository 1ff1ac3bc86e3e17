"""What the Gradle project around the Kotlin core is filled with: versions that fit each other, and the runtime."""

from __future__ import annotations

from typing import Any

from litesmith.bundle.job import BundleJob
from litesmith.bundle.kotlin_support import runtime_minimum, runtime_version

VERSIONS = {
    "agp": "9.2.0",
    "gradle": "9.4.1",
    "kotlin": "2.4.20",
    "coroutines": "1.11.0",
    "serialization": "1.12.0",
    "junit": "4.13.2",
    "androidx_activity": "1.13.0",
    "androidx_lifecycle": "2.11.0",
    "androidx_test_runner": "1.7.0",
    "compile_sdk": "36",
    "target_sdk": "36",
    "min_sdk": "24",
    "tensorflow_lite_gpu_api": "2.14.0",
}
"""A set that is known to fit, by the tables of those who publish them.

The Android Gradle plugin 9.2 wants Gradle 9.4.1 and JDK 17, compiles against API 36, and brings an R8 newer than the
9.1.29 that Kotlin 2.4 needs. Kotlin's libraries are the newest for that compiler. androidx.activity 1.13 and lifecycle
2.11, which the demo alone has, say in their archives that they want API 36 and 34 and the plugin 8.9 and 8.1. minSdk is
that of LiteRT 2.3's manifest (24), also the first with `ExifInterface(InputStream)`. tensorflow-lite-gpu 2.16.1 calls
classes that tensorflow-lite-gpu-api has, whose last release is 2.14.0; all it calls is in there.
"""
_NAMES = {
    "litert": ("com.google.ai.edge.litert", "litert"),
    "tensorflow-lite": ("org.tensorflow", "tensorflow-lite"),
}
_LONGEST_TITLE = 60


def project_values(job: BundleJob, *, stateful: bool) -> dict[str, Any]:
    """Return values of the project's templates, besides those of the core.

    Args:
        job: The bundle's.
        stateful: Whether the model keeps a state between inferences.

    Raises:
        BundleError: the model needs a newer runtime than there is.
    """
    group, name = _NAMES[job.runtime]
    version = runtime_version(job)
    minimum = runtime_minimum(job)
    title = job.card.name[:_LONGEST_TITLE].strip() or job.class_name
    return {
        "versions": VERSIONS,
        "project_name": job.class_name,
        "app_name": title,
        "takes": _takes(job),
        "gives": _gives(job),
        "compiled": job.runtime == "litert" and not stateful,
        "tensorflow_lite": job.runtime == "tensorflow-lite",
        "runtime_group": group,
        "runtime_name": name,
        "runtime_artifact": f"{group}:{name}",
        "runtime_version": version,
        "runtime_coordinates": f"{group}:{name}:{version}",
        "runtime_minimum": minimum,
        "runtime_minimum_numbers": [int(part) for part in minimum.split(".") if part.isdecimal()],
    }


def _takes(job: BundleJob) -> str:
    """Return what the model is given, in words."""
    if job.picture is not None:
        return f"an image of {job.picture.height} x {job.picture.width} pixels"
    return _count(len(job.card.inputs))


def _gives(job: BundleJob) -> str:
    """Return what the model answers, in words."""
    return f"scores of {job.class_count} classes" if job.class_count else _count(len(job.card.outputs))


def _count(tensors: int) -> str:
    return "a tensor" if tensors == 1 else f"{tensors} tensors"
