"""The command line's grammar, made from the verbs and the settings they take."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from litesmith import __version__
from litesmith.cli.verb import MANY, Verb
from litesmith.core.errors import ConfigError
from litesmith.core.names import nearest
from litesmith.pipeline.settings import FIELDS, PROJECT_FILE, default_text, flag

_EPILOG = """exit codes: 0 done, 2 the request cannot be carried out, 3 conversion failed, 4 target failed,
5 a model cannot be run, 6 bundle failed, 7 a limit was not met, 70 defect in Litesmith, 130 interrupted"""

_COMMON = ("--project", "--json", "--quiet", "--help")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ours: one message, the nearest verb, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print.

        Raises:
            ConfigError: always.
        """
        hint = f"See: {self.prog} --help"
        if "invalid choice" in message and "argument VERB" in message:
            wrong = message.split("'")[1]
            message = f"unknown verb '{wrong}'"
            names = [name for action in self._actions if action.choices for name in action.choices]
            close = nearest(wrong, names)
            hint = f"Did you mean {close}? Verbs: {', '.join(names)}." if close else f"Verbs: {', '.join(names)}."
        raise ConfigError(message, hint=hint)


class _Joined(argparse.Action):
    """Keeps what is typed more than once as one list with commas."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Add a value."""
        del parser, option
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, values if before is None else f"{before},{values}")


def parse(verbs: Mapping[str, Verb], arguments: Sequence[str] | None) -> dict[str, Any]:
    """Return what was typed, by argument.

    Raises:
        ConfigError: a verb or an option that does not exist, or an argument too many; the hint names the nearest.
    """
    parser = build(verbs)
    known, rest = parser.parse_known_args(arguments)
    if rest:
        wrong = next((word for word in rest if word.startswith("-")), rest[0]).partition("=")[0]
        hint = f"See: {parser.prog} {known.verb} --help"
        if not wrong.startswith("-"):
            raise ConfigError(f"unexpected argument '{wrong}'", hint=hint)
        close = nearest(wrong, [*map(flag, verbs[known.verb].settings), *_COMMON])
        raise ConfigError(f"unknown option '{wrong}'", hint=f"Did you mean {close}? {hint}" if close else hint)
    return vars(known)


def build(verbs: Mapping[str, Verb]) -> Parser:
    """Return the parser for `litesmith VERB ...`."""
    parser = Parser(
        prog="litesmith",
        description="Takes a trained Keras model to TFLite and measures every variant.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"litesmith {__version__}")
    places = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    for verb in verbs.values():
        _add(places, verb)
    return parser


def _add(places: Any, verb: Verb) -> None:
    parser = places.add_parser(
        verb.name, help=verb.summary, description=verb.summary[:1].upper() + verb.summary[1:] + ".", allow_abbrev=False
    )
    meanings = dict(verb.meanings)
    if verb.models == 1:
        parser.add_argument(
            "model",
            metavar="MODEL",
            nargs="?" if verb.settings else None,  # a project file may name it
            help=meanings.get("model", FIELDS["model"].metadata["meaning"] if verb.settings else "a .tflite file"),
        )
    elif verb.models:
        several = "+" if verb.models == MANY else verb.models
        parser.add_argument("models", metavar="FILE", nargs=several, help=".tflite files")
    for position, (metavar, meaning) in enumerate(verb.words):
        optional = metavar.startswith("[")
        parser.add_argument(
            f"word_{position}", metavar=metavar.strip("[]"), nargs="?" if optional else None, help=meaning
        )
    for name in verb.settings:
        details = FIELDS[name].metadata
        default = default_text(name)
        meaning = meanings.get(name, details["meaning"] + (f" (default: {default})" if default else ""))
        if isinstance(FIELDS[name].default, bool):
            parser.add_argument(flag(name), dest=name, action="store_const", const="true", help=meaning)
            continue
        parser.add_argument(
            flag(name),
            dest=name,
            metavar=details["metavar"] or "X",
            default=None,
            action=_Joined if details["repeats"] else "store",
            help=meaning.replace("%", "%%"),
        )
    if verb.settings:
        parser.add_argument(
            "--project", metavar="FILE", help=f"settings as TOML (default: {PROJECT_FILE} here, if any)"
        )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
