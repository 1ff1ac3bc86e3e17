"""For models that print, or check their own values or shapes, while they run: converted without that.

`tf.print` and `tf.debugging` leave nodes that nothing reads; they run only because others wait for them (control
inputs, written `^name`). The saved graph is stripped of such nodes, of the text made for them, and of the waiting.
`tf.ensure_shape` gives on what it is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litesmith.convert.rungs import wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.core.open_source import OpenModel

_SAID = ("PrintV2", "Assert")  # have no output
_PASSED_ON = ("Print", "EnsureShape")  # give on their first input; `Print` is of TensorFlow 1
_TEXT = ("AsString", "StringFormat", "StringJoin")  # go where only a printing node read them


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    inputs, outputs = wrapped.save(model, folder, batch)
    _strip_saved(folder / "saved_model.pb")
    return Draft(data=wrapped.convert_saved(folder), inputs=inputs, outputs=outputs)


def _strip_saved(path: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        _strip(graph.graph_def.node)
        for function in graph.graph_def.library.function:
            gone = _strip(function.node_def, [*function.ret.values()])
            for name in [key for key, node in function.control_ret.items() if node in gone]:
                del function.control_ret[name]
            kept = [name for name in function.signature.control_output if name in function.control_ret]
            function.signature.control_output[:] = kept
    path.write_bytes(saved.SerializeToString())


def _strip(nodes: Any, returned: list[str] | None = None) -> set[str]:
    """Remove the printing nodes from a graph or function; return the names of all that were removed.

    Args:
        nodes: Its nodes.
        returned: What a function returns, as `node:output:0`.
    """
    for node in nodes:
        if node.op in _PASSED_ON:
            node.op = "Identity"
            node.input[1:] = [name for name in node.input[1:] if name.startswith("^")]
            for key in set(node.attr) - {"T"}:
                del node.attr[key]
    gone = {node.name for node in nodes if node.op in _SAID}
    while True:
        read = {_node(name) for node in nodes if node.name not in gone for name in node.input if name[0] != "^"}
        read |= {_node(name) for name in returned or ()}
        more = {node.name for node in nodes if node.op in _TEXT and node.name not in gone | read} if gone else set()
        if not more:
            break
        gone |= more
    for node in nodes:
        node.input[:] = [name for name in node.input if not (name[0] == "^" and name[1:] in gone)]
    kept = [node for node in nodes if node.name not in gone]
    del nodes[:]
    nodes.extend(kept)
    return gone


def _node(name: str) -> str:
    return name.split(":", maxsplit=1)[0]


WITHOUT_CHECKS = Rung(
    name="without_checks",
    title="without tf.print, tf.debugging and tf.ensure_shape",
    why="What a model prints or checks changes none of its answers, and TFLite has no operators for it.",
    applies=lambda model, batch: True,  # noqa: ARG005 - a rung is asked with a model
    run=_run,
    cures=frozenset({"ensure_shape", "print_op"}),
    for_unknown=False,
)
