# SPDX-License-Identifier: MIT
"""Networks of other people's, small and with random weights, as they come from PyPI."""

import cloned_families  # noqa: F401, which adds to the table
import diffusers_families  # noqa: F401, which adds to the table
import torch
from alone import networks_of
from called import FAMILIES, Called, family, indices, labels, normal, times  # noqa: F401
from torch import nn

# azula


@family("azula-dit")
def _():
    from azula.nn.dit import DiT

    net = DiT(
        8, 8, mod_features=32, hid_channels=64, hid_blocks=2, attention_heads=4, rope=True,
        pos_channels=1,
    )  # fmt: skip
    called = Called(net, lambda n, x, e: n(x, e, pos=torch.arange(16.0)[:, None]))
    return called, (normal(16, 8), normal(32)), 0


@family("azula-vit")
def _():
    from azula.nn.vit import ViT

    net = ViT(
        3, 3, mod_features=32, hid_channels=64, hid_blocks=2, attention_heads=4, patch_size=4,
        rope=True, spatial=2,
    )  # fmt: skip
    return net, (normal(3, 16, 16), normal(32)), 0


@family("azula-unet")
def _():
    from azula.nn.unet import UNet

    net = UNet(3, 3, mod_features=32, hid_channels=(32, 64), hid_blocks=(2, 2))
    return net, (normal(3, 16, 16), normal(32)), 0


def _adm(**options):
    from azula.plugins.adm._src import unet

    return unet.UNetModel(
        image_size=32, in_channels=3, model_channels=32, channel_mult=(1, 2),
        attention_resolutions=(2,), num_res_blocks=1, **options,
    )  # fmt: skip


@family("adm")
def _():
    net = _adm(
        out_channels=6, num_classes=10, num_head_channels=16, use_scale_shift_norm=True,
        resblock_updown=True,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, y: n(x, t, y=y))
    return called, (normal(3, 32, 32), indices(), labels()), 10


@family("improved-ddpm")
def _():
    net = _adm(out_channels=3, num_heads=2, conv_resample=True)
    return net, (normal(3, 32, 32), indices()), 0


@family("jit")
def _():
    from azula.plugins.jit._src import model

    net = model.JiT(
        input_size=32, patch_size=8, in_channels=3, hidden_size=64, depth=2, num_heads=4,
        num_classes=10, bottleneck_dim=16, in_context_len=4, in_context_start=1,
    )  # fmt: skip
    return net, (normal(3, 32, 32), times(), labels()), 10


@family("v-diffusion-128")
def _():
    """As it is, for it has one size."""
    from azula.plugins.vdm._src import wikiart_128

    return wikiart_128.WikiArt128Model(), (normal(3, 128, 128), times()), 0


# Others


@family("lucid-unet")
def _():
    net = networks_of("denoising_diffusion_pytorch").Unet(16, dim_mults=(1, 2), channels=3)
    return net, (normal(3, 16, 16), indices()), 0


@family("lucid-unet1d")
def _():
    net = networks_of("denoising_diffusion_pytorch").Unet1D(16, dim_mults=(1, 2), channels=4)
    return net, (normal(4, 32), indices()), 0


@family("lucid-edm2")
def _():
    net = networks_of("denoising_diffusion_pytorch.karras_unet").KarrasUnet(
        image_size=16, dim=32, dim_max=64, channels=4, num_downsamples=1, attn_res=(8,),
        num_blocks_per_stage=1, attn_dim_head=16, num_classes=10,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, y: n(x, t, class_labels=y))
    return called, (normal(4, 16, 16), times(), labels()), 10


@family("kdiff-v1")
def _():
    image_v1 = networks_of("k_diffusion.models.image_v1")
    net = image_v1.ImageDenoiserModelV1(3, 32, [1, 1], [32, 64], [False, True], patch_size=2)
    return net, (normal(3, 32, 32), times()), 0


@family("monai-2d")
def _():
    from monai.networks.nets import DiffusionModelUNet

    net = DiffusionModelUNet(
        2, 1, 1, num_res_blocks=1, channels=(32, 64), attention_levels=(False, True),
        norm_num_groups=8, num_head_channels=16, with_conditioning=True, cross_attention_dim=16,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, c: n(x, t, context=c))
    return called, (normal(1, 16, 16), indices(), normal(3, 16)), 0


@family("monai-3d")
def _():
    from monai.networks.nets import DiffusionModelUNet

    net = DiffusionModelUNet(
        3, 1, 1, num_res_blocks=1, channels=(16, 32), attention_levels=(False, True),
        norm_num_groups=8, num_head_channels=16,
    )  # fmt: skip
    return net, (normal(1, 8, 8, 8), indices()), 0


@family("torchcfm-mlp")
def _():
    mlp = networks_of("torchcfm.models").MLP(2, time_varying=True)
    called = Called(mlp, lambda n, x, t: n(torch.cat([x, t[:, None]], -1)))
    return called, (normal(2), times()), 0


@family("torchcfm-unet")
def _():
    unet = networks_of("torchcfm.models.unet").UNetModel
    net = unet((1, 28, 28), 32, 1, num_heads=2, attention_resolutions="14")
    return Called(net, lambda n, x, t: n(t, x)), (normal(1, 28, 28), times()), 0


@family("smalldiffusion-dit")
def _():
    made = networks_of("smalldiffusion.model_dit").DiT
    net = made(in_dim=16, channels=3, patch_size=2, depth=2, head_dim=16, num_heads=4)
    return net, (normal(3, 16, 16), times()), 0


@family("torch-transformer")
def _():
    """A decoder of torch.nn with a causal mask, as in Diffusion Policy's transformer."""

    class Policy(nn.Module):
        def __init__(self):
            super().__init__()
            layer = nn.TransformerDecoderLayer(32, 4, 64, batch_first=True, norm_first=True)
            self.decoder = nn.TransformerDecoder(layer, 2)
            self.into, self.out = nn.Linear(7, 32), nn.Linear(32, 7)
            self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(16))

        def forward(self, x, t, c):
            h = self.into(x) + t[:, None, None]
            return self.out(self.decoder(h, c, tgt_mask=self.mask))

    return Policy(), (normal(16, 7), times(), normal(3, 32)), 0
