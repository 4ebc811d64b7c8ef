# SPDX-License-Identifier: MIT
"""What from_torch() and export() do not take: one line names the argument, field or part."""

import pytest
import torch
from azula.denoise import SimpleDenoiser
from azula.nn.dit import DiT
from azula.noise import VPSchedule

import quell
from quell.architectures import check, export, export_weights
from quell.architectures.modules import Conditioned, ResidualMLP

TIME = {"features": 8, "omega": 1e3}


def small(change=lambda backbone: None):
    model = SimpleDenoiser(ResidualMLP(2, 16, 2, width=8, **TIME), VPSchedule())
    change(model.backbone)
    return model


def one_line_with(error, says):
    """The message, which names no temporary file."""
    message = str(error.value)
    assert says in message and "\n" not in message and ".quell-" not in message, message
    return True


def put(module, name, value):
    *way, last = name.split(".")
    for step in way:
        module = getattr(module, step)
    setattr(module, last, value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("in_proj", torch.nn.Sequential(torch.nn.Linear(2, 16)), "in_proj: a Sequential, must be"),
        ("blocks.0.in_proj", torch.nn.Sequential(), "blocks.0.in_proj: a Sequential, must be"),
        ("blocks.1.activation", torch.nn.ReLU(), "blocks with relu and silu, must be one"),
        ("blocks", torch.nn.ModuleList(), "blocks: there is none"),
        ("in_proj.bias", None, "tensor 'in_proj.bias' is not there"),
        ("extra", torch.nn.Linear(2, 2), "tensor 'extra.bias' is not part of the network"),
        ("blocks.1.in_proj", torch.nn.Linear(16, 17), "'blocks.1.in_proj.weight' is [17, 16]"),
        ("time", torch.nn.Linear(8, 8), "time: a Linear, must be a Sequential"),
        ("encoding", torch.nn.Identity(), "encoding: a Identity, must be a SineEncoding"),
        ("in_proj", torch.nn.Linear(2, 16, device="meta"), "in_proj.weight: is on the device meta"),
        ("in_proj", torch.nn.Linear(2, 16, dtype=torch.complex64), "in_proj.weight: complex, must"),
        ("classes", 3, "label: None, must be"),
    ],
)
def test_parts_in_anothers_place(name, value, says):
    model = small(lambda backbone: put(backbone, name, value))
    with pytest.raises((TypeError, ValueError)) as error:
        quell.from_torch(model, shape=[2])
    assert one_line_with(error, says)


def test_parts_of_a_transformer():
    for name, value, says in [
        ("net.in_proj", torch.nn.Sequential(torch.nn.Linear(5, 16)), "net.in_proj: a Sequential"),
        ("net.blocks.0.ffn", torch.nn.Linear(16, 16), "not built as its class builds it"),
        ("net.blocks.0.msa.qkv_proj", torch.nn.Sequential(), "not built as its class builds it"),
    ]:
        net = DiT(5, 5, mod_features=12, hid_channels=16, attention_heads=2)
        model = SimpleDenoiser(Conditioned(net, 12, **TIME), VPSchedule())
        put(model.backbone, name, value)
        with pytest.raises((TypeError, ValueError)) as error:
            quell.from_torch(model, shape=(7, 5))
        assert one_line_with(error, says)


def test_shared_weights_are_honoured():
    def shared(backbone):
        backbone.blocks[1] = backbone.blocks[0]

    model, x = small(shared), torch.randn(4, 2)
    own = quell.from_torch(model, shape=[2])(x, 0.3).mean
    right = model.double()(x.double(), torch.tensor(0.3, dtype=torch.float64)).mean
    assert torch.allclose(own.double(), right, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        *(("shape", value, "shape: ") for value in (5, "ab", [2.0], [True], [-2])),
        ("shape", None, "example: must be given"),
        *(("shape", value, "shape: ") for value in ([0], [], [3])),
        *(("module", value, "model: ") for value in (3, None, "x", ResidualMLP)),
        ("foo", 1, "field 'foo' is not known"),
        ("comment", float("nan"), "comment: nan, must be what JSON has"),
        ("comment", object(), "comment: a object, must be what JSON has"),
        ("comment", "\udcff", "comment: '\\udcff', must be what JSON has"),
        ("image", True, "field 'image' needs a shape"),
        ("hidden", 3, "the model itself says hidden"),
        ("dtype", "float32", "dtype: float32, must be"),
        ("dtype", torch.float64, "dtype: torch.float64, must be"),
        ("most", float("nan"), "most: "),
        ("most", -1, "most: -1"),
        ("most", True, "most: True"),
    ],
)
def test_arguments_of_from_torch(name, value, says):
    given = {"module": small(), "shape": [2], name: value}
    with pytest.raises((TypeError, ValueError)) as error:
        quell.from_torch(**given)
    assert one_line_with(error, says)


def test_paths_of_export(tmp_path):
    model = small()
    for path, kind in [
        (tmp_path / "no" / "m.safetensors", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        ("a\0b", ValueError),
        (5, TypeError),
    ]:
        with pytest.raises(kind) as error:
            export(model, path, [2])
        assert one_line_with(error, "")
    assert not list(tmp_path.iterdir())
    export(model, tmp_path / "m.safetensors", [2])
    for name, value in [("shape", [3]), ("count", 0), ("count", True), ("most", 0), ("seed", -1)]:
        given = {"denoiser": model, "path": tmp_path / "m.safetensors", "shape": [2], name: value}
        with pytest.raises((TypeError, ValueError), match=f"^{name}: "):
            check(**given)
    for weights in (5, {"a": 1.0}, {3: torch.zeros(2)}, {"a": torch.zeros(2, dtype=torch.cfloat)}):
        with pytest.raises(TypeError, match="quell.architectures: "):
            export_weights(weights, tmp_path / "w.safetensors", {})
    no = [{"dim": 2.5}, {"hidden": 0}, {"blocks": True}, {"activation": "foo"}, {"features": 7}]
    for wrong in no:
        with pytest.raises((TypeError, ValueError), match=f"^{next(iter(wrong))}: "):
            ResidualMLP(**{"dim": 2, **wrong})
    with pytest.raises(TypeError, match="schedule: 'vp', must be a schedule"):
        quell.denoise.SimpleDenoiser(model.backbone, "vp")
