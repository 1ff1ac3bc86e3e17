"""Models of sequences: recurrent, convolutional and attending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gauntlet.saving import chain, integers, keras_file, samples, seeded


def lstm(folder: Path) -> Path:
    """An LSTM over 12 steps."""
    layers = seeded().layers
    return chain(folder, (12, 6), layers.LSTM(8), layers.Dense(3, activation="softmax"))


def gru(folder: Path) -> Path:
    """Two GRUs, one on top of the other."""
    layers = seeded().layers
    return chain(folder, (12, 6), layers.GRU(8, return_sequences=True), layers.GRU(8), layers.Dense(3))


def simple_rnn(folder: Path) -> Path:
    """A SimpleRNN."""
    layers = seeded().layers
    return chain(folder, (12, 6), layers.SimpleRNN(8), layers.Dense(3))


def bidirectional_stack(folder: Path) -> Path:
    """A bidirectional LSTM under a bidirectional GRU."""
    layers = seeded().layers
    inner = layers.Bidirectional(layers.LSTM(8, return_sequences=True))
    return chain(folder, (12, 6), inner, layers.Bidirectional(layers.GRU(4)), layers.Dense(3))


def lstm_any_length(folder: Path) -> Path:
    """An LSTM over any number of steps."""
    layers = seeded().layers
    return chain(folder, (None, 6), layers.LSTM(8), layers.Dense(3))


def lstm_masked(folder: Path) -> Path:
    """An LSTM over words padded with 0, which an Embedding masks."""
    samples(folder, x=integers(30, 12) * (integers(12, 1) > range(12)).astype("int32"))
    layers = seeded().layers
    return chain(folder, (12,), layers.Embedding(30, 8, mask_zero=True), layers.LSTM(8), layers.Dense(2), dtype="int32")


def lstm_stateful(folder: Path) -> Path:
    """An LSTM that keeps its state between calls (stateful=True)."""
    keras = seeded()
    x = keras.Input((12, 6), batch_size=1, name="x")
    return keras_file(folder, keras.Model(x, keras.layers.LSTM(8, stateful=True, name="memory")(x)))


def lstm_streaming(folder: Path) -> Path:
    """An LSTM of one step at a time, with its state as inputs and outputs."""
    keras = seeded()
    x, h, c = (keras.Input(shape, name=name) for shape, name in (((1, 6), "x"), ((8,), "h"), ((8,), "c")))
    y, h_next, c_next = keras.layers.LSTM(8, return_state=True)(x, initial_state=[h, c])
    return keras_file(folder, keras.Model([x, h, c], {"y": y, "h_next": h_next, "c_next": c_next}))


def encoder_decoder(folder: Path) -> Path:
    """Sequence to sequence: the encoder's state starts the decoder."""
    samples(folder, source=integers(40, 10), target=integers(40, 8))
    keras = seeded()
    layers = keras.layers
    source = keras.Input((10,), dtype="int32", name="source")
    target = keras.Input((8,), dtype="int32", name="target")
    _, h, c = layers.LSTM(16, return_state=True)(layers.Embedding(40, 8)(source))
    y = layers.LSTM(16, return_sequences=True)(layers.Embedding(40, 8)(target), initial_state=[h, c])
    return keras_file(folder, keras.Model([source, target], layers.Dense(40)(y)))


def convolutional_lstm(folder: Path) -> Path:
    """A ConvLSTM2D over 4 small images."""
    layers = seeded().layers
    return chain(folder, (4, 16, 16, 2), layers.ConvLSTM2D(4, 3, padding="same"), layers.Flatten(), layers.Dense(3))


def frames_one_by_one(folder: Path) -> Path:
    """A small CNN on each frame (TimeDistributed), then an LSTM."""
    keras = seeded()
    layers = keras.layers
    frame = keras.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()])
    return chain(folder, (5, 16, 16, 3), layers.TimeDistributed(frame), layers.LSTM(6), layers.Dense(3))


