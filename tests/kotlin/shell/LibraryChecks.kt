/**
 * Runs what of the generated library needs no phone, and prints one line per answer for the Python test to judge.
 * Arguments: a folder with planes of a camera image and with golden vectors.
 */
package com.example.a.library

import com.example.a.core.Pixels
import com.example.a.core.Runner
import com.example.a.core.TensorSpec
import com.example.gradle.said
import java.io.File
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.Path
import java.util.Collections
import java.util.concurrent.CountDownLatch
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

private val DEPENDENCIES =
    listOf(
        "com.google.ai.edge.litert:litert:2.3.2",
        "com.google.ai.edge.litert:litert:1.0.1",
        "com.google.ai.edge.litert:litert:",
        "com.google.ai.edge.litert:litert:1.0.0",
        "com.google.ai.edge.litert:litert:0.9",
        "org.tensorflow:tensorflow-lite-api:2.13.0",
        "org.tensorflow:tensorflow-lite-gpu-delegate-plugin:0.4.4",
        "org.tensorflow:tensorflow-lite-support:0.4.4",
        "org.jetbrains.kotlin:kotlin-stdlib:0.1",
    )
private val hex = java.util.HexFormat.of()

/** Answers with what another runner answers, each value changed by [change]. */
private class Changed(private val runner: Runner, private val change: (Float) -> Float) : Runner by runner {
    override fun run(inputs: List<ByteBuffer>, outputs: List<ByteBuffer>) {
        runner.run(inputs, outputs)
        for (place in 0 until outputs[0].capacity() / 4) {
            outputs[0].putFloat(4 * place, change(outputs[0].getFloat(4 * place)))
        }
    }
}

/** Tells on which thread it is opened, run and closed. */
private class Watched : Runner {
    val threads = mutableSetOf(Thread.currentThread().name)
    override val inputs: List<TensorSpec> = emptyList()
    override val outputs: List<TensorSpec> = emptyList()
    override val accelerator: String = "GPU"

    override fun run(inputs: List<ByteBuffer>, outputs: List<ByteBuffer>) {
        threads += Thread.currentThread().name
        Thread.sleep(50)
        if (inputs.isNotEmpty()) throw UnsupportedOperationException("no inputs")
    }

    override fun close() {
        threads += Thread.currentThread().name
    }
}

public fun main(arguments: Array<String>) {
    val folder = File(arguments[0])
    val files = { path: String -> File(folder, path).readBytes() }
    camera(files)
    println("rgba " + hex.formatHex(rgbOf(ByteArray(24) { it.toByte() }, 12, 2, 2, premultiplied = false).data))
    val veiled = byteArrayOf(100, 50, 0, -56, 9, 8, 7, 0, 1, 2, 3, -1, 3, 3, 3, 2)
    println("veiled " + hex.formatHex(rgbOf(veiled, 16, 4, 1, premultiplied = true).data))
    confined()
    val model = FileChannel.open(Path.of(arguments[1])).use { it.map(FileChannel.MapMode.READ_ONLY, 0, it.size()) }
    InterpreterRunner(model, 1).use { cpu ->
        InterpreterRunner(model, 2).use { other ->
            println("same " + AcceleratorCheck.run(cpu, other, files).toJson())
            println("near " + AcceleratorCheck.run(cpu, Changed(other) { it + 0.001f }, files).toJson())
            println("far " + AcceleratorCheck.run(cpu, Changed(other) { it + 0.2f }, files).toJson())
            println("nan " + AcceleratorCheck.run(cpu, Changed(other) { Float.NaN }, files).toJson())
        }
        val latency = Latency.measure(cpu, files, warmup = 1, runs = 7)
        println("benchmark " + latency.toJson("CPU", 1, 1, 12.5, null to 0))
        println("latency ${latency.latenciesMs.size} ${latency.quantile(0.5) == latency.latenciesMs.sorted()[3]} ${latency.firstMs > 0}")
    }
    DEPENDENCIES.forEachIndexed { place, dependency -> println("gradle$place ${said(dependency)}") }
    println("threads " + runCatching { ModelOptions(threads = 0) }.exceptionOrNull()?.message)
    val sizes = listOf(4000 to 3000, 8160 to 6120, 12000 to 9000, 1 to 60_000_000)
    println("shrink " + sizes.map { (width, height) -> shrinkFor(width, height, 256L shl 20) })
    println("small " + sizes.map { (width, height) -> shrinkFor(width, height, 96L shl 20) })
    println("memory " + runCatching { inMemory { throw OutOfMemoryError() } }.exceptionOrNull())
    opening(model)
    kept()
}

