# SPDX-License-Identifier: MIT
"""Translates a graph of PyTorch's operations to a program's instructions: each node by the table,
or at once where it depends on no input. All operations that the table does not have are reported
together."""

from __future__ import annotations

import collections
import dataclasses
import operator
import re
from typing import Any

import torch
from torch import nn
from torch.fx import Node

import quell.programs.operations  # noqa: F401, which fills the table
from quell._said import one_line
from quell.programs.batch import OF_THE_BATCH, DependsOnBatch, of_one_sample, shape_of
from quell.programs.build import Builder
from quell.programs.inputs import Inputs
from quell.programs.operations.gather import OF_A_MASK
from quell.programs.table import TABLE, Call, NotKnown
from quell.programs.trace import Refused, Traced, trace
from quell.programs.values import Complex, Constant, Input, Result, Unknown, Value, constant

_FRAME = re.compile(r'File "([^"]*)", line (\d+), in (\S+)\n\s*([^\n]*)')


@dataclasses.dataclass
class Lowered:
    """The instructions in order, the inputs, and the value that is the result."""

    inputs: list[Input]
    results: list[Result]
    output: Value


def source_of(node: Node) -> str:
    """Returns the user's line of code that a node comes from: the innermost outside PyTorch."""
    frames = _FRAME.findall(node.meta.get("stack_trace") or "")
    frames = [frame for frame in frames if frame[0][:1] != "<"]
    own = [frame for frame in frames if "/torch/" not in frame[0]] or frames
    if not own:
        return ""
    file, line, _, code = own[-1]
    return f"{file}:{line}: {code.strip()}"


@dataclasses.dataclass
class _Missing:
    count: int
    source: str
    instead: str


