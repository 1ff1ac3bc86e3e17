/**
 * Declarations of LiteRT's Kotlin interface, as far as generated code uses it: Google's Maven repository, which has the
 * real one, cannot be reached by these tests. Written by hand after litert/kotlin/src/main/kotlin of LiteRT 2.3
 * (github.com/google-ai-edge/LiteRT). Nothing here does anything: code is compiled against it and never run.
 */
@file:Suppress("UNUSED_PARAMETER")

package com.google.ai.edge.litert

import android.content.res.AssetManager

public enum class Accelerator { NONE, CPU, GPU, NPU }

public class LiteRtException(message: String) : Exception(message)

public abstract class JniHandle internal constructor() : AutoCloseable {
    final override fun close(): Unit = Unit
}

public class Environment private constructor() : JniHandle() {
    public enum class Option { CompilerPluginLibraryDir, DispatchLibraryDir }

    @Throws(LiteRtException::class)
    public fun getAvailableAccelerators(): Set<Accelerator> = TODO()

    public companion object {
        @Throws(LiteRtException::class)
        public fun create(options: Map<Option, String> = mapOf()): Environment = TODO()
    }
}

public class TensorBuffer internal constructor() : JniHandle() {
    @Throws(LiteRtException::class) public fun writeInt(data: IntArray): Unit = TODO()

    @Throws(LiteRtException::class) public fun writeFloat(data: FloatArray): Unit = TODO()

    @Throws(LiteRtException::class) public fun writeInt8(data: ByteArray): Unit = TODO()

    @Throws(LiteRtException::class) public fun writeBoolean(data: BooleanArray): Unit = TODO()

    @Throws(LiteRtException::class) public fun writeLong(data: LongArray): Unit = TODO()

    @Throws(LiteRtException::class) public fun readInt(): IntArray = TODO()

    @Throws(LiteRtException::class) public fun readFloat(): FloatArray = TODO()

    @Throws(LiteRtException::class) public fun readInt8(): ByteArray = TODO()

    @Throws(LiteRtException::class) public fun readBoolean(): BooleanArray = TODO()

    @Throws(LiteRtException::class) public fun readLong(): LongArray = TODO()
}

public class CompiledModel private constructor() : JniHandle() {
    public data class GpuOptions(
        public val constantTensorSharing: Boolean? = null,
        public val infiniteFloatCapping: Boolean? = null,
        public val allowSrcQuantizedFcConvOps: Boolean? = null,
        public val precision: Precision? = null,
    ) {
        public enum class Precision { DEFAULT, FP16, FP32, FP16_WITH_FP32_ACCUM }
    }

    public class Options(accelerators: Set<Accelerator>) {
        public constructor(vararg accelerators: Accelerator) : this(setOf(*accelerators))

        public var gpuOptions: GpuOptions? = null
    }

    @Throws(LiteRtException::class)
    public fun createInputBuffer(inputName: String, signature: String = ""): TensorBuffer = TODO()

    @Throws(LiteRtException::class)
    public fun createOutputBuffer(outputName: String, signature: String = ""): TensorBuffer = TODO()

    @Throws(LiteRtException::class)
    public fun createInputBuffers(signatureIndex: Int = 0): List<TensorBuffer> = TODO()

    @Throws(LiteRtException::class)
    public fun createInputBuffers(signature: String): List<TensorBuffer> = TODO()

    @Throws(LiteRtException::class)
    public fun createOutputBuffers(signatureIndex: Int = 0): List<TensorBuffer> = TODO()

    @Throws(LiteRtException::class)
    public fun createOutputBuffers(signature: String): List<TensorBuffer> = TODO()

    @Throws(LiteRtException::class)
    public fun run(inputs: List<TensorBuffer>, signatureIndex: Int = 0): List<TensorBuffer> = TODO()

    @Throws(LiteRtException::class)
    public fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>, signatureIndex: Int = 0): Unit = TODO()

    @Throws(LiteRtException::class)
    public fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>, signature: String): Unit = TODO()

    @Throws(LiteRtException::class)
    public fun run(inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String = ""): Unit = TODO()

    public companion object {
        @Throws(LiteRtException::class)
        public fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options,
            optionalEnv: Environment? = null,
        ): CompiledModel = TODO()
    }
}
