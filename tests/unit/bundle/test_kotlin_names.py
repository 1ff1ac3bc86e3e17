"""Names and literals of generated Kotlin: what is typed is checked, what a model says cannot become code."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from litesmith.bundle.kotlin_literals import android_string, kdoc, kotlin, kotlin_float, xml
from litesmith.bundle.kotlin_names import (
    KEYWORDS,
    class_name,
    members,
    require_class_name,
    require_package,
    taken_names,
)
from litesmith.core.errors import ConfigError

HOSTILE = (
    '"); System.exit(1); //',
    "${System.exit(1)}",
    "*/ class X /*",
    "/*/*/**/*/",
    "line\nbreak\r\t\0",
    "\u202e\ufeff\u2028\U0001f600",
    "`tick` \\u0022 {{ jinja }} {% raw %}",
    "]]><!-- &amp; <x a='b'>",
    "\udc80",
    "",
    " ",
    "x" * 10_000,
    "\U0001f600" * 10_000,
)


@pytest.mark.parametrize("name", ["com.example.app", "org.x_y.Z9", "a.b", ".".join(["ab"] * 50)])
def test_packages_that_are_taken(name: str) -> None:
    require_package(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "needs the name of the package"),
        ("app", "has one part"),
        ("com.1x", "has the part '1x'"),
        ("com..x", "has the part ''"),
        ("com._x", "has the part '_x'"),
        ("com.example app", "has the part 'example app'"),
        ("com.\u00e9t\u00e9", r"has the part '\xe9t\xe9'"),
        ("com.x;System.exit(1)", "has the part 'x;System'"),
        ("com.x\nimport y.z", r"has the part 'x\nimport y'"),
        ("com.example.$x", "has the part '$x'"),
        ("com.fun.app", "the part 'fun', a keyword of Kotlin"),
        ("com.native.app", "the part 'native', a keyword of Java"),
        ("com.aux.app", "no folder on Windows"),
        ("java.util.x", "lies in 'java'"),
        ("org.tensorflow.lite.x", "lies in 'org.tensorflow'"),
        ("com." + "x" * 147, "has 151 characters, 150 are allowed"),
        ("com." + "x" * 10_000, "has 10004 characters"),
    ],
)
def test_packages_that_are_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_package(name)
    assert said in caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 300
    assert caught.value.message.isprintable()


def test_every_keyword_is_refused_and_the_hint_is_a_package() -> None:
    assert {"fun", "when", "class", "typeof", "native", "goto", "_"} - KEYWORDS == {"_"}
    for word in KEYWORDS:
        with pytest.raises(ConfigError, match="a keyword of") as caught:
            require_package(f"com.{word}.x")
        require_package(str(re.findall(r"such as (\S+)\.$", caught.value.hint)[0]))


@pytest.mark.parametrize(
    "name", ["x", "class", "9X", "A" * 61, "A\u00e9", "A b", "A$B", "A.B", "Runner", "String", "TensorSpec", "R", ""]
)
def test_class_names_that_are_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_class_name(name)
    assert caught.value.hint
    assert caught.value.message.isprintable()


def test_no_generated_class_can_be_named_like_a_class_of_the_templates() -> None:
    """Also those of the shell and of the tests, and all that the code imports."""
    assert {"DType", "Runner", "ModelContract", "Pixels", "ByteBuffer", "ReentrantLock", "GoldenCheck"} <= taken_names()


@pytest.mark.parametrize("model", [*HOSTILE, "model", "3d", "int8", "Runner", "Byte", "class", "flowers classifier"])
def test_every_model_gets_a_class_name(model: str) -> None:
    for classifies in (True, False):
        made = class_name(model, classifies=classifies, pictures=False)
        require_class_name(made)
        assert made.endswith("Classifier" if classifies else "Model")


def test_members_differ_and_are_identifiers() -> None:
    names = [*HOSTILE, "x", "x", "x2", "X", "class", "fun", "top", "serving_default_x:0", "9"]
    made = members(names, "input", taken=("top",))
    assert len(set(made)) == len(made) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]*", name) and name not in KEYWORDS and name != "top" for name in made)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_literal_is_ascii_and_ends_where_it_should(name: str) -> None:
    """Every piece is a text literal without a quote, a template or a line's end of its own."""
    made = kotlin(name, 8)
    assert made.isascii()
    for line in made.split("\n"):
        assert re.fullmatch(r' *"(?:[^"$\\\x00-\x1f]|\\[\\"$nrt]|\\u[0-9a-f]{4})*"(?: \+)?', line), line
        assert len(line) <= 110


@pytest.mark.parametrize("name", HOSTILE)
def test_a_comment_is_one_line_and_ends_no_comment(name: str) -> None:
    made = kdoc(name)
    assert made.isascii()
    assert made.isprintable()
    assert len(made) < 120
    assert "*/" not in made
    assert "/*" not in made


@pytest.mark.parametrize("name", HOSTILE)
def test_xml_is_well_formed_and_keeps_what_it_can(name: str) -> None:
    root = ET.fromstring(f"<a b='{xml(name)}' c=\"{xml(name)}\">{xml(name)}</a>")
    kept = "".join(c if c.isprintable() or c in "\n\r\t" else "\ufffd" for c in name)
    if kept == name and "\r" not in name:
        assert root.text == (name or None)
    ET.fromstring(f"<string>{android_string(name)}</string>")
    assert android_string(name).replace("\U0001f600", "").isascii()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.0, "1.0f"),
        (1 / 127.5, "0.007843138f"),
        (-0.0, "-0.0f"),
        (1e-45, "1e-45f"),
        (3.4028235e38, "3.4028235e+38f"),
        (1e39, "Float.POSITIVE_INFINITY"),
        (float("-inf"), "Float.NEGATIVE_INFINITY"),
        (float("nan"), "Float.NaN"),
    ],
)
def test_float_literals(value: float, code: str) -> None:
    assert kotlin_float(value) == code


def test_other_literals() -> None:
    assert kotlin((1, 28, 28)) == "listOf(1, 28, 28)"
    assert (kotlin(True), kotlin(False), kotlin(7)) == ("true", "false", "7")
    with pytest.raises(TypeError, match="no Kotlin literal for NoneType"):
        kotlin(None)
