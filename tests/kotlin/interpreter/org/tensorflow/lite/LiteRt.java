package org.tensorflow.lite;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * The C interface of libLiteRt.so, as far as the tests need it. The system property `litert.library` names the file, which
 * the Python package ai-edge-litert carries. Structures are read by offsets: those of 2.3, on 64-bit machines.
 */
final class LiteRt {
    static final int READ = 0;
    static final int WRITE = 1;
    private static final int CPU = 1;
    private static final int PER_TENSOR = 1;
    private static final int RANKED_TENSOR_TYPE_BYTES = 72;
    private static final LiteRt ONLY = new LiteRt();

    private final NativeLibrary library = NativeLibrary.getInstance(System.getProperty("litert.library"));
    private final Map<String, Function> functions = new HashMap<>();
    private final Pointer environment;

    private LiteRt() {
        PointerByReference made = new PointerByReference();
        require("LiteRtCreateEnvironment", 0, null, made);
        environment = made.getValue();
    }

    /** One tensor: its handle, the structure LiteRtRankedTensorType, and what is read of it. */
    record Described(Pointer handle, Memory ranked, String name, int index, int type, int[] shape, float scale, long zeroPoint) {}

    /** A model prepared for the processor. Its memory is the caller's, who keeps it. */
    record Prepared(Pointer model, Pointer compiled, Described[] inputs, Described[] outputs) {}

    static Prepared prepare(ByteBuffer file) {
        PointerByReference made = new PointerByReference();
        if (ONLY.status("LiteRtCreateModelFromBuffer", ONLY.environment, file, (long) file.capacity(), made) != 0) {
            throw new IllegalArgumentException("ByteBuffer is not a valid TensorFlow Lite model flatbuffer");
        }
        Pointer model = made.getValue();
        Pointer options = ONLY.pointer("LiteRtCreateOptions");
        ONLY.require("LiteRtSetOptionsHardwareAccelerators", options, CPU);
        Pointer compiled = ONLY.pointer("LiteRtCreateCompiledModel", ONLY.environment, model, options);
        Pointer graph = ONLY.pointer("LiteRtGetModelSubgraph", model, 0L);
        return new Prepared(model, compiled, ONLY.described(graph, "Input"), ONLY.described(graph, "Output"));
    }

    /** Return where each of a model's inputs or outputs stands in its first signature, which orders the buffers of a run. */
    static int[] places(Prepared of, String side, Described[] tensors) {
        Pointer signature = ONLY.pointer("LiteRtGetModelSignature", of.model(), 0L);
        int[] places = new int[tensors.length];
        for (int place = 0; place < tensors.length; place++) {
            Pointer tensor = ONLY.pointer("LiteRtGetSignature" + side + "TensorByIndex", signature, (long) place);
            int index = ONLY.index(tensor);
            for (int i = 0; i < tensors.length; i++) {
                if (tensors[i].index() == index) {
                    places[i] = place;
                }
            }
        }
        return places;
    }

    /** Return a buffer of the runtime's own for an input or output, as it requires it. */
    static Pointer buffer(Prepared of, String side, int place, Described tensor) {
        Pointer needs = ONLY.pointer("LiteRtGetCompiledModel" + side + "BufferRequirements", of.compiled(), 0L, (long) place);
        return ONLY.pointer("LiteRtCreateManagedTensorBufferFromRequirements", ONLY.environment, tensor.ranked(), needs);
    }

    static int size(Pointer buffer) {
        Memory size = new Memory(Long.BYTES);
        ONLY.require("LiteRtGetTensorBufferPackedSize", buffer, size);
        return Math.toIntExact(size.getLong(0));
    }

    /** Return the buffer's bytes until `unlock`. */
    static ByteBuffer lock(Pointer buffer, int mode) {
        PointerByReference memory = new PointerByReference();
        ONLY.require("LiteRtLockTensorBuffer", buffer, memory, mode);
        return memory.getValue().getByteBuffer(0, size(buffer));
    }

    static void unlock(Pointer buffer) {
        ONLY.require("LiteRtUnlockTensorBuffer", buffer);
    }

    static void run(Prepared model, Pointer[] inputs, Pointer[] outputs) {
        Object[] given = {model.compiled(), 0L, (long) inputs.length, inputs, (long) outputs.length, outputs};
        int status = ONLY.status("LiteRtRunCompiledModel", given);
        if (status != 0) {
            throw new IllegalStateException("Internal error: Failed to run on the given Interpreter: status " + status);
        }
    }

    static void resize(Prepared model, int place, int[] shape) {
        ONLY.require("LiteRtCompiledModelResizeInputTensor", model.compiled(), 0L, (long) place, shape, (long) shape.length);
    }

    static void destroy(Prepared model, Pointer[]... buffers) {
        for (Pointer[] side : buffers) {
            for (Pointer buffer : side) {
                ONLY.function("LiteRtDestroyTensorBuffer").invokeVoid(new Object[] {buffer});
            }
        }
        ONLY.function("LiteRtDestroyCompiledModel").invokeVoid(new Object[] {model.compiled()});
        ONLY.function("LiteRtDestroyModel").invokeVoid(new Object[] {model.model()});
    }

    private Described[] described(Pointer graph, String side) {
        Memory count = new Memory(Long.BYTES);
        require("LiteRtGetNumSubgraph" + side + "s", graph, count);
        Described[] found = new Described[Math.toIntExact(count.getLong(0))];
        for (int i = 0; i < found.length; i++) {
            found[i] = described(pointer("LiteRtGetSubgraph" + side, graph, (long) i));
        }
        return found;
    }

    private Described described(Pointer tensor) {
        Memory ranked = new Memory(RANKED_TENSOR_TYPE_BYTES); // int type; unsigned rank:7, has_strides:1; int sizes[8]; ...
        require("LiteRtGetRankedTensorType", tensor, ranked);
        int[] shape = ranked.getIntArray(8, ranked.getByte(4) & 0x7f);
        for (int side = 0; side < shape.length; side++) {
            ranked.setInt(8 + 4L * side, Math.max(shape[side], 1)); // as the real one fixes what is open
        }
        Memory kind = new Memory(Integer.BYTES);
        require("LiteRtGetQuantizationTypeId", tensor, kind);
        Memory quantized = new Memory(16); // float scale; int64 zero point at 8
        quantized.clear();
        if (kind.getInt(0) == PER_TENSOR) {
            require("LiteRtGetPerTensorQuantization", tensor, quantized);
        }
        String name = pointer("LiteRtGetTensorName", tensor).getString(0, "UTF-8");
        return new Described(
            tensor, ranked, name, index(tensor), ranked.getInt(0), shape, quantized.getFloat(0), quantized.getLong(8));
    }

    private int index(Pointer tensor) {
        Memory index = new Memory(Integer.BYTES);
        require("LiteRtGetTensorIndex", tensor, index);
        return index.getInt(0);
    }

    /** Call a function whose last argument is where it puts a pointer, and return that. */
    private Pointer pointer(String name, Object... arguments) {
        PointerByReference made = new PointerByReference();
        Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = made;
        require(name, all);
        return made.getValue();
    }

    private void require(String name, Object... arguments) {
        int status = status(name, arguments);
        if (status != 0) {
            throw new IllegalStateException("Internal error: " + name + " returned " + status);
        }
    }

    private int status(String name, Object... arguments) {
        return function(name).invokeInt(arguments);
    }

    private Function function(String name) {
        return functions.computeIfAbsent(name, library::getFunction);
    }
}
