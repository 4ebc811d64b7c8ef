# SPDX-License-Identifier: MIT
"""azula's denoisers around its backbones and a residual MLP (training/backbones.py), exported,
beside PyTorch in float64."""

import copy
import io
import os
import pickle

import pytest
import torch
from azula.denoise import KarrasDenoiser, SimpleDenoiser
from azula.nn.dit import DiT
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from azula.noise import CosineSchedule, DecaySchedule, RectifiedSchedule, VESchedule, VPSchedule
from backbones import Conditioned, ResidualMLP

import quell

TIME = {"features": 8, "omega": 1e3}


def conditioned(net, classes=0):
    return Conditioned(net, 12, classes=classes, **TIME)


def mixed(module):
    """Weights that matter: azula starts some of them near zero."""
    torch.manual_seed(1)
    for w in module.parameters():
        torch.nn.init.normal_(w, std=0.5 if w.ndim < 2 else w[0].numel() ** -0.5)
    return module


def mlp(**options):
    return ResidualMLP(3, 20, 2, "silu", 12, **TIME, **options)


def dit(**options):
    return conditioned(DiT(5, 5, mod_features=12, hid_channels=16, attention_heads=2, **options))


def vit():
    net = ViT(
        2, 2, mod_features=12, hid_channels=24, patch_size=(2, 3), attention_heads=3,
        qkv_bias=False, qk_norm=False, rope=True, ffn_factor=2, ffn_activation="swiglu",
    )  # fmt: skip
    return conditioned(net, 3)


def unet():
    net = UNet(
        1, 1, mod_features=12, hid_channels=(8, 12), hid_blocks=(1, 2), kernel_size=(3, 5),
        periodic=True, norm="group", groups=4, ffn_factor=2,
    )  # fmt: skip
    return conditioned(net)


def line():
    net = UNet(2, 2, mod_features=12, hid_channels=(6,), hid_blocks=(1,), spatial=1, norm="rms")
    return conditioned(net)


def example(network, shape):
    x, t = torch.randn(4, *shape), torch.rand(4)
    return (x, t, torch.arange(4) % network.classes) if network.classes else (x, t)


def around(network):
    return {"classes": network.classes, "no_class": network.classes} if network.classes else {}


def taken(denoiser, shape, **more):
    """What quell makes of a denoiser."""
    network = denoiser.backbone
    return quell.from_torch(denoiser, example(network, shape), **around(network), **more)


def difference(denoiser, own, shape):
    """The largest difference from PyTorch in float64, relative to the largest output."""
    torch.manual_seed(2)
    twin, worst, largest = copy.deepcopy(denoiser).eval().double(), 0.0, 0.0
    classes = denoiser.backbone.classes
    for t in (0.1, 0.5, 1.0):
        x = torch.randn(6, *shape)
        label = torch.arange(6) % (classes + 1)
        told = {"label": label} if classes else {}
        with torch.no_grad():
            right = twin(x.double(), torch.tensor(t, dtype=torch.float64), **told).mean
        mine = own(x, t, **({"label": torch.where(label == classes, -1, label)} if classes else {}))
        worst = max(worst, (mine.mean - right).abs().max().item())
        largest = max(largest, right.abs().max().item())
    return worst / largest


MODELS = {
    "mlp": (lambda: mlp(classes=4), (3,), KarrasDenoiser, None),
    "dit": (dit, (7, 5), SimpleDenoiser, None),
    "vit": (vit, (2, 4, 6), KarrasDenoiser, torch.float16),
    "unet": (unet, (1, 8, 6), SimpleDenoiser, torch.bfloat16),
    "unet in one dimension": (line, (2, 9), KarrasDenoiser, None),
}


@pytest.mark.parametrize("name", MODELS)
def test_as_in_pytorch(name):
    make, shape, denoiser, dtype = MODELS[name]
    model = denoiser(mixed(make()), VPSchedule())
    most = {None: 1e-5, torch.float16: 1e-2, torch.bfloat16: 1e-1}[dtype]
    assert difference(model, taken(model, shape, dtype=dtype), shape) < most


