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

PROJECT_FILES: tuple[Template, ...] = (
    Template(template="README.md.j2", path="README.md", role="document"),
    Template(template="project/settings.gradle.kts.j2", path="settings.gradle.kts", role="setup"),
    Template(template="project/build.gradle.kts.j2", path="build.gradle.kts", role="setup"),
    Template(template="project/gradle.properties.j2", path="gradle.properties", role="setup"),
    Template(template="project/libs.versions.toml.j2", path="gradle/libs.versions.toml", role="setup"),
    Template(template="project/one-runtime.gradle.kts.j2", path="gradle/one-runtime.gradle.kts", role="setup"),
    Template(
        template="project/gradle-wrapper.properties.j2", path="gradle/wrapper/gradle-wrapper.properties", role="setup"
    ),
    Template(template="project/gitignore.j2", path=".gitignore", role="setup"),
    Template(template="project/gitattributes.j2", path=".gitattributes", role="setup"),
    Template(template="project/core.build.gradle.kts.j2", path="core/build.gradle.kts", role="setup"),
)
"""Gradle project and README: templates/android/project/."""

LIBRARY_FILES: tuple[Template, ...] = (
    Template(template="library/build.gradle.kts.j2", path="library/build.gradle.kts", role="setup"),
    Template(template="library/consumer-rules.pro.j2", path="library/consumer-rules.pro", role="setup"),
    Template(template="library/AndroidManifest.xml.j2", path="library/src/main/AndroidManifest.xml", role="setup"),
    Template(template="library/InterpreterRunner.kt.j2", path="{library}/InterpreterRunner.kt"),
    Template(template="library/CompiledModelRunner.kt.j2", path="{library}/CompiledModelRunner.kt", when="compiled"),
    Template(template="library/TensorPorts.kt.j2", path="{library}/TensorPorts.kt", when="compiled"),
    Template(template="library/GpuDelegateRunner.kt.j2", path="{library}/GpuDelegateRunner.kt", when="tensorflow_lite"),
    Template(template="library/ConfinedRunner.kt.j2", path="{library}/ConfinedRunner.kt"),
    Template(template="library/ModelOptions.kt.j2", path="{library}/ModelOptions.kt"),
    Template(template="library/ModelAssets.kt.j2", path="{library}/ModelAssets.kt"),
    Template(template="library/ModelRunner.kt.j2", path="{library}/ModelRunner.kt"),
    Template(template="library/Kept.kt.j2", path="{library}/Kept.kt"),
    Template(template="library/Session.kt.j2", path="{library}/{class_name}Session.kt"),
    Template(template="library/AcceleratorCheck.kt.j2", path="{library}/AcceleratorCheck.kt"),
    Template(template="library/GoldenInputs.kt.j2", path="{library}/GoldenInputs.kt"),
    Template(template="library/Latency.kt.j2", path="{library}/Latency.kt"),
    Template(template="library/Pictures.kt.j2", path="{library}/Pictures.kt", when="picture"),
    Template(template="library/CameraImages.kt.j2", path="{library}/CameraImages.kt", when="picture"),
    Template(template="library/Instrumented.kt.j2", path="{library_test}/Instrumented.kt"),
    Template(template="library/ParityTest.kt.j2", path="{library_test}/ParityTest.kt"),
    Template(template="library/BenchmarkTest.kt.j2", path="{library_test}/BenchmarkTest.kt"),
)
"""Of the Android library and its instrumented tests: templates/android/library/."""

_RES = "app/src/main/res"
APP_FILES: tuple[Template, ...] = (
    Template(template="app/build.gradle.kts.j2", path="app/build.gradle.kts", role="setup"),
    Template(template="app/AndroidManifest.xml.j2", path="app/src/main/AndroidManifest.xml", role="setup"),
    Template(template="app/MainActivity.kt.j2", path="{app}/MainActivity.kt"),
    Template(template="app/DemoViewModel.kt.j2", path="{app}/DemoViewModel.kt"),
    Template(template="app/activity_main.xml.j2", path=f"{_RES}/layout/activity_main.xml"),
    Template(template="app/strings.xml.j2", path=f"{_RES}/values/strings.xml"),
    Template(template="app/themes.xml.j2", path=f"{_RES}/values/themes.xml"),
    Template(template="app/themes-night.xml.j2", path=f"{_RES}/values-night/themes.xml"),
    Template(template="app/colors.xml.j2", path=f"{_RES}/values/colors.xml"),
    Template(template="app/colors-night.xml.j2", path=f"{_RES}/values-night/colors.xml"),
    Template(template="app/ic_launcher_foreground.xml.j2", path=f"{_RES}/drawable/ic_launcher_foreground.xml"),
    Template(template="app/ic_launcher.xml.j2", path=f"{_RES}/mipmap/ic_launcher.xml"),
    Template(template="app/ic_launcher_v26.xml.j2", path=f"{_RES}/mipmap-anydpi-v26/ic_launcher.xml"),
)
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
