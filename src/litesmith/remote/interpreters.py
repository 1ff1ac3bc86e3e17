"""The Python on a machine that runs models: its own, one that was prepared, or one lent for a session."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from litesmith.core.elsewhere import Answer
from litesmith.core.errors import TargetError, UserError
from litesmith.core.preflight import FoundPython, MachineFacts, Obstacle
from litesmith.core.progress import Progress
from litesmith.remote.connection import Connection
from litesmith.remote.copying import send
from litesmith.remote.obstacles import obstacles_of
from litesmith.remote.wheels import gather_wheels, runtime_requirements

_KEPT = ".local/share/litesmith"
_INSTALL_S = 900.0
_IMPORT = "import numpy, ai_edge_litert.interpreter"
_IMPORT_ONE = "import importlib, sys; importlib.import_module(sys.argv[1])"
# Unpacking needs neither pip nor ensurepip, which Debian keeps in a package of its own: wheels are zip archives.
_INSTALL = """
umask 077
python=$1 folder=$2
shift 2
new=$folder.new
rm -rf -- "$new"
mkdir -p -- "$(dirname -- "$folder")" || exit 74
"$python" -m venv --without-pip -- "$new" || { rm -rf -- "$new"; exit 75; }
place=$("$new/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') || exit 75
for wheel in "$@"; do
    "$new/bin/python" -m zipfile -e "$wheel" "$place" || { rm -rf -- "$new"; exit 74; }
done
rm -rf -- "$folder"
mv -- "$new" "$folder" || exit 74
"""
_CLEAN = """
base=$HOME/.local/share/litesmith
found=0
for folder in "$base"/runtime-*; do
    [ -e "$folder" ] || continue
    rm -rf -- "$folder" || exit 74
    echo "removed $folder"
done
rmdir -- "$base" "$HOME/.local/share" "$HOME/.local" 2>/dev/null # as far as they are empty
for folder in "$HOME"/.cache/litesmith/s-*; do
    [ -d "$folder" ] && [ "${folder##*/s-}" != "$1" ] || continue
    keeper=$(cat "$folder/keeper" 2>/dev/null)
    if [ -n "$keeper" ] && grep -qs -- "LITESMITH_SESSION=${folder##*/s-}" "/proc/$keeper/environ"; then
        echo "left $folder, which a session is using"
    else
        rm -rf -- "$folder" && echo "removed $folder"
    fi
done
exit 0
"""


def usable(facts: MachineFacts) -> bool:
    """Return whether the chosen Python imports the runtime already."""
    return facts.runtime.startswith("ai-edge-litert")


def planned_runtime(facts: MachineFacts) -> str:
    """Return the runtime that a session would use, with its version."""
    if facts.runtime or not facts.python:
        return facts.runtime or "none"
    try:
        return runtime_requirements(_release(facts.python))[0].replace("==", " ")
    except UserError:
        return "none"


def require_ready(facts: MachineFacts, label: str) -> None:
    """Check that models can run there.

    Raises:
        TargetError: something stands in the way.
    """
    blocking: Callable[[Obstacle], bool] = lambda obstacle: obstacle.blocking  # noqa: E731
    first = next(filter(blocking, obstacles_of(facts)), None)
    if first is not None:
        raise TargetError(f"models cannot run on {label}: {first.message}", hint=first.remedy)


def lend(connection: Connection, facts: MachineFacts, *, progress: Progress) -> str:
    """Return the path of a Python there that imports the runtime, after installing one for this session if need be.

    Raises:
        TargetError: something stands in the way there, or it failed.
        UserError: the packages cannot be fetched here.
    """
    require_ready(facts, connection.label)
    if usable(facts):
        return facts.python_path
    return _installed(connection, facts, f"{connection.folder}/runtime", progress=progress)


def lend_package(
    connection: Connection, facts: MachineFacts, python: str, requirement: str, *, module: str, progress: Progress
) -> str:
    """Return a folder there from which a module can be imported; empty where the Python there imports it already.

    Args:
        connection: An open one.
        facts: Of the machine.
        python: Path of the Python there, from `lend`.
        requirement: Of the package, pinned, such as `pillow==13.0.0`.
        module: What it is imported as.
        progress: Receives progress of fetching and sending.

    Raises:
        TargetError: it cannot be sent, unpacked or imported there.
        UserError: it cannot be fetched here.
    """
    if connection.ask([python, "-c", _IMPORT_ONE, module], timeout_s=_INSTALL_S).code == 0:
        return ""
    (wheel,) = gather_wheels((requirement,), python=_release(facts.python), machine=facts.machine, progress=progress)
    there = send(connection, wheel, progress=progress)
    folder = f"{posixpath.dirname(there)}/unpacked"
    progress(f"unpack {requirement}", 0, 1)
    for command in (
        [python, "-m", "zipfile", "-e", there, folder],
        ["env", f"PYTHONPATH={folder}", python, "-c", _IMPORT_ONE, module],
    ):
        answer = connection.ask(command, timeout_s=_INSTALL_S)
        if answer.code != 0:
            raise _not_installed(requirement, connection.label, answer, hint="See: litesmith device check")
    progress(f"unpack {requirement}", 1, 1)
    return folder


def prepare(connection: Connection, facts: MachineFacts, *, progress: Progress) -> tuple[str, ...]:
    """Install a Python that imports the runtime, for good; return what was done.

    Raises:
        TargetError: something stands in the way there, or it failed.
        UserError: the packages cannot be fetched here.
    """
    require_ready(facts, connection.label)
    kept = f"{connection.home}/{_KEPT}/"
    if facts.python_path.startswith(kept):
        return (f"{facts.runtime} is prepared already, in {posixpath.dirname(posixpath.dirname(facts.python_path))}",)
    if usable(facts):
        return (f"{facts.python_path} imports {facts.runtime} already; nothing was installed",)
    release = _release(facts.python)
    requirements = runtime_requirements(release)
    version = requirements[0].partition("==")[2]
    folder = f"{kept}runtime-{version}-cp{release.replace('.', '')}"
    _installed(connection, facts, folder, progress=progress)
    what = " and ".join(requirement.replace("==", " ") for requirement in requirements)
    return (f"installed {what} for Python {facts.python} in {folder}",)


def clean(connection: Connection) -> tuple[str, ...]:
    """Remove what `prepare` installed and what dead sessions left; return what was done.

    Raises:
        TargetError: it failed.
    """
    answer = connection.ask(["sh", "-c", _CLEAN, "sh", connection.id], timeout_s=_INSTALL_S)
    if answer.code != 0:
        last = (answer.error.strip().splitlines() or ["no message"])[-1]
        raise TargetError(
            f"{connection.label} could not be cleaned: {last[:300]}", hint="Remove ~/.local/share/litesmith there."
        )
    return tuple(answer.out.splitlines()) or ("there was nothing to remove",)


def _release(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _installed(connection: Connection, facts: MachineFacts, folder: str, *, progress: Progress) -> str:
    """Return the path of a Python that was made there from wheels, without network there."""
    python = _base_python(facts)
    release = _release(python.version)
    wheels = gather_wheels(
        runtime_requirements(release),
        python=release,
        machine=facts.machine,
        progress=progress,
    )
    there = [send(connection, wheel, progress=progress) for wheel in wheels]
    progress("install the runtime", 0, 1)
    answer = connection.ask(["sh", "-c", _INSTALL, "sh", python.path, folder, *there], timeout_s=_INSTALL_S)
    if answer.code != 0:
        raise _not_installed(
            "the runtime", connection.label, answer, hint="On the board: sudo apt install python3-venv"
        )
    made = f"{folder}/bin/python"
    check = connection.ask([made, "-c", _IMPORT], timeout_s=_INSTALL_S)
    if check.code != 0:
        last = (check.error.strip().splitlines() or [f"it ended with code {check.code}"])[-1]
        connection.ask(["rm", "-rf", "--", folder])
        raise TargetError(
            f"the runtime was installed on {connection.label} and does not import: {last[:300]}",
            hint="See: litesmith device check",
        )
    progress("install the runtime", 1, 1)
    return made


def _not_installed(what: str, label: str, answer: Answer, *, hint: str) -> TargetError:
    """Return the error of packages that could not be unpacked or imported there; `hint` where the disk is not full."""
    said = answer.error.strip().splitlines() or [f"code {answer.code}"]
    reason = said[-1][:300]
    if any("No space left" in line for line in said):
        reason, hint = "its disk is full", "Free some space there: about 150 MB are needed."
    return TargetError(f"{what} could not be installed on {label}: {reason}", hint=hint)


def _base_python(facts: MachineFacts) -> FoundPython:
    return next(python for python in facts.pythons if python.path == facts.python_path)
