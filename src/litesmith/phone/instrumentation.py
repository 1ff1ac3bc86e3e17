"""Instrumented tests that are installed on a phone: which there are, running one, and what `am instrument -r` prints.

The protocol is that of `frameworks/base/cmds/am/src/com/android/commands/am/Instrument.java`:

    INSTRUMENTATION_STATUS: key=value        a bundle that a test sent, key by key; a value may go on in further lines
    INSTRUMENTATION_STATUS_CODE: 1           ends the bundle: 1 a test begins, 0 it passed, -1 error, -2 failed,
                                             -3 ignored, -4 assumption not met; others are the test's own
    INSTRUMENTATION_RESULT: key=value        of the whole run
    INSTRUMENTATION_CODE: -1                 it came to its end
    INSTRUMENTATION_FAILED: component        it could not be begun
    INSTRUMENTATION_ABORTED: reason          the system crashed
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from litesmith.core.errors import TargetError
from litesmith.core.target import Session

RUNNER = "androidx.test.runner.AndroidJUnitRunner"
PARITY, BENCHMARK = "ParityTest", "BenchmarkTest"
_LISTED = re.compile(r"instrumentation:(?P<component>[\w.]+/[\w.$]+) \(target=(?P<target>[\w.]+)\)")
_LIBRARY_TEST = re.compile(rf"(?P<library>[\w.]+\.library)\.test/{re.escape(RUNNER)}")
_KEY = re.compile(r"(?P<key>[\w.-]+)=(?P<value>.*)", re.DOTALL)
_WORDS = ("STATUS_CODE", "STATUS", "RESULT", "CODE", "FAILED", "ABORTED")
_BEGUN, _PASSED, _FINISHED = 1, 0, -1
_FAULTS = {-1: "error", -2: "failure"}
_ASK_S, _SHOWN = 60.0, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The instrumented tests of a library that Litesmith generated.

    Attributes:
        component: How `am instrument` names them, such as `com.example.app.library.test/androidx.test...`.
        library: Package of the library, such as `com.example.app.library`.
    """

    component: str
    library: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One bundle that was sent, and its code."""

    code: int
    values: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Instrumented:
    """What a run of instrumented tests sent.

    Attributes:
        statuses: Bundles in order.
        result: Of the whole run.
        code: -1 where it came to its end; None where it did not say.
    """

    statuses: list[Status] = field(default_factory=list)
    result: dict[str, str] = field(default_factory=dict)
    code: int | None = None

    def sent(self, key: str) -> str | None:
        """Return the last value that was sent under a key, or None."""
        return next((one.values[key] for one in reversed(self.statuses) if key in one.values), None)

    @property
    def failures(self) -> dict[str, str]:
        """The tests that failed, with the first line of what they say."""
        found = {}
        for status in self.statuses:
            if status.code in _FAULTS and "test" in status.values:
                said = status.values.get("stack", "").strip() or status.values.get("stream", "").strip() or "no message"
                found[status.values["test"]] = f"{_FAULTS[status.code]}: {said.splitlines()[0][:_SHOWN]}"
        return found


def installed(session: Session) -> tuple[Installed, ...]:
    """Return the instrumented tests on a phone that a generated library may have.

    Raises:
        TargetError: the phone cannot be asked.
    """
    lines: list[str] = []
    code = session.run(["pm", "list", "instrumentation"], on_line=lines.append, timeout_s=_ASK_S)
    if code != 0:
        raise TargetError(
            f"pm list instrumentation ended with code {code} on {session.device().target}: "
            f"{next((line.strip() for line in reversed(lines) if line.strip()), 'no message')[:_SHOWN]}"
        )
    found = (_LISTED.fullmatch(line.strip()) for line in lines)
    tests = ((one["component"], _LIBRARY_TEST.fullmatch(one["component"])) for one in found if one)
    return tuple(Installed(component=component, library=match["library"]) for component, match in tests if match)


def instrument(
    session: Session,
    test: Installed,
    name: str,
    arguments: Mapping[str, str],
    *,
    timeout_s: float,
    may_fail: bool = False,
) -> Instrumented:
    """Run the tests of one class on a phone and return what they sent.

    Args:
        session: The phone.
        test: Where the class is installed.
        name: The class, without its package.
        arguments: What is handed to it by `-e`.
        timeout_s: Limit of time.
        may_fail: Return what came even where a test failed; `failures` of it says which.

    Raises:
        TargetError: they could not be begun, crashed, failed or did not come to their end.
    """
    given = [word for key, value in arguments.items() for word in ("-e", key, value)]
    command = ["am", "instrument", "-w", "-r", "-e", "class", f"{test.library}.{name}", *given, test.component]
    lines: list[str] = []
    errors: list[str] = []
    code = session.run(command, on_line=lines.append, on_error=errors.append, timeout_s=timeout_s)
    where = f"{name} of {test.library} on {session.device().target}"
    try:
        found = read_instrumentation(lines)
    except TargetError as error:
        raise TargetError(f"{where}: {error.message}", hint=error.hint) from error
    if not (may_fail and found.failures):
        _require_passed(found, where, code, [*lines, *errors])
    return found


def read_instrumentation(lines: Iterable[str]) -> Instrumented:
    """Return what `am instrument -r` printed.

    Raises:
        TargetError: a line of the protocol cannot be read.
    """
    found, bundle = Instrumented(), _Bundle()
    for line in lines:
        word, value = _word(line.rstrip("\r\n"))
        if not word:
            bundle.go_on(line.rstrip("\r\n"))
            continue
        bundle.close()
        if word in ("STATUS", "RESULT"):
            pair = _KEY.match(value)
            if pair is None:
                raise TargetError(f"am instrument printed a line that cannot be read: {line.strip()[:_SHOWN]!r}")
            bundle.open(found.result if word == "RESULT" else bundle.status, pair["key"], pair["value"])
        elif word == "STATUS_CODE":
            found.statuses.append(Status(code=_number(value, line), values=dict(bundle.status)))
            bundle.status.clear()
        elif word == "CODE":
            found.code = _number(value, line)
        else:
            found.result["shortMsg"] = f"{word.lower()}: {value}"
    bundle.close()
    if bundle.status:  # sent without its code: an error of the activity manager, or the output was cut off
        found.statuses.append(Status(code=_FINISHED, values=dict(bundle.status)))
    return found


@dataclass(slots=True)
class _Bundle:
    """The keys of a bundle that is being read; a value goes on until the next word of the protocol."""

    status: dict[str, str] = field(default_factory=dict)
    _into: dict[str, str] | None = None
    _key: str = ""
    _parts: list[str] = field(default_factory=list)

    def open(self, into: dict[str, str], key: str, value: str) -> None:
        self._into, self._key, self._parts = into, key, [value]

    def go_on(self, line: str) -> None:
        if self._into is not None:
            self._parts.append(line)

    def close(self) -> None:
        if self._into is not None:
            self._into[self._key] = "\n".join(self._parts).rstrip("\n")
        self._into = None


def _word(line: str) -> tuple[str, str]:
    """Return the word of the protocol a line begins with, and what follows; empty for neither."""
    head, colon, value = line.partition(": ")
    word = head.removeprefix("INSTRUMENTATION_")
    return (word, value) if colon and word != head and word in _WORDS else ("", "")


def _number(value: str, line: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise TargetError(f"am instrument printed a code that is no number: {line.strip()[:_SHOWN]!r}") from None


def _require_passed(found: Instrumented, where: str, code: int, lines: Sequence[str]) -> None:
    """Check that tests ran and all of them passed.

    Raises:
        TargetError: they did not; the message has the first line of what they say.
    """
    for status in found.statuses:
        if "Error" in status.values:  # of the activity manager
            raise TargetError(f"{where} was not begun: {status.values['Error'][:_SHOWN]}")
    for test, said in found.failures.items():
        raise TargetError(f"{where}: {test}: {said}", hint="See adb logcat for the whole stack.")
    if "shortMsg" in found.result:
        more = found.result.get("longMsg", "")
        raise TargetError(
            f"{where} ended early: {found.result['shortMsg']}{f' ({more})' if more else ''}"[:_SHOWN],
            hint="See adb logcat for the reason.",
        )
    if code != 0 or found.code != _FINISHED:
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
        raise TargetError(f"{where} did not come to its end (exit code {code}): {last[:_SHOWN]}")
    if not any(status.code == _PASSED for status in found.statuses):
        stream = found.result.get("stream", "").strip().splitlines()
        raise TargetError(
            f"{where}: no test was run{f': {stream[-1][:_SHOWN]}' if stream else ''}",
            hint="Install it again: ./gradlew :library:installDebugAndroidTest",
        )
