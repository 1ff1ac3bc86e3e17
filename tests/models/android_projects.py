"""Android projects of tiny models, written as `litesmith bundle` does, and compiled as far as that goes without Gradle.

Kotlin is compiled by the real compiler, core, library and the rest as modules of their own, against Android's framework
classes, the published ones of androidx and TensorFlow Lite, and declarations of what only Google's repository has
(`tests/kotlin/declarations`). Resources and manifests are compiled and linked by Debian's aapt2.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

import kotlin_tools
from bundled_models import job_of
from tiny_tflite import write_cnn, write_rnn, write_two_inputs

from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.android import write
from litesmith.core.model_facts import RuntimeNeed

FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
LABELS = ('cat "$x"', "dog\n%1$s", "bird*/ <b>", "\u202e\u05d0", "@string/app_name")
NAME = "@it's <b> \\ %1$s & $x"
_COMPILER_S = 300


def jobs(folder: Path) -> dict[str, BundleJob]:
    """Return jobs of both runtimes: images with and without classes, several tensors, a state."""
    cnn = write_cnn(folder / "cnn.tflite")
    two, rnn = write_two_inputs(folder / "two.tflite"), write_rnn(folder / "rnn.tflite")
    old = "tensorflow-lite"
    need = RuntimeNeed(runtime="com.google.ai.edge.litert:litert (Android)", minimum="1.0.1", note="")
    first = job_of(cnn, picture=True, labels=LABELS, package="com.example.a", class_name="TinyClassifier")
    return {
        "a": replace(first, card=replace(first.card, name=NAME), needs=(need,)),
        "b": job_of(two, package="com.example.b", class_name="TwoModel", runtime=old),
        "c": job_of(rnn, package="com.example.c", class_name="StepsModel"),
        "d": job_of(cnn, picture=True, package="com.example.d", class_name="ScoreModel", runtime=old),
    }


def write_projects(folder: Path) -> dict[str, Path]:
    """Write one project per job into `folder` and return their places."""
    made = {}
    for name, job in jobs(folder).items():
        made[name] = folder / name
        made[name].mkdir()
        write(job, made[name])
    return made


@cache
def missing() -> str:
    """Return why projects cannot be compiled here; empty where they can."""
    reason = kotlin_tools.missing("shell")
    if reason:
        return reason
    if shutil.which("aapt2") is None or not FRAMEWORK.is_file():
        return "no aapt2 with Android's resources here: apt install aapt android-framework-res"
    return ""


def link_resources(project: Path, package: str, out: Path) -> Path:
    """Compile and link the demo's resources and manifest; return the folder with `R.java`.

    Raises:
        AssertionError: aapt2 says something, which would be an error or a warning.
    """
    out.mkdir(parents=True)
    main = project / "app/src/main"
    manifest = out / "AndroidManifest.xml"
    # The Android Gradle plugin puts the namespace there.
    text = main.joinpath("AndroidManifest.xml").read_text(encoding="utf-8")
    manifest.write_text(text.replace("<manifest ", f"<manifest package={quoteattr(package)} ", 1), encoding="utf-8")
    _quiet(["aapt2", "compile", "--dir", str(main / "res"), "-o", str(out / "res.zip")])
    link = ["aapt2", "link", "-I", str(FRAMEWORK), "--manifest", str(manifest), "--java", str(out / "java")]
    link += ["--min-sdk-version", "24", "--target-sdk-version", "29", "-o", str(out / "app.apk"), str(out / "res.zip")]
    _quiet(link)
    return out / "java"


def _quiet(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not said.strip(), said


def compile_projects(projects: Sequence[Path], resources: Sequence[Path], extra: Sequence[Path], out: Path) -> None:
    """Compile projects into `out/core`, `out/library` and `out/rest`, in one process, every warning an error.

    What is internal in one module is not seen by the next. `rest` is the demo and the instrumented tests. `extra` is
    compiled with the libraries.

    Raises:
        AssertionError: the compiler reports something; its output is the message.
    """
    out.mkdir(parents=True, exist_ok=True)
    tools = [*kotlin_tools.jars("core"), *kotlin_tools.jars("shell")]
    tools += [jar for jar in kotlin_tools.jars("android") if jar.name.startswith("tensorflow")]
    places = {name: out / name for name in ("declared", "core", "library", "rest")}
    for place in places.values():
        place.mkdir()
    sources = {
        "declared": sorted((kotlin_tools.KOTLIN / "declarations").glob("*.kt")),
        "core": _kotlin(projects, "core/src/main"),
        "library": [*_kotlin(projects, "library/src/main"), *extra],
        "rest": [*_kotlin(projects, "app/src/main"), *_kotlin(projects, "library/src/androidTest")],
    }
    modules, classpath = [], [*tools]
    for name, place in places.items():
        roots = resources if name == "rest" else ()
        modules.append(_module(name, sources[name], classpath, roots, place))
        classpath.append(place)
    listed = out / "modules.xml"
    listed.write_text(f"<modules>{''.join(modules)}</modules>", encoding="utf-8")
    compiler = os.pathsep.join(map(str, kotlin_tools.jars("compiler")))
    command = ["java", "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", compiler]
    command += ["org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", f"-Xbuild-file={listed}", "-jvm-target", "17"]
    command += ["-Werror", "-Xexplicit-api=strict", "-no-reflect", "-no-stdlib"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILER_S, check=False)
    said = done.stderr + done.stdout
    assert done.returncode == 0, said
    assert not re.search(r"\bwarning:", said), said


def one_runtime(project: Path, folder: Path) -> Path:
    """Return Kotlin that has a project's one-runtime.gradle.kts as a function, with a stand-in for Gradle."""
    script = (project / "gradle/one-runtime.gradle.kts").read_text(encoding="utf-8")
    around = (kotlin_tools.KOTLIN / "shell" / "OneRuntime.kt").read_text(encoding="utf-8")
    made = folder / "OneRuntime.kt"
    made.write_text(around.replace("    // SCRIPT\n", script), encoding="utf-8")
    return made


def _kotlin(projects: Sequence[Path], folder: str) -> list[Path]:
    return [path for project in projects for path in sorted((project / folder).rglob("*.kt"))]


def _module(name: str, sources: Sequence[Path], classpath: Sequence[Path], roots: Sequence[Path], out: Path) -> str:
    parts = [f"<sources path={quoteattr(str(path))}/>" for path in sources]
    parts += [f"<javaSourceRoots path={quoteattr(str(path))}/>" for path in roots]
    parts += [f"<classpath path={quoteattr(str(path))}/>" for path in classpath]
    head = f"<module name={quoteattr(name)} type='java-production' outputDir={quoteattr(str(out))}>"
    return f"{head}{''.join(parts)}</module>"
