# SPDX-License-Identifier: MIT
"""Networks of other people's, small and with random weights, as they come from PyPI. Each function
returns a module, what it is called with, and how many classes it has."""

import math

import torch
from torch import nn

FAMILIES = {}
BATCH = 2


def family(name):
    def add(function):
        FAMILIES[name] = function
        return function

    return add


class Called(nn.Module):
    """A network that is called in its own way."""

    def __init__(self, net, call):
        super().__init__()
        self.net, self.call = net, call

    def forward(self, *given):
        return self.call(self.net, *given)


def normal(*shape):
    return torch.randn(BATCH, *shape)


def times():
    return torch.rand(BATCH) * 0.8 + 0.1


def indices():
    return torch.randint(0, 900, (BATCH,))


def labels(count=10):
    return torch.randint(0, count, (BATCH,))


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


# diffusers


def _diffusers(name, **options):
    import diffusers

    return getattr(diffusers, name)(**options)


@family("hf-ddpm")
def _():
    net = _diffusers(
        "UNet2DModel", sample_size=32, block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"), downsample_padding=0,
        flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6, attention_head_dim=None,
    )  # fmt: skip
    return net, (normal(3, 32, 32), indices()), 0


@family("hf-ncsnpp")
def _():
    net = _diffusers(
        "UNet2DModel", sample_size=32, block_out_channels=(32, 64),
        down_block_types=("SkipDownBlock2D", "AttnSkipDownBlock2D"),
        up_block_types=("AttnSkipUpBlock2D", "SkipUpBlock2D"), time_embedding_type="fourier",
        mid_block_scale_factor=math.sqrt(2), layers_per_block=1, attention_head_dim=None,
    )  # fmt: skip
    return net, (normal(3, 32, 32), times()), 0


@family("hf-cm")
def _():
    net = _diffusers(
        "UNet2DModel", sample_size=32, block_out_channels=(32, 64),
        down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"), layers_per_block=1,
        resnet_time_scale_shift="scale_shift", downsample_type="resnet", upsample_type="resnet",
        num_class_embeds=10, attention_head_dim=16, norm_num_groups=8,
    )  # fmt: skip
    return net, (normal(3, 32, 32), times(), labels()), 10


@family("hf-sd-unet")
def _():
    net = _diffusers(
        "UNet2DConditionModel", sample_size=16, block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=32,
        attention_head_dim=4, norm_num_groups=8, layers_per_block=1,
    )  # fmt: skip
    return net, (normal(4, 16, 16), indices(), normal(7, 32)), 0


@family("hf-unet1d-rl")
def _():
    net = _diffusers(
        "UNet1DModel", sample_size=32, in_channels=14, out_channels=14,
        block_out_channels=(32, 64), layers_per_block=1, mid_block_type="MidResTemporalBlock1D",
        down_block_types=("DownResnetBlock1D",) * 2, up_block_types=("UpResnetBlock1D",),
        out_block_type="OutConv1DBlock", time_embedding_type="positional",
        use_timestep_embedding=True, act_fn="mish", flip_sin_to_cos=False, freq_shift=1,
    )  # fmt: skip
    return net, (normal(14, 32), indices()), 0


@family("hf-dit")
def _():
    net = _diffusers(
        "DiTTransformer2DModel", num_attention_heads=4, attention_head_dim=16, in_channels=4,
        out_channels=8, num_layers=2, sample_size=16, patch_size=2, num_embeds_ada_norm=1000,
        norm_num_groups=1,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, y: n(x, timestep=t, class_labels=y).sample)
    return called, (normal(4, 16, 16), indices(), labels()), 10


@family("hf-pixart")
def _():
    net = _diffusers(
        "PixArtTransformer2DModel", num_attention_heads=4, attention_head_dim=16, in_channels=4,
        out_channels=8, num_layers=2, sample_size=16, cross_attention_dim=64, caption_channels=32,
    )  # fmt: skip
    more = {"resolution": None, "aspect_ratio": None}
    called = Called(
        net,
        lambda n, x, t, c: n(x, encoder_hidden_states=c, timestep=t, added_cond_kwargs=more).sample,
    )
    return called, (normal(4, 16, 16), indices(), normal(7, 32)), 0


@family("hf-sd3")
def _():
    net = _diffusers(
        "SD3Transformer2DModel", sample_size=16, patch_size=2, in_channels=4, out_channels=4,
        num_layers=2, attention_head_dim=16, num_attention_heads=4, joint_attention_dim=32,
        caption_projection_dim=64, pooled_projection_dim=32, pos_embed_max_size=16,
    )  # fmt: skip
    called = Called(
        net,
        lambda n, x, t, c, p: (
            n(x, encoder_hidden_states=c, pooled_projections=p, timestep=t).sample
        ),
    )
    return called, (normal(4, 16, 16), indices(), normal(7, 32), normal(32)), 0


