"""Android bundles of tiny models, written without the command line, and a program that drives their Kotlin.

All bundles are compiled together, each in a package of its own, and one process answers for all of them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import kotlin_tools
from bundled_models import job_of

from litesmith import api
from litesmith.bundle.android_files import ASSETS
from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.android import write
from litesmith.core.audit import Precision
from litesmith.core.golden import GOLDEN_FILE, Golden
from litesmith.core.isolated import Worker
from litesmith.core.preprocessing import PRESETS
from litesmith.pipeline.auditing import audit_of
from litesmith.pipeline.golden_making import Subject, make_golden
from litesmith.report.encode import from_data

_ADAPTER = """package {core}

{imports}import java.io.File
import java.nio.ByteBuffer
import litesmith.drive.Driven

internal object Adapter : Driven {{
    override fun golden(folder: File, model: ByteBuffer): String =
{golden}

    override fun prepared(width: Int, height: Int, channels: Int, pixels: ByteArray): Pair<ByteArray, ByteBuffer> {{
{prepared}
    }}
}}
"""
_GOLDEN = """        modelOf(InterpreterRunner(model, 1)).use { opened ->
            GoldenCheck().run(opened) { path -> File(folder, path).readBytes() }.toJson()
        }"""
_NOT_GOLDEN = """        throw UnsupportedOperationException("no vectors: $folder $model")"""
_PREPARED = """        val raw = idle.resize(Pixels(width, height, channels, pixels))
        idle.fill(raw)
        return raw to idle.inputBuffers.single()"""
_NOT_PREPARED = (
    """        throw UnsupportedOperationException("no pictures: $width $height $channels ${pixels.size}")"""
)
_MAIN = """package litesmith.drive

internal fun main() {{
    answer(
        mapOf(
{entries}
        ),
    )
}}
"""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A bundle on disk.

    Attributes:
        name: Of the bundle; the last part of its package.
        folder: Where it is.
        job: What it was made from.
        golden: Its vectors; None where it is not run.
        tested: Whether its own tests are compiled.
    """

    name: str
    folder: Path
    job: BundleJob
    golden: Golden | None
    tested: bool = True

    @property
    def model(self) -> Path:
        """The model in the bundle."""
        return self.folder / ASSETS / self.job.file_name

    @property
    def core(self) -> str:
        """Package of the core."""
        return f"{self.job.package}.core"

    def sources(self) -> list[Path]:
        """What of the bundle runs without Android: core, its tests, and the runner over the interpreter.

        Without golden vectors there is nothing to run.
        """
        package = self.job.package.replace(".", "/")
        tests = self.folder / "core/src/test/kotlin"
        core = sorted((self.folder / "core/src/main/kotlin").rglob("*.kt"))
        idle = tests if self.tested else tests / package / "core/IdleRunner.kt"
        if self.golden is None:
            return [*(path for path in core if not path.name.startswith("Golden")), idle]
        return [*core, idle, self.folder / f"library/src/main/kotlin/{package}/library/InterpreterRunner.kt"]


def made_bundle(
    path: Path, folder: Path, worker: Worker | None, *, name: str = "", tested: bool = False, **fields: Any
) -> Made:
    """Write the bundle of a model, with golden vectors where there is a worker to run it."""
    name = name or path.stem
    job = job_of(path, package=f"com.example.{name}", **fields)
    assert job.card.preprocessing is not None
    subject = Subject(
        path=path,
        file_name=job.file_name,
        sha256=job.card.sha256,
        precision=Precision.FLOAT32,
        inputs=job.card.inputs,
        outputs=job.card.outputs,
        preprocessing=job.card.preprocessing,
        picture=job.picture,
    )
    job = replace(job, normalized=subject.normalized)
    folder.mkdir(parents=True, exist_ok=True)
    write(job, folder)
    golden = None
    assert not (tested and worker is None)
    if worker is not None:
        precision = audit_of(worker, path, digest=job.card.sha256).precision
        golden, _ = make_golden(replace(subject, precision=precision), folder, worker, samples=None, seed=0)
    return Made(name=name, folder=folder, job=job, golden=golden, tested=tested)


def bundled(path: Path, folder: Path, **settings: Any) -> Made:
    """Write the bundle of a classifier of pictures as the command does."""
    name = path.stem
    record = replace(PRESETS[settings["preprocess"]], crop=settings["crop"])
    job = job_of(path, package=f"com.example.{name}", record=record, picture=True, classifies=True)
    api.bundle(path, "android", folder, package=job.package, class_name=job.class_name, **settings)
    golden = from_data(Golden, json.loads((folder / GOLDEN_FILE).read_text(encoding="utf-8")))
    return Made(name=name, folder=folder, job=job, golden=golden)


def compiled(bundles: Sequence[Made], out: Path) -> Path:
    """Compile all bundles and what drives them, by one run of the compiler, and return the folder of classes."""
    adapters = out.with_name(f"{out.name}-adapters")
    adapters.mkdir(parents=True)
    entries = []
    for made in bundles:
        text = _ADAPTER.format(
            core=made.core,
            imports=f"import {made.job.package}.library.InterpreterRunner\n" if made.golden else "",
            golden=_GOLDEN if made.golden else _NOT_GOLDEN,
            prepared=_PREPARED if made.job.picture else _NOT_PREPARED,
        )
        if made.job.picture:
            text = text.replace("Driven {\n", "Driven {\n    private val idle = modelOf(IdleRunner())\n\n", 1)
        (adapters / f"{made.name}.kt").write_text(text, encoding="utf-8")
        entries.append(f'            "{made.name}" to {{ {made.core}.Adapter }},')
    (adapters / "Main.kt").write_text(_MAIN.format(entries="\n".join(entries)), encoding="utf-8")
    sources = [source for made in bundles for source in made.sources()]
    kotlin_tools.compile_kotlin([*sources, adapters, kotlin_tools.KOTLIN / "drive"], out, _jars())
    return out


class Driver:
    """A process that answers for compiled bundles; use it in a `with`."""

    def __init__(self, classes: Path) -> None:
        command = kotlin_tools.java_command("litesmith.drive.MainKt", [classes, *_jars()])
        self._log = classes.with_name(f"{classes.name}.log").open("w")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:
            stack.callback(self._log.close)
            stack.callback(self._process.wait, 30)
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()

    def ask(self, *words: object) -> str:
        """Return the answer to one line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answered = self._process.stdout.readline().rstrip("\n")
        assert answered, f"no answer to {words}: {Path(self._log.name).read_text()[-2000:]}"
        return answered

    def golden(self, made: Made, *, folder: Path | None = None, model: Path | None = None) -> dict[str, Any]:
        """Return the report of a bundle's golden check, run with its own model and vectors unless others are named."""
        said = self.ask("golden", made.name, folder or made.folder, model or made.model)
        assert not said.startswith("error"), said
        report: dict[str, Any] = json.loads(said)
        return report


def junit(classes: Path, made: Made, *, folder: Path | None = None) -> tuple[int, str]:
    """Run the bundle's own tests by JUnit, in the module's folder, and return the exit code and what was printed."""
    names = [path.stem for path in sorted((made.folder / "core/src/test/kotlin").rglob("*Test.kt"))]
    done = kotlin_tools.run_java(
        "org.junit.runner.JUnitCore",
        [classes, *_jars()],
        [f"{made.core}.{name}" for name in names],
        folder=(folder or made.folder) / "core",
    )
    return done.returncode, done.stdout


def _jars() -> list[Path]:
    return [*kotlin_tools.jars("core"), *kotlin_tools.jars("android")]