SCHEDULES = [
    VESchedule(0.01, 20),
    CosineSchedule(alpha_min=0.02),
    RectifiedSchedule(),
    DecaySchedule(gamma=0.2),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules(schedule):
    model = KarrasDenoiser(mixed(mlp()), schedule)
    assert difference(model, taken(model, (3,)), (3,)) < 1e-5


class OtherMLP(ResidualMLP):
    def forward(self, x, t, label=None):
        return 0.63 * super().forward(x, t, label)


class OtherBlock(type(ResidualMLP(3).blocks[0])):
    def forward(self, h, e):
        return h


def changed_models():
    """Each of them computes something else than its class and its weights say."""
    yield "subclass", mixed(OtherMLP(3, 20, 2, "silu", 12, **TIME)), (3,)
    block = mixed(mlp())
    block.blocks[1].__class__ = OtherBlock
    yield "part", block, (3,)
    hooked = mixed(mlp())
    hooked.blocks[0].register_forward_hook(lambda module, given, result: 2 * result)
    yield "hook", hooked, (3,)
    norm = mixed(mlp())
    torch.nn.utils.parametrizations.weight_norm(norm.in_proj)
    yield "weight norm", norm, (3,)
    activation = mixed(mlp())
    activation.blocks[1].activation = torch.nn.GELU(approximate="tanh")
    yield "activation", activation, (3,)
    shared = mixed(mlp())
    shared.blocks[1] = shared.blocks[0]
    yield "shared weights", shared, (3,)
    eps = mixed(dit(dropout=0.5))
    eps.net.blocks[0].norm.eps = 0.3
    yield "epsilon and dropout", eps, (7, 5)


@pytest.mark.parametrize(("name", "network", "shape"), list(changed_models()), ids=str)
def test_what_was_changed_is_computed(name, network, shape):
    model = KarrasDenoiser(network, VPSchedule())
    assert difference(model, taken(model, shape), shape) < 1e-5


class OtherDenoiser(KarrasDenoiser):
    def forward(self, x_t, t, **kwargs):
        return super().forward(0.9 * x_t, t, **kwargs)


def test_changed_denoisers_are_refused():
    patched = KarrasDenoiser(mixed(mlp()), VPSchedule())
    patched.forward = lambda x_t, t: x_t
    for model in (patched, OtherDenoiser(mixed(mlp()), VPSchedule())):
        with pytest.raises((TypeError, ValueError), match="quell.from_torch: "):
            taken(model, (3,))


@pytest.mark.parametrize("output", ["x0", "eps", "v", "score", "flow"])
def test_networks_alone(output):
    network = mixed(mlp())
    own = quell.from_torch(
        network, example(network, (3,)), schedule="vp:alpha_min=0.05", output=output, time="t"
    )
    assert own.shape == (3,) and own.reproducible


def test_copies():
    module = quell.denoise.KarrasDenoiser(mixed(mlp(classes=4)), quell.VPSchedule())
    own, x1 = taken(module, (3,)), torch.randn(4, 3)
    file = io.BytesIO()
    torch.save({"module": module, "own": own}, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    average = torch.optim.swa_utils.AveragedModel(module)
    for one, others in (
        (module, (loaded["module"], copy.deepcopy(module), average.module)),
        (own, (loaded["own"], copy.deepcopy(own), pickle.loads(pickle.dumps(own)))),
    ):
        label = torch.tensor([0, 1, 2, 3])
        right = quell.DDIMSampler(one, steps=3, silent=True)
        for other in others:
            sampler = copy.deepcopy(quell.DDIMSampler(other, steps=3, silent=True))
            assert torch.equal(sampler(x1, label=label), right(x1, label=label))


def export(path):
    network = mixed(mlp())
    quell.export(KarrasDenoiser(network, VPSchedule()), path, example(network, (3,)))


def test_modes_of_files(tmp_path):
    """A new file has what the umask allows; one that is replaced keeps its mode, through a link."""
    path, link = tmp_path / "m.safetensors", tmp_path / "link.safetensors"
    before = os.umask(0o027)
    try:
        export(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    link.symlink_to(path.name)
    export(link)
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o604
    assert len(list(tmp_path.iterdir())) == 2


def test_paths(tmp_path):
    for path, kind in [
        (tmp_path / "no" / "m.safetensors", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        ("a\0b", ValueError),
        (5, TypeError),
    ]:
        with pytest.raises(kind) as error:
            export(path)
        assert "\n" not in str(error.value) and ".quell-" not in str(error.value)
    assert not list(tmp_path.iterdir())
