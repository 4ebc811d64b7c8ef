# SPDX-License-Identifier: MIT
"""A small U-Net of PyTorch as a program (docs/programs.md), and its outputs in float64.

    python programs.py FILE.safetensors > ../programs/small_unet.inc       needs torch and safetensors

The network has what those that people train have: a sine encoding of the time, an embedding of the
class, residual blocks whose group norms are modulated, a padded downsampling, attention of two heads,
nearest upsampling and skips. torch.export's graph of one sample becomes the program, an instruction
for a node; only what this network needs is known.
"""
import json
import math
import sys

import safetensors.torch
import torch
from torch import nn
from torch.nn import functional

CHANNELS, SIDE, CLASSES, WIDTH = 3, 8, 4, 16
ROWS = 5


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(2, inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(4, outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.modulation = nn.Linear(2 * WIDTH, 2 * outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, e):
        h = self.conv1(functional.silu(self.norm1(x)))
        scale, shift = self.modulation(functional.silu(e))[:, :, None, None].chunk(2, dim=1)
        h = self.norm2(h) * (1 + scale) + shift
        return self.skip(x) + self.conv2(functional.silu(h))


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm, self.qkv = nn.LayerNorm(channels), nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in
                   self.qkv(self.norm(tokens)).chunk(3, dim=-1))
        y = functional.scaled_dot_product_attention(q, k, v)
        return x + self.out(y.transpose(1, 2).flatten(2)).transpose(1, 2).reshape(x.shape)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("frequencies", torch.exp(-math.log(1e3) * torch.arange(8) / 7))
        self.time1, self.time2 = nn.Linear(16, 2 * WIDTH), nn.Linear(2 * WIDTH, 2 * WIDTH)
        self.label = nn.Embedding(CLASSES + 1, 2 * WIDTH)
        self.first = nn.Conv2d(CHANNELS, WIDTH, 3, padding=1)
        self.down, self.middle, self.up = Block(WIDTH, WIDTH), Block(WIDTH, WIDTH), Block(2 * WIDTH, WIDTH)
        self.smaller = nn.Conv2d(WIDTH, WIDTH, 3, stride=2)
        self.attention = Attention(WIDTH)
        self.norm, self.last = nn.GroupNorm(4, WIDTH), nn.Conv2d(WIDTH, CHANNELS, 3, padding=1)

    def forward(self, x, time, label):
        angle = 1000 * time[:, None] * self.frequencies
        e = self.time1(torch.cat([angle.sin(), angle.cos()], dim=1))
        e = self.time2(functional.silu(e)) + self.label(label)
        skip = self.down(self.first(x), e)
        h = self.smaller(functional.pad(skip, (0, 1, 0, 1)))
        h = self.attention(self.middle(h, e))
        h = functional.interpolate(h, scale_factor=2)
        h = self.up(torch.cat([h, skip], dim=1), e)
        return self.last(functional.silu(self.norm(h)))


class Writer:
    """Instructions for the nodes of a graph whose values have a first dimension of 1, the batch."""

    def __init__(self, exported, inputs):
        signature = exported.graph_signature
        self.names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        self.state, self.instructions, self.operand = dict(exported.state_dict), [], {}
        self.tensors, inputs = {}, dict(inputs)
        self.inputs = {}
        for node in exported.graph.nodes:
            if node.op == "placeholder" and node.name in self.names:
                self.operand[node] = self.names[node.name]
            elif node.op == "placeholder":
                name = inputs[node.name]
                self.operand[node] = name
                self.inputs[name] = list(node.meta["val"].shape[1:])
            elif node.op == "call_function":
                self.operand[node] = self.lower(node)
        self.output = self.operand[next(n for n in exported.graph.nodes if n.op == "output").args[0][0]]

    def emit(self, kind, operands, **attributes):
        self.instructions.append({kind: operands, **attributes})
        return len(self.instructions) - 1

    def of(self, argument, batched=True):
        if isinstance(argument, (int, float)):
            return [argument]
        operand = self.operand[argument]
        if isinstance(operand, str) and operand in self.state:
            self.tensors[operand] = self.state[operand]
        return operand

    def column(self, argument, rank):
        """A vector of the channels, for values of that rank."""
        size = argument.meta["val"].shape[0]
        return self.emit("move", [self.of(argument)], form="reshape", shape=[size] + [1] * (rank - 1))

    def lower(self, node):
        name, args = node.target.__name__.split(".")[0] if hasattr(node.target, "__name__") else "", node.args
        value = node.meta["val"]
        shape = list(value.shape[1:]) if isinstance(value, torch.Tensor) else None
        if name in ("add", "mul"):
            return self.emit("map", [self.of(a) for a in args], function=name)
        if name in ("sin", "cos", "silu"):
            return self.emit("map", [self.of(args[0])], function=name)
        if name in ("view", "reshape", "flatten", "unflatten", "unsqueeze"):
            return self.emit("move", [self.of(args[0])], form="reshape", shape=shape)
        if name == "slice":  # of everything
            assert list(args[0].meta["val"].shape[1:]) == shape
            return self.of(args[0])
        if name == "transpose":
            order = list(range(len(shape)))
            a, b = (d % (len(shape) + 1) - 1 for d in args[1:])
            order[a], order[b] = order[b], order[a]
            return self.emit("move", [self.of(args[0])], form="permute", order=order)
        if name == "chunk":
            source, dim, start = self.of(args[0]), args[2] % args[0].meta["val"].dim(), 0
            parts = []
            for part in value:
                stop = start + part.shape[dim]
                parts.append(self.emit("move", [source], form="slice", dim=dim - 1, start=start, stop=stop))
                start = stop
            return parts
        if name == "getitem":
            return self.operand[args[0]][args[1]]
        if name == "cat":
            return self.emit("concat", [self.of(a) for a in args[0]], dim=args[1] % value.dim() - 1)
        if name == "linear":
            return self.emit("linear", [self.of(a) for a in args])
        if name == "embedding":
            return self.emit("gather", [self.of(a) for a in args[:2]], dim=0)
        if name == "conv2d":
            stride, padding = (list(args[k]) if len(args) > k else [k == 3 and 1 or 0] * 2 for k in (3, 4))
            stride = stride if len(args) > 3 else [1, 1]
            return self.emit("conv", [self.of(a) for a in args[:3]], stride=stride, before=padding, after=padding)
        if name == "pad":
            left, right, top, bottom = args[1]
            return self.emit("pad", [self.of(args[0])], before=[0, top, left], after=[0, bottom, right])
        if name == "group_norm":
            rank = len(shape)
            operands = [self.of(args[0]), self.column(args[2], rank), self.column(args[3], rank)]
            return self.emit("norm", operands, groups=args[1], epsilon=1e-5)
        if name == "layer_norm":
            return self.emit("norm", [self.of(args[k]) for k in (0, 2, 3)], dims=[len(shape) - 1], epsilon=1e-5)
        if name == "scaled_dot_product_attention":
            return self.emit("attention", [self.of(a) for a in args[:3]])
        if name.startswith("upsample_nearest"):
            return self.emit("nearest", [self.of(args[0])], factors=[1, 2, 2])
        raise NotImplementedError(f"{node.target}: {args}")


def used_only(writer):
    """Leaves out instructions whose results nobody reads, and numbers the others anew."""
    used, number, kept = {writer.output}, {}, []
    for i in reversed(range(len(writer.instructions))):
        if i in used:
            used |= {o for o in next(iter(writer.instructions[i].values())) if isinstance(o, int)}
    for i, instruction in enumerate(writer.instructions):
        if i not in used:
            continue
        kind = next(iter(instruction))
        operands = [number[o] if isinstance(o, int) else o for o in instruction[kind]]
        number[i] = len(kept)
        kept.append({**instruction, kind: operands})
    return kept, number[writer.output]


def main():
    torch.manual_seed(1)
    network = UNet().eval()
    for parameter in network.parameters():  # what the file can hold
        parameter.data = (parameter.data * 1.5).half().float()
    network.frequencies = network.frequencies.half().float()
    x = torch.randn(ROWS, CHANNELS, SIDE, SIDE)
    time = torch.tensor([0.0625, 0.125, 0.5, 0.75, 1.0])
    label = torch.tensor([0, 3, 4, 2, 1])
    exported = torch.export.export(network, (x[:1], time[:1], label[:1]))
    writer = Writer(exported, [("x", "x"), ("time", "time"), ("label", "class")])
    instructions, output = used_only(writer)
    program = {"inputs": writer.inputs, "instructions": instructions, "output": output}
    description = {"kind": "network", "version": 1, "shape": [CHANNELS, SIDE, SIDE], "output": "x0",
                   "classes": CLASSES, "programs": {"denoise": program}}
    tensors = {name: tensor.half().contiguous() for name, tensor in writer.tensors.items()}
    safetensors.torch.save_file(tensors, sys.argv[1], {"quell": json.dumps(description, separators=(",", ":"))})
    with torch.no_grad():
        y = network.double()(x.double(), time.double(), label)
    print("/* Made by tests/reference/programs.py: x, time, class (4: none) and what PyTorch makes of them in\n"
          "   float64. */")
    for name, values in (("x", x), ("y", y)):
        print(f"static const float reference_{name}[] = {{")
        print(", ".join(f"{v:.9g}" + ("f" if "." in f"{v:.9g}" or "e" in f"{v:.9g}" else ".0f") for v in values.flatten().tolist()) + "};")
    print(f"static const double reference_time[] = {{{', '.join(map(str, time.tolist()))}}};")
    print(f"static const int32_t reference_class[] = {{{', '.join(map(str, label.tolist()))}}};")


if __name__ == "__main__":
    main()
