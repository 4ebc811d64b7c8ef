# SPDX-License-Identifier: MIT
"""quell.export from end to end: the file as a model of quell's, E[X | x_t] by the library beside
the formulas, and what a network is told of the time."""

import json
import subprocess
import sys

import interpreter
import numpy as np
import pytest
import quell
import torch
from quell import _quell
from torch import nn

X = torch.randn(4, 3, 2)


class Net(nn.Module):
    """Takes a time of any kind and, if it has classes, a class."""

    def __init__(self, classes=0, onehot=False):
        super().__init__()
        torch.manual_seed(0)
        self.into, self.out = nn.Linear(2, 16), nn.Linear(16, 2)
        self.label = nn.Linear(classes, 16) if onehot else nn.Embedding(classes + 1, 16)

    def forward(self, x, t, label=None):
        h = self.into(x) + torch.sin(t.float()[:, None, None] * torch.arange(1, 17) * 0.1)
        h = h if label is None else h + self.label(label)[:, None]
        return self.out(nn.functional.silu(h))


def close(made, right):
    return abs(made.double() - right.double()).max() <= 2e-6 * abs(right).max()


def mean_of(module, x, t, schedule, told, *label):
    """E[X | x_t] of a network that returns the noise and is told `told`."""
    alpha, sigma = quell.Schedule(schedule)(t)
    with torch.no_grad():
        return (x - sigma * module(x, torch.full((len(x),), told), *label)) / alpha


def exported(tmp_path, module, example, **options):
    """Exported as a network that returns the noise, unless told otherwise."""
    path = tmp_path / "net.safetensors"
    if not options.pop("whole", False):
        options = {"output": "eps", "schedule": "vp", "time": "t", **options}
    assert quell.export(module, path, example, **options) <= 1e-5
    return quell.load(path)


def test_the_schedules_time(tmp_path):
    module = Net()
    model = exported(tmp_path, module, (X, torch.rand(4)), output="eps", schedule="vp")
    assert model.shape == (3, 2)
    assert close(model(X, 0.37).mean, mean_of(module, X, 0.37, "vp", 0.37))


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32])
def test_an_index(tmp_path, dtype):
    """Point k of N has t = k / (N - 1)."""
    module, schedule = Net(), "beta_linear:train=500"
    example = (X, torch.tensor([0, 10, 200, 499]).to(dtype))
    model = exported(tmp_path, module, example, output="eps", schedule=schedule, time="index")
    for k in (1, 7, 123, 499):
        right = mean_of(module, X, k / 499, schedule, k)
        assert close(model(X, k / 499).mean, right), k


def test_a_multiple(tmp_path):
    module = Net()
    model = exported(tmp_path, module, (X, 10 * torch.rand(4)), output="eps", time=10)
    assert close(model(X, 0.25).mean, mean_of(module, X, 0.25, "vp", 2.5))


@pytest.mark.parametrize("schedule", ["edm", "vp"])
def test_sigma(tmp_path, schedule):
    """A whole denoiser D(x / alpha; sigma / alpha), as EDM's."""
    module = Net()
    more = {"time": "sigma", "schedule": schedule, "output": "x0"}
    model = exported(tmp_path, module, (X, 5 * torch.rand(4)), **more)
    for t in (0.3, 0.6):
        alpha, sigma = quell.Schedule(schedule)(t)
        with torch.no_grad():
            right = module(X / alpha, torch.full((4,), sigma / alpha))
        assert close(model(X, t).mean, right)


@pytest.mark.parametrize("onehot", [False, True])
def test_classes(tmp_path, onehot):
    """Class 3 of 5 and, for no class, the row after the last one or zeros."""
    module, label = Net(5, onehot), torch.tensor([3, 0, 4, 5])
    given = nn.functional.one_hot(label, 6)[:, :5].float() if onehot else label
    example = (X, torch.rand(4), given)
    more = {"no_class": "zeros" if onehot else 5}
    model = exported(tmp_path, module, example, classes=5, **more)
    right = mean_of(module, X, 0.5, "vp", 0.5, given)
    assert close(model(X, 0.5, label=torch.tensor([3, 0, 4, -1])).mean, right)


