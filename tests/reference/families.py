# SPDX-License-Identifier: MIT
"""Small networks of the families that people use, with random weights, as files, and their outputs
in float64 by PyTorch: tests/programs/families/*.safetensors and families.inc.

    pip install '.[export]' diffusers denoising-diffusion-pytorch
    python tests/reference/families.py tests/programs
"""

import pathlib
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


class Policy(nn.Module):
    """A U-Net in one dimension that is told an observation, as Diffusion Policy's
    ConditionalUnet1D: convolutions, group norm and Mish, with a scale and a shift of each channel
    from the time and the observation."""

    def __init__(self, width=7, told=5, inner=16):
        super().__init__()
        self.told = nn.Linear(told + 8, 32)
        self.down, self.low = nn.Conv1d(width, inner, 5, padding=2), nn.Conv1d(inner, inner, 3, 2, 1)
        self.up = nn.ConvTranspose1d(inner, inner, 4, 2, 1)
        self.out = nn.Conv1d(2 * inner, width, 1)
        self.norm, self.line = nn.GroupNorm(4, inner), nn.Linear(32, 2 * inner)

    def forward(self, x, t, observation):
        waves = torch.sin(t[:, None] * 0.01 * torch.arange(1, 9))
        told = nn.functional.mish(self.told(torch.cat([observation, waves], 1)))
        scale, shift = self.line(told)[..., None].chunk(2, 1)
        h = nn.functional.mish(self.norm(self.down(x.transpose(1, 2)))) * scale + shift
        low = nn.functional.mish(self.low(h))
        return self.out(torch.cat([h, self.up(low)], 1)).transpose(1, 2)


class Table(nn.Module):
    """A network for tables, as TabDDPM's MLPDiffusion."""

    def __init__(self, width=8, classes=2, inner=48):
        super().__init__()
        self.label, self.into = nn.Embedding(classes, inner), nn.Linear(width, inner)
        self.time = nn.Sequential(nn.Linear(inner, inner), nn.SiLU(), nn.Linear(inner, inner))
        self.layers = nn.Sequential(
            nn.Linear(inner, inner), nn.ReLU(), nn.Dropout(0.1), nn.Linear(inner, width)
        )

    def forward(self, x, t, y):
        rates = torch.exp(-torch.arange(24) * 9.2 / 24)
        angles = t[:, None].float() * rates[None]
        e = self.time(torch.cat([angles.cos(), angles.sin()], -1))
        return self.layers(self.into(x) + e + nn.functional.silu(self.label(y)))


def policy():
    return Policy(), (normal(16, 7), indices(), normal(5)), 0


def table():
    return Table(), (normal(8), indices(), torch.tensor([0, 1])), 2


FAMILIES = (ddpm, decoder, dit, lucid, policy, table)


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
    else:
        export(net, path, example, names=names, output="eps", schedule="vp", classes=classes,
               dtype=torch.float16, **time)  # fmt: skip
    rows = [numbers(right.inputs[name][0]) for name in names]
    given = "".join(f"static const double {make.__name__}_{n}[] = {{{r}}};\n"
                    for n, r in zip(names, rows, strict=True))  # fmt: skip
    y = f"static const double {make.__name__}_y[] = {{{numbers(right.double[0])}}};\n"
    return given + y, names, right.own


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "families").mkdir(exist_ok=True)
    parts, table = [], []
    for make in FAMILIES:
        text, names, own = write(make, folder)
        parts.append(text)
        name = make.__name__
        program = "decode" if make is decoder else "denoise"
        given = ", ".join(f'{{"{n}", {name}_{n}}}' for n in names)
        count = f"sizeof {name}_y / sizeof *{name}_y"
        table.append(f'    {{"{name}", "{program}", {{{given}}}, {name}_y, {count}, {own:.2g}}},\n')
    text = "/* Written by tests/reference/families.py. clang-format off */\n" + "\n".join(parts)
    text += "\nstatic const struct family families[] = {\n" + "".join(table) + "};\n"
    (folder / "families.inc").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
