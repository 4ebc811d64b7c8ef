# SPDX-License-Identifier: MIT
"""What the comparison of a file with its network must see, and what must not happen to the caller's
module. Each case was once exported wrongly, or refused in other words than its own."""

import concurrent.futures
import warnings

import numpy as np
import pytest
import quell
import torch
from torch import nn

SAID = {"output": "x0", "schedule": "rectified", "time": "t"}


class Net(nn.Module):
    """A network whose forward is a function, with layers of all kinds for it."""

    def __init__(self, function, **parts):
        super().__init__()
        torch.manual_seed(0)
        self.function, self.calls, self.features = function, 0, {}
        self.layer, self.rows = nn.Linear(3, 3), nn.Embedding(9, 3)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x, t, *rest):
        return self.function(self, x, t, *rest)


def export(module, tmp_path, example=None, **said):
    example = example or (torch.randn(4, 3), torch.rand(4))
    path = tmp_path / "net.safetensors"
    difference = quell.export(module, path, example, **{**SAID, **said})
    return difference, quell.load(path)


def agrees(module, model, x=None, t=0.5, **told):
    x = torch.randn(3, 3) if x is None else x
    with torch.no_grad():
        right = module(x, torch.full((3,), t), *[v.expand(3, -1) for v in told.values()]).numpy()
    made = model(x.numpy(), t, **{name: value.numpy() for name, value in told.items()}).mean
    return np.abs(made - right).max() < 1e-5 * max(1, np.abs(right).max())


class Padded(nn.Module):
    """A mean over all tokens, of which the last two are padding."""

    def __init__(self, count=6):
        super().__init__()
        torch.manual_seed(0)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder, self.count = nn.TransformerEncoder(layer, 1), count
        self.into, self.out = nn.Linear(1, 8), nn.Linear(8, 1)

    def forward(self, x, t, pad=None):
        if pad is None:
            pad = torch.arange(self.count).expand(len(x), -1) > self.count - 3
        h = self.into(x[..., None]) + t[:, None, None]
        h = self.encoder(h, src_key_padding_mask=pad > 0.5)
        return self.out(h + h.mean(1, keepdim=True))[..., 0]


@pytest.mark.parametrize("told", [False, True])
def test_a_faster_way_that_gives_something_else(tmp_path, told):
    """In evaluation nn.TransformerEncoder leaves out what is padded, in training it does not."""
    example = (torch.randn(4, 6), torch.rand(4))
    if told:
        example += (torch.tensor([[0.0, 0, 0, 0, 1, 1]]).repeat(4, 1),)
    with pytest.raises(ValueError, match="set_fastpath_enabled"):
        export(Padded(), tmp_path, example)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        difference, _ = export(Padded(), tmp_path, example)
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    assert difference < 1e-5


def wide(x, angle):
    """A small column beside large ones, such as an angle beside energies in eV."""
    return torch.cat([1e6 * (3 + torch.tanh(x[:, :2])), angle[:, 2:]], 1)


def counting(net, x, t):
    net.calls += 1
    return x * net.calls


ORIGIN = torch.tensor([3e9, 1e9, 2e9], dtype=torch.float64)


