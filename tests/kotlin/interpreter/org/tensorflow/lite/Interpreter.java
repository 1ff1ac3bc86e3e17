package org.tensorflow.lite;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * Stands in the tests where org.tensorflow.lite.Interpreter stands on Android: generated code is compiled against the real
 * class and meets this one when it runs. Inference is real, by the processor, through libLiteRt.so.
 *
 * It takes direct ByteBuffers only, and is as strict about them as the real one: the capacity has to be the tensor's
 * number of bytes, an input is read from its beginning, and an output is put at its position, which moves. Threads, XNNPACK
 * and delegates are not passed on.
 */
public final class Interpreter implements InterpreterApi {
    private static final String BAD_MODEL =
        "Model ByteBuffer should be either a MappedByteBuffer of the model file, or a direct ByteBuffer using "
            + "ByteOrder.nativeOrder() which contains bytes of model content.";

    private final ByteBuffer file;
    private LiteRt.Prepared model;
    private int[][] places;
    private Pointer[] inputs;
    private Pointer[] outputs;
    private Long lastNanoseconds;

    public Interpreter(ByteBuffer file) {
        this(file, null);
    }

    public Interpreter(ByteBuffer file, Options options) {
        if (!(file instanceof MappedByteBuffer) && (!file.isDirect() || file.order() != ByteOrder.nativeOrder())) {
            throw new IllegalArgumentException(BAD_MODEL);
        }
        this.file = file; // The runtime reads it as long as the model lives.
        prepare();
    }

    private void prepare() {
        model = LiteRt.prepare(file.duplicate().clear());
        places = new int[][] {LiteRt.places(model, "Input", model.inputs()), LiteRt.places(model, "Output", model.outputs())};
        for (int i = 0; i < model.inputs().length; i++) {
            if (Arrays.stream(model.inputs()[i].shape()).anyMatch(side -> side < 0)) {
                LiteRt.resize(model, places[0][i], new Described(model.inputs()[i], 0).shape());
            }
        }
        inputs = buffers("Input", model.inputs(), places[0]);
        outputs = buffers("Output", model.outputs(), places[1]);
    }

    private Pointer[] buffers(String side, LiteRt.Described[] tensors, int[] at) {
        Pointer[] made = new Pointer[tensors.length];
        for (int i = 0; i < tensors.length; i++) {
            made[at[i]] = LiteRt.buffer(model, side, at[i], tensors[i]);
        }
        return made;
    }

    @Override
    public void run(Object input, Object output) {
        runForMultipleInputsOutputs(new Object[] {input}, Map.of(0, output));
    }

    @Override
    public void runForMultipleInputsOutputs(Object[] given, Map<Integer, Object> wanted) {
        requireOpen();
        if (given == null || given.length == 0) {
            throw new IllegalArgumentException("Input error: Inputs should not be null or empty.");
        }
        if (wanted == null) {
            throw new IllegalArgumentException("Input error: Outputs should not be null.");
        }
        if (given.length > inputs.length) {
            throw new IllegalArgumentException("Input error: " + given.length + " inputs for " + inputs.length);
        }
        for (int i = 0; i < given.length; i++) {
            put((ByteBuffer) given[i], i);
        }
        long start = System.nanoTime();
        LiteRt.run(model, inputs, outputs);
        lastNanoseconds = System.nanoTime() - start;
        wanted.forEach((i, buffer) -> get((ByteBuffer) buffer, i));
    }

    private void put(ByteBuffer from, int i) {
        Pointer to = inputs[places[0][i]];
        requireSize(from, to, "Cannot copy to a TensorFlowLite tensor (%s) with %d bytes from a Java Buffer with %d bytes.", i);
        ByteBuffer bytes = LiteRt.lock(to, LiteRt.WRITE);
        bytes.put(from.duplicate().clear());
        LiteRt.unlock(to);
    }

    private void get(ByteBuffer to, int i) {
        Pointer from = outputs[places[1][i]];
        requireSize(to, from, "Cannot copy from a TensorFlowLite tensor (%s) with %d bytes to a Java Buffer with %d bytes.", i);
        ByteBuffer bytes = LiteRt.lock(from, LiteRt.READ);
        try {
            to.put(bytes);
        } finally {
            LiteRt.unlock(from);
        }
    }

