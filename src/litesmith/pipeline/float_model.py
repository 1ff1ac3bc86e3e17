"""From the user's model to the one float32 .tflite, checked against its source."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from types import TracebackType

import numpy as np

from litesmith.convert.session import Converter
from litesmith.core.conversion import Conversion
from litesmith.core.environment import versions
from litesmith.core.errors import EvaluationError, SourceError
from litesmith.core.files import place, sha256_file, sha256_tree, size_of
from litesmith.core.results import SourceInfo
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.core.worker_errors import WorkerClosed
from litesmith.pipeline.conversion_check import compared
from litesmith.pipeline.datasets import subset
from litesmith.pipeline.random_samples import has_open_size, random_samples
from litesmith.pipeline.run import Run
from litesmith.runtime.flatbuffer import read_graph
from litesmith.sources.recognise import recognise

CHECK_SAMPLES = 32
_FILE = "float32.tflite"
_QUANTIZED = ("int8", "uint8", "int16", "int4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The source and what became of it."""

    source: SourceInfo
    conversion: Conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatModel:
    """The float32 .tflite of a run."""

    path: Path
    source: SourceInfo
    conversion: Conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What a model takes and gives, for one sample."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def _single(specs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    return tuple(replace(spec, shape=(1, *spec.shape[1:])) for spec in specs)


