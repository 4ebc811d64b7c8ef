# SPDX-License-Identifier: MIT
"""Traces a module to a graph of PyTorch's operations, by torch.export with a batch of any size.
Composite operations that a program has as one instruction (attention, norms, convolutions, ...) are
not taken apart."""

import contextlib
import dataclasses
import importlib
import inspect
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.export.graph_signature import InputKind, OutputKind

from quell.programs.copies import forget, with_same_weights
from quell.programs.looking import Gradients, Looking
from quell.programs.sizes import narrowed, other_in_many

KEPT = (
    "_safe_softmax adaptive_max_pool2d adaptive_max_pool3d addcmul avg_pool1d avg_pool2d "
    "avg_pool3d bilinear channel_shuffle col2im conv1d "
    "conv2d conv3d "
    "conv_transpose1d conv_transpose2d conv_transpose3d einsum elu embedding gelu glu group_norm "
    "hardsigmoid hardswish hardtanh instance_norm layer_norm leaky_relu lerp linear "
    "linalg_vector_norm log_sigmoid logsumexp matmul mish pad pixel_shuffle pixel_unshuffle relu6 "
    "index_add rms_norm roll scaled_dot_product_attention selu silu softmax softplus "
    "upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d "
    "upsample_nearest3d upsample_trilinear3d _upsample_nearest_exact1d _upsample_nearest_exact2d "
    "_upsample_nearest_exact3d masked_fill clamp_min clamp_max square std log_softmax"
).split()


class Refused(ValueError):
    """The module cannot be exported; the message says why and what to do."""


@dataclasses.dataclass
class Traced:
    """A graph; its placeholders' constant tensors, with their names in the module, or an input's
    name; and the node that is the result."""

    graph: torch.fx.Graph
    constants: dict[str, tuple[Tensor, str]]
    inputs: dict[str, str]
    result: torch.fx.Node


def _decompositions() -> Any:
    table = torch.export.default_decompositions()
    for name in KEPT:
        packet = getattr(torch.ops.aten, name, None)
        for overload in packet.overloads() if packet is not None else ():
            table.pop(getattr(packet, overload), None)
    return table


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Puts a module into evaluation mode, and back into its own mode afterwards: by train(), in
    which a part may do more than keep the mode."""
    before = [(part, part.training) for part in module.modules()]
    if any(training for _, training in before):
        module.eval()
    try:
        yield
    finally:
        for part, training in before:  # what contains others comes before them
            if part.training != training:
                part.train(training)


@contextlib.contextmanager
def _masks_not_looked_at() -> Iterator[None]:
    """nn.Transformer's parts look at a mask's values to see whether it is causal, which a graph
    cannot; without a look the mask is taken as it is."""
    transformer: Any = nn.modules.transformer
    name = "_detect_is_causal_mask"
    looking = getattr(transformer, name, None)
    fast = torch.backends.mha.get_fastpath_enabled()
    if looking is not None:
        setattr(transformer, name, lambda mask, is_causal=None, size=None: bool(is_causal))
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        if looking is not None:
            setattr(transformer, name, looking)


@contextlib.contextmanager
def _data_detached() -> Iterator[None]:
    """Makes x.data x.detach(), which is the same numbers; torch.export cannot follow the former."""
    own: Any = torch._C.TensorBase.__dict__["data"]
    kind: Any = torch.Tensor
    kind.data = property(lambda x: x.detach(), lambda x, value: own.__set__(x, value))
    try:
        yield
    finally:
        del kind.data


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps torch's loggers, and the print() of its export, silent: before an error that is refused
    in one line they write graphs of a hundred lines."""
    exporting: Any = importlib.import_module("torch.export._trace")
    loggers = [
        logger
        for name, logger in logging.root.manager.loggerDict.items()
        if name.split(".")[0] == "torch"
        and isinstance(logger, logging.Logger)
        and not logger.disabled
    ]
    for logger in loggers:
        logger.disabled = True
    exporting.print = lambda *_, **__: None
    try:
        with warnings.catch_warnings():
            yield
    finally:
        del exporting.print
        for logger in loggers:
            logger.disabled = False


