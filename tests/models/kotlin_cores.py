"""Kotlin cores of many models, compiled in one call and driven from Python step by step, without a runtime.

cores = compile_cores({"bilinear": job, ...}, folder)
cores.ask("bilinear", "resize", pixels)   raw bytes, as the generated class makes them
answers = cores.answers()                  runs all that was asked, in one JVM
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from kotlin_tools import compile_kotlin, jars, run_java

from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.android import write
from litesmith.bundle.kotlin_module import kotlin_values

Array = npt.NDArray[Any]
_READERS = {
    "FloatArray": "FloatArray(data.remaining() / 4) { data.getFloat() }",
    "IntArray": "IntArray(data.remaining() / 4) { data.getInt() }",
    "LongArray": "LongArray(data.remaining() / 8) { data.getLong() }",
    "ByteArray": "ByteArray(data.remaining()) { data.get() }",
    "BooleanArray": "BooleanArray(data.remaining()) { data.get().toInt() != 0 }",
}
_DTYPES = {
    "FloatArray": "<f4", "IntArray": "<i4", "LongArray": "<i8", "ByteArray": "u1", "BooleanArray": "u1",
}  # fmt: skip
_RUNNER = """\
private class NoRunner : Runner {
    override val inputs: List<TensorSpec> = ModelContract.INPUTS
    override val outputs: List<TensorSpec> = ModelContract.OUTPUTS
    override val accelerator: String = "none"
    override fun run(inputs: List<ByteBuffer>, outputs: List<ByteBuffer>) {
        if (inputs.map { it.capacity() } == outputs.map { it.capacity() }) {
            outputs.zip(inputs).forEach { (output, input) -> output.put(input) }
        }
    }
    RESET
    override fun close(): Unit = Unit
}
"""
_THREADS = """\
        "threads" -> {
            val wrong = java.util.concurrent.atomic.AtomicInteger()
            val threads = List(4) { number ->
                kotlin.concurrent.thread {
                    val value = FloatArray(ModelContract.INPUTS[0].elementCount) { number.toFloat() }
                    repeat(2000) {
                        val answer = model.predict(value).OUTPUT
                        if (answer.any { it != number.toFloat() }) wrong.incrementAndGet()
                    }
                }
            }
            threads.forEach { it.join() }
            wrong.toString().toByteArray()
        }
"""
"""Several threads that ask for the same model's answer, each its own question."""
_MAIN = """\
package driver

import java.io.File

public fun main(arguments: Array<String>) {
    for (line in File(arguments[0]).readLines()) {
        val words = line.split(' ')
        when (words[0]) {
BRANCHES
            else -> error(line)
        }
    }
}
"""


@dataclass
class Cores:
    """Compiled cores, and what they are to be asked."""

    folder: Path
    jobs: Mapping[str, BundleJob]
    classpath: Sequence[Path]
    asked: list[str] = field(default_factory=list)

    def ask(self, name: str, step: str, *values: Array) -> None:
        """Note one call: `resize` with uint8 [H, W, C], `fill` with one array per input, `names`, `threads`, or
        `upright-N` with 0xAARRGGBB [H, W] that EXIF says orientation N of."""
        number = len(self.asked)
        files = []
        for place, array in enumerate(values):
            file = self.folder / f"{number}-{place}.in"
            file.write_bytes(np.ascontiguousarray(array).tobytes())
            files.append(str(file))
        step, _, orientation = step.partition("-")
        sizes = [str(side) for side in values[0].shape[:2]] if step in ("resize", "upright") else []
        channels = ["3" if values[0].ndim == 3 and values[0].shape[2] == 3 else "1"] if step == "resize" else []
        channels += [orientation] if orientation else []
        out = str(self.folder / f"{number}.out")
        self.asked.append(" ".join([name, step, out, *sizes, *channels, *files]))

    def answers(self) -> list[bytes]:
        """Return the bytes that each call made, in order."""
        script = self.folder / "asked.txt"
        script.write_text("\n".join(self.asked), encoding="utf-8")
        done = run_java("driver.MainKt", self.classpath, [str(script)])
        assert done.returncode == 0, done.stderr[-3000:]
        return [Path(line.split(" ")[2]).read_bytes() for line in self.asked]