@pytest.mark.parametrize(
    "function, example, said",
    [
        (counting, None, "two calls with the same inputs differ"),
        (lambda net, x, t: x + float(np.random.rand()), None, "two calls with the same inputs"),
        (
            lambda net, x, t: torch.remainder(torch.round(x * 10) / 10, 0.1),
            None,
            "in float32 and in float64 differ",
        ),
        (
            lambda net, x, t: ((x.double() + ORIGIN) - ORIGIN).float(),
            (torch.zeros(2, 3), torch.zeros(2)),
            "choose its way by the values",
        ),
        (
            lambda net, x, t: wide(x, x - x.mean(0)),
            None,
            "samples depend on each other: .* in column 2",
        ),
        (
            lambda net, x, t: wide(x, ((x.double() + ORIGIN) - ORIGIN).float()),
            None,
            "of the largest output in column 2, whose outputs are small",
        ),
        (
            lambda net, x, t: torch.nn.functional.batch_norm(x, None, None, training=True),
            None,
            "fails in float64 for one sample",
        ),
        (lambda net, x, t: torch.complex(x, x), None, "returns complex numbers: return"),
        (
            lambda net, x, t: x,
            (torch.randn(4, 3, dtype=torch.complex64), torch.rand(4)),
            "x is complex",
        ),
        (lambda net, x, t: x, (torch.randn(4, 0), torch.rand(4)), r"shape \[4, 0\]: no element"),
        (lambda net, x, t: x * t, (torch.randn(4), torch.rand(4)), r"shape \[4\], .* x\[:, None"),
    ],
)  # fmt: skip
def test_refused(function, example, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        export(Net(function), tmp_path, example)
    assert list(tmp_path.iterdir()) == []


def test_parts_that_cannot_be_traced(tmp_path):
    x = torch.randn(4, 3)
    scripted = torch.jit.trace(nn.Linear(3, 3), x)
    for module, said in (
        (scripted, "the network is of TorchScript"),
        (Net(lambda net, x, t: net.part(x), part=scripted), "part .* is of TorchScript"),
    ):
        with pytest.raises(ValueError, match=said):
            export(module, tmp_path)


def slope(net, x, t):
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(net.layer(x).square().sum(), x)[0]


def test_gradients_are_refused_with_their_line(tmp_path):
    for function in slope, lambda net, x, t: torch.func.grad(lambda x: net.layer(x).sum())(x):
        with pytest.raises(ValueError, match="takes a gradient .*test_trust.py:[0-9]+: "):
            export(Net(function), tmp_path)


def doubled(net, x, t):
    """Guidance inside the network, which doubles the batch."""
    both = net.layer(torch.cat([x, x])) + net.rows(torch.tensor([1, 2]).repeat_interleave(len(x)))
    first, second = both.chunk(2)
    return second + 2 * (first - second)


def test_forms(tmp_path):
    """Habits that were refused, or failed in torch's own words."""
    functions = [
        doubled,
        lambda net, x, t: net.wide(x.double()).float() + t[:, None],
        lambda net, x, t: x + net.rows.weight[(t * 9).long() - 1],
        lambda net, x, t: x * x.var(1, keepdim=True, correction=0.5),
    ]
    for function in functions:
        net = Net(function, wide=nn.Linear(3, 3).double()).eval()
        _, model = export(net, tmp_path)
        assert agrees(net, model) and agrees(net, model, t=0.01)


def test_small_columns_beside_large_ones(tmp_path):
    net = Net(lambda net, x, t: wide(x, net.layer(x) * t[:, None])).eval()
    _, model = export(net, tmp_path)
    assert agrees(net, model)


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Sequential(nn.Linear(2, 16), nn.SiLU(), nn.Linear(16, 1))

    def forward(self, t, x):
        return self.layer(torch.cat([x, t.expand(len(x)).reshape(-1, 1)], 1))


def test_the_time_may_come_first(tmp_path):
    """As in torchcfm. With one number a sample nothing else tells x from the time."""
    net, x, t = TimeFirst(), torch.randn(4, 1), torch.rand(4)
    with torch.no_grad():
        right = net(torch.tensor(0.25), x).numpy()
    for example in (t, x), {"t": t, "x": x}, {"x": x, "t": t}, (torch.tensor(0.3), x):
        _, model = export(net, tmp_path, example)
        assert np.abs(model(x.numpy(), 0.25).mean - right).max() < 1e-6


def test_the_names_of_a_dictionary_are_its_keys(tmp_path):
    """In whatever order they are."""

    class Net(nn.Module):
        def forward(self, x, t, energy):
            return x * t[:, None] + energy[:, None] ** 2

    x, t, energy = torch.randn(4, 3), torch.rand(4), torch.rand(4) + 1
    _, model = export(Net(), tmp_path, {"x": x, "energy": energy, "t": t})
    made = model(x.numpy(), 0.25, energy=np.float32(3)).mean
    assert np.abs(made - (0.25 * x.numpy() + 9)).max() < 1e-5


def test_a_default_type_of_double(tmp_path):
    torch.set_default_dtype(torch.float64)
    try:
        for kind in torch.float64, torch.float32:
            net = Net(lambda net, x, t: net.layer(x) * torch.cos(t[:, None])).to(kind)
            x, t = torch.randn(4, 3, dtype=kind), torch.rand(4, dtype=kind)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # weights in float64 are rounded
                difference, _ = export(net, tmp_path, (x, t))
            assert difference < 1e-6
    finally:
        torch.set_default_dtype(torch.float32)


def test_exports_in_threads_wait_for_each_other(tmp_path):
    def one(k):
        path = tmp_path / f"{k}.safetensors"
        return quell.export(nets[k], path, (torch.randn(4, 3), torch.rand(4)), **SAID)

    nets = [Net(lambda net, x, t: net.layer(x) + t[:, None]) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert max(pool.map(one, range(2))) < 1e-6


def test_hooks_that_refer_to_the_module(tmp_path):
    net = Net(lambda net, x, t: net.layer(x) + net.features["layer"].mean(1, keepdim=True)).eval()
    net.layer.register_forward_hook(lambda part, given, made: net.features.update(layer=made * 2))
    _, model = export(net, tmp_path)
    assert agrees(net, model)


def test_a_mask_of_truth_values_is_a_condition(tmp_path):
    net = Net(lambda net, x, t, mask: torch.where(mask.bool(), net.layer(x), x)).eval()
    mask = torch.tensor([[True, True, False]])
    _, model = export(net, tmp_path, (torch.randn(4, 3), torch.rand(4), mask.repeat(4, 1)),
                      names=["x", "time", "mask"])  # fmt: skip
    assert agrees(net, model, mask=mask.float())


class Merging(nn.Linear):
    """A layer with weights of low rank, which it merges for evaluation, as loralib's."""

    def __init__(self):
        super().__init__(3, 3)
        self.low, self.high = nn.Parameter(torch.randn(2, 3)), nn.Parameter(torch.randn(3, 2))
        self.merged = False

    def train(self, mode=True):
        super().train(mode)
        if mode == self.merged:
            self.weight.data += (-1 if mode else 1) * self.high @ self.low
            self.merged = not mode
        return self

    def forward(self, x):
        made = super().forward(x)
        return made if self.merged else made + x @ self.low.T @ self.high.T


@pytest.mark.parametrize("training", [False, True])
def test_the_callers_module_is_as_before(tmp_path, training):
    net = Net(lambda net, x, t: net.part(x), part=Merging()).train(training)
    net.layer.eval()
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    _, model = export(net, tmp_path)
    assert all(torch.equal(before[name], weight) for name, weight in net.state_dict().items())
    assert (net.training, net.part.training, net.layer.training) == (training, training, False)
    assert net.part.merged is not training and agrees(net, model)