def audio_convolution(folder: Path) -> Path:
    """1-D convolutions over 400 samples of sound."""
    layers = seeded().layers
    return chain(
        folder, (400, 1), layers.Conv1D(8, 9, strides=4, activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling1D(2), layers.SeparableConv1D(16, 5, activation="relu"), layers.GlobalAveragePooling1D(),
        layers.Dense(5),
    )  # fmt: skip


def causal_convolutions(folder: Path) -> Path:
    """Dilated causal convolutions with residuals, as in WaveNet and temporal convolutional networks."""
    keras = seeded()
    layers = keras.layers
    sound = keras.Input((64, 4), name="sound")
    x = layers.Conv1D(8, 1)(sound)
    for rate in (1, 2, 4, 8):
        gate = [layers.Conv1D(8, 2, padding="causal", dilation_rate=rate, activation=a)(x) for a in ("tanh", "sigmoid")]
        x = x + layers.Conv1D(8, 1)(layers.Multiply()(gate))
    return keras_file(folder, keras.Model(sound, layers.Conv1D(3, 1)(x)))


def transposed_convolution_1d(folder: Path) -> Path:
    """A transposed 1-D convolution."""
    layers = seeded().layers
    return chain(folder, (32, 4), layers.Conv1DTranspose(8, 4, strides=2, padding="same"), layers.Conv1D(1, 3))


def multi_head_attention(folder: Path) -> Path:
    """MultiHeadAttention between two inputs."""
    keras = seeded()
    query, value = keras.Input((8, 16), name="query"), keras.Input((12, 16), name="value")
    attended = keras.layers.MultiHeadAttention(4, 4, name="attention")(query, value)
    return keras_file(folder, keras.Model([query, value], attended))


def old_attention(folder: Path) -> Path:
    """Luong and Bahdanau attention."""
    keras = seeded()
    layers = keras.layers
    query, value = keras.Input((6, 8), name="query"), keras.Input((9, 8), name="value")
    both = [layers.Attention(use_scale=True)([query, value]), layers.AdditiveAttention()([query, value])]
    return keras_file(folder, keras.Model([query, value], layers.Concatenate()(both)))


def _transformer(keras: Any, length: int | None, *, causal: bool) -> Any:
    layers, ops = keras.layers, keras.ops
    tokens = keras.Input((length,), dtype="int32", name="tokens")
    places = layers.Embedding(32, 16, name="places")(ops.cumsum(ops.ones_like(tokens), axis=1) - 1)
    x = layers.Embedding(50, 16, name="words")(tokens) + places
    for _ in range(2):
        attended = layers.MultiHeadAttention(2, 8)(x, x, use_causal_mask=causal)
        x = layers.LayerNormalization()(x + attended)
        x = layers.LayerNormalization()(x + layers.Dense(16)(layers.Dense(32, activation="gelu")(x)))
    return keras.Model(tokens, layers.Dense(50, name="next")(x))


def transformer(folder: Path) -> Path:
    """A transformer: two blocks over 16 embedded words and places."""
    samples(folder, x=integers(50, 16))
    return keras_file(folder, _transformer(seeded(), 16, causal=False))


def transformer_any_length(folder: Path) -> Path:
    """The transformer made causal, for any number of words."""
    samples(folder, x=integers(50, 11))
    return keras_file(folder, _transformer(seeded(), None, causal=True))


def keras_2_lstm(folder: Path) -> Path:
    """An LSTM and a GRU in a Keras 2 .h5."""
    import tf_keras

    tf_keras.utils.set_random_seed(7)
    layers = tf_keras.layers
    inner = [layers.LSTM(8, return_sequences=True), layers.GRU(6), layers.Dense(3)]
    return keras_file(folder, tf_keras.Sequential([tf_keras.Input((12, 6), name="x"), *inner]), "model.h5")
