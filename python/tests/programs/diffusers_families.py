# SPDX-License-Identifier: MIT
"""Networks of diffusers, small and with random weights."""

import math

import torch
from called import Called, family, indices, labels, normal, times


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


@family("hf-celebahq-256")
def _():
    """google/ddpm-celebahq-256."""
    down, up = ["DownBlock2D"] * 6, ["UpBlock2D"] * 6
    down[4], up[1] = "AttnDownBlock2D", "AttnUpBlock2D"
    net = _diffusers(
        "UNet2DModel", sample_size=256, block_out_channels=(128, 128, 256, 256, 512, 512),
        down_block_types=tuple(down), up_block_types=tuple(up), downsample_padding=0,
        flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6, attention_head_dim=None,
    )  # fmt: skip
    return net, (normal(3, 256, 256), indices()), 0


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


@family("hf-vae-dec-512")
def _():
    """The decoder of Stable Diffusion, for images of 512 x 512."""
    net = _diffusers(
        "AutoencoderKL", block_out_channels=(128, 256, 512, 512), layers_per_block=2,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    return _decoder(net, 4, 64, 64)


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
