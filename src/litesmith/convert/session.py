"""One TensorFlow process for a whole run: opens a source, converts it, answers as it does."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from litesmith.convert.check import AnswersChanged
from litesmith.convert.climb import FAILURES, Task, climb, failed, worked
from litesmith.convert.failure import first_cause
from litesmith.convert.fresh import IMPORT, IMPORT_TIMEOUT_S, FreshProcesses
from litesmith.convert.made_answers import NotRunnable
from litesmith.convert.opened import OpenedSource
from litesmith.convert.refusal import answers_changed, mapped, other_batch, require_convertible
from litesmith.convert.rungs.wrapped import WRAPPED
from litesmith.convert.tensorflow_process import Made
from litesmith.core.conversion import Attempt, Conversion
from litesmith.core.errors import LitesmithError, MissingExtraError, PluginError, SourceError
from litesmith.core.files import sha256_file
from litesmith.core.isolated import OnProgress
from litesmith.core.samples import SampleSet
from litesmith.core.source import Source
from litesmith.core.tensorflow_worker import tensorflow_worker
from litesmith.core.worker_errors import RemoteError, WorkerCrash, WorkerTimeout
from litesmith.diagnosis.catalogue import diagnose
from litesmith.diagnosis.cause import Evidence, Stage

_PROCESS = "litesmith.convert.tensorflow_process"
_PLAIN_TIMEOUT_S = 1800.0
RUNG_TIMEOUT_S = 600.0


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
        self._worker = tensorflow_worker()
        self._fresh = FreshProcesses()
        self._scratch = tempfile.TemporaryDirectory(prefix="litesmith-")
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="litesmith-tensorflow")
        self._warm: Future[Any] | None = None
        self._source: tuple[Path, Source] | None = None
        self._opened: OpenedSource | None = None
        self._lost = False  # whether the process that had the source open has ended

    def __enter__(self) -> Converter:
        """Return itself; the process starts with `start()` or the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process and remove what it left."""
        self._worker.__exit__(kind, error, trace)  # for good: a rung under way must not start another process
        self._fresh.leave()
        self._threads.shutdown(cancel_futures=True)
        self._scratch.cleanup()

    def start(self) -> None:
        """Begin to import TensorFlow in the background, unless that has begun."""
        if self._warm is None:
            self._worker.start()  # here and not in the thread, so that leaving at once has a process to end
            self._warm = self._threads.submit(self._worker.call, IMPORT, timeout_s=IMPORT_TIMEOUT_S)

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
        opened = self._open_again(timeout_s)
        self._opened = replace(opened, duration_s=time.perf_counter() - begun)
        return self._opened

    def convert(
        self,
        out: Path,
        *,
        batch: int = 1,
        on_progress: OnProgress | None = None,
        on_rung: Callable[[str], None] | None = None,
        timeout_s: float = _PLAIN_TIMEOUT_S,
        rung_timeout_s: float = RUNG_TIMEOUT_S,
        allow_select_tf_ops: bool = False,
    ) -> Conversion:
        """Return how the open source became the float32 .tflite at `out`: by the first rung that works.

        Args:
            out: Written atomically.
            batch: Batch size of the .tflite; -1 leaves it dynamic.
            on_progress: Called with (done, total) steps of the plain way.
            on_rung: Called with the title of each rung after it.
            timeout_s: Limit for the plain way.
            rung_timeout_s: Limit for each rung after it.
            allow_select_tf_ops: Whether the file may need TensorFlow's own operators.

        Raises:
            ConversionError: an input is of a type or batch that cannot be had, or no rung works.
            OutputError: `out` cannot be written.
        """
        path, opened = self._require_open()
        require_convertible(path, opened)
        begun = time.perf_counter()
        folder = Path(self._scratch.name)
        names = self._call("rungs", what=f"converting {path.name}", timeout_s=timeout_s, batch=batch)
        refused = other_batch(path, opened, batch, names)
        try:
            if refused is not None:
                raise refused
            made: Made = self._worker.call(
                f"{_PROCESS}:run_rung",
                timeout_s=timeout_s,
                on_progress=on_progress,
                rung=WRAPPED.name,
                out=out,
                folder=folder / WRAPPED.name,
                batch=batch,
            )
            attempts: tuple[Attempt, ...] = (worked(WRAPPED, time.perf_counter() - begun),)
        except FAILURES as error:
            self._lost = isinstance(error, (WorkerCrash, WorkerTimeout))
            assert self._source is not None
            task = Task(
                path=path,
                opener=self._source[1].opener,
                opened=opened,
                out=out,
                batch=batch,
                rung_timeout_s=rung_timeout_s,
                allow_select_tf_ops=allow_select_tf_ops,
                scratch=folder,
            )
            first = failed(WRAPPED, error, time.perf_counter() - begun, opened=opened, path=path)
            made, attempts = climb(task, names, first, self._fresh, on_rung)
        return Conversion(
            file=str(out),
            sha256=sha256_file(out),
            size_bytes=out.stat().st_size,
            route=attempts[-1].rung,
            attempts=attempts,
            batch=batch,
            signature=made.signature,
            inputs=made.inputs,
            outputs=made.outputs,
            duration_s=opened.duration_s + time.perf_counter() - begun,
            select_ops=made.select_ops,
        )

    def predict(
        self,
        samples: SampleSet,
        count: int,
        folder: Path,
        *,
        on_progress: OnProgress | None = None,
        timeout_s: float = _PLAIN_TIMEOUT_S,
    ) -> list[Path]:
        """Return files [count, ...] of the source model's answers, one .npy per output in the .tflite's order.

        Raises:
            DatasetError: the samples do not fit the model's inputs.
            ShapeVaries: an output's shape depends on the sample.
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

    def predict_separately(self, samples: SampleSet, folder: Path, *, rounds: int = 1) -> list[Path]:
        """Return files of the source model's answers one by one, as `core.separate_answers` writes them, per output.

        Args:
            samples: What it is fed.
            folder: Where to.
            rounds: How often it is fed all of them; the answers are those of the last time. Random numbers with a
                seed begin anew with each call of this method, but not with each round.

        Raises:
            DatasetError: the samples do not fit the model's inputs.
            ConversionError: the model could not be run.
        """
        path, _ = self._require_open()
        files: list[Path] = self._call(
            "predict_separately", what=f"running {path.name}", samples=samples, folder=folder, rounds=rounds
        )
        return files

    def predict_made(self, made: Conversion, samples: SampleSet, folder: Path) -> list[Path] | None:
        """Return files of a .tflite's answers like `predict_separately`; None where nothing here can run it.

        For files with TensorFlow's own operators, which LiteRT cannot run.
        """
        self._wait_for_tensorflow()
        try:
            files: list[Path] = self._call(
                "predict_made",
                what=f"running {Path(made.file).name}",
                path=Path(made.file),
                inputs=made.inputs,
                samples=samples,
                folder=folder,
            )
        except NotRunnable:
            return None
        return files

    def open_size(self) -> int:
        """Return a size for the open dimensions of the open source, at which it runs; 1 where none is open."""
        path, _ = self._require_open()
        return int(self._call("open_size", what=f"running {path.name}", timeout_s=600.0))

    @property
    def takes_several(self) -> bool:
        """Whether the open source has a fixed batch of more than one sample, so that it takes none alone."""
        return any(spec.shape[:1] > (1,) for spec in self._require_open()[1].inputs)

    @property
    def precision(self) -> str:
        """The coarsest type that the open source computes in."""
        return self._require_open()[1].precision

    def explained(self, error: AnswersChanged) -> AnswersChanged:
        """Return the error of the check with what it means for the open source."""
        path, opened = self._require_open()
        return answers_changed(error, opened, path)

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
            raise mapped(error, "importing TensorFlow", stage=Stage.OPENING) from error

    def _open_again(self, timeout_s: float) -> OpenedSource:
        """Open the source in the process, which starts anew if it has ended."""
        assert self._source is not None
        path, kind = self._source
        try:
            opened: OpenedSource = self._worker.call(
                f"{_PROCESS}:open_source", timeout_s=timeout_s, opener=kind.opener, path=path.absolute()
            )
        except RemoteError as error:
            raise SourceError(
                f"{path} could not be opened as a {kind.describes}: {first_cause(error.message)}",
                hint="Save it again with the version of Keras or TensorFlow it was made with.",
                diagnosis=diagnose(Evidence(text=error.message, stage=Stage.OPENING, path=str(path))),
            ) from error
        except (WorkerCrash, WorkerTimeout) as error:
            raise mapped(error, f"opening {path.name}", stage=Stage.OPENING) from error
        self._lost = False
        return opened

    def _call(self, function: str, *, what: str, timeout_s: float = _PLAIN_TIMEOUT_S, **arguments: Any) -> Any:
        if self._lost:
            self._open_again(IMPORT_TIMEOUT_S)
        try:
            return self._worker.call(f"{_PROCESS}:{function}", timeout_s=timeout_s, **arguments)
        except (WorkerCrash, WorkerTimeout, RemoteError) as error:
            self._lost = not isinstance(error, RemoteError)
            raise mapped(error, what, stage=Stage.CHECKING) from error