/** What opening says when the processor has another model, none that it can read, or no native library. */
private fun opening(model: ByteBuffer) {
    println("opened " + openedBy("processor") { InterpreterRunner(model, 1) }.use { it.accelerator })
    val garbage = ByteBuffer.allocateDirect(64)
    val failures =
        listOf<() -> Runner>(
            { InterpreterRunner(garbage, 1) },
            { throw UnsatisfiedLinkError("no libtensorflowlite_jni.so.") },
            { Watched() },
        )
    failures.forEachIndexed { place, open ->
        val error = runCatching { openedBy("processor", open) }.exceptionOrNull()
        println("opening$place ${error?.javaClass?.simpleName} ${error?.message} ${error?.cause?.javaClass?.simpleName}")
    }
}

/** Work waits for its turn, a waiting one is cancelled at once, and closing waits for nobody. */
private fun kept() {
    val done = Collections.synchronizedList(mutableListOf<String>())
    var opened = 0
    val kept = Kept { if (++opened == 1) error("first") else AutoCloseable { done += "closed" } }
    runBlocking {
        done += "failed " + runCatching { kept.use { } }.exceptionOrNull()?.message
        val begun = CountDownLatch(1)
        val go = CountDownLatch(1)
        val long =
            launch(Dispatchers.Default) {
                kept.use {
                    begun.countDown()
                    go.await()
                    done += "long"
                }
            }
        begun.await()
        val waiting = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { kept.use { done += "cancelled" } }
        waiting.cancelAndJoin()
        kept.close()
        val late = async(Dispatchers.Default) { runCatching { kept.use { done += "late" } }.exceptionOrNull()?.message }
        done += "closing"
        go.countDown()
        long.join()
        done += late.await().orEmpty()
        withTimeout(5000) { while ("closed" !in done) delay(1) }
    }
    println("kept $opened $done")
}

private fun camera(files: (String) -> ByteArray) {
    val luma = Plane(ByteBuffer.wrap(files("y")), 20, 1)
    val chroma = files("uv")
    val blue = Plane(ByteBuffer.wrap(chroma), 24, 2)
    val red = Plane(ByteBuffer.wrap(chroma, 1, chroma.size - 1).slice(), 24, 2)
    val pixels: Pixels = yuvToPixels(luma, blue, red, 2, 4, 14, 10)
    println("yuv ${pixels.width} ${pixels.height} " + hex.formatHex(pixels.data))
    // Planes that end with their last sample, as cameras give them, and a crop from odd places to the very corner.
    val last = 7 * 24 + 19
    val cut = listOf(ByteBuffer.wrap(chroma, 0, last), ByteBuffer.wrap(chroma, 1, last)).map { Plane(it.slice(), 24, 2) }
    val corner = yuvToPixels(luma, cut[0], cut[1], 7, 5, 13, 11)
    println("corner " + hex.formatHex(corner.data))
}

private fun confined() {
    val watched = mutableListOf<Watched>()
    val runner = ConfinedRunner { Watched().also { watched += it } }
    val callers = List(3) { Thread { runner.run(emptyList(), emptyList()) } }
    callers.forEach(Thread::start)
    callers.forEach(Thread::join)
    Thread.currentThread().interrupt()
    runner.run(emptyList(), emptyList())
    val interrupted = Thread.interrupted()
    val thrown = runCatching { runner.run(listOf(ByteBuffer.allocate(1)), emptyList()) }.exceptionOrNull()
    runner.close()
    runner.close()
    println("confined ${watched.single().threads} $interrupted ${thrown?.javaClass?.simpleName}")
    val failed = runCatching { ConfinedRunner { throw UnsatisfiedLinkError("no driver") } }.exceptionOrNull()
    println("failed ${failed?.javaClass?.simpleName} ${failed?.message}")
}
