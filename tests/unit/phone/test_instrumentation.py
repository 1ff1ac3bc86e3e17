"""The protocol of `am instrument -r`: bundles, values over several lines, what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from local_phone import LocalPhone
from phone_programs import install, instrumentation_text

from litesmith.core.errors import TargetError
from litesmith.phone.instrumentation import Installed, installed, instrument, read_instrumentation

PACKAGE = "com.example.app"
TEST = Installed(
    component=f"{PACKAGE}.library.test/androidx.test.runner.AndroidJUnitRunner", library=f"{PACKAGE}.library"
)
SENT = {"litesmith.benchmark": {"text": "a=b: {c}", "more": 1}}


@pytest.fixture
def phone(tmp_path: Path) -> LocalPhone:
    return LocalPhone(tmp_path)


def test_a_run_that_passed() -> None:
    values = {key: json.dumps(value) for key, value in SENT.items()}
    found = read_instrumentation(instrumentation_text(f"{PACKAGE}.library.BenchmarkTest", values).splitlines())
    assert json.loads(found.sent("litesmith.benchmark") or "") == SENT["litesmith.benchmark"]
    assert [status.code for status in found.statuses] == [1, 2, 0]
    assert found.result["stream"].splitlines()[-1] == "OK (1 test)"
    assert (found.code, found.failures, found.sent("other")) == (-1, {}, None)


def test_values_over_several_lines_belong_to_their_key() -> None:
    text = "INSTRUMENTATION_STATUS: stack=one\n\tat two\nkey=no key\nINSTRUMENTATION_STATUS: test=t\n"
    found = read_instrumentation(f"{text}INSTRUMENTATION_STATUS_CODE: -2".splitlines())
    assert found.statuses[0].values == {"stack": "one\n\tat two\nkey=no key", "test": "t"}
    assert found.failures == {"t": "failure: one"}


def test_which_are_installed(phone: LocalPhone) -> None:
    assert installed(phone) == ()
    install(phone.state, PACKAGE, {})
    with (phone.state / "installed").open("a") as file:
        file.write(
            "instrumentation:com.other.test/androidx.test.runner.AndroidJUnitRunner (target=com.other)\nnonsense\n"
        )
    assert installed(phone) == (TEST,)


def test_arguments_reach_the_test(phone: LocalPhone) -> None:
    install(phone.state, PACKAGE, {("BenchmarkTest", "CPU"): SENT})
    found = instrument(phone, TEST, "BenchmarkTest", {"threads": "2", "accelerator": "cpu"}, timeout_s=20)
    assert found.sent("litesmith.benchmark")
    words = f"instrument -w -r -e class {TEST.library}.BenchmarkTest -e threads 2 -e accelerator cpu {TEST.component}"
    assert (phone.state / "asked").read_text().split() == words.split()


def test_what_is_not_installed(phone: LocalPhone) -> None:
    with pytest.raises(TargetError, match=r"was not begun: Unable to find instrumentation info for: ComponentInfo"):
        instrument(phone, TEST, "BenchmarkTest", {}, timeout_s=20)


def test_a_test_that_fails(phone: LocalPhone) -> None:
    install(phone.state, PACKAGE, {("BenchmarkTest", "CPU"): SENT}, failed="java.lang.AssertionError: too slow")
    with pytest.raises(TargetError) as caught:
        instrument(phone, TEST, "BenchmarkTest", {}, timeout_s=20)
    assert caught.value.message == (
        "BenchmarkTest of com.example.app.library on adb:LOCAL: measures: failure: java.lang.AssertionError: too slow"
    )
    found = instrument(phone, TEST, "BenchmarkTest", {}, timeout_s=20, may_fail=True)
    assert found.sent("litesmith.benchmark")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0",
            "ended early: Process crashed.",
        ),
        ("INSTRUMENTATION_ABORTED: System has crashed.", "ended early: aborted: System has crashed."),
        ("INSTRUMENTATION_FAILED: com.example/Runner", "ended early: failed: com.example/Runner"),
        ("INSTRUMENTATION_STATUS: test=a\nINSTRUMENTATION_STATUS_CODE: 1\n", "did not come to its end"),
        ("INSTRUMENTATION_STATUS: test=a\nINSTRUMENTATION_STATUS_CODE: one\n", "a code that is no number"),
        ("INSTRUMENTATION_STATUS: nothing\n", "a line that cannot be read"),
        (
            "INSTRUMENTATION_RESULT: stream=\n\nOK (0 tests)\n\nINSTRUMENTATION_CODE: -1\n",
            "no test was run: OK (0 tests)",
        ),
        ("", "did not come to its end"),
    ],
)
def test_runs_that_went_wrong(phone: LocalPhone, text: str, message: str) -> None:
    (phone.state / f"{TEST.library}.test.BenchmarkTest.CPU").write_text(text)
    with pytest.raises(TargetError) as caught:
        instrument(phone, TEST, "BenchmarkTest", {}, timeout_s=20)
    assert message in caught.value.message
