"""Decompositions, inverses and solvers of matrices."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="linear_algebra",
    title="matrix decomposition, inverse or solver",
    stage=Stage.CONVERTING,
    pattern=without_kernel(
        "MatrixInverse",
        "MatrixDeterminant",
        "LogMatrixDeterminant",
        "Cholesky",
        "Qr",
        "Svd",
        r"SelfAdjointEig\w*",
        r"Eig\w*",
        "Lu",
        "MatrixSolve",
        "MatrixSolveLs",
        "MatrixTriangularSolve",
        "MatrixSquareRoot",
        "MatrixExponential",
        "MatrixLogarithm",
    ),
    why="TFLite has no kernels for linear algebra beyond products ({ops}).",
    remedy=(
        "Where the matrix is a weight, compute the result once in Python and keep it as a constant; where it "
        "depends on the input and is small, write the formula out."
    ),
    code="self.inverse = tf.constant(np.linalg.inv(self.kernel.numpy()))",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=30,
    where=at_errors,
)
