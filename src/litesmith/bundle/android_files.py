"""Which files an Android bundle has: template, path in the bundle, role, and on what they depend.

A path is filled with `places`: `{core}`, `{core_test}`, `{library}`, `{library_test}` and `{app}` are the source
folders of the Kotlin packages, `{class_name}` is the generated class. Templates are named relative to
`templates/android/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ASSETS = "library/src/main/assets"

BUILT = (
    "build/", "core/build/", "library/build/", "app/build/", ".gradle/", ".kotlin/", ".idea/", "local.properties",
    "gradlew", "gradle/wrapper/gradle-wrapper.jar",
)  # fmt: skip
"""How paths begin of what a build or Android Studio makes in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One file that a template makes.

    Attributes:
        template: Relative to `templates/android/`.
        path: Pattern of the path in the bundle.
        role: As in `BundledFile`.
        when: Name of a value that has to be true for the file to be there; empty for always.
    """

    template: str
    path: str
    role: str = "code"
    when: str = ""


CORE_FILES: tuple[Template, ...] = (
    Template(template="core/DType.kt.j2", path="{core}/DType.kt"),
    Template(template="core/TensorSpec.kt.j2", path="{core}/TensorSpec.kt"),
    Template(template="core/Runner.kt.j2", path="{core}/Runner.kt"),
    Template(template="core/ModelContract.kt.j2", path="{core}/ModelContract.kt"),
    Template(template="core/Buffers.kt.j2", path="{core}/Buffers.kt"),
    Template(template="core/Inputs.kt.j2", path="{core}/Inputs.kt"),
    Template(template="core/Outputs.kt.j2", path="{core}/Outputs.kt"),
    Template(template="core/Model.kt.j2", path="{core}/{class_name}.kt"),
    Template(template="core/Preparation.kt.j2", path="{core}/Preparation.kt", when="picture"),
    Template(template="core/Resampling.kt.j2", path="{core}/Resampling.kt", when="smooth"),
    Template(template="core/Answer.kt.j2", path="{core}/Answer.kt", when="answers"),
    Template(template="core/Labels.kt.j2", path="{core}/Labels.kt", when="labels"),
    Template(template="core/Pixels.kt.j2", path="{core}/Pixels.kt", when="picture"),
    Template(template="core/Category.kt.j2", path="{core}/Category.kt", when="classes"),
)
"""Of the pure Kotlin core: templates/android/core/."""

TEST_FILES: tuple[Template, ...] = (
    Template(template="core/GoldenTensor.kt.j2", path="{core}/GoldenTensor.kt"),
    Template(template="core/GoldenFile.kt.j2", path="{core}/GoldenFile.kt"),
    Template(template="core/GoldenReport.kt.j2", path="{core}/GoldenReport.kt"),
    Template(template="core/GoldenCheck.kt.j2", path="{core}/GoldenCheck.kt"),
    Template(template="core/test/IdleRunner.kt.j2", path="{core_test}/IdleRunner.kt"),
    Template(template="core/test/GoldenTest.kt.j2", path="{core_test}/GoldenTest.kt"),
    Template(template="core/test/ContractTest.kt.j2", path="{core_test}/ContractTest.kt"),
    Template(template="core/test/RoundingTest.kt.j2", path="{core_test}/RoundingTest.kt", when="rounds"),
)
"""Golden check and JUnit tests of the core: templates/android/core/."""

PROJECT_FILES: tuple[Template, ...] = ()
"""Gradle project and README: templates/android/project/."""

LIBRARY_FILES: tuple[Template, ...] = ()
"""Of the Android library and its instrumented tests: templates/android/library/."""

APP_FILES: tuple[Template, ...] = ()
"""Of the demo app: templates/android/app/."""


def all_files() -> tuple[Template, ...]:
    """Return every file, in the order in which they are written."""
    return (*PROJECT_FILES, *CORE_FILES, *TEST_FILES, *LIBRARY_FILES, *APP_FILES)


def places(package: str, class_name: str) -> dict[str, str]:
    """Return what paths are filled with.

    >>> places("com.example.app", "FlowerClassifier")["core"]
    'core/src/main/kotlin/com/example/app/core'
    """
    folder = package.replace(".", "/")
    return {
        "core": f"core/src/main/kotlin/{folder}/core",
        "core_test": f"core/src/test/kotlin/{folder}/core",
        "library": f"library/src/main/kotlin/{folder}/library",
        "library_test": f"library/src/androidTest/kotlin/{folder}/library",
        "app": f"app/src/main/kotlin/{folder}",
        "class_name": class_name,
    }


def wanted(entry: Template, values: Mapping[str, Any]) -> bool:
    """Tell whether a bundle with these values has a file."""
    return not entry.when or bool(values[entry.when])