@family("hf-flux")
def _():
    net = _diffusers(
        "FluxTransformer2DModel", patch_size=1, in_channels=16, num_layers=1, num_single_layers=1,
        attention_head_dim=16, num_attention_heads=2, joint_attention_dim=32,
        pooled_projection_dim=32, axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    called = Called(
        net,
        lambda n, x, t, c, p: n(
            x, encoder_hidden_states=c, pooled_projections=p, timestep=t,
            img_ids=torch.zeros(16, 3), txt_ids=torch.zeros(7, 3),
        ).sample,
    )  # fmt: skip
    return called, (normal(16, 16), times(), normal(7, 32), normal(32)), 0


@family("hf-sana")
def _():
    net = _diffusers(
        "SanaTransformer2DModel", in_channels=8, out_channels=8, num_attention_heads=4,
        attention_head_dim=16, num_layers=2, num_cross_attention_heads=4,
        cross_attention_head_dim=16, cross_attention_dim=64, caption_channels=32, sample_size=16,
        patch_size=1,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, c: n(x, encoder_hidden_states=c, timestep=t).sample)
    return called, (normal(8, 16, 16), indices(), normal(7, 32)), 0


@family("hf-unet3d")
def _():
    net = _diffusers(
        "UNet3DConditionModel", sample_size=16, block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"), cross_attention_dim=32,
        attention_head_dim=8, norm_num_groups=8, layers_per_block=1,
    )  # fmt: skip
    return net, (normal(4, 4, 16, 16), indices(), normal(7, 32)), 0


@family("hf-lumina2")
def _():
    net = _diffusers(
        "Lumina2Transformer2DModel", sample_size=16, patch_size=2, in_channels=4, hidden_size=48,
        num_layers=1, num_refiner_layers=1, num_attention_heads=2, num_kv_heads=1, multiple_of=16,
        axes_dim_rope=(8, 8, 8), axes_lens=(16, 16, 16), cap_feat_dim=32,
    )  # fmt: skip

    def call(n, x, t, c):
        mask = torch.ones(x.shape[0], 7, dtype=torch.bool)
        return n(x, timestep=t, encoder_hidden_states=c, encoder_attention_mask=mask).sample

    return Called(net, call), (normal(4, 16, 16), times(), normal(7, 32)), 0


def _decoder(net, *shape):
    return Called(net, lambda n, z: n.decode(z).sample), (normal(*shape),), 0


@family("hf-vae-dec")
def _():
    net = _diffusers(
        "AutoencoderKL", block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    return _decoder(net, 4, 8, 8)


@family("hf-taesd-dec")
def _():
    net = _diffusers(
        "AutoencoderTiny", encoder_block_out_channels=(16, 16), num_encoder_blocks=(1, 1),
        decoder_block_out_channels=(16, 16), num_decoder_blocks=(1, 1),
    )  # fmt: skip
    return _decoder(net, 4, 8, 8)


@family("hf-dcae-dec")
def _():
    blocks = ("ResBlock", "EfficientViTBlock")
    net = _diffusers(
        "AutoencoderDC", latent_channels=8, encoder_block_out_channels=(32, 64),
        decoder_block_out_channels=(32, 64), encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1), encoder_block_types=blocks, decoder_block_types=blocks,
        encoder_qkv_multiscales=((), (5,)), decoder_qkv_multiscales=((), (5,)),
        attention_head_dim=16, decoder_norm_types="rms_norm", decoder_act_fns="silu",
    )  # fmt: skip
    return _decoder(net, 8, 8, 8)


@family("hf-oobleck-dec")
def _():
    net = _diffusers(
        "AutoencoderOobleck", encoder_hidden_size=16, downsampling_ratios=[2, 4],
        channel_multiples=[1, 2], decoder_channels=16, decoder_input_channels=8, audio_channels=2,
    )  # fmt: skip
    return _decoder(net, 8, 16)


# Others


@family("lucid-unet")
def _():
    from denoising_diffusion_pytorch import Unet

    return Unet(16, dim_mults=(1, 2), channels=3), (normal(3, 16, 16), indices()), 0


@family("lucid-unet1d")
def _():
    from denoising_diffusion_pytorch import Unet1D

    return Unet1D(16, dim_mults=(1, 2), channels=4), (normal(4, 32), indices()), 0


@family("lucid-edm2")
def _():
    from denoising_diffusion_pytorch.karras_unet import KarrasUnet

    net = KarrasUnet(
        image_size=16, dim=32, dim_max=64, channels=4, num_downsamples=1, attn_res=(8,),
        num_blocks_per_stage=1, attn_dim_head=16, num_classes=10,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, y: n(x, t, class_labels=y))
    return called, (normal(4, 16, 16), times(), labels()), 10


@family("kdiff-v1")
def _():
    from k_diffusion.models import image_v1

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
    from torchcfm.models import MLP

    called = Called(MLP(2, time_varying=True), lambda n, x, t: n(torch.cat([x, t[:, None]], -1)))
    return called, (normal(2), times()), 0


@family("torchcfm-unet")
def _():
    from torchcfm.models.unet import UNetModel

    net = UNetModel((1, 16, 16), 32, 1, num_heads=2, attention_resolutions="8")
    return Called(net, lambda n, x, t: n(t, x)), (normal(1, 16, 16), times()), 0


@family("smalldiffusion-dit")
def _():
    from smalldiffusion.model_dit import DiT

    net = DiT(in_dim=16, channels=3, patch_size=2, depth=2, head_dim=16, num_heads=4)
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
