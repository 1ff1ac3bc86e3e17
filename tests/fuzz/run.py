"""`make fuzz`: damages sound models and sends each through the whole `inspect`, in processes that are watched.

python tests/fuzz/run.py [--count 20000] [--first 0] [--probe-every 50] [--processes 2] [--corpus DIR] [--keep DIR]

A failure is a traceback, an error that does not tell of the file, the end of the process, more than 1 GB, or more than
10 s. Each is written to the folder of `--keep` under the mutation's number and named at the end; the exit code is
then 1. The native probe runs the runtime on every mutation whose number is a multiple of `--probe-every`; the runtime
may crash on those, in its own process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "models"))

from corpus import write_all
from examine import Examined
from mutations import Specimen, mutate, specimen

from litesmith.core.errors import LitesmithError
from litesmith.core.isolated import Worker
from litesmith.core.units import format_size

MOST_BYTES = 1_000_000_000
MOST_SECONDS = 10.0
SEARCHED = str(Path(__file__).resolve().parent)


@dataclass(kw_only=True)
class Tally:
    """What became of the mutations so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    probes: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)
    largest: tuple[int, int] = (0, -1)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, number: int, found: Examined | str) -> str:
        """Note an outcome; return what is wrong with it, or nothing."""
        with self.lock:
            if isinstance(found, str):
                problem = found
            else:
                self.kinds["audited" if found.kind == "audited" else f"{found.kind}: {found.text}"[:150]] += 1
                self.probes[found.probe] += 1
                self.slowest = max(self.slowest, (found.seconds, number))
                self.largest = max(self.largest, (found.peak_bytes, number))
                problem = problem_of(found)
            if problem:
                self.failures[number] = problem
            return problem


def problem_of(found: Examined) -> str:
    """Return why an outcome is a failure, or nothing."""
    if found.kind == "failed":
        return found.text
    if found.peak_bytes > MOST_BYTES:
        return f"{format_size(found.peak_bytes)} of memory"
    return f"{found.seconds:.1f} s" if found.seconds > MOST_SECONDS else ""


def watch(numbers: Iterator[int], specimens: list[Specimen], tally: Tally, keep: Path, probe_every: int) -> None:
    """Take numbers until there are none left, and examine the mutation of each in a process of this thread's."""
    with Worker("the examined file", environment={"PYTHONPATH": SEARCHED}) as worker:
        worker.call("examine:examine", content=specimens[0].data, probe=False, limit_memory=True)  # imports
        for number in numbers:
            content = mutate(number, specimens)
            probe = probe_every > 0 and number % probe_every == 0
            found: Examined | str
            try:
                found = worker.call(
                    "examine:examine", content=content, probe=probe, limit_memory=True, timeout_s=2 * MOST_SECONDS
                )
            except LitesmithError as error:
                found = f"{type(error).__name__}: {error.message}"
            if tally.add(number, found):
                (keep / f"{number}.tflite").write_bytes(content)


class Shared:
    """Numbers that several threads take from, with a line on how far it is."""

    def __init__(self, numbers: range) -> None:
        self._numbers, self._lock, self._begun = iter(numbers), threading.Lock(), time.monotonic()
        self._first, self._count = numbers.start, len(numbers)

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        with self._lock:
            number = next(self._numbers)
            done = number - self._first
            if done and done % 1000 == 0:
                print(f"{done} of {self._count}, {time.monotonic() - self._begun:.0f} s", file=sys.stderr, flush=True)
            return number


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--probe-every", type=int, default=50, help="0 for never")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--corpus", type=Path, help="folder of sound models; made anew by default")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(options.corpus.glob("*.tflite")) if options.corpus else write_all(Path(folder))
        specimens = [specimen(path) for path in paths]
    print(f"{len(specimens)} models: " + ", ".join(f"{s.name} {len(s.data)} B" for s in specimens))
    options.keep.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    numbers = iter(Shared(range(options.first, options.first + options.count)))
    threads = [
        threading.Thread(target=watch, args=(numbers, specimens, tally, options.keep, options.probe_every))
        for _ in range(options.processes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report(tally, time.monotonic() - begun)
    return 1 if tally.failures or sum(tally.kinds.values()) < options.count else 0


def report(tally: Tally, seconds: float) -> None:
    """Print counts, extremes and failures."""
    print(f"{sum(tally.kinds.values())} mutations in {seconds:.0f} s")
    for kind, count in tally.kinds.most_common(25):
        print(f"{count:7d}  {kind}")
    print("native probes: " + ", ".join(f"{count} {kind}" for kind, count in tally.probes.most_common() if kind))
    print(f"slowest {tally.slowest[0]:.2f} s (mutation {tally.slowest[1]})")
    print(f"most memory {format_size(tally.largest[0])} (mutation {tally.largest[1]})")
    print(f"{len(tally.failures)} failures")
    for number, problem in sorted(tally.failures.items()):
        print(f"--- {number}\n{problem}")


if __name__ == "__main__":
    sys.exit(main())