    private void requireSize(ByteBuffer buffer, Pointer tensor, String message, int i) {
        if (!buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder()) {
            throw new IllegalArgumentException("the tests take direct buffers in the machine's order only");
        }
        int size = LiteRt.size(tensor);
        if (buffer.capacity() != size) {
            throw new IllegalArgumentException(String.format(message, i, size, buffer.capacity()));
        }
    }

    @Override
    public void allocateTensors() {
        requireOpen();
    }

    @Override
    public void resizeInput(int i, int[] shape) {
        resizeInput(i, shape, false);
    }

    @Override
    public void resizeInput(int i, int[] shape, boolean strict) {
        requireOpen();
        if (!Arrays.equals(shape, getInputTensor(i).shape())) {
            throw new UnsupportedOperationException("the tests do not resize inputs to other sizes than the model's");
        }
    }

    public void resetVariableTensors() {
        requireOpen();
        close();
        prepare();
    }

    @Override
    public int getInputTensorCount() {
        return inputs.length;
    }

    @Override
    public int getOutputTensorCount() {
        return outputs.length;
    }

    @Override
    public int getInputIndex(String name) {
        return position(model.inputs(), name);
    }

    @Override
    public int getOutputIndex(String name) {
        return position(model.outputs(), name);
    }

    private static int position(LiteRt.Described[] tensors, String name) {
        for (int i = 0; i < tensors.length; i++) {
            if (tensors[i].name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException("Input error: '" + name + "' is not a valid name");
    }

    @Override
    public Tensor getInputTensor(int i) {
        requireOpen();
        return new Described(model.inputs()[i], LiteRt.size(inputs[places[0][i]]));
    }

    @Override
    public Tensor getOutputTensor(int i) {
        requireOpen();
        return new Described(model.outputs()[i], LiteRt.size(outputs[places[1][i]]));
    }

    @Override
    public Long getLastNativeInferenceDurationNanoseconds() {
        return lastNanoseconds;
    }

    @Override
    public void close() {
        if (model != null) {
            LiteRt.destroy(model, inputs, outputs);
            model = null;
        }
    }

    private void requireOpen() {
        if (model == null) {
            throw new IllegalStateException("Internal error: The Interpreter has already been closed.");
        }
    }

    public static class Options extends InterpreterApi.Options {
        public Options() {}

        @Override
        public Options setNumThreads(int threads) {
            super.setNumThreads(threads);
            return this;
        }

        @Override
        public Options setUseXNNPACK(boolean use) {
            super.setUseXNNPACK(use);
            return this;
        }

        @Override
        public Options setCancellable(boolean cancellable) {
            super.setCancellable(cancellable);
            return this;
        }

        @Override
        public Options setRuntime(InterpreterApi.Options.TfLiteRuntime runtime) {
            super.setRuntime(runtime);
            return this;
        }

        @Override
        public Options addDelegate(Delegate delegate) {
            throw new UnsupportedOperationException("the tests have no delegates");
        }
    }

    private record Described(LiteRt.Described tensor, int numBytes) implements Tensor {
        @Override
        public DataType dataType() {
            return switch (tensor.type()) {
                case 1 -> DataType.FLOAT32;
                case 2 -> DataType.INT32;
                case 3 -> DataType.UINT8;
                case 4 -> DataType.INT64;
                case 5 -> DataType.STRING;
                case 6 -> DataType.BOOL;
                case 7 -> DataType.INT16;
                case 9 -> DataType.INT8;
                default -> throw new IllegalArgumentException(
                    "DataType error: DataType " + tensor.type() + " is not recognized in Java");
            };
        }

        @Override
        public int numDimensions() {
            return tensor.shape().length;
        }

        @Override
        public int numElements() {
            return Arrays.stream(shape()).reduce(1, (a, b) -> a * b);
        }

        @Override
        public int[] shape() {
            return Arrays.stream(tensor.shape()).map(side -> Math.max(side, 1)).toArray();
        }

        @Override
        public int[] shapeSignature() {
            return tensor.shape().clone();
        }

        @Override
        public int index() {
            return tensor.index();
        }

        @Override
        public String name() {
            return tensor.name();
        }

        @Override
        public QuantizationParams quantizationParams() {
            return new QuantizationParams(tensor.scale(), Math.toIntExact(tensor.zeroPoint()));
        }

        @Override
        public ByteBuffer asReadOnlyBuffer() {
            throw new UnsupportedOperationException("the tests do not look into the runtime's memory");
        }
    }
}
