"""One TensorFlow process for a whole run: opens a source, converts it, answers as it does."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from litesmith.convert.failure import ConversionFailed, crash_cause, first_cause
from litesmith.convert.opened import OpenedSource
from litesmith.convert.tensorflow_process import Made
from litesmith.core.errors import ConversionError, LitesmithError, MissingExtraError, PluginError, SourceError
from litesmith.core.files import sha256_file
from litesmith.core.isolated import OnProgress, Worker
from litesmith.core.conversion import Conversion
from litesmith.core.samples import SampleSet
from litesmith.core.source import Source
from litesmith.core.tensors import TensorSpec
from litesmith.core.worker_errors import RemoteError, WorkerCrash, WorkerTimeout

_PROCESS = "litesmith.convert.tensorflow_process"
_START_TIMEOUT_S = 300.0
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "KERAS_BACKEND": "tensorflow",
    "TF_USE_LEGACY_KERAS": "0",
    # Conversion gains nothing from a GPU, and reference answers are to be float32 throughout, not TensorFloat-32.
    "CUDA_VISIBLE_DEVICES": "-1",
}


class Converter:
    """A TensorFlow process, started once and used for a whole run.

    Raises:
        MissingExtraError: TensorFlow is not installed.
    """

    def __init__(self) -> None:
        if find_spec("tensorflow") is None:
            raise MissingExtraError(
                "converting needs TensorFlow, which is not installed",
                hint="pip install 'tensorflow>=2.21' 'tf-keras>=2.21'",
            )
        self._worker = Worker("TensorFlow", environment=_ENVIRONMENT)
        self._scratch = tempfile.TemporaryDirectory(prefix="litesmith-")
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="litesmith-tensorflow")
        self._warm: Future[Any] | None = None
        self._source: tuple[Path, Source] | None = None
        self._opened: OpenedSource | None = None

    def __enter__(self) -> Converter:
        """Return itself; the process starts with `start()` or the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process and remove what it left."""
        self._worker.__exit__(kind, error, trace)  # for good: a route under way must not start another process
        self._threads.shutdown(cancel_futures=True)
        self._scratch.cleanup()

    def start(self) -> None:
        """Begin to import TensorFlow in the background, unless that has begun."""
        if self._warm is None:
            self._worker.start()  # here and not in the thread, so that leaving at once has a process to end
            self._warm = self._threads.submit(
                self._worker.call, f"{_PROCESS}:import_tensorflow", timeout_s=_START_TIMEOUT_S
            )

    def open(self, path: Path, kind: Source, *, timeout_s: float = 600.0) -> OpenedSource:
        """Return what the source is, once it is open in the TensorFlow process.

        Raises:
            SourceError: TensorFlow or Keras refuses it.
            MissingExtraError: it needs tf-keras, which is not installed.
            ConversionError: the process ended or took longer than `timeout_s`.
        """
        if not kind.opener:
            raise PluginError(f"a {kind.describes} is not opened by TensorFlow")
        self._source, self._opened = (path, kind), None
        self._wait_for_tensorflow()
        begun = time.perf_counter()
        inputs, outputs, framework, actions = self._open_again(timeout_s)
        self._opened = OpenedSource(
            inputs=inputs,
            outputs=outputs,
            framework=framework,
            actions=actions,
            duration_s=time.perf_counter() - begun,
        )
        return self._opened

    def convert(
        self, out: Path, *, batch: int = 1, on_progress: OnProgress | None = None, timeout_s: float = 1800.0
    ) -> Conversion:
        """Return how the open source became the float32 .tflite at `out`: by the first route that works.

        Args:
            out: Written atomically.
            batch: Batch size of the .tflite; -1 leaves it dynamic.
            on_progress: Called with (done, total) steps of the route under way.
            timeout_s: Limit for each route.

        Raises:
            ConversionError: an input is of a type or batch that cannot be had, or no route works.
            OutputError: `out` cannot be written.
        """
        path, opened = self._require_open()
        _check(path, opened, batch)
        begun = time.perf_counter()
        attempts: list[str] = []
        details: list[str] = []
        for route in self._call("routes", what=f"converting {path.name}", timeout_s=timeout_s):
            try:
                made: Made = self._worker.call(
                    f"{_PROCESS}:run_route",
                    timeout_s=timeout_s,
                    on_progress=on_progress,
                    route=route,
                    out=out,
                    folder=Path(self._scratch.name) / "route",
                    batch=batch,
                )
            except WorkerTimeout as error:
                raise _mapped(error, f"converting {path.name} ({route})") from error
            except WorkerCrash as error:
                attempts.append(f"{route}: {crash_cause(error.message, error.output)}")
                details.append(error.output)
                self._open_again(_START_TIMEOUT_S)
            except RemoteError as error:
                attempts.append(f"{route}: {first_cause(error.message)}")
                details.append(error.trace)
            except ConversionError as error:
                attempts.append(f"{route}: {error.message}")
            else:
                return Conversion(
                    file=str(out),
                    sha256=sha256_file(out),
                    size_bytes=out.stat().st_size,
                    route=route,
                    attempts=tuple(attempts),
                    batch=batch,
                    signature=made.signature,
                    inputs=made.inputs,
                    outputs=made.outputs,
                    duration_s=opened.duration_s + time.perf_counter() - begun,
                )
        cause = attempts[0].split(": ", 1)[1]
        raise ConversionFailed(
            f"{path.name} could not be converted by {len(attempts)} routes; the first failed with: {cause}",
            hint="Replace that operator or layer, or convert the part of the model that does without it.",
            attempts=tuple(attempts),
            detail="\n\n".join(detail for detail in details if detail),
        )

    def predict(
        self,
        samples: SampleSet,
        count: int,
        folder: Path,
        *,
        on_progress: OnProgress | None = None,
        timeout_s: float = 1800.0,
    ) -> list[Path]:
        """Return files [count, ...] of the source model's answers, one .npy per output in the .tflite's order.

        Raises:
            DatasetError: the samples do not fit the model's inputs.
            ConversionError: the model could not be run.
        """
        path, _ = self._require_open()
        files: list[Path] = self._call(
            "predict",
            what=f"running {path.name}",
            timeout_s=timeout_s,
            on_progress=on_progress,
            samples=samples,
            count=count,
            folder=folder,
        )
        return files

    def _require_open(self) -> tuple[Path, OpenedSource]:
        if self._source is None or self._opened is None:
            raise PluginError("Converter.open() has to come first")
        return self._source[0], self._opened

    def _wait_for_tensorflow(self) -> None:
        self.start()
        assert self._warm is not None
        try:
            self._warm.result()
        except LitesmithError as error:
            self._warm = None
            raise _mapped(error, "importing TensorFlow") from error

    def _open_again(self, timeout_s: float) -> Any:
        """Open the source in the process, which starts anew if a route ended it."""
        assert self._source is not None
        path, kind = self._source
        try:
            return self._worker.call(
                f"{_PROCESS}:open_source", timeout_s=timeout_s, opener=kind.opener, path=path.absolute()
            )
        except RemoteError as error:
            raise SourceError(
                f"{path} could not be opened as a {kind.describes}: {first_cause(error.message)}",
                hint="Save it again with the version of Keras or TensorFlow it was made with.",
            ) from error
        except (WorkerCrash, WorkerTimeout) as error:
            raise _mapped(error, f"opening {path.name}") from error

    def _call(self, function: str, *, what: str, timeout_s: float, **arguments: Any) -> Any:
        try:
            return self._worker.call(f"{_PROCESS}:{function}", timeout_s=timeout_s, **arguments)
        except (WorkerCrash, WorkerTimeout, RemoteError) as error:
            raise _mapped(error, what) from error


def _mapped(error: LitesmithError, what: str) -> LitesmithError:
    """Return the error a user sees for one of the process; ours pass as they are."""
    if isinstance(error, WorkerCrash):
        return ConversionFailed(f"{what} failed: {crash_cause(error.message, error.output)}", detail=error.output)
    if isinstance(error, RemoteError):
        return ConversionFailed(f"{what} failed: {first_cause(error.message)}", detail=error.trace)
    if isinstance(error, WorkerTimeout):
        return ConversionFailed(f"{what} failed: {error.message}", hint=error.hint)
    return error


def _check(path: Path, opened: OpenedSource, batch: int) -> None:
    """Refuse what no route can give."""
    for what, specs in (("input", opened.inputs), ("output", opened.outputs)):
        text = [spec for spec in specs if spec.dtype == "string"]
        if text:
            raise ConversionError(
                f"{path.name}: {what} '{text[0].name}' is of type string, which a .tflite cannot take from an app",
                hint="Convert the part of the model that works on numbers, and do the text step in the app.",
            )
    fixed: list[TensorSpec] = [spec for spec in opened.inputs if spec.shape and spec.shape[0] > 0]
    for spec in fixed:
        if spec.shape[0] != batch:
            raise ConversionError(
                f"{path.name}: the batch of input '{spec.name}' is fixed at {spec.shape[0]}; asked was {batch}",
                hint="Build the model with a batch of None (Input(shape=...) without batch_size) and save it again.",
            )
