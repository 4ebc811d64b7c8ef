# SPDX-License-Identifier: MIT
"""quell.export.from_diffusers: a folder of diffusers' with its scheduler goes to `quell sample` by
one call, and gives diffusers' own samples."""

import os
import shlex
import subprocess

import diffusers
import numpy as np
import pytest
import quell
import torch
from varied import varied

STEPS, COUNT = 8, 2


@pytest.fixture(autouse=True)
def single():
    """The other tests of this folder run diffusers in double."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(before)


def unet(**more):
    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D")}
    blocks |= {"up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    sizes = {"sample_size": 8, "block_out_channels": (16, 32), "layers_per_block": 1}
    return varied(diffusers.UNet2DModel(**{**blocks, **sizes, "norm_num_groups": 8, **more}))


def in_sigma(scheduler):
    """Whether the scheduler's states are X + sigma Z."""
    return float(getattr(scheduler, "init_noise_sigma", 1)) != 1


def diffusers_samples(net, scheduler, x, **more):
    """The loop of diffusers' pipelines; x has our scale."""
    scheduler.set_timesteps(STEPS)
    if in_sigma(scheduler):
        x = x * (float(scheduler.sigmas[0]) ** 2 + 1) ** 0.5
    with torch.no_grad():
        for t in scheduler.timesteps:
            scaled = getattr(scheduler, "scale_model_input", lambda x, t: x)(x, t)
            x = scheduler.step(net(scaled.float(), t), t, x, **more).prev_sample
    return x.numpy()


def ours(made, x, tmp_path, **more):
    """By Python and by the command, which have the same bits."""
    setup = made.setup(STEPS, **more)
    by_python = setup.sampler(quell.load(made.path), silent=True)(x)
    np.save(tmp_path / "x1.npy", x)
    command = made.command(STEPS, **more).replace("--prior-variance 1", "")
    command = shlex.split(command)[1:] + ["--from", "x1.npy", "--out", "x0.npy", "--quiet"]
    quell_command = os.environ.get("QUELL_COMMAND", "quell")
    subprocess.run([quell_command, *command], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "x0.npy"), by_python)
    return by_python


def noise(*shape):
    return np.random.default_rng(5).standard_normal((COUNT, *shape)).astype(np.float32)


SCHEDULERS = [
    diffusers.DDIMScheduler(clip_sample=False),
    diffusers.DDIMScheduler(
        prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
        clip_sample=False,
    ),
    diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    diffusers.EulerDiscreteScheduler(prediction_type="sample"),
    diffusers.FlowMatchEulerDiscreteScheduler(shift=3),
]  # fmt: skip


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=lambda one: type(one).__name__)
def test_a_folder(scheduler, tmp_path):
    net, x = unet(), noise(3, 8, 8)
    pipe = diffusers.LDMPipeline(vqvae=None, unet=net, scheduler=scheduler)
    pipe.save_pretrained(tmp_path / "pipe")
    made = quell.export.from_diffusers(tmp_path / "pipe", tmp_path / "net.safetensors")
    assert made.difference < 1e-5
    right = diffusers_samples(lambda x, t: net(x, t).sample, scheduler, torch.from_numpy(x))
    assert np.abs(ours(made, x, tmp_path) - right).max() < 1e-6 * max(100, np.abs(right).max())


def test_all_parts_in_one_folder(tmp_path):
    """As early pipelines on the hub are, such as google/ddpm-cifar10-32."""
    net, scheduler = unet(), diffusers.DDPMScheduler()
    diffusers.DDPMPipeline(unet=net, scheduler=scheduler).save_pretrained(tmp_path / "pipe")
    for part in ("unet", "scheduler"):
        for file in (tmp_path / "pipe" / part).iterdir():
            file.rename(tmp_path / "pipe" / file.name)
        (tmp_path / "pipe" / part).rmdir()
    made = quell.export.from_diffusers(tmp_path / "pipe", tmp_path / "net.safetensors")
    assert made.setup(STEPS).spec == "ddpm" and made.difference < 1e-5


def test_classes(tmp_path):
    net, x = unet(num_class_embeds=4), noise(3, 8, 8)
    scheduler = diffusers.DDIMScheduler(clip_sample=False)
    path = tmp_path / "net.safetensors"
    made = quell.export.from_diffusers(net, path, scheduler=scheduler)
    label = torch.tensor([3, 1])
    setup = made.setup(STEPS)
    model = quell.load(path)
    assert model.classes == 4
    sampler = setup.sampler(model, silent=True)
    right = diffusers_samples(
        lambda x, t: net(x, t, class_labels=label).sample, scheduler, torch.from_numpy(x)
    )
    made = sampler(x, label=label.numpy())
    assert np.abs(made - right).max() < 1e-6 * max(100, np.abs(right).max())
    with pytest.raises(ValueError, match="has no class"):
        sampler(x)


def test_a_learned_variance(tmp_path):
    net = unet(out_channels=6)
    scheduler = diffusers.DDPMScheduler(variance_type="learned_range", clip_sample=False)
    path = tmp_path / "net.safetensors"
    made = quell.export.from_diffusers(net, path, scheduler=scheduler)
    setup = made.setup(STEPS)
    assert setup.variance == "learned_range"
    x, theirs = noise(3, 8, 8), quell.FunctionDenoiser
    by_program = setup.sampler(quell.load(path), silent=True)(x, seed=3)

    def called(x, t):
        with torch.no_grad():
            return net(torch.from_numpy(x), torch.tensor(float(t))).sample.numpy()

    by_function = setup.sampler(setup.denoiser(called), silent=True)(x, seed=3)
    assert isinstance(setup.denoiser(called), theirs)
    assert np.abs(by_program - by_function).max() < 1e-6 * max(100, np.abs(by_function).max())


