# SPDX-License-Identifier: MIT
"""The peers by the precision of their weights, each as a file by_*.py and a function of it. That
file is loaded when it is asked for, so that what is not installed can be left out."""

import importlib
from dataclasses import dataclass

from problem import Call, Problem


@dataclass(frozen=True)
class Peer:
    name: str
    precision: str  # whose table it stands in
    where: str
    what: str
    usual: bool = True  # else measured only if it is asked for by name
    compiles: bool = False  # for minutes, for each number of samples: only for 8

    def takes(self, samples: int) -> bool:
        return samples == 8 or not self.compiles

    def call(self, problem: Problem) -> Call:
        return getattr(importlib.import_module(f"by_{self.where}"), self.what)(problem)


PEERS = (
    Peer("quell", "float32", "quell", "f32"),
    Peer("quell, fast=1e-4", "float32", "quell", "loose", usual=False),
    Peer("quell, fast=False", "float32", "quell", "plain", usual=False),
    Peer("ncnn", "float32", "ncnn", "f32"),
    Peer("OpenVINO", "float32", "openvino", "f32"),
    Peer("ONNX Runtime", "float32", "onnxruntime", "f32"),
    Peer("torch", "float32", "torch", "f32"),
    Peer("torch.compile", "float32", "torch", "compiled", compiles=True),
    Peer("zentorch", "float32", "torch", "zentorch", compiles=True),
    Peer("quell bf16 products", "bfloat16", "quell", "halves"),
    Peer("quell bf16 weights", "bfloat16", "quell", "bf16"),
    Peer("ncnn bf16 storage", "bfloat16", "ncnn", "bf16"),
    Peer("OpenVINO bf16", "bfloat16", "openvino", "bf16"),
    Peer("torch.compile bf16", "bfloat16", "torch", "compiled_bf16", compiles=True),
    Peer("zentorch bf16", "bfloat16", "torch", "zentorch_bf16", compiles=True),
    Peer("quell int8", "int8", "quell", "int8"),
    Peer("OpenVINO int8", "int8", "openvino", "int8"),
    Peer("OpenVINO int8 + bf16", "int8", "openvino", "int8_bf16"),
    Peer("ONNX Runtime int8", "int8", "onnxruntime", "int8"),
)
