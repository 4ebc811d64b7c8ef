# SPDX-License-Identifier: MIT
"""What the module quell has: for readers, for completion, and for type checkers."""

import ast
import inspect

import quell


def test_names_are_written_out():
    """A type checker reads __all__ as it stands, and takes other names for private ones."""
    tree = ast.parse(inspect.getsource(quell))
    said = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    assert said == [quell.__all__]
    there = {name for name in vars(quell) if not name.startswith("_")}
    assert set(quell.__all__) == there - {"export", "programs", "sys"}
    assert len(set(quell.__all__)) == len(quell.__all__)


def test_completion_knows_export():
    assert "export" in dir(quell) and "Sampler" in dir(quell)
