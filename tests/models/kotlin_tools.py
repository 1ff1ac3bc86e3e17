"""Compiles and runs Kotlin: the real compiler and libraries, fetched by Maven by the names in `tests/kotlin/pom.xml`.

    reason = missing()                     why that cannot be done here; empty where it can
    compile_kotlin([folder], out, jars("core"))
    run_java("com.example.MainKt", [out, *jars("core")], ["argument"])

Jars are copied once into a cache folder of the user's, named by the content of the pom.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

KOTLIN = Path(__file__).parents[1] / "kotlin"
_POM = KOTLIN / "pom.xml"
_PROFILES = ("compiler", "core", "android")
_MAVEN_S = 900
_COMPILER_S = 300
_LITERT = "2.3."
"""Whose C structures the double of the Interpreter reads; they change between versions."""
_EXPLICIT = "-Xexplicit-api=strict"


@cache
def missing(*more: str) -> str:
    """Return why Kotlin cannot be compiled and run here; empty where it can. Fetches what is not in the cache yet.

    Args:
        more: Profiles of the pom that are needed besides the usual ones.
    """
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            return f"no {program} here: apt install default-jdk-headless maven"
    try:
        for profile in (*_PROFILES, *more):
            jars(profile)
    except subprocess.CalledProcessError as error:
        first = next((line for line in error.stdout.splitlines() if "ERROR" in line), "no message")
        return f"Maven cannot fetch what tests/kotlin/pom.xml names: {first[:300]}"
    except subprocess.TimeoutExpired:
        return f"Maven did not fetch what tests/kotlin/pom.xml names within {_MAVEN_S} s"
    return ""


def cache_folder() -> Path:
    """Return where jars and compiled test classes are kept, by the content of the pom."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "litesmith-tests" / f"kotlin-{_digest([_POM])}"


@cache
def jars(profile: str) -> list[Path]:
    """Return the jars of a profile of the pom, fetched if they are not there.

    Raises:
        CalledProcessError: Maven failed.
        TimeoutExpired: It took too long.
    """
    folder = cache_folder() / profile
    with _alone(folder):
        if not folder.is_dir():
            _fetch(profile, folder)
    found = sorted(folder.glob("*.jar"))
    assert found, f"{folder} has no jars; remove it"
    return found


def _fetch(profile: str, folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    command = ["mvn", "-B", "-f", str(_POM), "-P", profile, "dependency:copy-dependencies", f"-DoutputDirectory={part}"]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_MAVEN_S)
    aars = part / "aars"
    for archive in list(part.glob("*.aar")):
        with zipfile.ZipFile(archive) as opened:
            archive.with_suffix(".jar").write_bytes(opened.read("classes.jar"))
        aars.mkdir(exist_ok=True)
        archive.rename(aars / archive.name)  # resources are read from there
    part.rename(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold other processes off a folder that is being made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def compile_kotlin(
    sources: Sequence[Path], out: Path, classpath: Sequence[Path], *, explicit: bool = True, flags: Sequence[str] = ()
) -> None:
    """Compile folders or files of Kotlin into `out`, a folder or a .jar, every warning an error.

    Args:
        sources: Folders, searched whole, and files.
        out: Where the classes go.
        classpath: Jars and folders the code is compiled against.
        explicit: Whether what is public has to say so, with its type.
        flags: More options of the compiler.

    Raises:
        AssertionError: the compiler reports something; its output is the message.
    """
    compiler = os.pathsep.join(map(str, jars("compiler")))
    options = ["-jvm-target", "17", "-Werror", "-no-reflect", "-no-stdlib", *([_EXPLICIT] if explicit else []), *flags]
    words = ["-d", str(out), "-cp", os.pathsep.join(map(str, classpath)), *options, *map(str, sources)]
    listed = out.with_name(f"{out.name}.args")  # a command line would have a limit
    listed.write_text("\n".join(f'"{word}"' for word in words), encoding="utf-8")
    command = ["java", "-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", compiler]
    command += ["org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", f"@{listed}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILER_S, check=False)
    said = done.stderr + done.stdout
    assert done.returncode == 0, said
    assert "warning:" not in said, said


@cache
def interpreter() -> Path:
    """Return the classes of the test double of org.tensorflow.lite.Interpreter, compiled once."""
    sources = sorted((KOTLIN / "interpreter").rglob("*.java"))
    folder = cache_folder() / f"interpreter-{_digest(sources)}"
    with _alone(folder):
        if not folder.is_dir():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            classpath = os.pathsep.join(map(str, jars("android")))
            command = ["javac", "-Xlint:all", "-Werror", "--release", "17", "-d", str(part), "-cp", classpath]
            subprocess.run([*command, *map(str, sources)], check=True, capture_output=True, text=True)
            part.rename(folder)
    return folder


def litert_library() -> Path:
    """Return the LiteRT library of the installed Python package, whose structures the double reads."""
    version = metadata.version("ai-edge-litert")
    assert version.startswith(_LITERT), f"compare LiteRt.java in tests/kotlin/interpreter with the headers of {version}"
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("libLiteRt.so")


def java_command(main: str, classpath: Sequence[Path], arguments: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a class's main method, with the double in front of the real Interpreter."""
    places = os.pathsep.join(map(str, [interpreter(), *classpath]))
    options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", f"-Dlitert.library={litert_library()}"]
    return ["java", *options, "-cp", places, main, *arguments]


def run_java(
    main: str, classpath: Sequence[Path], arguments: Sequence[str] = (), *, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a class's main method, in a folder where one is given, and return how that ended."""
    command = java_command(main, classpath, arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=_COMPILER_S, check=False, cwd=folder)


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
