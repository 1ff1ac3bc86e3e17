package litesmith.drive

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** One bundle's generated code, behind names that all bundles share. The tests write one of these per bundle. */
internal interface Driven {
    /** Runs the golden vectors through real inference and returns the report as JSON. */
    fun golden(folder: File, model: ByteBuffer): String

    /** Returns the raw bytes that pixels become, and what the model's input takes for them. */
    fun prepared(width: Int, height: Int, channels: Int, pixels: ByteArray): Pair<ByteArray, ByteBuffer>
}

/** Returns a file in a direct buffer in native order, as the runtime wants it. */
internal fun direct(file: File): ByteBuffer {
    val bytes = file.readBytes()
    return ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes)
}

/** Returns what is in a buffer, wherever its position is. */
internal fun content(buffer: ByteBuffer): ByteArray = ByteArray(buffer.capacity()).also { buffer.duplicate().clear().get(it) }

/**
 * Answers lines of standard input, one line each, words separated by tabs:
 *
 *     golden NAME FOLDER MODEL                          the report as JSON, or `error` and what was thrown
 *     pixels NAME WIDTH HEIGHT CHANNELS PIXELS OUT      writes the raw bytes and after them the input to OUT
 */
internal fun answer(bundles: Map<String, () -> Driven>) {
    for (line in generateSequence(::readlnOrNull)) {
        val words = line.split('\t')
        val said = try {
            val bundle = bundles.getValue(words[1])()
            if (words[0] == "golden") bundle.golden(File(words[2]), direct(File(words[3]))) else write(bundle, words.drop(2))
        } catch (error: Exception) {
            "error $error"
        }
        println(said)
    }
}

private fun write(bundle: Driven, words: List<String>): String {
    val (width, height, channels) = words.map { it.toIntOrNull() ?: 0 }
    val (raw, input) = bundle.prepared(width, height, channels, File(words[3]).readBytes())
    File(words[4]).writeBytes(raw + content(input))
    return "written"
}
