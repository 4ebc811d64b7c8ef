# SPDX-License-Identifier: MIT
"""What the module quell has: for readers, for completion, and for type checkers."""

import ast
import inspect
import sys

import pytest

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


def test_what_needs_torch_says_so(monkeypatch):
    """No package of this name is on PyPI, of which 'quell[export]' could be installed."""
    for name in [name for name in sys.modules if name.startswith("quell.programs")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("torch", "quell._torch"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(quell, "_torch", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    asked = [lambda: quell.export, lambda: quell.from_torch(None, None)]
    for ask in [*asked, lambda: quell.denoise.KarrasDenoiser]:
        with pytest.raises(ModuleNotFoundError, match="need torch: pip install torch safetensors$"):
            ask()
