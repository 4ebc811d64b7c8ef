# SPDX-License-Identifier: MIT
"""The denoisers of azula's plugins, exported whole: E[X | x_t] beside their own."""

import math

import pytest
import quell
import torch
from alone import networks_of
from torch import nn
from varied import varied

pytest.importorskip("azula")

X, LABEL = torch.randn(3, 3, 32, 32), torch.tensor([0, 9, 4])


def adm(**options):
    from azula.plugins.adm import AblatedDenoiser
    from azula.plugins.adm._src import unet

    net = unet.UNetModel(
        image_size=32, in_channels=3, out_channels=6, model_channels=32, channel_mult=(1, 2),
        attention_resolutions=(2,), num_res_blocks=1, num_classes=10, num_head_channels=16,
        use_scale_shift_norm=True, resblock_updown=True,
    )  # fmt: skip
    return AblatedDenoiser(varied(net), learn_var=True, **options)


def jit():
    from azula.plugins.jit import JITDenoiser
    from azula.plugins.jit._src import model

    net = model.JiT(
        input_size=32, patch_size=8, in_channels=3, hidden_size=64, depth=2, num_heads=4,
        num_classes=10, bottleneck_dim=16, in_context_len=4, in_context_start=1,
    )  # fmt: skip
    return JITDenoiser(varied(net), num_classes=10)


class Small(nn.Module):
    """Stands for networks whose code is not on PyPI: called as they are."""

    def __init__(self):
        super().__init__()
        self.layer, self.label = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(10, 3)

    def forward(self, x, t, class_labels=None):
        told = 0 if class_labels is None else self.label(class_labels)[..., None, None]
        return self.layer(x) + told + torch.cos(t)[:, None, None, None]


def check(denoiser, example, path, **options):
    """At times from noise to data."""
    quell.export(denoiser, path, example, **options)
    model, label = quell.load(path), options.get("classes") and LABEL
    for t in (0.2, 0.5, 0.8):
        given = {"label": example["label"][: len(X)]} if "label" in example else {}
        with torch.no_grad():
            right = denoiser(X, torch.full((len(X),), t), **given).mean
        made = model(X, t, label=label).mean
        assert torch.isfinite(made).all()
        assert abs(made - right).max() < 3e-5 * max(1, float(abs(right).max())), t


def test_adm(tmp_path):
    example = {"x_t": X, "t": torch.rand(3), "label": LABEL}
    denoiser = adm()
    check(denoiser, example, tmp_path / "net.safetensors", classes=10)
    denoiser.clip_mean = True
    with pytest.raises(ValueError, match="clip_mean"):
        quell.export(denoiser, tmp_path / "net.safetensors", example, classes=10)


def test_jit(tmp_path):
    example = {"x_t": X, "t": torch.rand(3), "label": LABEL}
    path = tmp_path / "net.safetensors"
    check(jit(), example, path, classes=10)
    assert torch.isfinite(quell.load(path)(X, 0.5).mean).all()  # it knows "no class"


def test_edm(tmp_path):
    from azula.plugins.edm import ElucidatedDenoiser

    onehot = nn.functional.one_hot(LABEL, 10).float()
    example = {"x_t": X, "t": torch.rand(3), "label": onehot}
    denoiser = ElucidatedDenoiser(varied(Small()))
    check(denoiser, example, tmp_path / "net.safetensors", classes=10, no_class="zeros")


def test_vdm(tmp_path):
    VelocityDenoiser = networks_of("azula.plugins.vdm").VelocityDenoiser  # without torchvision
    example = {"x_t": X, "t": torch.rand(3)}
    denoiser = VelocityDenoiser(varied(Small()))
    path = tmp_path / "net.safetensors"
    quell.export(denoiser, path, example)
    for t in (0.2, 0.5, 0.8):
        alpha, sigma = denoiser.schedule(torch.tensor(t))
        size = math.hypot(alpha, sigma)  # azula takes it for 1 in the last line
        with torch.no_grad():
            time = torch.full((3,), float(torch.atan2(sigma, alpha)) * 2 / math.pi)
            out = denoiser.backbone(X / size, time)
        right = (alpha * X - sigma * out) / size**2
        assert abs(quell.load(path)(X, t).mean - right).max() < 3e-6 * float(abs(right).max())


def test_a_changed_denoiser_is_refused(tmp_path):
    from azula.plugins.edm import ElucidatedDenoiser

    denoiser = ElucidatedDenoiser(varied(Small()))
    denoiser.register_forward_hook(lambda *given: None)
    with pytest.raises(ValueError, match="hooks: export the network inside"):
        quell.export(denoiser, tmp_path / "net.safetensors", (X, torch.rand(3)))


class EDMPrecond(nn.Module):
    """As in NVlabs/edm: a whole denoiser D(x; sigma), for data of deviation 0.5."""

    def __init__(self):
        super().__init__()
        self.sigma_min, self.sigma_max, self.sigma_data = 0, float("inf"), 0.5
        self.model = varied(Small())

    def round_sigma(self, sigma):
        return torch.as_tensor(sigma)

    def forward(self, x, sigma, class_labels=None):
        sigma = sigma.to(torch.float32).reshape(-1, 1, 1, 1)
        power = sigma**2 + self.sigma_data**2
        skip, out = self.sigma_data**2 / power, sigma * self.sigma_data / power.sqrt()
        noise = sigma.log() / 4
        made = self.model(x / power.sqrt(), noise.flatten(), class_labels)
        assert made.dtype == torch.float32  # as there
        return skip * x + out * made


def test_edms_modules(tmp_path):
    """They say themselves what they return and what their time is."""
    net, path = EDMPrecond(), tmp_path / "net.safetensors"
    onehot = nn.functional.one_hot(LABEL, 10).float()
    quell.export(net, path, (X, torch.tensor([0.1, 1, 5.0]), onehot), classes=10)
    model = quell.load(path)
    for t in (0.2, 0.6):
        sigma = float(quell.Schedule("edm")(t)[1])
        with torch.no_grad():
            right = net(X, torch.full((3,), sigma), onehot)
        made = model(X, t, label=LABEL).mean
        assert abs(made - right).max() < 3e-6 * float(abs(right).max())
