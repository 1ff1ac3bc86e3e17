"""How many instructions an inference executes, as counted by an emulator."""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = ("dot_product", "matrix_multiply", "widening_multiply", "fused_multiply_add", "simd", "load_store", "branch")
"""Classes of instructions that are told apart. `simd` has all floating-point and vector instructions, those of the
four classes before it among them; an instruction of none of the classes is in the total only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionCount:
    """Executed instructions of one inference, on one thread: a cost that can be repeated, but no time.

    Attributes:
        total: Instructions per inference.
        by_class: The same by class, see `CLASSES`; a class that did not occur is 0.
        inferences: Inferences counted in each repeat.
        repeats: Fresh processes that counted.
        spread: Largest total of a repeat less the smallest, in instructions per inference.
        cpu: CPU that was emulated, such as `cortex-a76`: kernels are chosen by what it can do.
        emulator: Name and version of what counted.
    """

    total: int
    by_class: dict[str, int]
    inferences: int
    repeats: int
    spread: int
    cpu: str
    emulator: str