@pytest.mark.parametrize("kind", ["SimpleDenoiser", "KarrasDenoiser"])
@pytest.mark.parametrize("stack", ["quell", "azula"])
def test_denoisers(tmp_path, kind, stack):
    """A whole denoiser says itself what is around its network."""
    if stack == "azula":
        denoise, noise = pytest.importorskip("azula.denoise"), pytest.importorskip("azula.noise")
        schedule = noise.CosineSchedule()
    else:
        from quell import _torch as denoise

        schedule = quell.Schedule("cosine")

    class Plain(Net):  # azula's time has the shape () or (B)
        def forward(self, x, t, label=None):
            return super().forward(x, t.expand(x.shape[0]), label)

    denoiser = getattr(denoise, kind)(Plain(4), schedule)
    label = torch.tensor([0, 1, 2, 3])
    example = {"x_t": X, "t": torch.rand(4), "label": label}
    model = exported(tmp_path, denoiser, example, classes=4, whole=True)
    for t in (0.2, 0.9):
        with torch.no_grad():
            right = denoiser(X, torch.tensor(t), label=label).mean
        assert close(model(X, t, label=label).mean, right)
    with pytest.raises(ValueError, match="the denoiser itself says output"):
        quell.export(denoiser, tmp_path / "twice.safetensors", example, output="eps")


def test_keywords_and_what_is_no_tensor(tmp_path):
    class Named(Net):
        def forward(self, sample, *, scale, when, twice=False):
            return super().forward(sample * (scale * 2 if twice else scale), when)

    module = Named()
    example = {"sample": X, "when": torch.rand(4), "scale": 0.5, "twice": True}
    model = exported(tmp_path, module, example, output="eps")
    alpha, sigma = quell.Schedule("vp")(0.5)
    with torch.no_grad():
        right = (X - sigma * module(**{**example, "when": torch.full((4,), 0.5)})) / alpha
    assert close(model(X, 0.5).mean, right)


def test_samples_are_drawn(tmp_path):
    """From the file, and without one, the same."""
    module, example = Net(), (X, torch.rand(4))
    drawn = []
    for model in (
        exported(tmp_path, module, example, output="eps", schedule="vp", image=False),
        quell.from_torch(module, example, output="eps", schedule="vp", time="t"),
    ):
        sampler = quell.DDIMSampler(model, steps=4, silent=True)
        drawn.append(np.asarray(sampler(sampler.init((6, 3, 2), seed=1), seed=1)))
    assert drawn[0].shape == (6, 3, 2) and np.isfinite(drawn[0]).all()
    assert np.array_equal(*drawn)


def test_a_decoder(tmp_path):
    decoder = nn.Sequential(nn.Linear(2, 5), nn.Tanh())
    exported(tmp_path, Net(), (X, torch.rand(4)), decode=decoder)
    path = tmp_path / "net.safetensors"
    program = _quell.Program(str(path).encode(), "decode")
    assert program.inputs == {"x": (3, 2)} and program.shape == (3, 5)
    x = X[0].numpy()
    with torch.no_grad():
        right = decoder(X[0].double().float()).numpy()
    assert abs(program.run([x]) - right).max() < 1e-6
    assert abs(interpreter.Program(path, "decode")(x=x) - right).max() < 1e-6


def test_the_module_is_left_as_it_was(tmp_path):
    """In training mode, with its weights and their gradients."""
    module = nn.Sequential(Net())
    module[0].dropout = nn.Dropout(0.5)
    module.train()
    module[0].dropout.eval()
    before = {name: weight.clone() for name, weight in module.state_dict().items()}

    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, x, t):
            return self.inner[0](x, t)

    around = Around()
    exported(tmp_path, around, (X, torch.rand(4)), output="eps")
    assert around.training and module.training and not module[0].dropout.training
    assert all(weight.requires_grad for weight in module.parameters())
    for name, weight in module.state_dict().items():
        assert torch.equal(weight, before[name])


def test_weights_keep_their_names(tmp_path):
    module = Net()
    exported(tmp_path, module, (X, torch.rand(4)), output="eps")
    _, tensors = interpreter.read(tmp_path / "net.safetensors")
    for name in ("into.weight", "into.bias", "out.weight", "out.bias"):
        assert np.array_equal(tensors[name], module.state_dict()[name].double().numpy())


def test_weights_in_several_shapes(tmp_path):
    """safetensors takes no tensors that share memory."""

    class Shared(Net):
        def __init__(self):
            super().__init__()
            self.norm = nn.GroupNorm(1, 3)
            nn.init.normal_(self.norm.weight)

        def forward(self, x, t):
            weight, bias = self.norm.weight, self.norm.bias
            own = x * weight[:, None] + (weight * bias)[:, None] + weight[1:].sum()
            return super().forward(self.norm(x), t) + own + self.into.weight[:2, 0]

    exported(tmp_path, Shared(), (X, torch.rand(4)), output="eps")
    _, tensors = interpreter.read(tmp_path / "net.safetensors")
    assert len(tensors) < 15


