# SPDX-License-Identifier: MIT
"""Writes the small networks of tests/onnx: python onnx_files.py FOLDER (needs onnx).

gaussian, one: E[X | x_t] of N(m, v I) under azula's simple preconditioning, which knows of the
schedule only r = sigma / alpha: with h = 1 + r^2, a = 1 / sqrt(h), on x / sqrt(alpha^2 + sigma^2),
it is m + a v h / (v + r^2) (x - a m). In `one` the batch is 1. steps: an integer time and a label
with a table of offsets, one for each class; in `unnamed` the names of the inputs say nothing. `outside`
is gaussian with its mean in another file. In `turned` the time comes before x. The others must be refused, or fail.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper


def constant(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.array(value, dtype), name)


def write(folder, name, nodes, inputs, outputs, constants, metadata):
    graph = h.make_graph(nodes, name, inputs, outputs, constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    h.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


def gaussian(folder, name, batch, x_type=T.FLOAT, size=2, metadata=None, turned=False):
    n = h.make_node
    nodes = [n("Exp", ["t"], ["r"]), n("Mul", ["r", "r"], ["q"]), n("Add", ["one", "q"], ["h"]),
             n("Sqrt", ["h"], ["root"]), n("Div", ["one", "root"], ["a"]),
             n("Add", ["v", "q"], ["vq"]), n("Div", ["h", "vq"], ["hv"]),
             n("Mul", ["a", "v"], ["av"]), n("Mul", ["av", "hv"], ["c"]),
             n("Mul", ["a", "m"], ["am"]), n("Sub", ["x", "am"], ["d"]), n("Mul", ["c", "d"], ["e"]),
             n("Add", ["m", "e"], ["mu"])]
    inputs = [h.make_tensor_value_info("x", x_type, [batch, size]),
              h.make_tensor_value_info("t", T.FLOAT, [batch, 1])]
    outputs = [h.make_tensor_value_info("mu", T.FLOAT, [batch, size])]
    if turned:
        inputs.reverse()
    write(folder, name, nodes, inputs, outputs,
          [constant("one", 1), constant("m", [1, -2]), constant("v", 0.25)],
          metadata or {"quell.precondition": "simple", "quell.schedule": "vp"})


def outside(folder):
    """`gaussian`, but that its mean is in a file of its own."""
    model = onnx.load(folder / "gaussian.onnx")
    mean = next(one for one in model.graph.initializer if one.name == "m")
    (folder / "outside.weights").write_bytes(mean.raw_data)
    onnx.external_data_helper.set_external_data(mean, "outside.weights", 0, len(mean.raw_data))
    mean.ClearField("raw_data")
    (folder / "outside.onnx").write_bytes(model.SerializeToString())


def steps(folder, name="steps", step="step", label="class"):
    n = h.make_node
    nodes = [n("Cast", [step], ["s"], to=T.FLOAT), n("Gather", ["table", label], ["o"]),
             n("Add", ["s", "o"], ["so"]), n("Reshape", ["so", "column"], ["c"]),
             n("Mul", ["x", "zero"], ["z"]), n("Add", ["z", "c"], ["out"])]
    inputs = [h.make_tensor_value_info("x", T.FLOAT, ["n", 1, "high", 3]),
              h.make_tensor_value_info(step, T.INT64, ["n"]),
              h.make_tensor_value_info(label, T.INT64, ["n"])]
    outputs = [h.make_tensor_value_info("out", T.FLOAT, ["n", 1, "high", 3])]
    write(folder, name, nodes, inputs, outputs,
          [constant("table", [0, 0.25, 0.5]), constant("zero", 0),
           constant("column", [-1, 1, 1, 1], np.int64)],
          {"quell.shape": "1,2,3", "quell.schedule": "rectified"})


def main():
    folder = pathlib.Path(sys.argv[1])
    gaussian(folder, "gaussian", "n")
    outside(folder)
    gaussian(folder, "one", 1)
    gaussian(folder, "batch", 4)
    gaussian(folder, "sizes", "n", size="d")
    gaussian(folder, "word", "n", metadata={"quell.output": "noise"})
    gaussian(folder, "turned", "n", turned=True)
    steps(folder)
    steps(folder, "unnamed", "p", "q")
    logarithm = [h.make_node("Sqrt", ["minus"], ["nan"]), h.make_node("Mul", ["x", "nan"], ["y"])]
    write(folder, "nan", logarithm, [h.make_tensor_value_info("x", T.FLOAT, ["n", 2])],
          [h.make_tensor_value_info("y", T.FLOAT, ["n", 2])], [constant("minus", -1)], {})
    half = [h.make_node("Identity", ["x"], ["y"])]
    write(folder, "half", half, [h.make_tensor_value_info("x", T.FLOAT16, ["n", 2])],
          [h.make_tensor_value_info("y", T.FLOAT16, ["n", 2])], [], {})


main()
