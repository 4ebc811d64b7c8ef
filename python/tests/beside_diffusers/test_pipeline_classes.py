# SPDX-License-Identifier: MIT
"""quell.export.from_diffusers reads the class of a pipeline: what it does beside its network is
done as well, and classes that are not known are refused."""

import json

import diffusers
import numpy as np
import pytest
import quell
import torch

# diffusers itself has it only where transformers is installed, which it does not need.
from diffusers.pipelines.latent_diffusion.pipeline_latent_diffusion_superresolution import (
    LDMSuperResolutionPipeline,
)
from test_pipelines import STEPS, diffusers_samples, latent, noise, ours, single, unet  # noqa: F401
from varied import varied

PLAIN = diffusers.DDIMScheduler(clip_sample=False)


def text_unet(**more):
    sizes = {"sample_size": 8, "in_channels": 4, "out_channels": 4, "block_out_channels": (8, 16)}
    sizes |= {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "layers_per_block": 1}
    sizes |= {"up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "cross_attention_dim": 12}
    sizes |= {"attention_head_dim": 4, "norm_num_groups": 4}
    return varied(diffusers.UNet2DConditionModel(**{**sizes, **more}))


def in_memory(kind, **components):
    return type(kind, (), {"components": components})()


def on_disk(folder, kind, **parts):
    """A folder as save_pretrained writes it, of a class that may need what is not installed."""
    index = {"_class_name": kind, "_diffusers_version": "0.42.0"}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        index[name] = ["diffusers", type(part).__name__]
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


REFUSED = (
    "MarigoldDepthPipeline", "MarigoldNormalsPipeline", "MarigoldIntrinsicsPipeline",
    "StableDiffusionLatentUpscalePipeline", "StableDiffusionXLImg2ImgPipeline",
    "StableDiffusionImg2ImgPipeline", "StableDiffusionDepth2ImgPipeline", "KandinskyV22Pipeline",
    "StableDiffusionControlNetPipeline", "StableDiffusionPAGPipeline", "SanaSprintPipeline",
    "ScoreSdeVePipeline", "MyPipeline",
)  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_other_classes_are_refused(kind, tmp_path):
    """In one line that names the class, before a network is read."""
    folder = tmp_path / "pipe"
    folder.mkdir()
    index = {"_class_name": kind, "unet": ["diffusers", "UNet2DConditionModel"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    for pipeline in (folder, in_memory(kind, unet=torch.nn.Linear(2, 2), scheduler=PLAIN)):
        with pytest.raises(quell.Unsupported) as error:
            quell.export.from_diffusers(pipeline, tmp_path / "net.safetensors")
        said = str(error.value)
        assert f"the pipeline {kind} is not known here" in said and "\n" not in said
        assert 'network="unet"' in said and "call quell.export" in said


def test_a_class_that_is_no_name_is_refused(tmp_path):
    for kind in (["mine", "Pipeline"], None):
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": kind}))
        with pytest.raises(quell.Unsupported, match="is not known here"):
            quell.export.from_diffusers(tmp_path, tmp_path / "net.safetensors")


def test_a_network_alone_of_another_class(tmp_path):
    """network=NAME takes it without what its pipeline does; the file has no decoder."""
    net, path = unet(in_channels=4, out_channels=4), tmp_path / "net.safetensors"
    parts = {"unet": net, "vae": varied(latent("kl")), "scheduler": PLAIN}
    made = quell.export.from_diffusers(in_memory("MyPipeline", **parts), path, network="unet")
    assert made.difference < 1e-5 and quell.load(path).decoded_shape == (4, 8, 8)


@pytest.mark.parametrize(
    "kind, channels, said",
    [
        ("StableDiffusionPipeline", 9, "takes 9 channels and returns 4"),
        ("StableDiffusionInpaintPipeline", 4, "takes no image"),
        ("StableDiffusionInstructPix2PixPipeline", 4, "takes no image"),
        ("DDPMPipeline", 4, "with a UNet2DConditionModel is not known"),
    ],
)
def test_networks_that_the_class_does_not_call_so(kind, channels, said, tmp_path):
    pipe = in_memory(kind, unet=text_unet(in_channels=channels), scheduler=PLAIN)
    with pytest.raises(quell.Error, match=said):
        quell.export.from_diffusers(pipe, tmp_path / "net.safetensors")


def test_super_resolution(tmp_path):
    """Its latents are decoded as they are: the images are the pipeline's own."""
    parts = {"unet": unet(in_channels=6, out_channels=3), "scheduler": PLAIN}
    vq = diffusers.VQModel(
        in_channels=3, out_channels=3, latent_channels=3, vq_embed_dim=3, num_vq_embeddings=64,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(4, 8), norm_num_groups=4,
    )  # fmt: skip
    pipe = LDMSuperResolutionPipeline(vqvae=varied(vq), **parts)
    pipe.set_progress_bar_config(disable=True)
    pipe.save_pretrained(tmp_path / "pipe")
    low = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(4)) * 2 - 1
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    right = pipe(
        low, num_inference_steps=STEPS, generator=torch.Generator().manual_seed(3), output_type="np"
    ).images
    made = quell.export.from_diffusers(tmp_path / "pipe", tmp_path / "net.safetensors")
    model = quell.load(made.path)
    latents = made.setup(STEPS).sampler(model, silent=True)(x.numpy(), image=low.numpy())
    images = np.clip(model.decode(latents) / 2 + 0.5, 0, 1).transpose(0, 2, 3, 1)
    assert right.std() > 0.01 and np.abs(images - right).max() < 1e-5


def test_a_pipeline_that_turns_its_scheduler(tmp_path):
    """DDIMPipeline makes a DDIMScheduler of whatever its folder has."""
    net, folder = unet(), tmp_path / "pipe"
    on_disk(folder, "DDIMPipeline", unet=net, scheduler=diffusers.DDPMScheduler(clip_sample=False))
    pipe = diffusers.DDIMPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    right = pipe(
        num_inference_steps=STEPS, generator=torch.Generator().manual_seed(3), output_type="np"
    ).images
    made = quell.export.from_diffusers(folder, tmp_path / "net.safetensors")
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(3)).numpy()
    images = np.clip(ours(made, x, tmp_path) / 2 + 0.5, 0, 1).transpose(0, 2, 3, 1)
    assert right.std() > 0.01 and np.abs(images - right).max() < 1e-5


def test_the_index_names_the_class_of_the_scheduler(tmp_path):
    """diffusers loads that class, whatever the scheduler's own file says."""
    folder = on_disk(tmp_path / "pipe", "LDMPipeline", unet=unet(), scheduler=PLAIN)
    index = json.loads((folder / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "EulerDiscreteScheduler"]
    (folder / "model_index.json").write_text(json.dumps(index))
    made = quell.export.from_diffusers(folder, tmp_path / "net.safetensors")
    assert made.setup(STEPS).spec == "euler"


def test_the_scheduler_of_stable_diffusion(tmp_path):
    """The pipeline sets steps_offset to 1 and clip_sample to False as it is loaded; a scheduler of
    the caller's stays as it is."""
    old = diffusers.DDIMScheduler(beta_schedule="scaled_linear")
    folder = on_disk(tmp_path / "pipe", "StableDiffusionPipeline", unet=text_unet(), scheduler=old)
    path = tmp_path / "net.safetensors"
    made = quell.export.from_diffusers(folder, path, tokens=5)
    right = diffusers.DDIMScheduler.from_config(old.config, steps_offset=1, clip_sample=False)
    assert made.command(STEPS) == quell.export.from_diffusers(
        folder, path, tokens=5, scheduler=right
    ).command(STEPS)
    assert made.setup(STEPS).clamp is None
    asked = quell.export.from_diffusers(folder, path, tokens=5, scheduler=old)
    assert asked.setup(STEPS, strict=False).clamp == (-1, 1)


def test_an_old_size_of_stable_diffusion():
    """A sample_size below 64 of a network of diffusers before 0.9 is read as 64."""
    from quell.diffusers.classes import RULES, enlarged

    net, rule = text_unet(), RULES["StableDiffusionPipeline"]
    for version, wanted in (("0.8.1", True), ("0.10.0", False), ("1.0.0", False), (None, False)):
        net.register_to_config(_diffusers_version=version)
        assert enlarged(rule, net) is wanted, version


def test_schedulers_for_which_x_is_not_scaled(tmp_path):
    pipe = diffusers.DDPMPipeline(unet=unet(), scheduler=diffusers.EulerDiscreteScheduler())
    with pytest.raises(quell.Unsupported, match="DDPMPipeline does not scale x as EulerDiscrete"):
        quell.export.from_diffusers(pipe, tmp_path / "net.safetensors")


def masked(name):
    sizes = {"num_attention_heads": 2, "attention_head_dim": 8, "in_channels": 4, "num_layers": 1}
    sizes |= {"sample_size": 8, "caption_channels": 12, "cross_attention_dim": 16}
    if name == "PixArtTransformer2DModel":
        sizes |= {"out_channels": 8, "patch_size": 2, "use_additional_conditions": False}
    else:
        sizes |= {"out_channels": 4, "patch_size": 1, "num_cross_attention_heads": 2}
        sizes |= {"cross_attention_head_dim": 8}
    return varied(getattr(diffusers, name)(**sizes))


@pytest.mark.parametrize("name", ["PixArtTransformer2DModel", "SanaTransformer2DModel"])
def test_a_text_is_masked(name, tmp_path):
    """As their pipelines do: what a text is padded with is not attended to."""
    net, x = masked(name), noise(4, 8, 8)
    made = quell.export.from_diffusers(
        net, tmp_path / "net.safetensors", scheduler=PLAIN, tokens=10
    )
    text, mask = torch.from_numpy(noise(10, 12)), torch.zeros(2, 10)
    mask[0, :4], mask[1, :9] = 1, 1
    told = {"added_cond_kwargs": {"resolution": None, "aspect_ratio": None}}
    told = told if name.startswith("PixArt") else {}

    def call(y, t):
        return net(
            y, encoder_hidden_states=text, encoder_attention_mask=mask, timestep=t.expand(2), **told
        ).sample[:, :4]

    right = diffusers_samples(call, PLAIN, torch.from_numpy(x))
    sampler = made.setup(STEPS).sampler(quell.load(made.path), silent=True)
    own = sampler(x, text=text.numpy(), text_mask=mask.numpy())
    assert np.abs(own - right).max() < 1e-5 * max(1, np.abs(right).max())
    other = sampler(x, text=text.numpy(), text_mask=np.ones((2, 10), np.float32))
    assert np.abs(own - other).max() > 1e-3


DECODED = (
    ("StableDiffusionPipeline", lambda x: x / 0.2),
    ("StableDiffusion3Pipeline", lambda x: x / 0.2 + 0.1),
    ("StableDiffusionXLPipeline", lambda x: x * 3 / 0.2 + 2),
    ("StableDiffusionUpscalePipeline", lambda x: x / 0.08333),
    ("LDMSuperResolutionPipeline", lambda x: x),
)


@pytest.mark.parametrize("kind, back", DECODED, ids=lambda one: str(one)[:30])
def test_latents_are_scaled_back_as_the_class_does(kind, back):
    from quell.diffusers.classes import RULES
    from quell.diffusers.networks import Decoder

    vae, rule, x = varied(latent("kl")), RULES[kind], torch.from_numpy(noise(4, 8, 8))
    vae.register_to_config(latents_mean=[2.0] * 4, latents_std=[3.0] * 4)
    with torch.no_grad():
        right = vae.decode(back(x)).sample
        own = Decoder(vae, rule.decode, rule.scale)(x)
    assert (own - right).abs().max() < 1e-5 * right.abs().max()


def test_frames_are_decoded_one_by_one(tmp_path):
    net = varied(
        diffusers.UNet3DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16),
            down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"), cross_attention_dim=12,
            up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"), attention_head_dim=4,
            norm_num_groups=4, layers_per_block=1,
        )
    )  # fmt: skip
    vae, path = varied(latent("kl")), tmp_path / "net.safetensors"
    pipe = in_memory("TextToVideoSDPipeline", unet=net, vae=vae, scheduler=PLAIN)
    quell.export.from_diffusers(pipe, path, tokens=5, shape=(4, 3, 8, 8))
    x = noise(4, 3, 8, 8)
    with torch.no_grad():
        frames = [vae.decode(torch.from_numpy(x[:, :, i]) / 0.2).sample for i in range(3)]
    right = torch.stack(frames, 2).numpy()
    assert np.abs(quell.load(path).decode(x) - right).max() < 1e-5 * np.abs(right).max()


