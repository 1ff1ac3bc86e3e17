"""A folder with a labels.csv that names images and their labels.

The header is `file,label`; further columns are ignored. Files are relative to the folder or to its `images`
folder. Labels are class indices, or class names where a classes.txt or labels.txt beside it gives their order,
one class per line.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from litesmith.core.errors import DatasetError
from litesmith.core.names import nearest
from litesmith.data.reader import Listing, Reader, Request

_ORDER_FILES = ("classes.txt", "labels.txt")
_HEADER = "Begin labels.csv with the line file,label and give each image one line, such as cat_01.jpg,3."
Row = tuple[int, str, str]


def _table(source: str) -> Path:
    return Path(source) / "labels.csv"


def _recognises(source: str) -> bool:
    return _table(source).is_file()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path} is not UTF-8 text (byte {error.start})", hint="Save it as UTF-8 and run again."
        ) from error


def _rows(table: Path) -> list[Row]:
    """Return line number, file and label of each entry."""
    lines = csv.reader(_text(table).splitlines())
    header = [cell.strip().lower() for cell in next(lines, [])]
    if not {"file", "label"} <= set(header):
        raise DatasetError(f"{table} begins with '{','.join(header)[:60]}', expected 'file,label'", hint=_HEADER)
    file, label = header.index("file"), header.index("label")
    found: list[Row] = []
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) <= max(file, label) or not cells[label].strip() or not cells[file].strip():
                raise DatasetError(
                    f"line {lines.line_num} of {table} ('{','.join(cells)[:60]}') lacks a file or a label", hint=_HEADER
                )
            found.append((lines.line_num, cells[file].strip(), cells[label].strip()))
    except csv.Error as error:
        raise DatasetError(f"line {lines.line_num} of {table} is not CSV: {error}", hint=_HEADER) from error
    if not found:
        raise DatasetError(f"{table} lists no samples", hint=_HEADER)
    return found


def _classes(folder: Path) -> tuple[str, list[str]]:
    """Return the name of the file that orders the classes and its lines; both empty without one."""
    for name in _ORDER_FILES:
        if (folder / name).is_file():
            return name, [line.strip() for line in _text(folder / name).splitlines() if line.strip()]
    return "", []


def _index(value: str) -> int | None:
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() else None


def _labels(table: Path, rows: Sequence[Row]) -> tuple[int, ...]:
    """Return class indices; labels are names where every one is a name in the order file, else numbers.

    Raises:
        DatasetError: a label is neither.
    """
    order_file, classes = _classes(table.parent)
    position = {name: index for index, name in enumerate(classes)}
    if position and all(label in position for _, _, label in rows):
        return tuple(position[label] for _, _, label in rows)
    found = []
    named = any(label in position and _index(label) is None for _, _, label in rows)
    for line, _, label in rows:
        index = None if named else _index(label)
        if index is not None:
            found.append(index)
        elif named:
            if label in position:
                found.append(position[label])
                continue
            close = nearest(label, classes)
            meant = f"Did you mean '{close}'? " if close else ""
            raise DatasetError(
                f"label '{label}' on line {line} of {table} is not among the {len(classes)} classes of {order_file}",
                hint=f"{meant}Write each label as its line in {order_file} has it.",
            )
        else:
            raise DatasetError(
                f"label '{label}' on line {line} of {table} is not a whole number"
                + (f" and not a class of {order_file}" if order_file else ""),
                hint="Use class indices, or put a classes.txt beside labels.csv: one class name per line, "
                "in the order of the model's output.",
            )
    return tuple(found)


def _paths(table: Path, rows: Sequence[Row]) -> tuple[Path, ...]:
    """Return where each file is.

    Raises:
        DatasetError: files do not exist; the count and the first three are named.
    """
    bases = [base for base in (table.parent, table.parent / "images") if base.is_dir()]
    found: list[Path] = []
    missing: list[str] = []
    for line, name, _ in rows:
        path = next((base / name for base in bases if (base / name).is_file()), None)
        if path is None:
            missing.append(f"{name} (line {line})")
        else:
            found.append(path)
    if missing:
        more = ", ..." if len(missing) > 3 else ""
        raise DatasetError(
            f"{len(missing)} of {len(rows)} files listed in {table} do not exist: {', '.join(missing[:3])}{more}",
            hint=f"Put them into {table.parent} or {table.parent / 'images'}, or correct the column 'file'.",
        )
    return tuple(found)


def _read(request: Request) -> Listing:
    table = _table(request.source)
    rows = _rows(table)
    labels = _labels(table, rows)
    return Listing(names=tuple(name for _, name, _ in rows), labels=labels, files=_paths(table, rows))


def _files(source: str) -> tuple[Path, ...]:
    table = _table(source)
    beside = [table.parent / name for name in _ORDER_FILES if (table.parent / name).is_file()]
    return (table, *beside, *_paths(table, _rows(table)))


PLUGIN = Reader(
    name="labels_csv",
    accepts="a folder of images with a labels.csv (header file,label)",
    recognises=_recognises,
    read=_read,
    files=_files,
)
