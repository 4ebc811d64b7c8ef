# SPDX-License-Identifier: MIT
"""Exported models against PyTorch."""

import os

import pytest
import torch
from azula.denoise import GaussianDenoiser, KarrasDenoiser, SimpleDenoiser
from azula.nn.dit import DiT
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from azula.noise import (
    CosineSchedule,
    DecaySchedule,
    RectifiedSchedule,
    Schedule,
    VESchedule,
    VPSchedule,
)

import quell
from quell.architectures import check, describe, export, export_weights
from quell.architectures.modules import Conditioned, ResidualMLP

TIME = {"features": 8, "omega": 1e3}


def conditioned(net: torch.nn.Module, classes: int = 0) -> Conditioned:
    return Conditioned(net, 12, classes=classes, **TIME)


def mixed(module: torch.nn.Module) -> torch.nn.Module:
    """Weights that matter: azula starts some of them near zero."""
    torch.manual_seed(1)
    for w in module.parameters():
        torch.nn.init.normal_(w, std=0.5 if w.ndim < 2 else w[0].numel() ** -0.5)
    return module


MODELS = {
    "mlp": (lambda: ResidualMLP(3, 20, 2, "gelu", 12, classes=4, **TIME), (3,)),
    "dit": (
        lambda: conditioned(DiT(5, 5, mod_features=12, hid_channels=16, attention_heads=2)),
        (7, 5),
    ),
    "vit": (
        lambda: conditioned(
            ViT(
                *(2, 2),
                mod_features=12,
                hid_channels=24,
                patch_size=(2, 3),
                attention_heads=3,
                qkv_bias=False,
                qk_norm=False,
                rope=True,
                ffn_factor=2,
                ffn_activation="swiglu",
            ),
            classes=3,
        ),
        (2, 4, 6),
    ),
    "unet": (
        lambda: Conditioned(
            UNet(
                *(1, 1),
                mod_features=12,
                hid_channels=(8, 12),
                hid_blocks=(1, 2),
                kernel_size=(3, 5),
                periodic=True,
                norm="group",
                groups=4,
                ffn_factor=2,
            ),
            12,
            **TIME,
        ),
        (1, 8, 6),
    ),
    "unet in one dimension": (
        lambda: conditioned(
            UNet(2, 2, mod_features=12, hid_channels=(6,), hid_blocks=(1,), spatial=1, norm="rms")
        ),
        (2, 9),
    ),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("denoiser", [KarrasDenoiser, SimpleDenoiser])
@pytest.mark.parametrize("name", MODELS)
def test_as_in_pytorch(name, denoiser, dtype, tmp_path):
    make, shape = MODELS[name]
    model = denoiser(mixed(make()), VPSchedule())
    export(model, tmp_path / "m.safetensors", shape, dtype)
    assert check(model, tmp_path / "m.safetensors", shape) < 1e-5


@pytest.mark.parametrize(
    "schedule",
    [
        VESchedule(0.01, 20),
        CosineSchedule(alpha_min=0.02),
        RectifiedSchedule(),
        DecaySchedule(gamma=0.2),
    ],
)
def test_schedules(schedule, tmp_path):
    model = KarrasDenoiser(mixed(MODELS["mlp"][0]()), schedule)
    export(model, tmp_path / "m.safetensors", (3,))
    check(model, tmp_path / "m.safetensors", (3,))


def test_a_changed_weight_is_noticed(tmp_path):
    model = KarrasDenoiser(mixed(MODELS["mlp"][0]()), VPSchedule())
    export(model, tmp_path / "m.safetensors", (3,))
    model.schedule = VPSchedule(alpha_min=0.002)
    with pytest.raises(ValueError, match="differ"):
        check(model, tmp_path / "m.safetensors", (3,))


def test_weights_with_a_description(tmp_path):
    model = KarrasDenoiser(mixed(MODELS["mlp"][0]()), VPSchedule())
    description, backbone = describe(model, (3,))
    assert description["activation"] == "gelu" and description["classes"] == 4
    export_weights(backbone.state_dict(), tmp_path / "m.safetensors", description)
    check(model, tmp_path / "m.safetensors", (3,))


class OwnSchedule(VPSchedule):
    pass


def refused_models():
    mlp = MODELS["mlp"][0]()
    yield KarrasDenoiser(mlp, OwnSchedule()), (3,), TypeError, "OwnSchedule"
    yield KarrasDenoiser(mlp, VPSchedule()), (4,), ValueError, "3 elements"
    yield torch.nn.Linear(3, 3), (3,), TypeError, "Linear is not known"
    yield conditioned(torch.nn.Linear(3, 3)), (3,), TypeError, "not known"
    yield conditioned(DiT(5, 4, mod_features=12, hid_channels=16)), (7, 5), ValueError, "differ"
    yield conditioned(DiT(5, 5, mod_features=12, hid_channels=16)), (7, 4), ValueError, "channels"
    yield conditioned(UNet(2, 2, mod_features=12)), (8, 8), ValueError, "shape"
    unpatched = ViT(1, 1, mod_features=12, patch_size=2, unpatch_size=1, hid_channels=8)
    yield conditioned(unpatched), (8, 8), ValueError, "patch"


@pytest.mark.parametrize(("model", "shape", "error", "text"), list(refused_models()))
def test_refused(model, shape, error, text, tmp_path):
    with pytest.raises(error, match=text):
        export(model, tmp_path / "m.safetensors", shape)
    assert not list(tmp_path.iterdir())


def test_weights_that_do_not_fit_the_type(tmp_path):
    model = MODELS["mlp"][0]()
    model.in_proj.weight.data[0, 0] = 1e6
    with pytest.raises(ValueError, match="in_proj.weight"):
        export(model, tmp_path / "m.safetensors", (3,), torch.float16, schedule="vp")
    with pytest.raises(ValueError, match="dtype"):
        export(model, tmp_path / "m.safetensors", (3,), torch.float64, schedule="vp")
    with pytest.raises(ValueError, match="itself says schedule"):
        export(KarrasDenoiser(model, VPSchedule()), tmp_path / "m.safetensors", (3,), schedule="ve")


def test_modes_of_files(tmp_path):
    """A new file has what the umask allows; one that is replaced keeps its mode, through a link."""
    weights = {"a": torch.zeros(2)}
    path, link = tmp_path / "m.safetensors", tmp_path / "link.safetensors"
    before = os.umask(0o027)
    try:
        export_weights(weights, path, {})
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    link.symlink_to(path.name)
    export_weights(weights, link, {})
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o604
    assert len(list(tmp_path.iterdir())) == 2


class OtherMLP(ResidualMLP):
    def forward(self, x, t, label=None):
        return 0.63 * super().forward(x, t, label)


class OtherBlock(type(ResidualMLP(3).blocks[0])):
    def forward(self, h, e):
        return h


class OtherDenoiser(KarrasDenoiser):
    def forward(self, x_t, t, **kwargs):
        return super().forward(0.9 * x_t, t, **kwargs)


def changed_models():
    """Each of them computes something else than its class and its weights say."""

    def mlp():
        return mixed(ResidualMLP(3, 20, 2, "silu", 12, **TIME))

    def of(network):
        return KarrasDenoiser(network, VPSchedule())

    yield "subclass", of(mixed(OtherMLP(3, 20, 2, "silu", 12, **TIME)))
    block = mlp()
    block.blocks[1].__class__ = OtherBlock
    yield "part", of(block)
    yield "denoiser", OtherDenoiser(mlp(), VPSchedule())
    patched = mlp()
    patched.forward = lambda x, t, label=None: x
    yield "patched", of(patched)
    denoiser = of(mlp())
    denoiser.forward = lambda x, t: x
    yield "patched denoiser", denoiser
    hooked = mlp()
    hooked.blocks[0].register_forward_hook(lambda module, given, result: 2 * result)
    yield "hook", of(hooked)
    hooked = mlp()
    hooked.out_proj.register_forward_pre_hook(lambda module, given: (2 * given[0],))
    yield "pre-hook", of(hooked)
    norm = mlp()
    torch.nn.utils.parametrizations.weight_norm(norm.in_proj)
    yield "weight norm", of(norm)
    norm = mlp()
    torch.nn.utils.parametrizations.spectral_norm(norm.out_proj)
    yield "spectral norm", of(norm)
    activation = mlp()
    activation.blocks[1].activation = torch.nn.ReLU()
    yield "activation", of(activation)
    omega = mlp()
    omega.blocks[1].activation = torch.nn.GELU(approximate="tanh")
    yield "approximation", of(omega)
    drops = conditioned(DiT(5, 5, mod_features=12, hid_channels=16, attention_heads=2, dropout=0.5))
    yield "dropout", of(mixed(drops))
    eps = conditioned(DiT(5, 5, mod_features=12, hid_channels=16, attention_heads=2))
    eps.net.blocks[0].norm.eps = 0.3
    yield "epsilon", of(mixed(eps))


@pytest.mark.parametrize(("name", "model"), list(changed_models()), ids=str)
def test_what_was_changed_is_refused(name, model, tmp_path):
    shape = (7, 5) if name in ("dropout", "epsilon") else (3,)
    with pytest.raises((TypeError, ValueError), match="quell.architectures"):
        export(model, tmp_path / "m.safetensors", shape)
    assert not list(tmp_path.iterdir())
    with pytest.raises((TypeError, ValueError), match="quell.architectures"):
        quell.from_torch(model, shape=shape)


@pytest.mark.parametrize("output", ["x0", "eps", "v", "score", "flow"])
@pytest.mark.parametrize("precondition", ["none", "simple"])
def test_networks_alone(output, precondition):
    fields = {"schedule": "vp:alpha_min=0.05", "output": output, "precondition": precondition}
    for network, shape in ((MODELS["mlp"][0](), (3,)), (MODELS["dit"][0](), (7, 5))):
        own = quell.from_torch(mixed(network), shape=shape, **fields)
        assert own.shape == shape
        with pytest.raises(ValueError, match="differ"):
            quell.from_torch(network, shape=shape, most=1e-12, **fields)


def test_dropout_that_is_off():
    net = conditioned(DiT(5, 5, mod_features=12, hid_channels=16, attention_heads=2, dropout=0.5))
    quell.from_torch(mixed(net).eval(), shape=(7, 5), schedule="vp")


def test_copies():
    import copy
    import io
    import pickle

    module = quell.denoise.KarrasDenoiser(mixed(MODELS["mlp"][0]()), quell.VPSchedule())
    own, x1 = quell.from_torch(module, shape=(3,)), torch.randn(4, 3)
    file = io.BytesIO()
    torch.save({"module": module, "own": own}, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    average = torch.optim.swa_utils.AveragedModel(module)
    for one, others in (
        (module, (loaded["module"], copy.deepcopy(module), average.module)),
        (own, (loaded["own"], copy.deepcopy(own), pickle.loads(pickle.dumps(own)))),
    ):
        right = quell.DDIMSampler(one, steps=3, silent=True)
        for other in others:
            sampler = copy.deepcopy(quell.DDIMSampler(other, steps=3, silent=True))
            assert torch.equal(sampler(x1), right(x1))
