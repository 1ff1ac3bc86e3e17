"""Names in generated Kotlin: what the user types is checked, what a model says is made safe."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from importlib import resources

from litesmith.core.errors import ConfigError

_LONGEST_PACKAGE = 150
_LONGEST_CLASS = 60
_LONGEST_MEMBER = 40
_DEVICES = ("aux", "con", "nul", "prn")
_SEGMENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_KOTLIN_KEYWORDS = """
as break class continue do else false for fun if in interface is null object package return super this throw true try
typealias typeof val var when while
"""
_JAVA_KEYWORDS = """
abstract assert boolean break byte case catch char class const continue default do double else enum extends final
finally float for goto if implements import instanceof int interface long native new package private protected public
return short static strictfp super switch synchronized this throw throws transient try void volatile while true false
null
"""
_STANDARD = """
Any Nothing Unit String CharSequence Boolean Byte Short Int Long Float Double Char Number UByte UShort UInt ULong Array
ByteArray ShortArray IntArray LongArray FloatArray DoubleArray BooleanArray CharArray List MutableList Set Map
MutableMap Collection Iterable Sequence Pair Triple Comparable Comparator Enum Annotation Function Lazy Regex Throwable
Exception Error RuntimeException IllegalArgumentException IllegalStateException AutoCloseable Closeable Object Class
Math StrictMath System Thread Runnable Override Deprecated Suppress Volatile Synchronized Throws R BuildConfig Manifest
"""
"""What every Kotlin file sees without an import, and what the build tools make beside ours."""
KEYWORDS = frozenset((_KOTLIN_KEYWORDS + _JAVA_KEYWORDS).split())
_RESERVED = (
    "java", "javax", "kotlin", "kotlinx", "android", "androidx", "dalvik", "org.tensorflow", "com.google.ai.edge",
)  # fmt: skip


def require_package(name: str) -> None:
    """Check the name of the package that code is generated for.

    Raises:
        ConfigError: it is missing, or Kotlin, Java or Android would not take it.
    """
    example = "Write it like --package com.example.app: your own domain, backwards."
    if not name:
        raise ConfigError("--for android needs the name of the package", hint=example)
    shown = ascii(name[:80])[1:-1]
    if len(name) > _LONGEST_PACKAGE:
        raise ConfigError(
            f"the package name has {len(name)} characters, {_LONGEST_PACKAGE} are allowed", hint="Write a shorter one."
        )
    segments = name.split(".")
    if len(segments) < 2:
        raise ConfigError(f"package '{shown}' has one part, Android needs two or more", hint=example)
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise ConfigError(
                f"package '{shown}' has the part {segment[:60]!a}: each begins with a letter and goes on with letters, "
                "digits and _, of a to z",
                hint=example,
            )
        if segment in KEYWORDS:
            language = "Kotlin" if segment in _KOTLIN_KEYWORDS.split() else "Java"
            better = ".".join(f"{part}_" if part in KEYWORDS else part for part in segments)
            raise ConfigError(
                f"package '{shown}' has the part '{segment}', a keyword of {language}",
                hint=f"Write another name, such as {better}.",
            )
        if segment.lower() in _DEVICES:
            raise ConfigError(f"package '{shown}' has the part '{segment}', no folder on Windows", hint=example)
    taken = next((start for start in _RESERVED if name == start or name.startswith(f"{start}.")), "")
    if taken:
        raise ConfigError(f"package '{shown}' lies in '{taken}', which belongs to the platform", hint=example)


def require_class_name(name: str) -> None:
    """Check the name of the generated class.

    Raises:
        ConfigError: it is no class name, or one that the generated code uses itself.
    """
    hint = "Write it like --class-name FlowerClassifier."
    if len(name) > _LONGEST_CLASS:
        raise ConfigError(
            f"the class name has {len(name)} characters, {_LONGEST_CLASS} are allowed", hint="Write a shorter one."
        )
    if not _CLASS.fullmatch(name):
        raise ConfigError(f"{name!a} is no class name: a capital letter A-Z, then letters and digits", hint=hint)
    if name in taken_names():
        raise ConfigError(f"'{name}' is a name that the generated code uses itself", hint=hint)


def class_name(model: str, *, classifies: bool, pictures: bool) -> str:
    """Return the name of the generated class for a model's name.

    >>> class_name("fashion_mnist-int8", classifies=True, pictures=True)
    'FashionMnistInt8Classifier'
    >>> [class_name(name, classifies=False, pictures=False) for name in ("model", "3d net", "pose_model")]
    ['TensorModel', 'Model3dNetModel', 'PoseModel']
    """
    suffix = "Classifier" if classifies else "Model"
    words = re.findall(r"[A-Za-z0-9]+", model[: 2 * _LONGEST_CLASS])
    made = "".join(word[0].upper() + word[1:] for word in words)
    made = f"Model{made}" if made[:1].isdigit() else made
    if made in ("", "Model"):
        made = "Image" if pictures else "Tensor"
    made = made[: _LONGEST_CLASS - len(suffix)]
    made = made if made.endswith(suffix) else made + suffix
    return made if made not in taken_names() else f"My{made}"


def members(names: Sequence[str], fallback: str, taken: Collection[str] = ()) -> list[str]:
    """Return names for parameters or properties, one per tensor: they differ, and none is a keyword.

    >>> members(["serving_default_x:0", "x", "x", "class", ""], "input")
    ['servingDefaultX0', 'x', 'x2', 'classValue', 'input5']
    """
    made: list[str] = []
    for number, name in enumerate(names, 1):
        words = re.findall(r"[A-Za-z0-9]+", name[: 4 * _LONGEST_MEMBER])
        joined = "".join(word[0].upper() + word[1:] for word in words)[:_LONGEST_MEMBER]
        joined = joined[:1].lower() + joined[1:]
        if not joined or joined[0].isdigit():
            joined = f"{fallback}{number}"
        if joined in KEYWORDS or joined in taken:
            joined = f"{joined}Value"
        found, count = joined, 2
        while found in made:
            found, count = f"{joined}{count}", count + 1
        made.append(found)
    return made


@cache
def taken_names() -> frozenset[str]:
    """Return the names that generated code or the standard library has: all words of the templates with a capital."""
    found = set(_STANDARD.split())
    waiting = [resources.files("litesmith.bundle").joinpath("templates/android")]
    while waiting:
        entry = waiting.pop()
        if entry.is_dir():
            waiting.extend(entry.iterdir())
        elif entry.name.endswith(".kt.j2"):
            found.update(re.findall(r"\b[A-Z][A-Za-z0-9]*\b", entry.read_text(encoding="utf-8")))
    return frozenset(found)
