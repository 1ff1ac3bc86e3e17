"""`make bench`: speed as ratios against a baseline in the same run, on a model and dataset of your choice.

python benchmarks/run.py MODEL --data DATASET --calibrate DATASET --preprocess PRESET [--parts start,deploy]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measures
from audit_measures import AUDIT_PARTS
from bundle_overhead import BUNDLE_PARTS
from measures import Job
from rich.console import Console
from rich.table import Table

from litesmith.core.environment import environment

PARTS = {**measures.PARTS, **AUDIT_PARTS, **BUNDLE_PARTS}
EXAMPLE = Path(__file__).parent.parent / "examples" / "fashion_mnist"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=str(EXAMPLE / "model.keras"))
    parser.add_argument("--data", default=str(EXAMPLE / "test.npz"))
    parser.add_argument("--calibrate", default=str(EXAMPLE / "calibration.npz"))
    parser.add_argument("--preprocess", default="signed")
    parser.add_argument("--parts", default=",".join(PARTS))
    options = parser.parse_args()
    job = Job(model=options.model, data=options.data, calibrate=options.calibrate, preprocess=options.preprocess)
    table = Table("measured", "ours", "baseline", "ratio", "goal", "")
    notes = []
    for part in options.parts.split(","):
        if part not in PARTS:
            sys.exit(f"unknown part '{part}'; known: {', '.join(PARTS)}")
        for found in PARTS[part](job):
            table.add_row(
                found.name,
                found.ours,
                found.baseline,
                f"{found.ratio:.2f}",
                found.goal,
                "met" if found.met else "missed",
            )
            if found.note:
                notes.append(f"{found.name}: {found.note}")
    console = Console(highlight=False)
    console.print(table)
    for note in notes:
        console.print(note, markup=False)
    facts = environment(seed=0)
    packages = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    console.print(f"{facts.cpu}, {facts.cores} cores, {facts.os}; {packages}; model {options.model}", markup=False)


if __name__ == "__main__":
    main()
