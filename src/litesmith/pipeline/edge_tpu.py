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


def require_edge_tpu(delegate: str) -> None:
    """Check a delegate's name, and that what it needs here is here.

    Raises:
        UnknownNameError: no such delegate.
        ConfigError: the compiler is not installed.
    """
    if delegate not in DELEGATES:
        raise unknown("delegate", delegate, DELEGATES)
    if delegate == "edgetpu" and shutil.which(_COMPILER) is None:
        raise ConfigError(
            f"--delegate edgetpu needs {_COMPILER}, which is not on the PATH",
            hint="Install Coral's package edgetpu-compiler (x86-64 Linux), or leave --delegate out.",
        )


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
        BundleError: the compiler fails.
    """
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
    return made, (expected_on_edge_tpu(audit),)


def expected_on_edge_tpu(audit: Audit) -> Finding:
    """Return what the audit's table says of the Edge TPU."""
    use = next((use for use in audit.delegates if "edge tpu" in use.delegate.lower()), None)
    if use is None:
        text = "the audit says nothing of the Edge TPU"
    else:
        text = f"by the audit's table {use.taken} of {use.ops} operators run on the Edge TPU"
        if use.refusals:
            text += f"; not {', '.join(sorted({refusal.op for refusal in use.refusals}))}"
    return Finding(
        code="edge-tpu-untested",
        severity=Severity.WARNING,
        message=f"{text}. What the accelerator answers was not tested",
        hint="Run check.py on the board with the accelerator.",
    )
