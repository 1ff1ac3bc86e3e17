"""Golden vectors of an Android bundle on a phone: what the installed test sends, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_phone import LocalPhone
from phone_programs import install, parity_of

from litesmith import api
from litesmith.core.errors import ConfigError, GateError, LitesmithError, TargetError
from litesmith.core.parity import ParityVerdict, Verified
from litesmith.pipeline import verifying
from litesmith.pipeline.verifying import require_sound

pytestmark = pytest.mark.slow
PACKAGE = "com.example.app"
Verify = Callable[..., Verified]


@pytest.fixture(scope="module")
def bundle(cnn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("android") / "bundle"
    api.bundle(cnn, "android", folder, package=PACKAGE, takes="tensors")
    return folder


@pytest.fixture
def phone(tmp_path: Path) -> LocalPhone:
    return LocalPhone(tmp_path / "phone")


@pytest.fixture
def verify(phone: LocalPhone, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    def run(
        said: dict[str, Any] | None = None,
        *,
        gpu: dict[str, Any] | None = None,
        failed: str = "",
        test: str = "measures",
        **more: Any,
    ) -> Verified:
        sent = {("ParityTest", name): {"litesmith.parity": one} for name, one in (("CPU", said), ("GPU", gpu)) if one}
        if sent:
            install(phone.state, PACKAGE, sent, failed=failed, test=test)
        monkeypatch.setattr(verifying, "connect", lambda *_, **__: phone)
        return api.verify(more.pop("folder", bundle), target=("adb:LOCAL",), **more)

    return run


def test_the_same_answers_on_cpu_and_gpu(verify: Verify, bundle: Path) -> None:
    made = verify(parity_of(bundle), gpu=parity_of(bundle, accelerator="GPU", off=0.5), delegate="gpu")
    cpu, gpu = made.parities
    assert (cpu.verdict, cpu.delegate, cpu.vectors) == (ParityVerdict.IDENTICAL, "CPU", 5)
    assert (gpu.verdict, gpu.delegate) == (ParityVerdict.WITHIN, "GPU")
    assert cpu.device is not None
    assert (cpu.device.target, cpu.device.runtime) == ("adb:LOCAL", "LiteRT 2.3.2")
    assert {step.step for step in cpu.steps} == {"input", "output"}
    require_sound(made)


BESIDE = {"schema_version": 1, "vectors": 5, "largest": 0.0042, "same_top1": 5, "identical": False, "ok": True}


def with_gpu(verify: Verify, phone: LocalPhone, bundle: Path, *, off: float, test: str = "goldenVectors") -> Verified:
    """Verify on a phone whose GPU is off by a share of what a CPU is allowed, and whose test therefore fails."""
    verify(parity_of(bundle))
    sent = {"litesmith.parity": parity_of(bundle, accelerator="GPU", off=off), "litesmith.accelerator": BESIDE}
    install(phone.state, PACKAGE, {("ParityTest", "GPU"): sent}, failed="AssertionError: different", test=test)
    return verify(delegate="gpu")


def test_a_gpu_may_be_off_by_two_percent_of_the_range(verify: Verify, phone: LocalPhone, bundle: Path) -> None:
    cpu, gpu = with_gpu(verify, phone, bundle, off=5.0).parities
    assert cpu.verdict is ParityVerdict.IDENTICAL
    assert gpu.verdict is ParityVerdict.WITHIN
    assert gpu.reason == (
        "no answer is off by more than 2% of its output's range; "
        "beside this phone's CPU: largest difference 0.42% of the range, the same best value in 5 of 5"
    )
    assert all(step.largest <= step.allowed for step in gpu.steps)
    gpu = with_gpu(verify, phone, bundle, off=5000.0).parities[1]
    assert gpu.verdict is ParityVerdict.DIFFERENT
    assert gpu.reason.startswith("operators are run by GPU here; beside this phone's CPU")
    gpu = with_gpu(verify, phone, bundle, off=0.5, test="picturesDecodeToTheSamePixels").parities[1]
    assert gpu.reason.startswith("the test picturesDecodeToTheSamePixels failed (failure: AssertionError")


def test_a_gpu_that_cannot_run_it_takes_nothing_from_the_cpu(verify: Verify, phone: LocalPhone, bundle: Path) -> None:
    verify(parity_of(bundle))
    install(phone.state, PACKAGE, {("ParityTest", "GPU"): {}}, failed="IllegalStateException: no graphics accelerator")
    cpu, gpu = verify(delegate="gpu").parities
    assert (cpu.verdict, gpu.verdict) == (ParityVerdict.IDENTICAL, ParityVerdict.DIFFERENT)
    assert gpu.reason == (
        "it cannot be run on the GPU: measures: failure: IllegalStateException: no graphics accelerator"
    )


def test_other_answers(verify: Verify, bundle: Path) -> None:
    made = verify(parity_of(bundle, off=2.0), failed="java.lang.AssertionError: different")
    assert made.parities[0].verdict is ParityVerdict.DIFFERENT
    with pytest.raises(GateError, match="answers otherwise on adb:LOCAL: operators are run by CPU here"):
        require_sound(made)


def test_the_verdict_is_made_from_the_figures(verify: Verify, bundle: Path) -> None:
    lying = {**parity_of(bundle, off=2.0), "verdict": "identical", "reason": ""}
    found = verify(lying).parities[0]
    assert found.verdict is ParityVerdict.DIFFERENT
    assert found.reason == "output 'scores' of vector 'noise-1' differs by more than is allowed"


def test_a_test_that_fails_although_figures_agree(verify: Verify, bundle: Path) -> None:
    found = verify(parity_of(bundle), failed="arrays first differed at element [3]").parities[0]
    assert found.verdict is ParityVerdict.DIFFERENT
    assert found.reason == "the test measures failed (failure: arrays first differed at element [3])"


def test_it_is_not_installed(verify: Verify, bundle: Path) -> None:
    with pytest.raises(
        TargetError, match=r"the test of com.example.app.library is not installed on adb:LOCAL"
    ) as caught:
        verify()
    assert caught.value.hint == f"In {bundle}, type: ./gradlew :library:installDebugAndroidTest"


def changed(said: dict[str, Any], place: int, **values: Any) -> dict[str, Any]:
    """Return what a test sends with one step changed."""
    steps = [{**step, **values} if index == place else step for index, step in enumerate(said["steps"])]
    return {**said, "steps": steps}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: {**said, "model_sha256": "ab" * 32}, "was made for another model: its sha256 is abababababab..."),
        (lambda said: {**said, "schema_version": 7}, "sends version 7 of its results, and this Litesmith reads 1"),
        (lambda said: {**said, "accelerator": "GPU"}, "ran on the GPU, and CPU was asked for"),
        (lambda said: {**said, "steps": said["steps"][:-1]}, "did not compare output 'scores' of vector 'noise-2'"),
        (lambda said: changed(said, 0, elements=5), "did not compare input 'image' of vector 'noise-1'"),
        (
            lambda said: changed(said, 1, allowed=9.0),
            "allows 9 for output 'scores' of vector 'noise-1', and the bundle allows",
        ),
        (lambda said: changed(said, 1, different="many"), "sent what cannot be read (TypeError"),
        (
            lambda said: {key: said[key] for key in said if key != "steps"},
            "sent what cannot be read (KeyError('steps')",
        ),
    ],
)
def test_what_belongs_to_another_bundle_is_refused(
    verify: Verify, bundle: Path, change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        verify(change(parity_of(bundle)))
    assert message in caught.value.message


def test_a_test_that_crashed_before_it_sent_anything(verify: Verify, phone: LocalPhone, bundle: Path) -> None:
    install(phone.state, PACKAGE, {("ParityTest", "CPU"): {}}, failed="java.lang.UnsatisfiedLinkError: no tflite")
    with pytest.raises(
        TargetError, match=r"sent no result: measures: failure: java.lang.UnsatisfiedLinkError: no tflite"
    ):
        verify()


def test_a_damaged_bundle_is_not_run(verify: Verify, phone: LocalPhone, bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    (copy / "golden" / "golden.json").write_text(json.dumps({}))
    made = verify(parity_of(bundle), folder=copy)
    assert made.parities[0].verdict is ParityVerdict.DAMAGED
    assert phone.commands == []


def test_bundles_and_delegates_that_do_not_fit(
    verify: Verify, image_bundle: Any, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="is a bundle for raspberry-pi, and adb:LOCAL is a phone"):
        verify(folder=Path(image_bundle.folder))
    with pytest.raises(LitesmithError, match="unknown delegate 'edgetpu'"):
        verify(delegate="edgetpu")
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="--delegate gpu is for phones, and local is none"):
        api.verify(bundle, delegate="gpu")
