# SPDX-License-Identifier: MIT
"""Normalisations and softmax."""

import math
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Constant, Value, constant


def normed(b: Builder, x: Value, scale: Any, shift: Any, dtype: torch.dtype, **said: Any) -> Value:
    """The norm with its scale and shift, of which the second needs the first."""
    operands = [x] if scale is None else [x, scale] if shift is None else [x, scale, shift]
    made = b.emit("norm", operands, dtype, **said)
    return b.add(made, shift) if scale is None and shift is not None else made


@lowers("group_norm")
def group_norm(b: Builder, call: Call) -> Value:
    return _groups(b, call, call["num_groups"])


@lowers("native_group_norm")
def native_group_norm(b: Builder, call: Call) -> Any:
    return [_groups(b, call, call["group"])]


@lowers("instance_norm")
def instance_norm(b: Builder, call: Call) -> Value:
    if not call["use_input_stats"]:
        return _by_line(b, call)
    return _groups(b, call, call.first().shape[1])


def _groups(b: Builder, call: Call, groups: int) -> Value:
    x, eps = call.first(), float(call["eps"])
    count, channels, *sizes = x.shape
    along = (channels, *[1] * len(sizes))
    scale, shift = (
        None if value is None else b.reshape(value, along)
        for value in (call["weight"], call["bias"])
    )
    if count == 1:
        lone = b.reshape(x, x.shape[1:])
        made = normed(b, lone, scale, shift, call.dtype, groups=groups, epsilon=eps)
        return b.reshape(made, x.shape)
    # What is folded into the batch (frames, say) is normalised by itself, as the groups are.
    apart = b.reshape(x, [count, groups, channels // groups, *sizes])
    dims = list(range(2, apart.rank))
    made = b.reshape(b.emit("norm", [apart], call.dtype, dims=dims, epsilon=eps), x.shape)
    made = made if scale is None else b.mul(made, scale)
    return made if shift is None else b.add(made, shift)


@lowers("layer_norm")
def layer_norm(b: Builder, call: Call) -> Value:
    x, count = call.first(), len(call["normalized_shape"])
    dims = list(range(x.rank - count, x.rank))
    return normed(
        b, x, call["weight"], call["bias"], call.dtype, dims=dims, epsilon=float(call["eps"])
    )


@lowers("native_layer_norm")
def native_layer_norm(b: Builder, call: Call) -> Any:
    return [layer_norm(b, call)]


@lowers("rms_norm")
def rms_norm(b: Builder, call: Call) -> Value:
    x, count = call.first(), len(call["normalized_shape"])
    eps = call["eps"] if call["eps"] is not None else torch.finfo(call.dtype).eps
    dims = list(range(x.rank - count, x.rank))
    return normed(
        b, x, call["weight"], None, call.dtype, dims=dims, centred=False, epsilon=float(eps)
    )


@lowers("batch_norm", "_native_batch_norm_legit_no_training", "_batch_norm_no_update")
def batch_norm(b: Builder, call: Call) -> Any:
    if call.arguments.get("training"):
        raise NotKnown("batch_norm in training mode", "call .eval()")
    made = _by_line(b, call)
    return made if call.name == "batch_norm" else [made]


def _by_line(b: Builder, call: Call) -> Value:
    x = call["input"]
    scale, shift = _line(call)
    along = (1, x.shape[1], *[1] * (x.rank - 2))
    made = b.mul(x, constant(scale.float().reshape(along)))
    return b.add(made, constant(shift.float().reshape(along)))


def _line(call: Call) -> tuple[torch.Tensor, torch.Tensor]:
    """Batch norm in evaluation mode is scale x + shift."""
    parts = [call["running_mean"], call["running_var"], call["weight"], call["bias"]]
    if not all(isinstance(part, (Constant, type(None))) for part in parts) or parts[0] is None:
        raise NotKnown(f"{call.name} without running statistics")
    mean, variance = (part.tensor.double() for part in parts[:2])
    one, zero = torch.ones_like(mean), torch.zeros_like(mean)
    weight = one if parts[2] is None else parts[2].tensor.double()
    bias = zero if parts[3] is None else parts[3].tensor.double()
    scale = weight / (variance + call["eps"]).sqrt()
    return scale, bias - mean * scale


@lowers("_safe_softmax")
def safe_softmax(b: Builder, call: Call) -> Value:
    """Zeros where all along the dimension is -infinity."""
    x, made = call.first(), softmax(b, call)
    most = b.reduce("max", x, [call["dim"]], True, call.dtype)
    hidden = b.map("eq", [most, -math.inf], torch.bool)
    return b.map("where", [hidden, 0.0, made], call.dtype)


@lowers("softmax", "_softmax")
def softmax(b: Builder, call: Call) -> Value:
    x = call.first()
    return b.emit("softmax", [x], call.dtype, dim=call["dim"] % x.rank)


@lowers("logsumexp")
def logsumexp(b: Builder, call: Call) -> Value:
    x = call.first()
    dims = call["dim"] if isinstance(call["dim"], list) else [call["dim"]]
    return b.reshape(_logsumexp(b, x, dims, call.dtype), call.shape)


def _logsumexp(b: Builder, x: Value, dims: list[int], dtype: torch.dtype) -> Value:
    largest = b.reduce("max", x, dims, True, dtype)
    total = b.reduce("sum", b.map("exp", [b.sub(x, largest)], dtype), dims, True, dtype)
    return b.add(largest, b.map("log", [total], dtype))


@lowers("log_softmax", "_log_softmax")
def log_softmax(b: Builder, call: Call) -> Value:
    x = call.first()
    return b.sub(x, _logsumexp(b, x, [call["dim"]], call.dtype))
