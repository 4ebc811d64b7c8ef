# SPDX-License-Identifier: MIT
"""Small networks of the families that people use, with random weights, as files, and their outputs
in float64 by PyTorch: tests/programs/families/*.safetensors and families.inc.

    pip install '.[export]' diffusers denoising-diffusion-pytorch
    NETWORK_SOURCES=clones python tests/reference/families.py tests/programs [NAME...]

With names it makes only these anew. Three networks are code that is on no index: their clones must lie
in $NETWORK_SOURCES, edm (NVlabs/edm at 008a4e5), tab-ddpm (yandex-research/tab-ddpm at b476257) and
diffusion_policy (real-stanford/diffusion_policy at 5ba07ac). Files have weights and a graph, and no
code of theirs."""

import importlib
import os
import pathlib
import re
import sys
import textwrap

import torch
from quell.programs.check import expected
from quell.programs.exporter import export, rounded_to
from quell.programs.inputs import inputs_of
from torch import nn

BATCH = 2


class Called(nn.Module):
    """A network that is called in its own way."""

    def __init__(self, net, call):
        super().__init__()
        self.net, self.call = net, call

    def forward(self, x, *rest):
        return self.call(self.net, x, *rest)


def normal(*shape):
    return torch.randn(BATCH, *shape)


def indices():
    return torch.tensor([17.0, 901.0])


def labels():
    return torch.tensor([0, 3])


def ddpm():
    import diffusers

    net = diffusers.UNet2DModel(
        sample_size=8, block_out_channels=(8, 12), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), attention_head_dim=6,
        up_block_types=("AttnUpBlock2D", "UpBlock2D"), downsample_padding=0, freq_shift=1,
    )  # fmt: skip
    return Called(net, lambda n, x, t: n(x, t).sample), (normal(3, 8, 8), indices()), 0


def lucid():
    from denoising_diffusion_pytorch import Unet

    return Unet(8, dim_mults=(1,), channels=2, attn_dim_head=8), (normal(2, 8, 8), indices()), 0


def dit():
    import diffusers

    net = diffusers.DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=2, out_channels=2, num_layers=1,
        sample_size=8, patch_size=2, num_embeds_ada_norm=4, norm_num_groups=1,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, y: n(x, timestep=t, class_labels=y).sample)
    return called, (normal(2, 8, 8), indices(), labels()), 4


def decoder():
    import diffusers

    net = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1), latent_channels=4,
    )  # fmt: skip
    return Called(net, lambda n, x: n.decode(x).sample), (normal(4, 4, 4),), 0


def of_clone(folder, module):
    """Imports a module of a clone."""
    path = str(pathlib.Path(os.environ["NETWORK_SOURCES"], folder))
    sys.path.insert(0, path)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(path)


def tied(net):
    """Gives all weights of more than 900 numbers and of one shape the same values."""
    seen = {}
    for part in net.modules():
        for name, weight in list(part.named_parameters(recurse=False)):
            if weight.numel() > 900:
                setattr(part, name, seen.setdefault(weight.shape, weight))
    return net


def adm():
    """Its normalisation has 32 groups, so that it has at least 32 channels."""
    from azula.plugins.adm._src import unet

    net = unet.UNetModel(
        image_size=8, in_channels=3, out_channels=6, model_channels=32, channel_mult=(1,),
        num_res_blocks=1, attention_resolutions=(), num_classes=4, num_head_channels=16,
        use_scale_shift_norm=True, resblock_updown=True,
    )  # fmt: skip
    called = Called(tied(net), lambda n, x, t, y: n(x, t, y=y)[:, :3])
    return called, (normal(3, 8, 8), indices(), labels()), 4


def edm():
    """DDPM++ in EDM's preconditioning."""
    networks = of_clone("edm", "training.networks")
    net = networks.EDMPrecond(
        8, 3, label_dim=4, model_type="SongUNet", model_channels=8, channel_mult=[1, 2],
        num_blocks=1, attn_resolutions=[4],
    )  # fmt: skip
    return net, (normal(3, 8, 8), torch.tensor([0.3, 20.0]), torch.eye(4)[[0, 3]]), 4


