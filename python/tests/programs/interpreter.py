# SPDX-License-Identifier: MIT
"""A naive interpreter of programs, written from docs/programs.md: NumPy, in float64, one sample at
a time. It knows nothing of PyTorch nor of the exporter. It does not have the promised bits but the
exact values that those are the roundings of."""

import json
import math

import numpy as np
from elementwise import FUNCTIONS

KINDS = {}


def kind(function):
    KINDS[function.__name__.removesuffix("_")] = function
    return function


def read(path):
    """The description and the tensors of a file."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        data = file.read()
    description = json.loads(header.pop("__metadata__")["quell"])
    return description, {name: _tensor(data, entry) for name, entry in header.items()}


def _tensor(data, entry):
    begin, end = entry["data_offsets"]
    if entry["dtype"] == "BF16":
        wide = np.frombuffer(data[begin:end], "<u2").astype("<u4") << 16
        flat = wide.view("<f4")
    else:
        flat = np.frombuffer(data[begin:end], {"F32": "<f4", "F16": "<f2"}[entry["dtype"]])
    assert np.isfinite(flat).all()
    return flat.astype(np.float64).reshape(entry["shape"])


class Program:
    """One program of a file, to be called with its inputs by name."""

    def __init__(self, path, name="denoise"):
        self.description, self.tensors = read(path)
        assert self.description["version"] == 1
        self.program = self.description["programs"][name]
        self.used = set()

    def __call__(self, **inputs):
        """The output of one sample."""
        declared = self.program["inputs"]
        assert set(inputs) == set(declared), (set(inputs), set(declared))
        self.inputs = {}
        for key, value in inputs.items():
            self.inputs[key] = np.asarray(value, np.float64)
            assert list(self.inputs[key].shape) == declared[key], key
        self.results = []
        with np.errstate(all="ignore"):
            for instruction in self.program["instructions"]:
                self.results.append(self.run(instruction))
        output = self.operand(self.program["output"])
        assert np.isfinite(output).all()
        return output

    def run(self, instruction):
        (name, operands), *attributes = instruction.items()
        made = KINDS[name](*[self.operand(o) for o in operands], **dict(attributes))
        assert made.ndim <= 8 and made.dtype == np.float64 and made.size
        return made

    def operand(self, said):
        if isinstance(said, list):
            (number,) = said
            return np.float64(np.float32(number)).reshape(())
        if isinstance(said, str):
            if said in self.inputs:
                return self.inputs[said]
            self.used.add(said)
            return self.tensors[said]
        assert 0 <= said < len(self.results)
        return self.results[said]


# map


@kind
def map_(*operands, function):
    return np.asarray(FUNCTIONS[function](*operands), np.float64)


# move


@kind
def move(x, *more, form, **said):
    return {
        "reshape": _reshape,
        "permute": _permute,
        "slice": _slice,
        "flip": _flip,
        "expand": _expand,
        "repeat": _repeat,
        "put": _put,
    }[form](x, *more, **said)


def _reshape(x, shape):
    assert math.prod(shape) == x.size
    return x.reshape(shape)


def _permute(x, order):
    return x.transpose(order)


def _places(x, dim, start, stop, step):
    assert 0 <= dim < x.ndim and 0 <= start < stop <= x.shape[dim] and step > 0
    return (slice(None),) * dim + (slice(start, stop, step),)


def _slice(x, dim, start, stop, step=1):
    return x[_places(x, dim, start, stop, step)]


def _flip(x, dims):
    return np.flip(x, dims)


def _expand(x, shape):
    return np.broadcast_to(x, shape)


def _repeat(x, counts):
    assert len(counts) == x.ndim
    return np.tile(x, counts)


def _put(x, part, dim, start, stop, step=1):
    made = x.copy()
    places = _places(x, dim, start, stop, step)
    assert made[places].shape == part.shape
    made[places] = part
    return made


@kind
def concat(*parts, dim):
    return np.concatenate(parts, dim)


@kind
def pad(x, before, after, mode="constant", value=0):
    cut = tuple(
        slice(max(0, -b), n - max(0, -a)) for b, n, a in zip(before, x.shape, after, strict=True)
    )
    x = x[cut]
    widths = [(max(0, b), max(0, a)) for b, a in zip(before, after, strict=True)]
    if mode == "constant":
        return np.pad(x, widths, constant_values=np.float32(value))
    return np.pad(x, widths, mode={"replicate": "edge", "circular": "wrap"}.get(mode, mode))


# Sums of products


@kind
def linear(x, weight, bias=None):
    made = x @ weight.T
    return made if bias is None else made + bias


def _bordered(x, before, after, rank, fill=0.0):
    """x with borders on its last dimensions; negative ones cut off."""
    none = [0] * (x.ndim - rank)
    return (
        pad(x, none + list(before), none + list(after))
        if fill == 0
        else _filled(x, none + list(before), none + list(after), fill)
    )


def _filled(x, before, after, fill):
    return np.pad(x, list(zip(before, after, strict=True)), constant_values=fill)


@kind
def conv(
    x, weight, bias=None, stride=None, before=None, after=None, dilation=None, groups=1, winograd=0
):
    assert winograd in (0, 2, 4, 6)  # which rounds in another way alone
    rank = weight.ndim - 2
    assert x.ndim == rank + 1 and x.shape[0] == weight.shape[1] * groups
    stride, dilation = stride or [1] * rank, dilation or [1] * rank
    x = _bordered(x, before or [0] * rank, after or [0] * rank, rank)
    window = weight.shape[2:]
    sizes = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(x.shape[1:], window, stride, dilation, strict=True)
    ]
    parts = zip(np.split(x, groups), np.split(weight, groups), strict=True)
    made = np.concatenate([_taps(p, w, sizes, stride, dilation) for p, w in parts])
    return made if bias is None else made + bias.reshape(-1, *[1] * rank)


def _taps(x, weight, sizes, stride, dilation):
    made = np.zeros((weight.shape[0], *sizes))
    for tap in np.ndindex(*weight.shape[2:]):
        places = tuple(
            slice(t * d, t * d + s * (n - 1) + 1, s)
            for t, d, s, n in zip(tap, dilation, stride, sizes, strict=True)
        )
        taken = x[(slice(None), *places)]
        made += np.tensordot(weight[(slice(None), slice(None), *tap)], taken, 1)
    return made


@kind
def conv_transpose(
    x, weight, bias=None, stride=None, before=None, after=None, dilation=None, groups=1
):
    rank = weight.ndim - 2
    assert x.ndim == rank + 1 and x.shape[0] == weight.shape[0]
    stride, dilation = stride or [1] * rank, dilation or [1] * rank
    window = weight.shape[2:]
    sizes = [
        (n - 1) * s + d * (k - 1) + 1
        for n, k, s, d in zip(x.shape[1:], window, stride, dilation, strict=True)
    ]
    parts = zip(np.split(x, groups), np.split(weight, groups), strict=True)
    made = np.concatenate([_spread(p, w, sizes, stride, dilation) for p, w in parts])
    cut = [-n for n in before or [0] * rank], [-n for n in after or [0] * rank]
    made = _bordered(made, *cut, rank)
    return made if bias is None else made + bias.reshape(-1, *[1] * rank)


def _spread(x, weight, sizes, stride, dilation):
    made = np.zeros((weight.shape[1], *sizes))
    for tap in np.ndindex(*weight.shape[2:]):
        places = tuple(
            slice(t * d, t * d + s * (n - 1) + 1, s)
            for t, d, s, n in zip(tap, dilation, stride, x.shape[1:], strict=True)
        )
        part = np.tensordot(weight[(slice(None), slice(None), *tap)].T, x, 1)
        made[(slice(None), *places)] += part
    return made


@kind
def matmul(a, b):
    assert a.ndim >= 2 and b.ndim >= 2
    return a @ b


@kind
def attention(q, k, v, given=None, scale=None, causal=False, mask=None):
    assert (given is None) == (mask is None)
    if q.ndim > 2 and k.shape[-3] != q.shape[-3]:
        k, v = (np.repeat(part, q.shape[-3] // part.shape[-3], -3) for part in (k, v))
    assert q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
    scale = np.float32(1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    score = float(scale) * (q @ k.swapaxes(-1, -2))
    if mask == "add":
        score = score + given
    if mask == "keep":
        score = np.where(np.broadcast_to(given, score.shape) != 0, score, -np.inf)
    if causal:
        rows, columns = np.indices(score.shape[-2:])
        score = np.where(columns > rows, -np.inf, score)
    greatest = score.max(-1, keepdims=True)
    e = np.exp(score - np.where(np.isinf(greatest), 0, greatest))
    total = e.sum(-1, keepdims=True)
    return (e @ v) / np.where(total == 0, 1, total)


# Norms and reductions


@kind
def softmax(x, dim):
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


@kind
def norm(
    x, scale=None, shift=None, dims=None, groups=None, centred=True, correction=0, epsilon=1e-5
):
    assert (dims is None) != (groups is None)
    y = x.reshape(groups, -1) if groups else x
    axes = (1,) if groups else tuple(dims)
    n = math.prod(y.shape[d] for d in axes)
    d = y - y.mean(axes, keepdims=True) if centred else y
    v = (d * d).sum(axes, keepdims=True) / (n - correction)
    y = (d / np.sqrt(v + np.float64(np.float32(epsilon)))).reshape(x.shape)
    y = y if scale is None else y * scale
    made = y if shift is None else y + shift
    assert made.shape == x.shape
    return made


@kind
def reduce(x, function, dims, keep=False, correction=0):
    dims = tuple(dims)
    n = math.prod(x.shape[d] for d in dims)
    if function in ("argmax", "argmin"):
        return _place(x, function, dims, keep)
    if function == "var":
        d = x - x.mean(dims, keepdims=True)
        return np.asarray((d * d).sum(dims, keepdims=keep) / (n - correction))
    if function == "norm":
        return np.asarray(np.sqrt((x * x).sum(dims, keepdims=keep)))
    return np.asarray(getattr(np, function)(x, dims, keepdims=keep))


def _place(x, function, dims, keep):
    rest = [d for d in range(x.ndim) if d not in dims]
    flat = x.transpose(rest + list(dims)).reshape([x.shape[d] for d in rest] + [-1])
    found = getattr(np, function)(flat, -1).astype(np.float64)
    shape = [1 if d in dims else n for d, n in enumerate(x.shape)]
    return found.reshape(shape) if keep else np.asarray(found)


# Resolutions


@kind
def nearest(x, factors):
    for dim, factor in enumerate(factors):
        x = np.repeat(x, factor, dim)
    return x


@kind
def interpolate(x, sizes, corners=False):
    for k, new in enumerate(sizes):
        x = _line(x, x.ndim - len(sizes) + k, new, corners)
    return x


def _line(x, dim, new, corners):
    old, i = x.shape[dim], np.arange(new)
    if corners:
        place = i * (old - 1) / max(new - 1, 1)
    else:
        place = np.maximum((i + 0.5) * old / new - 0.5, 0)
    a = np.minimum(np.floor(place).astype(int), old - 1)
    b = np.minimum(a + 1, old - 1)
    w = (place - a).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    return w * x.take(b, dim) + (1 - w) * x.take(a, dim)


@kind
def pool(x, function, window, stride=None, before=None, after=None):
    rank = len(window)
    stride, before, after = stride or window, before or [0] * rank, after or [0] * rank
    x = _filled(x, [0, *before], [0, *after], -np.inf if function == "max" else 0.0)
    sizes = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:], window, stride, strict=True)]
    taken = []
    for tap in np.ndindex(*window):
        places = tuple(
            slice(t, t + s * (n - 1) + 1, s) for t, s, n in zip(tap, stride, sizes, strict=True)
        )
        taken.append(x[(slice(None), *places)])
    return getattr(np, {"sum": "sum", "mean": "mean", "max": "max"}[function])(taken, 0)


@kind
def gather(x, index, dim):
    whole = index.astype(int)
    assert (whole == index).all() and (whole >= 0).all() and (whole < x.shape[dim]).all()
    return x.take(whole, dim)