def test_edm(tmp_path):
    """Its preconditioning is around the network, with data of deviation 0.5."""
    net, x = unet(), noise(3, 8, 8)
    for prediction in ("epsilon", "v_prediction"):
        scheduler = diffusers.EDMEulerScheduler(prediction_type=prediction)
        path = tmp_path / "net.safetensors"
        made = quell.export.from_diffusers(net, path, scheduler=scheduler)
        scheduler.set_timesteps(STEPS)
        start = x * float(scheduler.init_noise_sigma)
        sampler = made.setup(STEPS).sampler(quell.load(path), silent=True)
        y = torch.from_numpy(start)
        with torch.no_grad():
            for t in scheduler.timesteps:
                out = net(scheduler.scale_model_input(y, t).float(), t).sample
                y = scheduler.step(out, t, y).prev_sample
        assert np.abs(sampler(start) - y.numpy()).max() < 3e-6 * max(1, float(y.abs().max()))


def latent(kind):
    sizes = {"in_channels": 3, "out_channels": 3, "latent_channels": 4}
    if kind == "tiny":
        one = {"encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8)}
        one |= {"num_encoder_blocks": (1, 1), "num_decoder_blocks": (1, 1)}
        return diffusers.AutoencoderTiny(latent_channels=4, **one)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "block_out_channels": (8, 16)}
    blocks |= {"up_block_types": ("UpDecoderBlock2D",) * 2, "norm_num_groups": 4}
    if kind == "vq":
        more = {"num_vq_embeddings": 16, "vq_embed_dim": 4, "scaling_factor": 0.5}
        return diffusers.VQModel(**sizes, **blocks, **more)
    return diffusers.AutoencoderKL(**sizes, **blocks, scaling_factor=0.2, shift_factor=0.1)


@pytest.mark.parametrize("kind", ["kl", "tiny", "vq"])
def test_a_decoder(kind, tmp_path):
    from quell import _quell

    vae, net = varied(latent(kind)), unet(in_channels=4, out_channels=4)
    pipe = diffusers.LDMPipeline(vqvae=vae, unet=net, scheduler=diffusers.DDIMScheduler())
    path = tmp_path / "net.safetensors"
    quell.export.from_diffusers(pipe, path)
    program, x = _quell.Program(os.fsencode(path), "decode"), noise(4, 8, 8)[0]
    with torch.no_grad():
        right = vae.decode(torch.from_numpy(x[None]) / vae.config.scaling_factor)
    assert np.abs(program.run([x]) - right.sample[0].numpy()).max() < 1e-5
    quell.export.from_diffusers(pipe, path, decode=False)
    with pytest.raises(quell.Error, match="decode"):
        _quell.Program(os.fsencode(path), "decode")


def test_conditions(tmp_path):
    """A text that is encoded, and an image behind x."""
    net = varied(
        diffusers.UNet2DConditionModel(
            sample_size=8, in_channels=5, out_channels=4, block_out_channels=(16, 32),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=16,
            attention_head_dim=4, norm_num_groups=8, layers_per_block=1,
        )
    )  # fmt: skip
    path = tmp_path / "net.safetensors"
    made = quell.export.from_diffusers(
        net, path, scheduler=diffusers.DDIMScheduler(clip_sample=False), tokens=7
    )
    assert made.difference < 1e-5
    assert quell.load(path).shape == (4, 8, 8)


@pytest.mark.parametrize(
    "more, said",
    [
        ({"scheduler": {"_class_name": "IPNDMScheduler"}}, "IPNDMScheduler has no sampler"),
        ({}, "scheduler: must be given"),
        ({"scheduler": diffusers.CMStochasticIterativeScheduler()}, "a whole denoiser"),
        ({"scheduler": diffusers.DDIMScheduler(trained_betas=[0.1] * 1000)}, "no name in quell"),
    ],
)
def test_refused(more, said, tmp_path):
    with pytest.raises((TypeError, ValueError, quell.Error), match=said):
        quell.export.from_diffusers(unet(), tmp_path / "net.safetensors", **more)
    assert list(tmp_path.iterdir()) == []


def test_other_classes_are_named(tmp_path):
    scheduler = diffusers.DDIMScheduler()
    with pytest.raises(quell.Unsupported, match="the network Linear is not known"):
        quell.export.from_diffusers(torch.nn.Linear(2, 2), tmp_path / "n", scheduler=scheduler)
    with pytest.raises(quell.BadArgument, match="neither model_index.json nor config.json"):
        quell.export.from_diffusers(tmp_path, tmp_path / "n.safetensors")


@pytest.mark.parametrize(
    "more, said",
    [
        ({"no_class": 5}, "no_class: 5, but there are no classes"),
        ({"tokens": 5}, "tokens: has no effect: UNet2DModel, as it is configured, takes no text"),
        ({"sizes": 6}, "sizes: has no effect: UNet2DModel, as it is configured, takes no sizes"),
    ],
)
def test_what_a_network_does_not_take(more, said, tmp_path):
    scheduler = diffusers.DDIMScheduler(clip_sample=False)
    with pytest.raises(ValueError, match=said):
        quell.export.from_diffusers(unet(), tmp_path / "n.safetensors", scheduler=scheduler, **more)
    assert list(tmp_path.iterdir()) == []