def policy():
    """Diffusion Policy's U-Net, which is told an observation."""
    module = of_clone("diffusion_policy", "diffusion_policy.model.diffusion.conditional_unet1d")
    net = module.ConditionalUnet1D(
        7, global_cond_dim=5, diffusion_step_embed_dim=16, down_dims=[8, 16], n_groups=4,
        cond_predict_scale=True,
    )  # fmt: skip
    called = Called(net, lambda n, x, t, told: n(x, t, global_cond=told))
    return called, (normal(8, 7), indices(), normal(5)), 0


def table():
    """TabDDPM's MLP."""
    module = of_clone("tab-ddpm", "tab_ddpm.modules")
    layers = {"d_layers": [48, 48], "dropout": 0.1, "d_in": 8, "d_out": 8}
    net = module.MLPDiffusion(8, 2, True, layers, dim_t=48)
    return net, (normal(8), indices(), torch.tensor([0, 1])), 2


FAMILIES = (adm, ddpm, decoder, dit, edm, lucid, policy, table)


def numbers(tensor):
    """Rows of at most 100 columns."""
    made = ", ".join(f"{float(value):.9g}" for value in tensor.double().flatten())
    return "\n" + textwrap.fill(made, 96, initial_indent="    ", subsequent_indent="    ")


def write(make, folder):
    torch.manual_seed(1)
    net, example, classes = make()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    net = rounded_to(net.eval(), torch.float16)
    names = ["x", "time", "class" if classes else "observation"][: len(example)]
    inputs = inputs_of(net, example, names, len(example) > 1, classes)
    right = expected(net, inputs, classes)
    path = folder / "families" / f"{make.__name__}.safetensors"
    time = {"time": "t"} if len(example) > 1 else {"time": False}
    if make is decoder:
        small = nn.Conv2d(4, 4, 1)
        export(small, path, example, output="x0", schedule="vp", time=False, decode=net,
               dtype=torch.float16)  # fmt: skip
    elif make is edm:  # which says the rest itself
        export(net, path, example, names=names, classes=classes, dtype=torch.float16)
    else:
        export(net, path, example, names=names, output="eps", schedule="vp", classes=classes,
               dtype=torch.float16, **time)  # fmt: skip
    rows = [numbers(right.inputs[name][0]) for name in names]
    given = "".join(f"static const double {make.__name__}_{n}[] = {{{r}}};\n"
                    for n, r in zip(names, rows, strict=True))  # fmt: skip
    y = f"static const double {make.__name__}_y[] = {{{numbers(right.double[0])}}};\n"
    return given + y, names, right.own


def kept(path):
    """Returns the arrays and the row of each network in a file that was made before."""
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    made = {}
    for name, row in re.findall(r'^(    \{"(\w+)".*\n)', text, re.M):
        arrays = re.findall(rf"^static const double {row}_\w+\[\] = \{{.*?\}};\n", text, re.M | re.S)
        made[row] = ("".join(arrays), name)
    return made


def main():
    folder, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:]
    (folder / "families").mkdir(exist_ok=True)
    made = kept(folder / "families.inc")
    for make in FAMILIES:
        name = make.__name__
        if wanted and name not in wanted:
            continue
        text, names, own = write(make, folder)
        program = "decode" if make is decoder else "denoise"
        given = ", ".join(f'{{"{n}", {name}_{n}}}' for n in names)
        count = f"sizeof {name}_y / sizeof *{name}_y"
        made[name] = (
            text, f'    {{"{name}", "{program}", {{{given}}}, {name}_y, {count}, {own:.2g}}},\n'
        )  # fmt: skip
    parts, rows = zip(*(made[make.__name__] for make in FAMILIES), strict=True)
    text = "/* Written by tests/reference/families.py. clang-format off */\n" + "\n".join(parts)
    text += "\nstatic const struct family families[] = {\n" + "".join(rows) + "};\n"
    (folder / "families.inc").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
