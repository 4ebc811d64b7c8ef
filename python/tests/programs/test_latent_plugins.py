# SPDX-License-Identifier: MIT
"""The denoisers of latents in azula's plugins (sd, flux, sana, eldm), with diffusers' networks of
random weights, exported whole with their decoders: E[X | x_t] beside their own."""

import pytest
import quell
import torch
from torch import nn
from varied import varied

pytest.importorskip("azula")
diffusers = pytest.importorskip("diffusers")


def check(denoiser, example, path, most=1e-4, **options):
    """At times from noise to data, for other samples than the example's."""
    assert quell.export(denoiser, path, example, **options) < 1e-4
    model = quell.load(path)
    x, _, *rest = (value.flip(0) for value in example.values())
    told = dict(zip(list(example)[2:], rest, strict=True))
    given = {name: quell.PerSample(value) for name, value in told.items() if name != "label"}
    if "label" in told:
        given["label"] = told["label"].argmax(1)
    for t in (0.2, 0.5, 0.8):
        with torch.no_grad():
            right = denoiser(x, torch.full((len(x),), t), **told).mean
        assert abs(model(x, t, **given).mean - right).max() < most * float(abs(right).max()), t
    return model


def latents(*shape):
    return torch.randn(3, *shape), torch.rand(3)


def vae():
    return varied(
        diffusers.AutoencoderKL(
            block_out_channels=(16, 16), down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, norm_num_groups=4,
        )
    )  # fmt: skip


def unet():
    return varied(
        diffusers.UNet2DConditionModel(
            sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=4,
            cross_attention_dim=12, attention_head_dim=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        )
    )  # fmt: skip


@pytest.mark.parametrize("prediction", ["epsilon", "velocity"])
def test_sd(prediction, tmp_path):
    from azula.plugins.sd import AutoEncoder, StableDenoiser

    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    sigmas = torch.sqrt(1 - torch.cumprod(1 - betas, 0))
    denoiser = StableDenoiser(unet(), sigmas, prediction=prediction)
    z, t = latents(4, 8, 8)
    coder = AutoEncoder(vae(), scale=0.18215)
    example = {"z_t": z, "t": t, "prompt_embeds": torch.randn(3, 5, 12)}
    most = 1e-3 if prediction == "velocity" else 1e-4  # azula takes 1 + sigma_min^2 for 1
    model = check(denoiser, example, tmp_path / "net.safetensors", most, decode=coder.decode)
    with torch.no_grad():
        right = coder.decode(z)
    assert abs(model.decode(z) - right).max() < 1e-5 * float(abs(right).max())


def test_flux(tmp_path):
    from azula.plugins.flux import FluxDenoiser

    net = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=12, pooled_projection_dim=10,
        axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    z, t = latents(4, 6, 16)
    example = {"z_t": z, "t": t, "prompt_clip": torch.randn(3, 10)}
    example["prompt_t5"] = torch.randn(3, 5, 12)
    check(FluxDenoiser(varied(net)), example, tmp_path / "net.safetensors")


def test_sana(tmp_path):
    from azula.plugins.sana import SanaDenoiser

    net = diffusers.SanaTransformer2DModel(
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=8, num_layers=1,
        num_cross_attention_heads=2, cross_attention_head_dim=8, cross_attention_dim=16,
        caption_channels=12, sample_size=8, patch_size=1,
    )  # fmt: skip
    z, t = latents(4, 8, 8)
    mask = (torch.arange(5) < torch.tensor([[3], [5], [4]])).float()
    example = {"z_t": z, "t": t, "prompt_embeds": torch.randn(3, 5, 12), "prompt_mask": mask}
    check(SanaDenoiser(varied(net)), example, tmp_path / "net.safetensors")


class Small(nn.Module):
    """Stands for EDM2's network, whose code comes with its weights: called as that is."""

    def __init__(self):
        super().__init__()
        self.layer, self.label = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(10, 4)

    def forward(self, x, sigma, class_labels=None):
        told = self.label(class_labels)[..., None, None]
        return self.layer(x) + told + torch.log(sigma)[:, None, None, None]


def test_eldm(tmp_path):
    from azula.plugins.eldm import AutoEncoder, ElucidatedLatentDenoiser

    z, t = latents(4, 8, 8)
    coder = AutoEncoder(vae(), shift=torch.full((4, 1, 1), 0.1), scale=torch.full((4, 1, 1), 0.5))
    onehot = nn.functional.one_hot(torch.tensor([0, 9, 4]), 10).float()
    example = {"z_t": z, "t": t, "label": onehot}
    denoiser, path = ElucidatedLatentDenoiser(varied(Small())), tmp_path / "net.safetensors"
    check(denoiser, example, path, classes=10, no_class="zeros", decode=coder.decode)
