"""Names of bundled files, and what a job may not ask for."""

from __future__ import annotations

import keyword
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundled_models import job_of, top1, write_cast
from tiny_tflite import write_cnn, write_two_inputs

from litesmith.bundle.classes import gives_classes
from litesmith.bundle.job import check, file_name, module_name
from litesmith.bundle.literals import literal, markdown
from litesmith.bundle.python_module import python_module
from litesmith.core.errors import BundleError

NAMES = [
    "model.tflite",
    "MobileNet-v2 (int8).tflite",
    "json.tflite",
    "numpy.tflite",
    "run.tflite",
    "class.tflite",
    "match.tflite",
    "3d.tflite",
    "__init__.tflite",
    "..tflite",
    "-rf.tflite",
    "'; rm -rf $HOME; '.tflite",
    "a\nb\x00.tflite",
    "模型.tflite",
    "\ud800.tflite",
    "x" * 300 + ".tflite",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda n: ascii(n)[:24])
def test_names_are_safe_everywhere(name: str) -> None:
    module, file = module_name(Path(name)), file_name(Path(name))
    assert module.isidentifier()
    assert module.isascii()
    assert not keyword.iskeyword(module)
    assert not keyword.issoftkeyword(module)
    assert module not in sys.stdlib_module_names
    assert module not in ("numpy", "run", "camera", "check", "pil")
    assert 1 <= len(module) <= 70
    assert file.endswith(".tflite")
    assert set(file) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert file[0].isalnum()
    assert len(file) <= 70
    assert (module_name(Path(module)), file_name(Path(file))) == (module, file)


def test_jobs_that_ask_for_what_cannot_be(tmp_path: Path) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True)
    two = job_of(write_two_inputs(tmp_path / "two.tflite"))
    check(job)
    for bad, says in (
        (replace(job, delegate="gpu"), "unknown delegate 'gpu'"),
        (replace(job, file_name="a b.tflite"), "no safe names"),
        (replace(job, file_name="../a.tflite"), "no safe names"),
        (replace(job, module="json"), "no safe names"),
        (replace(job, module="a-b"), "no safe names"),
        (replace(job, threads=0), "0 threads are not enough"),
        (replace(job, normalized=()), "0 answers on normalising for 1 inputs"),
        (replace(two, picture=job.picture), "a picture is one input, the model takes 2"),
        (replace(two, classifies=True), r"classes need one output \[1, classes\]"),
    ):
        with pytest.raises(BundleError, match=says):
            check(bad)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "it's",
        '"',
        "\\",
        "\\'\"",
        "\n\r\t\0\x7f\x9f",
        "\u202e\ud800\U0010ffff",
        "ab'\"" * 200,
        ("a", ()),
        (1,),
    ],
    ids=lambda v: ascii(v)[:20],
)
def test_literals_mean_what_they_were_made_from(value: object) -> None:
    for indent in (0, 8, 40):
        text = literal(value, indent)
        assert eval(f"({text})") == value, text
        assert text.isascii()
        assert all(len(line) <= 110 for line in text.splitlines())
    with pytest.raises(TypeError):
        literal([])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("a|b", "`a\\|b`"),
        ("`", "`` ` ``"),
        ("```x``", "```` ```x`` ````"),
        ("<script>", "`<script>`"),
        ("a\nb\u202e", "`a\\nb\\u202e`"),
        ("", "(empty)"),
        ("   ", "(blank)"),
        ("x" * 100, f"`{'x' * 77}...`"),
    ],
)
def test_markdown_shows_names_as_they_are(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_an_answer_is_a_class_where_the_model_or_its_evaluation_says_so(tmp_path: Path) -> None:
    """A row of values may be anything; a softmax is not, nor what was scored as top-1."""
    softmax = job_of(write_cnn(tmp_path / "cnn.tflite"))
    row = job_of(write_cast(tmp_path / "row.tflite", ("float32", (1, 5))))
    assert gives_classes(softmax.model, softmax.card)
    assert not gives_classes(row.model, row.card)
    assert gives_classes(row.model, replace(row.card, evaluation=top1()))
    assert not gives_classes(row.model, replace(row.card, evaluation=replace(top1(), metric="sqnr")))
    two = job_of(write_two_inputs(tmp_path / "two.tflite"))
    assert not gives_classes(two.model, replace(two.card, evaluation=top1()))


@pytest.mark.parametrize("changes", [{"dtype": "int4"}, {"dtype": "string"}, {"scale": math.inf}, {"scale": math.nan}])
@pytest.mark.parametrize("end", ["inputs", "outputs"])
def test_tensors_that_no_code_can_be_made_of(tmp_path: Path, end: str, changes: dict[str, Any]) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"))
    bad = replace(getattr(job.card, end)[0], **{"dtype": "int8", **changes})
    with pytest.raises(BundleError, match=f"{end[:-1]} '(image|scores)' (is of type|has scale)") as caught:
        python_module(replace(job, card=replace(job.card, **{end: (bad,)})))
    assert caught.value.hint