def _batched(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim > 0


def _one(value: Any) -> Any:
    return value[:1] if _batched(value) else value


def _dynamic(value: Any) -> Any:
    return {0: torch.export.Dim.DYNAMIC} if _batched(value) else None


def _why(error: BaseException) -> str:
    """Returns the first sentence of an error of torch's, and the user's line if it names one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    for k, line in enumerate(lines):
        if line.startswith("File ") and "/torch/" not in line and k + 1 < len(lines):
            return f"{first} ({line}: {lines[k + 1]})"
    return first


def _exported(
    module: nn.Module,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    single: bool,
    looking: bool,
) -> torch.export.ExportedProgram:
    """Exports with a batch of any size, or with a batch of one if the code takes the batch's size
    as a number, as len(x) does, at last with answers for code that looks at values. A program
    describes one sample; the check uses other batches.

    Arguments:
        single: Whether a batch of one is all that is tried.
        looking: Whether a batch of one, with these answers, is all that is tried.
    """
    first: Exception | None = None
    try:
        if not single and not looking:
            shapes = _shapes(module, arguments, keywords)
            made = _with_shapes(module, arguments, keywords, shapes)
            if narrowed(made):
                _refuse_sizes(module, arguments, keywords)
            return made
    except Refused:
        raise
    except Exception as error:
        first = error
        _refuse_gradients(module, arguments, keywords)
        _refuse_sizes(module, arguments, keywords)
    one = [_one(value) for value in arguments], {k: _one(v) for k, v in keywords.items()}
    if not looking:
        with contextlib.suppress(Exception):
            return _with_shapes(module, one[0], one[1], None)
    try:
        with Looking(module):
            return _with_shapes(module, one[0], one[1], None)
    except Exception:
        raise Refused(
            f"quell.export: torch.export cannot follow {_name(module)}: "
            f"{_why(first) if first else 'with a batch of one'}; a "
            "network must not choose its way by the values of its inputs"
        ) from first


def _refuse_gradients(
    module: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> None:
    """Refuses code that takes a gradient, which torch.export's own errors do not name."""
    gradients, own = Gradients(), with_same_weights(module)
    with contextlib.suppress(Exception), torch.no_grad(), evaluating(own), gradients:
        own(*arguments, **keywords)
    if gradients.found:
        raise Refused(
            f"quell.export: forward takes a gradient ({gradients.found}), which a program cannot: "
            "write the derivative out, or draw from the network in Python as it is "
            "(quell.FunctionDenoiser)"
        )


def _refuse_sizes(module: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    """Refuses a network whose samples are others in a large batch."""
    own = with_same_weights(module)
    with evaluating(own):
        many = other_in_many(own, arguments, keywords)
    if many is not None:
        raise Refused(
            "quell.export: the network looks at the size of its batch: its samples are others in "
            f"one of {many}; a program is that of one sample"
        )


def _with_shapes(
    module: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any], shapes: Any
) -> torch.export.ExportedProgram:
    with (
        torch.no_grad(), evaluating(module), _masks_not_looked_at(), _data_detached(), _quiet()
    ):  # fmt: skip
        warnings.filterwarnings("ignore", "The tensor attribute")  # kept in the copy alone
        warnings.filterwarnings("ignore", ".*LeafSpec", FutureWarning)  # of torch, to itself
        traced = torch.export.export(
            module, tuple(arguments), dict(keywords), dynamic_shapes=shapes, strict=False
        )
        decomposed: torch.export.ExportedProgram = traced.run_decompositions(_decompositions())
    return decomposed


def _shapes(module: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """Returns the dynamic sizes by the names of forward's parameters: the first of each tensor."""
    bound = inspect.signature(module.forward).bind(*arguments, **keywords)
    return {
        name: torch.utils._pytree.tree_map(_dynamic, value)
        for name, value in bound.arguments.items()
    }


class _Inside(nn.Module):
    """Around a network whose parts have names that torch.export's own module has for other things
    ("code", "graph"), which it would lose."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *arguments: Any, **keywords: Any) -> Any:
        return self.network(*arguments, **keywords)


_WITHIN = "network."


def _name(module: nn.Module) -> str:
    return type(module.network if isinstance(module, _Inside) else module).__name__


def _without_clashes(module: nn.Module) -> nn.Module:
    names = [*module._modules, *module._parameters, *module._buffers]
    taken = [hasattr(torch.fx.GraphModule, n) and not hasattr(nn.Module, n) for n in names]
    return _Inside(module).train(module.training) if any(taken) else module


def trace(
    module: nn.Module,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    names: Sequence[str],
    single: bool = False,
    looking: bool = False,
) -> Traced:
    """The module's graph.

    Arguments:
        arguments, keywords: What it is called with: tensors whose first size is a batch of at least
            two, and anything else, which is taken as it is.
        names: Of the tensors among them, in order.
        single: Whether it is traced with a batch of one, whatever the size of theirs.
        looking: Whether it is traced so with answers for code that looks at values.
    """
    try:
        whole = _without_clashes(with_same_weights(module))
        program = _exported(whole, arguments, keywords, single, looking)
    finally:
        forget(module)
    constants: dict[str, tuple[Tensor, str]] = {}
    inputs: dict[str, str] = {}
    left = list(names)
    for given in program.graph_signature.input_specs:
        placeholder = given.arg.name
        if given.kind == InputKind.USER_INPUT:
            if isinstance(given.arg, torch.export.graph_signature.TensorArgument):
                inputs[placeholder] = left.pop(0)
            continue
        if given.kind == InputKind.TOKEN:  # the order of assertions, which a program does without
            continue
        target = str(given.target)
        held = program.state_dict if target in program.state_dict else program.constants
        name = target.removeprefix(_WITHIN) if isinstance(whole, _Inside) else target
        constants[placeholder] = (held[target], name)
    return Traced(program.graph, constants, inputs, _result(program))


def _instead_of_change(program: torch.export.ExportedProgram) -> str:
    if any("embedding_renorm" in str(node.target) for node in program.graph.nodes):
        return "clip the rows of the table to its max_norm once before, and leave out max_norm"
    return "remove that"


def _result(program: torch.export.ExportedProgram) -> torch.fx.Node:
    output = next(node for node in program.graph.nodes if node.op == "output")
    kept = []
    for node, said in zip(output.args[0], program.graph_signature.output_specs, strict=True):
        if said.kind == OutputKind.USER_OUTPUT and isinstance(node, torch.fx.Node):
            kept.append(node)
        elif said.kind not in (OutputKind.USER_OUTPUT, OutputKind.TOKEN):
            raise Refused(
                f"quell.export: forward changes {said.target}: a program has no state; "
                + _instead_of_change(program)
            )
    if len(kept) != 1:
        raise Refused(
            f"quell.export: the network returns {len(kept)} tensors, must be one: wrap it in a "
            "module that returns the one that is meant"
        )
    return kept[0]