class Conversions:
    """Converts at most once, and keeps TensorFlow's process for the numerical check.

    Args:
        run: The run it belongs to.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.path = Path(run.settings.model)
        self.kind = recognise(self.path)
        self._converter: Converter | None = None
        self._starting = Lock()
        self._left = False
        self._opened = False
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[FloatModel] | None = None
        self._interface: Future[Interface] = Future()

    def __enter__(self) -> Conversions:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End TensorFlow's process, if there is one, and with it a conversion still under way."""
        with self._starting:
            self._left = True
        if self._converter is not None:
            self._converter.__exit__(kind, error, trace)
        self._thread.shutdown()

    def begin(self) -> Interface:
        """Start converting in the background; return what the model takes and gives as soon as that is known.

        Raises:
            LitesmithError: the source cannot be opened.
        """
        self._pending = self._thread.submit(self._convert_and_tell)
        return self._interface.result()

    def finish(self) -> FloatModel:
        """Return the float model once it is converted. See `convert` for what it raises."""
        assert self._pending is not None
        return self._pending.result()

    def _convert_and_tell(self) -> FloatModel:
        try:
            model = self.convert()
        except BaseException as error:
            if not self._interface.done():
                self._interface.set_exception(error)
            raise
        self._tell(model.conversion.inputs, model.conversion.outputs)
        return model

    def _tell(self, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> None:
        """Make the interface known, with a batch of one whatever the source's batch is."""
        if not self._interface.done():
            self._interface.set_result(Interface(inputs=_single(inputs), outputs=_single(outputs)))

    def _session(self) -> Converter:
        """Return TensorFlow's process, which is not started any more once the run is being left."""
        with self._starting:
            if self._left:
                raise WorkerClosed("TensorFlow was ended")
            if self._converter is None:
                self._converter = Converter()
                self._converter.__enter__()
            return self._converter

    def convert(self) -> FloatModel:
        """Return the float model, converted in this run or an earlier one; not yet checked.

        Raises:
            SourceError: the source cannot be opened.
            ConversionError: it cannot be converted.
            MissingExtraError: TensorFlow is needed and not installed.
        """
        digest = sha256_tree(self.path)
        known = versions()
        key = {
            "source": digest,
            "kind": self.kind.name,
            "batch": self.run.settings.batch,
            "allow_select_tf_ops": self.run.settings.allow_select_tf_ops,
            "versions": [known.get(name, "") for name in ("tensorflow", "keras", "tf-keras")],
        }
        make = self._make if self.kind.needs_tensorflow else self._adopt
        kept = self.run.step("convert", key, Converted, lambda folder: make(folder, digest), version=4)
        source = replace(kept.value.source, path=self.run.settings.model)
        return FloatModel(path=kept.folder / _FILE, source=source, conversion=kept.value.conversion)

    def _source(self, digest: str, framework: str, actions: tuple[str, ...]) -> SourceInfo:
        return SourceInfo(
            path=self.run.settings.model,
            kind=self.kind.name,
            sha256=digest,
            size_bytes=size_of(self.path),
            framework=framework,
            actions=actions,
        )

    def _open(self) -> tuple[str, tuple[str, ...]]:
        opened = self._session().open(self.path, self.kind)
        self._opened = True
        self._tell(opened.inputs, opened.outputs)
        return opened.framework, opened.actions

    def _make(self, folder: Path, digest: str) -> Converted:
        begun = time.perf_counter()
        with self.run.telling("convert"):
            framework, actions = self._open()
            batch = self.run.settings.batch or -1
            conversion = self._session().convert(
                folder / _FILE,
                batch=batch,
                rung_timeout_s=self.run.settings.rung_timeout,
                allow_select_tf_ops=self.run.settings.allow_select_tf_ops,
                on_rung=lambda title: self.run.progress(f"convert: {title}", 0, 0),
            )
        conversion = replace(conversion, file=_FILE, duration_s=time.perf_counter() - begun)
        return Converted(source=self._source(digest, framework, actions), conversion=conversion)

    def _adopt(self, folder: Path, digest: str) -> Converted:
        """Take a .tflite as it is, after opening it in a worker."""
        begun = time.perf_counter()
        try:
            signature, inputs, outputs = self.run.pool.workers[0].call(
                "litesmith.runtime.interpreter:describe", path=self.path
            )
        except WorkerClosed:
            raise
        except EvaluationError as error:
            if "Select TensorFlow op(s)" in error.message:
                raise SourceError(
                    f"{self.path.name} needs TensorFlow's own operators, which LiteRT cannot run",
                    hint="Convert its source: litesmith convert MODEL names the layers and says how to do without.",
                ) from error
            raise EvaluationError(
                f"{self.path} cannot be run: {error.message}", hint=f"See what is in it: litesmith inspect {self.path}"
            ) from error
        graph = read_graph(self.path)
        if any(t.dtype in _QUANTIZED and t.scales for t in graph.main.tensors):
            raise SourceError(
                f"{self.path.name} is already quantized; variants are made from a float model",
                hint=f"Give the float32 model. To look at this one: litesmith inspect {self.path}",
            )
        several = next((spec for spec in inputs if spec.shape and spec.shape[0] not in (1, -1)), None)
        if several is not None:
            raise SourceError(
                f"{self.path.name}: input '{several.name}' has shape {list(several.shape)}; "
                "variants are run one sample at a time, so its first dimension must be 1 or open",
                hint="Convert the model again with a batch of 1.",
            )
        place(self.path, folder / _FILE)
        conversion = Conversion(
            file=_FILE,
            sha256=sha256_file(self.path),
            size_bytes=graph.size_bytes,
            route="none",
            attempts=(),
            batch=inputs[0].shape[0] if inputs and inputs[0].shape else 1,
            signature=signature,
            inputs=inputs,
            outputs=outputs,
            duration_s=time.perf_counter() - begun,
        )
        return Converted(source=self._source(digest, graph.description or "TFLite", ()), conversion=conversion)

    def check(self, model: FloatModel, samples: SampleSet | None) -> FloatModel:
        """Return the model with its conversion compared to the source, on real samples or, without any, random ones.

        Raises:
            ConversionError: the answers changed.
        """
        if not self.kind.needs_tensorflow:
            return model
        key = {"float": model.conversion.sha256, "samples": "" if samples is None else samples.digest}

        def make(folder: Path) -> Conversion:
            with self.run.telling("check the conversion"):
                if not self._opened:
                    self._open()
                chosen = self._check_samples(model, samples, folder)
                whole = replace(model.conversion, file=str(model.path))
                done = compared(whole, chosen, session=self._session(), pool=self.run.pool, folder=folder)
                return replace(done, file=model.conversion.file)

        kept = self.run.step("convert check", key, Conversion, make, version=4)
        return replace(model, conversion=replace(kept.value, duration_s=model.conversion.duration_s))

    def _check_samples(self, model: FloatModel, samples: SampleSet | None, folder: Path) -> SampleSet:
        if samples is None:
            size = self._session().open_size() if has_open_size(model.conversion.inputs) else 1
            return random_samples(
                model.conversion.inputs, count=8, seed=self.run.settings.seed, folder=folder, size=size
            )
        rows = np.linspace(0, samples.count - 1, min(CHECK_SAMPLES, samples.count)).astype(int)
        return subset(samples, sorted(set(rows.tolist())), folder)