class Lowering:
    """Translates the nodes of a graph in order."""

    def __init__(self, traced: Traced) -> None:
        self.traced, self.builder = traced, Builder()
        self.values: dict[Node, Any] = {}
        self.missing: dict[str, _Missing] = {}

    def run(self) -> Lowered:
        nodes = list(self.traced.graph.nodes)
        given = [node for node in nodes if node.op == "placeholder"]
        self.values = {node: self._placeholder(node) for node in given}
        for node in nodes:
            self.builder.source = source_of(node)
            if node.op == "call_function":
                self.values[node] = self._call(node)
        self._refuse_missing()
        output = self.values[self.traced.result]
        if isinstance(output, Complex):
            raise Refused("quell.export: the network returns complex numbers")
        if output.rank and output.shape[0] != 1:
            raise Refused(
                f"quell.export: the network returns {list(output.shape)} for a batch of one, must "
                "begin with the batch: wrap it in a module that returns samples as x has them"
            )
        output = self.builder.reshape(output, output.shape[1:])
        return Lowered(self.builder.inputs, self.builder.results, output)

    def _placeholder(self, node: Node) -> Any:
        if node.name in self.traced.constants:
            tensor, name = self.traced.constants[node.name]
            made = constant(tensor, name)
            return _parts(made) if tensor.is_complex() else made
        if node.name not in self.traced.inputs:
            return node.meta.get("val")
        tensor = node.meta["val"]
        shape, name = shape_of(tensor), self.traced.inputs[node.name]
        number = name == "time" or (name == "class" and not tensor.is_floating_point())
        value = Input(() if number else shape[1:], tensor.dtype, name)
        self.builder.inputs.append(value)
        return self.builder.reshape(value, shape)

    def _call(self, node: Node) -> Any:
        try:
            return self._made(node)
        except NotKnown as error:
            self._miss(error.what, error.instead)
        except DependsOnBatch as error:
            self._miss(
                f"{_name(node)}: {error}", "each sample must be computed from itself alone"
            )
        return _unknown(node.meta.get("val"))

    def _miss(self, what: str, instead: str) -> None:
        found = self.missing.setdefault(what, _Missing(0, self.builder.source, instead))
        found.count += 1

    def _made(self, node: Node) -> Any:
        target, said = node.target, node.meta.get("val")
        if target is operator.getitem:
            of: Any = node.args[0]
            k: Any = node.args[1]
            made = self._resolved(of)
            if isinstance(made, list) and isinstance(k, int) and not -len(made) <= k < len(made):
                raise NotKnown(
                    f"result {k} of {_name(of)}, as return_indices=True asks for",
                    "interpolate() makes images larger without it",
                )
            return made[k]
        if _name(node) == "with_effects":  # an assertion, and nothing else in what PyTorch has
            return [None, None]
        if _name(node) in ("_local_scalar_dense", "item"):
            return self._number(self._resolved(node.args[0]))
        if isinstance(said, torch.SymFloat):
            raise NotKnown("numbers that are computed from item()", "leave out item()")
        if isinstance(said, (int, float, torch.SymInt)):
            return of_one_sample(said) if not isinstance(said, float) else said
        if not isinstance(said, (torch.Tensor, list, tuple)):
            return None  # assertions about sizes
        if not isinstance(target, torch._ops.OpOverload):
            raise NotKnown(_name(node))
        arguments = {a.name: a.default_value for a in target._schema.arguments}
        names = [a.name for a in target._schema.arguments]
        arguments |= dict(zip(names, node.args, strict=False)) | node.kwargs
        arguments = {name: self._resolved(value) for name, value in arguments.items()}
        return self._lowered(target, arguments, said)

    def _number(self, value: Any) -> Any:
        """What item() makes of an array of one element: the array."""
        if isinstance(value, Constant):
            return value.tensor.item()
        return self.builder.reshape(value, ()) if isinstance(value, Value) else value

    def _lowered(self, target: torch._ops.OpOverload, arguments: dict[str, Any], said: Any) -> Any:
        call = _call_of(target, arguments, said)
        if torch.Tag.nondeterministic_seeded in target.tags and call.name not in TABLE:
            raise NotKnown(
                f"random numbers inside the network ({call.name})",
                "let the network take them as an input, or leave them out in evaluation",
            )
        values = [v for v in _leaves(arguments) if isinstance(v, (Value, Complex))]
        if all(_is_constant(v) for v in values):  # what is unknown is none
            made = _folded(target, arguments)
            if call.name.startswith(("empty", "new_empty")):
                made.tensor.zero_()  # whatever it holds, it is written over or of no meaning
            return made
        if call.name not in TABLE or not target._schema.name.startswith("aten::"):
            raise NotKnown(call.name, INSTEAD.get(call.name, ""))
        if any(isinstance(v, Unknown) for v in values):
            return _unknown(said)
        try:
            made = TABLE[call.name](self.builder, call)
            _agree(call, made)
        except (NotKnown, DependsOnBatch, Refused):
            raise
        except Exception as error:  # a form of the operation that nobody has met
            raise NotKnown(f"{call.name} in this form ({one_line(error)})") from error
        return made

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Node):
            return self.values[value]
        if isinstance(value, (list, tuple)):
            return [self._resolved(part) for part in value]
        return of_one_sample(value) if isinstance(value, torch.SymInt) else value

    def _refuse_missing(self) -> None:
        if not self.missing:
            return
        rows = [
            f"\n  {found.count} x {what}"
            + (f"; {found.instead}" if found.instead else "")
            + (f"\n      {found.source}" if found.source else "")
            for what, found in self.missing.items()
        ]
        raise Refused(
            "quell.export: a program has no instructions for these operations:"
            + "".join(rows)
            + "\nWrite them with others, export the network to ONNX (docs/onnx.md), or draw from "
            "it in Python as it is (quell.FunctionDenoiser)"
        )


INSTEAD = {
    "nonzero": "shapes may not depend on values",
    "scatter_reduce": "index_add does sums at fixed places",
}


def _name(node: Node) -> str:
    target: Any = node.target
    return target._schema.name.split("::")[1] if hasattr(target, "_schema") else str(target)


