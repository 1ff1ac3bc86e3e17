"""Reads the tables of operators that `benchmark_model` prints: as text, as CSV, and in LiteRT's own layout.

The layouts are those of `stats_calculator.cc` of TensorFlow, with and without a column `[start]`, and of
`profiler_summarizer.cc` of LiteRT 2. Every table has a row of names, which says what its columns are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from litesmith.core.errors import TargetError

RUN_ORDER, BY_TIME, BY_MEMORY, BY_TYPE = "Run Order", "Top by Computation Time", "Top by Memory Use", "Summary by node"
DELEGATE = "Delegate Statistics"
_TITLE = re.compile(r"=+ (?P<title>[A-Z][A-Za-z ]+?) =+")
_HEADER = re.compile(r"\s*\[?[Nn]ode type\]?[\s,]")
_DELEGATE_HEADER = re.compile(r"Op Name\s+Count\s")
_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf)"
_KINDS = {
    "start": _NUMBER, "first": _NUMBER, "avg ms": _NUMBER, "avg_ms": _NUMBER, "%": f"{_NUMBER}%", "cdf%": f"{_NUMBER}%",
    "avg %": f"{_NUMBER}%", "cdf %": f"{_NUMBER}%", "mem KB": _NUMBER, "count": r"\d+", "times called": r"\d+",
}  # fmt: skip
"""Columns between the kind of operator and its name, by what stands above them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpLine:
    """One operator of the table in run order.

    Attributes:
        type: Operator, with what a delegate calls it.
        name: Its output tensors and its number, as printed.
        first_ms: Time of its first timed run.
        ms: Average time.
        times_called: How often in one inference.
    """

    type: str
    name: str
    first_ms: float
    ms: float
    times_called: int


@dataclass(slots=True)
class Tables:
    """The tables read so far, of the timed runs only, and what of them is still to come.

    Attributes:
        ops: Operators of the primary graph.
        nested_ops: Those of the graphs that its operators run (`WHILE`, `IF`), whose times hold theirs.
        delegate_ops: What a delegate tells apart of its own.
        nested: Whether a table to come is of such a graph.
        inner: Whether it is of a delegate.
        initializing: Whether it is of the time before the runs.
    """

    ops: list[OpLine] = field(default_factory=list)
    nested_ops: list[OpLine] = field(default_factory=list)
    delegate_ops: list[OpLine] = field(default_factory=list)
    nested: bool = False
    inner: bool = False
    initializing: bool = False
    _title: str = ""
    _row: re.Pattern[str] | None = None
    _columns: tuple[str, ...] = ()
    _rows: int = 0

    def read(self, line: str) -> bool:
        """Read a line if it is of a table; return whether it was.

        Raises:
            TargetError: it stands in a table and is no row of it.
        """
        if title := _TITLE.fullmatch(line.strip()):
            name = title["title"]
            known = (RUN_ORDER, BY_TIME, BY_MEMORY, BY_TYPE, DELEGATE)
            if not name.startswith(known):
                return False
            self._title, self._row = name, None
            return True
        if not self._title:
            return False
        if not line.strip():
            self._title = ""
            return True
        if self._row is None:
            self._begin(line)
            return True
        found = self._row.fullmatch(line)
        if found is None:
            raise TargetError(
                f"benchmark_model printed a row of '{self._title}' that cannot be read: {line.strip()[:160]!r}",
                hint="Please report it with the version of the program; without --ops no such table is printed.",
            )
        if self._title == RUN_ORDER and not self.initializing:
            kept = self.delegate_ops if self.inner else self.nested_ops if self.nested else self.ops
            kept.append(self._op(found))
        return True

    @property
    def open(self) -> bool:
        """Whether a table has begun and not ended."""
        return bool(self._title)

    def _begin(self, line: str) -> None:
        """Make the pattern of a row from the row of names."""
        if self._title == DELEGATE and _DELEGATE_HEADER.match(line):
            self._columns, self._row = (), re.compile(r"\S.*?(?:\s+[\d.]+){5}")
            return
        if not _HEADER.match(line):
            raise TargetError(f"benchmark_model printed '{self._title}' without names above it: {line.strip()[:160]!r}")
        csv = "[" not in line
        names = [part.strip() for part in line.split(",")] if csv else re.findall(r"\[([^\]]+)\]", line)
        columns = tuple(name for name in names[1:] if name.lower() != "name")
        if unknown := [name for name in columns if name not in _KINDS]:
            raise TargetError(f"benchmark_model printed a table with the unknown column '{unknown[0]}'")
        gap = r",\s+" if csv else r"\s+"
        middle = gap.join(f"({_KINDS[name]})" for name in columns)
        end = (
            (rf"{gap}(?P<name>.*)" if csv else r"(?:\s+(?P<name>\S.*))?\s*")
            if len(columns) + 1 < len(names)
            else r"\s*"
        )
        self._columns, self._row = columns, re.compile(rf"\s*(?P<type>\S.*?){gap}{middle}{end}")

    def _op(self, found: re.Match[str]) -> OpLine:
        values = dict(zip(self._columns, found.groups()[1:], strict=False))
        return OpLine(
            type=found["type"].strip(),
            name=(found["name"] or "").strip(),
            first_ms=float(values["first"]),
            ms=float(values.get("avg ms", values.get("avg_ms", "nan"))),
            times_called=int(values["times called"]),
        )
