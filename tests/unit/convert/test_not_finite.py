import numpy as np
import pytest

from litesmith.convert.check import AnswersChanged, SourceNotFinite, checked
from litesmith.core.conversion import Conversion
from litesmith.core.tensors import TensorSpec
from litesmith.diagnosis.catalogue import recognise
from litesmith.diagnosis.cause import Evidence, Stage

INF, NAN = np.inf, np.nan


def compare(source, converted):
    made = Conversion(
        file="", sha256="", size_bytes=0, route="", attempts=(), batch=1, signature="", duration_s=0.0,
        inputs=(), outputs=(TensorSpec(name="y", dtype="float32", shape=(1, 3)),),
    )  # fmt: skip
    answers = [[np.asarray(values, np.float32)] for values in (source, converted)]
    return checked(made, *answers, check_source="random values")


@pytest.mark.parametrize("values", [[[NAN, NAN, NAN]], [[INF, -INF, NAN]]])
def test_source_without_a_finite_answer_is_refused(values):
    with pytest.raises(SourceNotFinite, match=r"no value of output 'y' is finite on 1 samples") as caught:
        compare(values, values)
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.cause == "not_finite"


@pytest.mark.parametrize(
    ("source", "converted", "said"),
    [
        ([[1, 2, 3]], [[1, NAN, 3]], "0 are NaN or infinite before and 1 after it, 1 of them"),
        ([[1, 2, 3]], [[1, INF, 3]], "0 are NaN or infinite before and 1 after it, 1 of them"),
        ([[1, NAN, 3]], [[1, 2, 3]], "1 are NaN or infinite before and 0 after it, 1 of them"),
        ([[1, INF, 3]], [[1, -INF, 3]], "1 are NaN or infinite before and 1 after it, 1 of them"),
    ],
)
def test_nan_and_infinity_in_one_of_the_two_alone_are_refused(source, converted, said):
    with pytest.raises(AnswersChanged, match=said) as caught:
        compare(source, converted)
    found = recognise(Evidence(text=caught.value.message, stage=Stage.CHECKING))
    assert found is not None
    assert (found.cause, found.where) == ("not_finite", ("output y",))


def test_the_same_infinities_in_both_are_no_difference():
    assert compare([[1, -INF, NAN]], [[1, -INF, NAN]]).max_abs_difference == 0.0
