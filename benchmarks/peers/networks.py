# SPDX-License-Identifier: MIT
"""Networks: quell beside azula on PyTorch, eager and compiled, and ONNX Runtime.

    PYTHONPATH=python python benchmarks/peers/networks.py [--build build] [--rounds N] [CASE...]

All draw the same samples by DDIM from the same x_1, on the same threads, taking turns; printed are
the medians of the seconds of a run, with the least and the greatest, and how far each is from
azula's samples, relative to the greatest. What is not installed is said to be missing."""

import argparse
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
from azula.denoise import KarrasDenoiser
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from azula.noise import VPSchedule
from azula.sample import DDIMSampler
from quell_c import Quell
from torch import Tensor, nn

from quell_export import export
from quell_export.modules import Conditioned, ResidualMLP

STEPS = 16
TIME = {"features": 64, "omega": 1e4}


class Images(Conditioned):
    """A network of images without channels."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net, 128, **TIME)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return super().forward(x[:, None], t)[:, 0]


def vit() -> nn.Module:
    net = ViT(
        1, 1, mod_features=128, hid_channels=128, hid_blocks=6, patch_size=4, attention_heads=4
    )
    return Images(net)


def unet() -> nn.Module:
    return Images(UNet(1, 1, mod_features=128, hid_channels=(32, 64, 128), hid_blocks=(2, 2, 2)))


CASES = {  # network, shape of a sample, batch
    "mlp-2-128": (lambda: ResidualMLP(2, 128, 3, **TIME), (2,), 16384),
    "mlp-64-256": (lambda: ResidualMLP(64, 256, 3, **TIME), (64,), 4096),
    "mlp-2-128-alone": (lambda: ResidualMLP(2, 128, 3, **TIME), (2,), 1),
    "glyphs": (vit, (28, 28), 64),
    "glyphs-alone": (vit, (28, 28), 1),
    "unet": (unet, (28, 28), 64),
    "unet-alone": (unet, (28, 28), 1),
}


def azula_run(net: nn.Module, x: Tensor) -> Callable[[], np.ndarray]:
    sampler = DDIMSampler(KarrasDenoiser(net, VPSchedule()), steps=STEPS, silent=True)

    def run() -> np.ndarray:
        with torch.inference_mode():
            return sampler(x).numpy()

    return run


def onnx_run(net: nn.Module, x: Tensor, folder: str, threads: int) -> Callable[[], np.ndarray]:
    import onnxruntime

    path = f"{folder}/net.onnx"
    t = torch.zeros(len(x))
    torch.onnx.export(net, (x, t), path, dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]

    class Backbone(nn.Module):
        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            t = t.expand(len(x)).contiguous()
            feed = dict(zip(names, (x.numpy(), t.numpy()), strict=True))
            return torch.from_numpy(session.run(None, feed)[0])

    return azula_run(Backbone(), x)


def quell_run(build: str, model: str, x: Tensor, threads: int) -> Callable[[], np.ndarray]:
    quell = Quell(pathlib.Path(build) / "src/libquell.so", model, "ddim", STEPS)

    def run() -> np.ndarray:
        out = x.numpy().copy()
        quell.forward(out, threads)
        return out

    return run


def measure(runs: dict, rounds: int, seconds: float) -> dict:
    """Each run's times, the runs taking turns; a short one is repeated within its turn."""
    repeats, times = {}, {name: [] for name in runs}
    for name, run in runs.items():
        run()
        start = time.perf_counter()
        run()
        repeats[name] = max(1, int(seconds / (time.perf_counter() - start)))
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                run()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return times


def bench(name: str, options: argparse.Namespace) -> None:
    make, shape, batch = CASES[name]
    torch.manual_seed(0)
    net = make().eval().requires_grad_(False)
    x = torch.randn(batch, *shape)
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/net.safetensors"
        export(KarrasDenoiser(net, VPSchedule()), model, shape)
        runs = {
            "azula": azula_run(net, x),
            "quell": quell_run(options.build, model, x, options.threads),
        }
        if not options.quick:
            runs["azula, compiled"] = azula_run(torch.compile(net), x)
            try:
                runs["azula, ONNX Runtime"] = onnx_run(net, x, folder, options.threads)
            except ImportError as missing:
                print(f"missing: {missing}")
        right = runs["azula"]()
        times = measure(runs, options.rounds, options.seconds)
        median = {n: statistics.median(t) for n, t in times.items()}
        for n, t in times.items():
            apart = np.abs(runs[n]() - right).max() / np.abs(right).max()
            print(
                f"{name:16} {n:20} {median[n]:.3e} s ({min(t):.3e} to {max(t):.3e})"
                f"  quell is {median[n] / median['quell']:6.2f} times as fast  apart {apart:.1e}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="azula and quell alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.cases:
        bench(name, options)


if __name__ == "__main__":
    main()
