"""`litesmith`: reads the command line, runs a verb, prints its outcome. The one place that catches errors."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from litesmith.cli import explanation, interruption
from litesmith.cli.parser import parse
from litesmith.cli.progress import Bars
from litesmith.cli.verb import Outcome, Verb
from litesmith.core.errors import LitesmithError, PluginError
from litesmith.core.registry import load_plugins
from litesmith.pipeline.settings import FIELDS, PROJECT_FILE, Settings, merged, read_project, read_setting

INTERRUPTED = 130
_ORDER = (
    "deploy", "bundle", "verify", "convert", "quantize", "evaluate", "benchmark", "inspect", "compare", "debug",
    "device", "doctor",
)  # fmt: skip


def verbs() -> dict[str, Verb]:
    """Return the verbs in the order people meet them."""
    found: dict[str, Verb] = load_plugins("litesmith.cli.verbs", kind="verb")
    return dict(
        sorted(found.items(), key=lambda item: (_ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER), item[0]))
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    interruption.heed()
    wants_json = "--json" in (sys.argv if arguments is None else arguments)
    try:
        outcome = _run(arguments)
        wants_json = False  # the result is printed: a second document behind it would make it no JSON
        outcome.check()
        return 0
    except LitesmithError as error:
        return _failed(error, wants_json=wants_json)
    except KeyboardInterrupt:
        print("\ninterrupted; what deploy and quantize had finished is kept for the next run", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("LITESMITH_TRACEBACK"):
            raise
        text = f"internal error: {type(error).__name__}: {error}"
        hint = "This is a defect in Litesmith. Run again with LITESMITH_TRACEBACK=1 and report what it prints."
        return _failed(PluginError(text, hint=hint), wants_json=wants_json)


def _terminated(number: int, frame: object) -> NoReturn:
    """Turn SIGTERM into an exit that cleans up."""
    del number, frame
    raise SystemExit(143)


def _failed(error: LitesmithError, *, wants_json: bool) -> int:
    if wants_json:
        import json

        print(json.dumps({"error": explanation.as_fields(error)}, indent=2))
    print(f"error: {explanation.one_line(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {explanation.one_line(error.hint)}", file=sys.stderr)
    for line in explanation.lines(error):
        print(line, file=sys.stderr)
    return error.exit_code


def _run(arguments: Sequence[str] | None) -> Outcome:
    """Carry out one command and show its outcome."""
    known = verbs()
    typed = parse(known, arguments)
    verb = known[typed["verb"]]
    settings = _settings(verb, typed)
    words = [typed[f"word_{position}"] for position in range(len(verb.words))]
    models = typed.get("models") or [word for word in words if word is not None]
    with Bars(quiet=typed["quiet"]) as progress:
        outcome = verb.run(settings, models, progress)
    if typed["json"]:
        from litesmith.report.encode import json_blocks

        sys.stdout.writelines(json_blocks(outcome.record))
    else:
        from rich.console import Console

        Console(highlight=False).print(outcome.text)
    sys.stdout.flush()
    return outcome


def _settings(verb: Verb, typed: dict[str, Any]) -> Settings:
    """Return the settings: defaults, then the project file, then what was typed."""
    values: dict[str, Any] = {}
    if verb.settings:
        project = Path(typed["project"] or PROJECT_FILE)
        if typed["project"] or project.is_file():
            takes = {*verb.settings, *(("model",) if verb.models == 1 else ())}
            found = read_project(project)
            takes -= verb.left_out(typed.get("for_") or found.get("for_", ""))
            values = {name: value for name, value in found.items() if name in takes}
            if not typed["quiet"]:
                print(f"settings from {project}: {', '.join(values) or 'none that this verb takes'}", file=sys.stderr)
    if typed.get("model"):
        values["model"] = typed["model"]
    for name in verb.settings:
        if typed.get(name) is not None:
            values[name] = read_setting(name, typed[name])
    return merged(Settings(), {name: value for name, value in values.items() if name in FIELDS})


if __name__ == "__main__":
    sys.exit(main())
