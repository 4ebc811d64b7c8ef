# SPDX-License-Identifier: MIT
"""Networks of repositories that are not on PyPI, small and with random weights. $NETWORK_SOURCES
names a folder with clones of them; without it these are left out."""

import importlib
import os
import pathlib
import sys
import types
from unittest.mock import patch

import torch
from alone import networks_of
from called import Called, family, indices, labels, normal, times


def _cloned(name, repository, *under):
    """Imports a module from a clone, whatever else has its name."""
    folder = pathlib.Path(os.environ.get("NETWORK_SOURCES", "/nonexistent"), repository, *under)
    if not folder.is_dir():
        raise ModuleNotFoundError(f"$NETWORK_SOURCES has no {repository}")
    first = name.partition(".")[0]
    for loaded in [key for key in sys.modules if key.partition(".")[0] == first]:
        del sys.modules[loaded]
    with patch.object(sys, "path", [str(folder), *sys.path]):
        importlib.invalidate_caches()
        return networks_of(name)


def _edm(**options):
    networks = _cloned("training.networks", "edm")
    return networks.EDMPrecond(
        32, 3, model_type="SongUNet", model_channels=32, channel_mult=[1, 2], num_blocks=1,
        attn_resolutions=[16], **options,
    )  # fmt: skip


@family("edm-ddpmpp")
def _():
    return _edm(label_dim=10), (normal(3, 32, 32), times(), torch.eye(10)[:2]), 10


@family("edm-ncsnpp")
def _():
    net = _edm(
        embedding_type="fourier", encoder_type="residual", decoder_type="standard",
        channel_mult_noise=2, resample_filter=[1, 3, 3, 1],
    )  # fmt: skip
    return net, (normal(3, 32, 32), times()), 0


@family("dit-orig")
def _():
    net = _cloned("models", "DiT").DiT(
        input_size=16, patch_size=2, hidden_size=64, depth=2, num_heads=4, num_classes=10
    )
    return net, (normal(4, 16, 16), indices(), labels()), 10


class _Settings(dict):
    __getattr__ = dict.__getitem__


@family("score-sde")
def _():
    """NCSN++ of the score SDE code, whose kernels for GPUs are not built."""
    model = _Settings(
        nonlinearity="swish", nf=32, ch_mult=(1, 2), num_res_blocks=1, attn_resolutions=(16,),
        dropout=0.0, resamp_with_conv=True, conditional=True, fir=True, fir_kernel=[1, 3, 3, 1],
        skip_rescale=True, resblock_type="biggan", progressive="none",
        progressive_input="residual", embedding_type="fourier", init_scale=0.0,
        progressive_combine="sum", fourier_scale=16, scale_by_sigma=True, sigma_min=0.01,
        normalization="GroupNorm", sigma_max=50, num_scales=10,
    )  # fmt: skip
    data = _Settings(image_size=32, num_channels=3, centered=True)
    with patch("torch.utils.cpp_extension.load", lambda *_, **__: None):
        networks = _cloned("models.ncsnpp", "score_sde_pytorch")
    settings = _Settings(model=model, data=data, training=_Settings(continuous=True))
    return networks.NCSNpp(settings), (normal(3, 32, 32), times()), 0


@family("tabddpm")
def _():
    net = _cloned("tab_ddpm.modules", "tab-ddpm").MLPDiffusion(
        8, 2, True, {"d_layers": [64, 64], "dropout": 0.1, "d_in": 8, "d_out": 8}
    )
    return net, (normal(8), indices(), labels(2)), 2


def _policy(name):
    return _cloned(f"diffusion_policy.model.diffusion.{name}", "diffusion_policy")


@family("dp-unet1d")
def _():
    net = _policy("conditional_unet1d").ConditionalUnet1D(
        7, global_cond_dim=20, diffusion_step_embed_dim=32, down_dims=[32, 64], n_groups=8,
        cond_predict_scale=True,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, g: n(x, t, global_cond=g))
    return called, (normal(16, 7), indices(), normal(20)), 0


@family("dp-transformer")
def _():
    net = _policy("transformer_for_diffusion").TransformerForDiffusion(
        7, 7, 16, n_obs_steps=2, cond_dim=20, n_layer=2, n_head=4, n_emb=32, causal_attn=True,
        obs_as_cond=True,
    )  # fmt: skip
    return net, (normal(16, 7), indices(), normal(2, 20)), 0


@family("diffwave")
def _():
    settings = types.SimpleNamespace(
        noise_schedule=list(range(50)), residual_channels=16, n_mels=20, residual_layers=4,
        dilation_cycle_length=2, unconditional=False,
    )  # fmt: skip
    net = _cloned("diffwave.model", "diffwave", "src").DiffWave(settings)
    called = Called(net, lambda n, x, t, c: n(x, t, c)[:, 0])
    return called, (normal(1024), indices() % 50, normal(20, 4)), 0


@family("egnn-edm")
def _():
    models = _cloned("egnn.models", "e3_diffusion_for_molecules")
    net = models.EGNN_dynamics_QM9(6, 0, 3, hidden_nf=32, n_layers=2, attention=True, tanh=True)
    nodes = 5

    def call(n, x, t):
        pairs = torch.ones(len(x) * nodes * nodes, 1)
        return n._forward(t[:, None], x, torch.ones(len(x), nodes, 1), pairs, None)

    return Called(net, call), (normal(nodes, 8), times()), 0
