"""Stand-ins for what is on a phone: `benchmark_model`, `pm` and `am`: scripts that print the formats of the sources.

`write_program` puts a script into a small ELF program, as that is what the check of `--benchmark-binary` asks for: its
few machine instructions run `sh -c SCRIPT NAME ARGUMENTS...`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_model_texts import profile_text

from litesmith.bundle import check

_HEADERS = 64 + 56

PM = r"""#!SHELL
[ "$1 $2" = "list instrumentation" ] || exit 1
cat "@FOLDER@/installed" 2>/dev/null
exit 0
"""

AM = r"""#!SHELL
echo "$@" >>"@FOLDER@/asked"
[ "$1" = instrument ] || exit 1
for last; do :; done
accelerator=CPU name=
while [ $# -gt 0 ]; do
    case "$1 $2" in
        "-e accelerator") [ "$3" = gpu ] && accelerator=GPU ;;
        "-e class") name=${3##*.} ;;
    esac
    shift
done
answer="@FOLDER@/${last%%/*}.$name.$accelerator"
if [ ! -f "$answer" ]; then
    echo "INSTRUMENTATION_STATUS: id=ActivityManagerService"
    echo "INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: ComponentInfo{$last}"
    echo "INSTRUMENTATION_STATUS_CODE: -1"
    exit 1
fi
cat "$answer"
"""


def benchmark_model() -> str:
    """Return the script of the stand-in for `benchmark_model`."""
    script = Path(__file__).with_name("benchmark_model.sh").read_text()
    return script.replace("@PROFILE@", "\n".join(profile_text()))


def write_program(path: Path, script: str, *, machine: str, shell: str = "/bin/sh") -> Path:
    """Write an ELF program that runs a shell script, and return its path.

    Args:
        path: Where to.
        script: Text of the script.
        machine: `aarch64` or `x86_64`.
        shell: Path of the shell where it runs.
    """
    texts = [text.encode() + b"\0" for text in (shell, "sh", "-c", script)]
    number, base, code = (183, 0x10000, _arm) if machine == "aarch64" else (62, 0x400000, _intel)
    length = len(code((0, 0, 0, 0)))
    starts = [length + sum(len(text) for text in texts[:index]) for index in range(len(texts))]
    body = code(tuple(starts)) + b"".join(texts)
    size = _HEADERS + len(body)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, number, 1, base + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    header += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x10000)
    path.write_bytes(header + body)
    path.chmod(0o755)
    return path


def _intel(starts: tuple[int, ...]) -> bytes:
    """Return code that puts `sh -c SCRIPT` before its arguments on the stack and executes the shell."""
    code = b""

    def address(prefix: bytes, start: int) -> bytes:
        return prefix + struct.pack("<i", start - (len(code) + len(prefix) + 4))

    program, name, option, script = starts
    code += bytes.fromhex("488b0c24")  # mov rcx, [rsp]
    for start, keep in ((name, "48894424f0"), (option, "48894424f8"), (script, "48890424")):
        code += address(b"\x48\x8d\x05", start)  # lea rax, [rip + text]
        code += bytes.fromhex(keep)  # mov [rsp - 16 and on], rax
    code += bytes.fromhex("488d7424f0488d54cc10")  # lea rsi, [rsp - 16]; lea rdx, [rsp + 8 rcx + 16]
    code += address(b"\x48\x8d\x3d", program)  # lea rdi, [rip + shell]
    return code + bytes.fromhex("b83b0000000f05bf7e000000b83c0000000f05")  # execve; exit(126)


def _arm(starts: tuple[int, ...]) -> bytes:
    """Return code that does as `_intel`."""
    program, name, option, script = starts
    words: list[int] = [0xF94003E3]  # ldr x3, [sp]

    def adr(register: int, start: int) -> None:
        offset = (start - 4 * len(words)) & 0x1FFFFF
        words.append(0x10000000 | (offset & 3) << 29 | (offset >> 2) << 5 | register)

    for register, start in ((4, name), (5, option), (6, script)):
        adr(register, start)
    words += [0x910003E1, 0xD1004021, 0xA9001424, 0xF9000826]  # x1 = sp - 16; stp x4, x5, [x1]; str x6, [x1, 16]
    words += [0x8B030C22, 0x91008042]  # x2 = x1 + 8 x3 + 32
    adr(0, program)
    words += [0xD2801BA8, 0xD4000001, 0xD2800FC0, 0xD2800BA8, 0xD4000001]  # execve; exit(126)
    return struct.pack(f"<{len(words)}I", *words)


def write_tools(folder: Path, state: str, *, shell: str = "/bin/sh") -> None:
    """Write the stand-ins for `pm` and `am` into a folder; what they answer lies in `state` where they run."""
    for name, text in (("pm", PM), ("am", AM)):
        path = folder / name
        path.write_text(text.replace("#!SHELL", f"#!{shell}").replace("@FOLDER@", state))
        path.chmod(0o755)


def install(
    state: Path,
    package: str,
    sent: Mapping[tuple[str, str], Mapping[str, Any]],
    *,
    failed: str = "",
    test: str = "measures",
) -> None:
    """Install a stand-in for the instrumented tests of a generated library.

    Args:
        state: Folder of the stand-ins.
        package: Application's package.
        sent: What is sent, by class and accelerator, such as `("ParityTest", "CPU")`: keys and their JSON.
        failed: First line of what a failing test says; empty where it passes.
        test: Name of the test.
    """
    apk = f"{package}.library.test"
    line = f"instrumentation:{apk}/androidx.test.runner.AndroidJUnitRunner (target={apk})\n"
    with (state / "installed").open("a") as file:
        file.write(line)
    for (name, accelerator), bundle in sent.items():
        (state / f"{apk}.{name}.{accelerator}").write_text(
            instrumentation_text(
                f"{package}.library.{name}", {k: json.dumps(v) for k, v in bundle.items()}, failed=failed, test=test
            )
        )


def instrumentation_text(name: str, sent: Mapping[str, str], *, failed: str = "", test: str = "measures") -> str:
    """Return what `am instrument -w -r` prints for a class with one test that sends a bundle."""
    about = {"class": name, "current": "1", "id": "AndroidJUnitRunner", "numtests": "1"}
    lines = [_status({**about, "stream": f"\n{name}:", "test": test}, 1)]
    lines += [_status(sent, 2)] if sent else []
    stack = f"{failed}\n\tat {name}.{test}({name.rpartition('.')[2]}.kt:31)\n" if failed else ""
    ended = {
        **about,
        **({"stack": stack} if failed else {}),
        "stream": "." if not failed else f"\nError in it:\n{stack}",
    }
    lines.append(_status({**ended, "test": test}, -2 if failed else 0))
    last = "FAILURES!!!\nTests run: 1,  Failures: 1" if failed else "OK (1 test)"
    lines += [f"INSTRUMENTATION_RESULT: stream=\n\nTime: 0.4\n\n{last}\n\n", "INSTRUMENTATION_CODE: -1", ""]
    return "\n".join(lines)


def _status(values: Mapping[str, str], code: int) -> str:
    lines = [f"INSTRUMENTATION_STATUS: {key}={value}" for key, value in values.items()]
    return "\n".join([*lines, f"INSTRUMENTATION_STATUS_CODE: {code}"])


def parity_of(folder: Path, *, accelerator: str = "CPU", off: float = 0.0) -> dict[str, Any]:
    """Return what the instrumented test of an Android bundle sends, every answer off by a share of what is allowed.

    Args:
        folder: The bundle.
        accelerator: What the test says that it ran on.
        off: 0 for the same answers, 0.5 for half of what is allowed, 2 for twice that.
    """
    golden = json.loads((folder / "golden" / "golden.json").read_text())
    steps = []
    for vector in golden["vectors"]:
        for kind, tolerances in (("input", [None] * len(vector["inputs"])), ("output", golden["tolerances"])):
            for tensor, tolerance in zip(vector[f"{kind}s"], tolerances, strict=True):
                array = check.read_tensor(folder, tensor)
                event = check.compared((vector["name"], kind, tensor["name"]), array, array, tolerance)
                del event["event"]
                if kind == "output" and off:
                    largest = off * event["allowed"]
                    event |= {"different": 1, "largest": largest, "ok": largest <= event["allowed"]}
                steps.append(event)
    wrong = any(not step["ok"] for step in steps)
    return {
        "schema_version": 1,
        "accelerator": accelerator,
        "runtime": "LiteRT 2.3.2",
        "model_sha256": golden["model_sha256"],
        "verdict": "different" if wrong else "within tolerance" if off else "identical",
        "reason": f"operators are run by {accelerator} here" if wrong else "",
        "vectors": len(golden["vectors"]),
        "damaged": [],
        "skipped": [],
        "steps": steps,
    }
