"""What the debugger found: what each operator of a quantized model adds to its error, and why."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of samples.

    Attributes:
        value: Fraction.
        n: Samples.
        interval: Wilson's 95 % interval of `value`.
    """

    value: float
    n: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the scored output is like when a model is changed in one place.

    Attributes:
        sqnr_db: Signal of the float model's output to the difference, in dB, at most 200; None where it is not finite.
        samples: Samples it was measured on.
        agreement: Same top-1 as the float model; None where the output is no score per class.
        top1: Right top-1; None without labels or classes.
    """

    sqnr_db: float | None
    samples: int
    agreement: Rate | None = None
    top1: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpError:
    """What one operator of the quantized model does to its values.

    All is of the first tensor it makes, held against the float model's on the same samples.

    Attributes:
        index: Position in the quantized model; -1 for an input of it.
        op: Operator, or `input`.
        layer: The user's layer.
        tensor: What it makes.
        dtype: Number type of that.
        samples: Samples that the figures of this record are of, effects aside.
        sqnr_db: SQNR in dB with everything before it quantized as well, at most 200; None where it is not finite.
        cosine: Cosine similarity with everything before it quantized; None where one side is all zero or not finite.
        local_sqnr_db: The same when it alone is quantized: fed with the float model's values, rounded to its inputs'
            integers. None where it could not be run alone.
        local_cosine: Cosine similarity of that.
        saturated_low: Fraction of values at the lowest integer whose float value lies beyond the range.
        saturated_high: The same at the highest integer.
        range_used: Fraction of the integers between the lowest and the highest that the float model's values need; None
            where it is not quantized.
        bits_used: The same as bits.
        bias_shift_worst: Largest mean error of an output channel that it adds by itself, in standard deviations of the
            tensor.
        bias_shift_mean: The mean of these over channels, by magnitude.
        only_quantized: The float model with only this operator quantized; None where the output does not depend on it.
        only_float: The quantized model with only this layer float: its weights and what it makes.
        regained_db: How much higher the output's SQNR is with only this layer float.
        note: What could not be measured, and why.
    """

    index: int
    op: str
    layer: str
    tensor: str
    dtype: str
    samples: int
    sqnr_db: float | None
    cosine: float | None
    local_sqnr_db: float | None = None
    local_cosine: float | None = None
    saturated_low: float = 0.0
    saturated_high: float = 0.0
    range_used: float | None = None
    bits_used: float | None = None
    bias_shift_worst: float = 0.0
    bias_shift_mean: float = 0.0
    only_quantized: Effect | None = None
    only_float: Effect | None = None
    regained_db: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """Why a layer loses accuracy.

    Attributes:
        name: Of the cause, as in the documents.
        index: Operator in the quantized model; -1 for an input.
        op: Operator, or `input`.
        layer: The user's layer.
        message: What was seen, with its figures.
        gain_db: What the cure would gain in the layer itself, in dB, as measured on these samples.
        regained_db: What the output regains when only this layer is float, in dB; causes are sorted by it. Of a cause
            that the layers behind suffer from too, what the costliest of them regains. None where it could not be
            measured.
        alone_db: SQNR of the output when only this layer is quantized; of such a cause, the least of them.
        flags: What to type, each as an option with its value; empty where no option cures it.
        remedy: What to do, in words.
    """

    name: str
    index: int
    op: str
    layer: str
    message: str
    gain_db: float | None
    regained_db: float | None
    alone_db: float | None
    flags: tuple[str, ...]
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorPicture:
    """The values of one tensor in the float model, and the integers that are to hold them.

    Attributes:
        index: Operator that makes it; -1 for an input.
        layer: The user's layer.
        tensor: Name.
        low: Least value that the integers hold; 0 with `high` where it is not quantized.
        high: Largest one.
        step: Distance of two integers' values.
        edges: Ends of the histogram's bins, ascending, one more than counts.
        counts: Values in each bin.
        channel_low: Least value of each channel; at most 128 channels, evenly picked.
        channel_high: Largest value of each.
        channels: Channels there are.
    """

    index: int
    layer: str
    tensor: str
    low: float
    high: float
    step: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    channel_low: tuple[float, ...]
    channel_high: tuple[float, ...]
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedOp:
    """An operator of the quantized model that could not be held against one of the float model.

    Attributes:
        index: Position in the quantized model.
        op: Operator.
        layer: The user's layer.
        reason: Why.
    """

    index: int
    op: str
    layer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugging:
    """A quantized model held against the float model it was made from, layer by layer.

    Attributes:
        float_model: File.
        quantized_model: File.
        data: What both were run on.
        samples: Samples walked through both.
        effect_samples: Samples that effects of single layers are measured on.
        output: Tensor whose SQNR stands for the answer: the scored output, before a final SOFTMAX.
        whole: The quantized model as it is, on all samples.
        effect_base: The same on the samples of the effects, which `regained_db` is counted from.
        float_top1: Right top-1 of the float model; None without labels or classes.
        causes: Root causes, the costliest first.
        ops: Per operator, in execution order; inputs first.
        skipped: Operators without a twin in the float model.
        pictures: The tensors of the costliest layers.
        notes: What was not done as asked or could not be measured.
        duration_s: Wall time of the measurement.
        versions: Package versions.
    """

    float_model: str
    quantized_model: str
    data: str
    samples: int
    effect_samples: int
    output: str
    whole: Effect
    effect_base: Effect
    float_top1: Rate | None
    causes: tuple[RootCause, ...]
    ops: tuple[OpError, ...]
    skipped: tuple[SkippedOp, ...]
    pictures: tuple[TensorPicture, ...]
    notes: tuple[str, ...] = ()
    duration_s: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