def _call_of(target: torch._ops.OpOverload, arguments: dict[str, Any], said: Any) -> Call:
    space, name = target._schema.name.split("::")
    full = name if space == "aten" else f"{space}::{name}"
    if isinstance(said, torch.Tensor):
        return Call(full, arguments, shape_of(said), said.dtype, [])
    shapes = [shape_of(part) for part in said if isinstance(part, torch.Tensor)]
    dtype = next((p.dtype for p in said if isinstance(p, torch.Tensor)), torch.float32)
    return Call(full, arguments, (), dtype, shapes)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]


def _is_constant(value: Value | Complex) -> bool:
    if isinstance(value, Complex):
        return isinstance(value.real, Constant) and isinstance(value.imaginary, Constant)
    return isinstance(value, Constant)


def _tensor(value: Any) -> Any:
    """Returns a constant as PyTorch has it."""
    if isinstance(value, Complex):
        assert isinstance(value.real, Constant) and isinstance(value.imaginary, Constant)
        return torch.complex(value.real.tensor, value.imaginary.tensor)
    if isinstance(value, list):
        return [_tensor(part) for part in value]
    return value.tensor if isinstance(value, Constant) else value


def _parts(value: Constant) -> Complex:
    pair = torch.view_as_real(value.tensor.resolve_conj())
    return Complex(constant(pair[..., 0]), constant(pair[..., 1]))


def _folded(target: torch._ops.OpOverload, arguments: dict[str, Any]) -> Any:
    """Returns the result of an operation on constants, computed by PyTorch."""
    schema = target._schema.arguments
    given = {name: _tensor(value) for name, value in arguments.items()}
    positional = [given[a.name] for a in schema if not a.kwarg_only]
    with torch.no_grad():
        made = target(*positional, **{a.name: given[a.name] for a in schema if a.kwarg_only})
    return _wrapped(made)


def _wrapped(made: Any) -> Any:
    if isinstance(made, (list, tuple)):
        return [_wrapped(part) for part in made]
    if not isinstance(made, torch.Tensor):
        return made
    return _parts(constant(made)) if made.is_complex() else constant(made)


def _unknown(said: Any) -> Any:
    """Returns a stand-in for the result of an unknown operation, with its shape if that is
    known."""
    if isinstance(said, (list, tuple)):
        return [_unknown(part) for part in said]
    if not isinstance(said, torch.Tensor):
        return None
    try:
        return Unknown(shape_of(said), said.dtype)
    except DependsOnBatch:
        return Unknown((1,) * said.ndim, said.dtype)


def _agree(call: Call, made: Any) -> None:
    """Compares the inferred shapes with PyTorch's."""
    if isinstance(made, Complex):
        made = made.real
    shapes = [part.shape for part in made] if isinstance(made, list) else [made.shape]
    right = call.shapes if isinstance(made, list) else [call.shape]
    assert shapes == right[: len(shapes)], f"{call.name}: {shapes}, PyTorch has {right}"


def lowered_of(module: nn.Module, inputs: Inputs) -> Lowered:
    """Returns the instructions of a module: traced with a batch of any size or, if a size is no
    multiple of it, with a batch of one, as where the batch is doubled inside and halved again. The
    check, with another batch, shows whether that is right. Where a mask that is always the same
    chooses elements, how many there are is known if the mask is looked at."""
    given = (inputs.arguments, inputs.keywords, inputs.names)
    try:
        return Lowering(trace(module, *given)).run()
    except Refused as error:
        masked = OF_A_MASK in str(error)
        if OF_THE_BATCH not in str(error) and not masked:
            raise
        first = error
    try:
        return Lowering(trace(module, *given, single=True, looking=masked)).run()
    except Refused:
        raise first from None


def operations(lowered: Lowered) -> dict[str, int]:
    """Returns the number of instructions of each kind."""
    return dict(collections.Counter(result.kind for result in lowered.results))
