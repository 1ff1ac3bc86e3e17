"""Models for Coral's Edge TPU: whether one can be made here, and its compilation by Google's compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from litesmith.core.audit import Audit
from litesmith.core.errors import BundleError, ConfigError
from litesmith.core.names import unknown
from litesmith.core.results import Finding, Severity
from litesmith.pipeline.coral import COMPILED

DELEGATES = ("none", "edgetpu")
_COMPILER = "edgetpu_compiler"
_TIMEOUT_S = 900


def require_delegate(delegate: str) -> None:
    """Check a delegate's name.

    Raises:
        UnknownNameError: no such delegate.
    """
    if delegate not in DELEGATES:
        raise unknown("delegate", delegate, DELEGATES)


def require_not_compiled(model: Path, audit: Audit) -> None:
    """Check that a model is not for the Edge TPU alone, so that golden vectors can be made of it here.

    Raises:
        BundleError: it is.
    """
    if any(op.name.removeprefix("CUSTOM:") == COMPILED for op in audit.foreign_ops):
        raise BundleError(
            f"{model.name} is compiled for the Edge TPU already, so that its answers cannot be taken here",
            hint="Bundle the model it was compiled from, with --delegate edgetpu.",
        )


def compiled_for_edge_tpu(model: Path, audit: Audit, folder: Path) -> tuple[Path, tuple[Finding, ...]]:
    """Return a model compiled for the Edge TPU, and what the audit expects to run there.

    Raises:
        ConfigError: the compiler is not installed; the message says what the audit expects of the model.
        BundleError: the compiler fails.
    """
    if shutil.which(_COMPILER) is None:
        raise ConfigError(
            f"--delegate edgetpu needs {_COMPILER}, which is not on the PATH; {expected_on_edge_tpu(audit)}",
            hint="Install Coral's package edgetpu-compiler (x86-64 Linux), or leave --delegate out.",
        )
    command = ["edgetpu_compiler", "--show_operations", "--out_dir", str(folder), str(model)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BundleError(f"{_COMPILER} did not compile {model.name}: {error}", hint="Run it by hand.") from error
    made = folder / f"{model.stem}_edgetpu.tflite"
    if done.returncode != 0 or not made.is_file():
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise BundleError(
            f"{_COMPILER} did not compile {model.name}: {lines[-1][:300]}",
            hint="The Edge TPU takes fully integer 8-bit models: see `litesmith inspect` on what would run there.",
        )
    untested = Finding(
        code="edge-tpu-untested",
        severity=Severity.WARNING,
        message=f"{expected_on_edge_tpu(audit)}. What the accelerator answers was not tested",
        hint="Run check.py on the board with the accelerator.",
    )
    return made, (untested,)


def expected_on_edge_tpu(audit: Audit) -> str:
    """Return what the audit's table says of the Edge TPU."""
    use = next((use for use in audit.delegates if use.delegate == "Edge TPU"), None)
    if use is None:
        return "the audit says nothing of the Edge TPU"
    text = f"by the audit's table {use.taken} of {use.ops} operators run on the Edge TPU"
    return f"{text}; not {', '.join(sorted({refusal.op for refusal in use.refusals}))}" if use.refusals else text