def refiner():
    more = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4}
    return text_unet(**more, projection_class_embeddings_input_dim=12 + 5 * 4)


def test_the_sizes_of_a_refiner(tmp_path):
    """Its network is told 5 numbers, which its configuration does not say."""
    net, path = refiner(), tmp_path / "net.safetensors"
    with pytest.raises(quell.Unsupported, match="say sizes=5 or sizes=6"):
        quell.export.from_diffusers(net, path, scheduler=PLAIN, tokens=5)
    quell.export.from_diffusers(net, path, scheduler=PLAIN, tokens=5, sizes=5)
    assert quell.load(path).conditions["sizes"] == (5,)
    pipe = in_memory("StableDiffusionXLImg2ImgPipeline", unet=net, scheduler=PLAIN)
    pipe.config = {"requires_aesthetics_score": True}
    quell.export.from_diffusers(pipe, path, network="unet", tokens=5)
    assert quell.load(path).conditions["pooled_text"] == (12,)


def test_a_transformer_that_is_no_dit(tmp_path):
    net = diffusers.Transformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, num_layers=1,
        cross_attention_dim=12, sample_size=8, norm_num_groups=4,
    )  # fmt: skip
    with pytest.raises(quell.Unsupported, match="norm_type='layer_norm': not known here"):
        quell.export.from_diffusers(net, tmp_path / "net.safetensors", scheduler=PLAIN)
