"""What a reader is: it recognises one form of dataset by its content and lists the samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from litesmith.core.errors import DatasetError
from litesmith.core.names import nearest
from litesmith.core.registry import load_plugins
from litesmith.core.results import Finding
from litesmith.core.tensors import TensorSpec

PACKAGE = "litesmith.data.readers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a reader is asked for.

    Attributes:
        source: The dataset as the user named it.
        inputs: The model's inputs.
        scratch: Folder for intermediate files; removed once the samples are prepared.
    """

    source: str
    inputs: tuple[TensorSpec, ...]
    scratch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The samples of a dataset: either image files or arrays.

    Attributes:
        names: What to call each sample in a message.
        labels: Class index of each sample, or None for an unlabelled set.
        files: One image file per sample; empty for arrays.
        arrays: For each model input, in the order of the inputs, a .npy file [N, ...]; empty for image files.
        findings: What the user should know about how the dataset was read.
    """

    names: tuple[str, ...]
    labels: tuple[int, ...] | None
    files: tuple[Path, ...] = ()
    arrays: Mapping[str, Path] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One form of dataset.

    Attributes:
        name: File name of the plugin.
        accepts: What it takes, in one line for the hint of an error.
        recognises: Tells whether a source has this form, by content; no two readers recognise the same source.
        read: Lists the samples.
        files: The files and folders the samples depend on; a folder counts by its name.
    """

    name: str
    accepts: str
    recognises: Callable[[str], bool]
    read: Callable[[Request], Listing]
    files: Callable[[str], tuple[Path, ...]]


def accepted_forms() -> str:
    """Return the hint that lists every form of dataset."""
    readers: dict[str, Reader] = load_plugins(PACKAGE, kind="dataset reader")
    return "Accepted: " + "; ".join(reader.accepts for reader in readers.values()) + "."


def find_reader(source: str) -> Reader:
    """Return the reader that recognises a source.

    Raises:
        DatasetError: the source does not exist, may not be read, or no reader recognises it.
    """
    readers: dict[str, Reader] = load_plugins(PACKAGE, kind="dataset reader")
    try:
        for reader in readers.values():
            if reader.recognises(source):
                return reader
        raise _unrecognised(source)
    except OSError as error:
        raise DatasetError(
            f"dataset '{source}' cannot be read: {error.strerror or error}",
            hint="Check the permissions of the folder and its files.",
        ) from error


def _unrecognised(source: str) -> DatasetError:
    path = Path(source)
    if path.is_dir():
        what = "is an empty folder" if not any(path.iterdir()) else "is a folder with neither images nor a labels.csv"
    elif path.exists():
        with path.open("rb") as file:
            start = file.read(8)
        what = "is an empty file" if not start else f"is a file of unknown content (it begins with {start!r})"
    else:
        what = "does not exist"
        if path.parent.is_dir():
            close = nearest(path.name, [item.name for item in path.parent.iterdir()])
            if close:
                return DatasetError(
                    f"dataset '{source}' {what}", hint=f"Did you mean '{path.parent / close}'? {accepted_forms()}"
                )
    return DatasetError(f"dataset '{source}' {what}", hint=accepted_forms())