def compile_cores(jobs: Mapping[str, BundleJob], folder: Path, checked: Sequence[str] = ()) -> Cores:
    """Write the Android bundle of each job under a package of its own, and compile all cores with a driver.

    The golden check, which is half of the code, is compiled for those of `checked` only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources, placed, branches = [], {}, []
    for name, given in jobs.items():
        job = replace(given, package=f"test.{name}")
        bundle = folder / "bundles" / name
        bundle.mkdir(parents=True)
        write(job, bundle)
        if name not in checked:
            for file in (bundle / "core/src/main").rglob("Golden*.kt"):
                file.unlink()
        sources.append(bundle / "core/src/main")
        driver = folder / "drivers" / f"{name}.kt"
        driver.parent.mkdir(exist_ok=True)
        driver.write_text(_driver(job), encoding="utf-8")
        sources.append(driver)
        branches.append(f'            "{name}" -> test.{name}.core.drive(words)')
        placed[name] = job
    main = folder / "drivers" / "Main.kt"
    main.write_text(_MAIN.replace("BRANCHES", "\n".join(branches)), encoding="utf-8")
    out = folder / "classes"
    shutil.rmtree(out, ignore_errors=True)
    compile_kotlin([*sources, main], out, jars("core"))
    return Cores(folder=folder, jobs=placed, classpath=[out, *jars("core")])


def as_driven(name: str, cores: Cores, raw: Sequence[Array]) -> list[Array]:
    """Return raw values in the types that the generated `fill` takes; int8 and uint8 stay where it takes bytes."""
    values = kotlin_values(cores.jobs[name])
    made = []
    for array, tensor, way in zip(raw, values["inputs"], values["ways"], strict=True):
        is_bytes = way.bytes and array.dtype in (np.uint8, np.int8)
        made.append(array if is_bytes else array.astype(_DTYPES[tensor.array]))
    return made


def _driver(job: BundleJob) -> str:
    values: dict[str, Any] = kotlin_values(job)
    reset = "override fun reset(): Unit = Unit" if values["stateful"] else ""
    labels = f', List({values["classes"]}) {{ "label $it" }}' if values["labels"] else ""
    model = f"{job.class_name}(NoRunner(){labels})"
    if values["picture"]:
        steps = """\
        "upright" -> {
            val argb = File(words[6]).data().let { data -> IntArray(data.remaining() / 4) { data.getInt() } }
            Pixels.fromArgb(argb, words[4].toInt(), words[3].toInt()).upright(words[5].toInt()).data
        }
        "resize" -> {
            val sizes = words.subList(3, 6).map { it.toInt() }
            model.resize(Pixels(sizes[1], sizes[0], sizes[2], File(words[6]).readBytes()))
        }
        else -> { model.fill(File(words[3]).readBytes()); model.inputBuffers.bytes() }
"""
    else:
        fills = []
        for number, (tensor, way) in enumerate(zip(values["inputs"], values["ways"], strict=True)):
            file = f"File(words[{number + 3}])"
            fill = f"{file}.data().let {{ data -> model.fill{number}({_READERS[tensor.array]}) }}"
            if way.bytes:
                fill = f"if ({file}.length() == {tensor.size}L) model.fill{number}({file}.readBytes()) else {fill}"
            fills.append(fill)
        steps = f"        else -> {{ {'; '.join(fills)}; model.inputBuffers.bytes() }}\n"
        arrays = [tensor.array for tensor in (*values["inputs"], *values["outputs"])]
        if arrays == ["FloatArray"] * 2 and values["answers"]:
            steps = _THREADS.replace("OUTPUT", values["outputs"][0].member) + steps
    return f"""\
package test.{job.package.split(".")[1]}.core

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

{_RUNNER.replace("RESET", reset)}
private val model = {model}

private fun File.data(): ByteBuffer = ByteBuffer.wrap(readBytes()).order(ByteOrder.LITTLE_ENDIAN)

private fun List<ByteBuffer>.bytes(): ByteArray = fold(ByteArray(0)) {{ made, buffer ->
    buffer.clear()
    made + ByteArray(buffer.remaining()).also {{ buffer.get(it) }}
}}

public fun drive(words: List<String>) {{
    val made = when (words[1]) {{
        "names" -> ModelContract.INPUTS.joinToString("\u0001") {{ it.name }}.toByteArray()
{steps}    }}
    File(words[2]).writeBytes(made)
}}
"""