def test_quell_does_not_import_torch():
    """Nor does it need it, but for quell.export."""
    code = """
import sys
sys.modules["torch"] = None
from quell import *
import quell
try:
    quell.export
except ImportError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "torch" in said.stdout


def test_the_description(tmp_path):
    exported(tmp_path, Net(), (X, torch.rand(4)), output="v", schedule="cosine", comment="mine")
    description, _ = interpreter.read(tmp_path / "net.safetensors")
    assert json.dumps(description["programs"]["denoise"]["inputs"]) == '{"x": [3, 2], "time": []}'
    del description["programs"]
    assert description == {
        "kind": "network", "version": 1, "shape": [3, 2], "output": "v", "precondition": "none",
        "time": "t",
        "schedule": "cosine", "comment": "mine",
    }  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_half_the_size(tmp_path, dtype):
    """What is returned is the difference from the network as it was, rounding and all."""
    module, path = Net(), tmp_path / "net.safetensors"
    said = {"output": "eps", "schedule": "vp", "time": "t"}
    worst = quell.export(module, path, (X, torch.rand(4)), dtype=dtype, **said)
    assert 1e-5 < worst < 2.0 ** (-9 if dtype == torch.float16 else -6)
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(weight.to(dtype).float())
    model, right = quell.load(path), mean_of(module, X, 0.5, "vp", 0.5)
    assert close(model(X, 0.5).mean, right)
    whole = tmp_path / "whole.safetensors"
    quell.export(module, whole, (X, torch.rand(4)), **said)
    assert path.stat().st_size < whole.stat().st_size - 100


def test_none_of_a_condition(tmp_path):
    class Told(Net):
        def forward(self, x, t, energy, place):
            return super().forward(x + place[:, None], t) * (1 + energy[:, None])

    example = (X, torch.rand(4), torch.rand(4, 1), torch.rand(4, 2))
    none = {"energy": torch.tensor([0.5]), "place": "same"}
    exported(tmp_path, Told(), example, none=none)
    description, tensors = interpreter.read(tmp_path / "net.safetensors")
    assert description["conditions"] == {
        "energy": {"none": {"tensor": "none.energy"}}, "place": {"none": "same"},
    }  # fmt: skip
    assert tensors["none.energy"].tolist() == [0.5]


def test_a_learned_variance(tmp_path):
    class Learned(Net):
        def forward(self, x, t):
            return torch.cat([super().forward(x, t), torch.tanh(x)], 1)

    model = exported(tmp_path, Learned(), (X, torch.rand(4)), variance="learned_range")
    assert close(model(X, 0.5).mean, mean_of(Net(), X, 0.5, "vp", 0.5))
    sampler = quell.Sampler(model, "ddpm:variance=learned_range", steps=4, silent=True)
    assert np.isfinite(np.asarray(sampler(sampler.init((2, 3, 2), seed=1), seed=1))).all()


def test_a_denoiser_by_its_order(tmp_path):
    """The class has the name that the network gives it; a changed denoiser is found."""
    from quell import _torch

    class Plain(Net):
        def forward(self, x, t, y):
            return super().forward(x, t.expand(x.shape[0]), y)

    denoiser = _torch.KarrasDenoiser(Plain(4), quell.Schedule("cosine"))
    example, path = (X, torch.rand(4), torch.tensor([0, 1, 2, 3])), tmp_path / "net.safetensors"
    assert quell.export(denoiser, path, example, classes=4) < 1e-5
    before = path.read_bytes()

    class Other(quell.Schedule):
        def __call__(self, t):
            alpha, sigma = super().__call__(t)
            return alpha, 2 * sigma

    denoiser.schedule = Other("cosine")
    with pytest.raises(ValueError, match="differs by .* from that which the denoiser gives"):
        quell.export(denoiser, path, example, classes=4)
    assert path.read_bytes() == before


@pytest.mark.parametrize("shape", [(3, 8, 6), (1, 5, 5), (8, 6, 3), (8, 6)])
def test_images_of_any_order(shape, tmp_path):
    """A network of PyTorch's has its channels first; a picture has them last."""

    class Net(nn.Module):
        def forward(self, x, t):
            return x * t.reshape(-1, *[1] * len(shape))

    path, x = tmp_path / "net.safetensors", torch.randn(2, *shape)
    quell.export(Net(), path, (x, torch.rand(2)), output="x0", schedule="vp", time="t", image=True)
    model = quell.load(path)
    first = len(shape) == 3 and shape[2] != 3
    assert model.decodes == first
    if first:
        assert model.decoded_shape == (*shape[1:], shape[0])
        assert torch.equal(model.decode(x), x.permute(0, 2, 3, 1))
