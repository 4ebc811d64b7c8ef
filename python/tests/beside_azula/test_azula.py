# SPDX-License-Identifier: MIT
"""Numbers against azula: schedules, deterministic samplers by azula's own denoisers from the same
x_1, stochastic ones with the noise injected."""

import azula.denoise
import azula.noise
import azula.sample
import pytest
import torch
from torch import nn

import quell
import quell.denoise
import quell.noise
import quell.sample

SCHEDULES = [
    ("VPSchedule", {}),
    ("VPSchedule", {"alpha_min": 0.02, "sigma_min": 0.01}),
    ("VESchedule", {"sigma_min": 0.01, "sigma_max": 50.0}),
    ("CosineSchedule", {}),
    ("RectifiedSchedule", {"alpha_min": 0.01}),
    ("DecaySchedule", {"gamma": 0.2}),
]


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_schedules(name, options):
    ours, theirs = getattr(quell.noise, name)(**options), getattr(azula.noise, name)(**options)
    for dtype, most in ((torch.float64, 1e-10), (torch.float32, 1e-4)):
        t = torch.linspace(0, 1, 11, dtype=dtype).reshape(1, 11)
        for own, right in zip(ours(t), theirs(t), strict=True):
            assert own.dtype == dtype and own.shape == t.shape
            assert torch.allclose(own, right, rtol=most, atol=0)
        assert torch.equal(ours.alpha(t), ours(t)[0]) and torch.equal(ours.sigma(t), ours(t)[1])
    for option, value in options.items():
        assert getattr(ours, option) == value
    if name == "DecaySchedule":
        assert torch.allclose(ours.tau(t), theirs.tau(t))


def network(seed=0):
    torch.manual_seed(seed)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, 3))

        def forward(self, x, t, scale=1.0):
            time = t.expand(len(x))[:, None].to(x)
            return scale * self.layers(torch.cat((x, time / 4), dim=-1))

    return Network().double()


def denoiser(schedule=None):
    made = azula.denoise.KarrasDenoiser(network(), schedule or azula.noise.VPSchedule())
    return made.eval()


def ours_of(name, d, **options):
    """azula's numbers: its steps have the whole order however long they are."""
    made = getattr(quell.sample, name)(d, **options)
    if hasattr(made, "steady"):
        made.steady = False
    return made


# REABSampler is not among them: azula 0.11.1 has a sigma_t where its own formula has sigma_s.
SAMPLERS = [
    ("DDIMSampler", {}),
    ("EulerSampler", {}),
    ("HeunSampler", {}),
    ("zABSampler", {"order": 3}),
    ("vABSampler", {}),
    ("zEABSampler", {}),
    ("xEABSampler", {"order": 3}),
    ("PCSampler", {"corrections": 0}),
    ("ItoSampler", {"eta": 0.0}),
]


@pytest.mark.parametrize(("name", "options"), SAMPLERS)
@pytest.mark.parametrize("schedule", ["VPSchedule", "RectifiedSchedule"])
def test_samplers(name, options, schedule):
    d = denoiser(getattr(azula.noise, schedule)())
    options = {"steps": 24, "silent": True, "dtype": torch.float64, **options}
    ours = ours_of(name, d, **options)
    theirs = getattr(azula.sample, name)(d, **options)
    x1 = torch.randn(20, 3, dtype=torch.float64)
    x0 = ours(x1)
    assert x0.dtype == ours.timesteps.dtype == torch.float64
    assert torch.allclose(ours.timesteps, theirs.timesteps, rtol=1e-12)
    # azula in float64 is right. xEAB's weights cancel, and azula's own float32 is 2.8e-5 from it,
    # where quell is 2.1e-5.
    right = theirs(x1)
    d.float()
    single = getattr(azula.sample, name)(d, **{**options, "dtype": torch.float32})(x1.float())
    d.double()
    most = max(2e-5, (single - right).abs().max().item())
    assert (x0 - right).abs().max() <= most
    assert (ours(x1.float()) - x0).abs().max() < 2e-5


def inject(monkeypatch, seed, times):
    """azula draws quell's normals: those of each step in turn."""
    turn = iter(zip(times[:-1].tolist(), times[1:].tolist(), strict=True))

    def randn_like(x):
        key = quell.noise_key(seed, *next(turn))
        return torch.from_numpy(quell.normal(key, len(x), x.shape[1:], stream=0)).to(x)

    monkeypatch.setattr(torch, "randn_like", randn_like)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("DDPMSampler", {}),
        ("DDIMSampler", {"eta": 0.7}),
        ("ItoSampler", {"eta": 0.8, "temperature": 1.3}),
    ],
)
def test_the_noise_injected(name, options, monkeypatch):
    d, x1 = denoiser(), torch.randn(20, 3, dtype=torch.float64)
    options = {"steps": 12, "silent": True, "dtype": torch.float64, **options}
    ours = ours_of(name, d, **options)
    x0 = ours(x1, seed=11)
    inject(monkeypatch, 11, ours.timesteps)
    right = getattr(azula.sample, name)(d, **options)(x1)
    assert (x0 - right).abs().max() < 1e-4 * right.abs().max()


def test_pc_in_law():
    exact = quell.GaussianDenoiser([1.0, -1.0], [0.5, 2.0])
    sampler = quell.sample.PCSampler(exact, corrections=2, delta=0.1, steps=64, silent=True)
    x = sampler(sampler.init((40000, 2), seed=0), seed=0)
    assert abs(x.mean(0) - [1, -1]).max() < 0.05
    assert abs(x.var(0) / [0.5, 2] - 1).max() < 0.1


def test_init_in_law():
    d = denoiser()
    for sample in (quell.sample, azula.sample):
        torch.manual_seed(0)
        mean, var = torch.tensor([1.0, 2.0, 3.0]), torch.tensor(4.0)
        x = sample.DDIMSampler(d, start=0.5, silent=True).init((100000, 3), mean, var)
        alpha, sigma = (float(v) for v in d.schedule(torch.tensor(0.5)))
        assert torch.is_tensor(x) and x.dtype == torch.float32
        assert (x.mean(0) - alpha * mean).abs().max() < 0.03
        assert (x.var(0) - (4 * alpha**2 + sigma**2)).abs().max() < 0.06


def test_seeds_are_torchs():
    sampler = quell.sample.DDPMSampler(denoiser(), steps=4, silent=True)
    torch.manual_seed(3)
    once = sampler(sampler.init((5, 3)))
    assert not torch.equal(sampler(sampler.init((5, 3))), once)
    torch.manual_seed(3)
    assert torch.equal(sampler(sampler.init((5, 3))), once)


@pytest.mark.parametrize("name", ["SimpleDenoiser", "KarrasDenoiser"])
def test_our_denoisers(name):
    ours = getattr(quell.denoise, name)(network(), quell.VPSchedule())
    theirs = getattr(azula.denoise, name)(network(), azula.noise.VPSchedule())
    ours.load_state_dict(theirs.state_dict())
    x, t = torch.randn(9, 3, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    assert torch.allclose(ours(x, t).mean, theirs(x, t).mean, rtol=1e-9)
    assert torch.allclose(ours(x, t[0]).mean, theirs(x, t[0]).mean, rtol=1e-9)
    losses = []
    for one in (ours, theirs):
        torch.manual_seed(1)
        losses.append(one.loss(x, t, scale=0.5))
        losses[-1].backward()
    assert torch.allclose(*losses, rtol=1e-9)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, rtol=1e-6)
    # Each way: quell's denoiser and schedule under azula's sampler.
    x1 = torch.randn(5, 3)
    right = azula.sample.DDIMSampler(theirs, steps=8, silent=True)(x1)
    crossed = azula.sample.DDIMSampler(ours, steps=8, silent=True)(x1)
    assert torch.allclose(crossed, right, atol=1e-4)


def test_keywords_and_types_reach_the_network():
    d, x1 = denoiser(), torch.randn(6, 3)
    ours = quell.sample.DDIMSampler(d, steps=8, silent=True)
    theirs = azula.sample.DDIMSampler(d, steps=8, silent=True)
    assert (ours(x1, scale=0.3) - theirs(x1, scale=0.3)).abs().max() < 1e-4
    assert not torch.allclose(ours(x1, scale=0.3), ours(x1))
    assert not ours(x1).requires_grad
    seen = []

    class Bare(nn.Linear):
        def forward(self, x, t):
            seen.append((x.dtype, t.dtype, torch.is_grad_enabled()))
            return super().forward(x)

    bare = Bare(3, 3).to(torch.bfloat16)
    x0 = quell.Sampler(bare, schedule="vp", steps=2, silent=True)(x1.numpy())
    assert seen == [(torch.bfloat16, torch.float32, False)] * 2
    assert isinstance(x0, type(x1.numpy()))
    half = x1.to(torch.bfloat16)
    assert ours(half).dtype == torch.bfloat16


def test_memory():
    mixture = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
    sampler = quell.DDIMSampler(mixture, steps=5, silent=True)
    x1 = torch.randn(6, 2)
    before, right = x1.clone(), sampler(x1)
    assert torch.is_tensor(right) and torch.equal(x1, before)
    place = x1.data_ptr()
    assert sampler(x1, out=x1) is x1 and x1.data_ptr() == place and torch.equal(x1, right)
    assert torch.equal(sampler(before.double()).float(), right)
    assert torch.equal(sampler(before.T.contiguous().T), right)
    assert torch.equal(torch.from_dlpack(sampler(before.numpy())), right)
    with pytest.raises(ValueError, match="tensor is on meta"):
        sampler(before.to("meta"))


def test_from_torch():
    with pytest.raises(TypeError, match="^quell.from_torch: module: None, must be a network"):
        quell.from_torch(None, ())

    class Sum(nn.Module):
        def forward(self, x, t):
            return x + t[:, None]

    around = {"output": "eps", "time": "t"}
    for given, says in (
        ({}, "output: must be given"),
        (around, "schedule: must be given"),
        ({**around, "schedule": quell.VPSchedule()}, "schedule: a VPSchedule, must be its spec, "),
    ):
        with pytest.raises((TypeError, ValueError), match=f"^quell.from_torch: {says}"):
            quell.from_torch(Sum(), (torch.randn(3, 2), torch.rand(3)), **given)
    from backbones import ResidualMLP

    torch.manual_seed(0)
    model = quell.denoise.KarrasDenoiser(ResidualMLP(dim=2, classes=3), quell.VPSchedule())
    nn.init.normal_(model.backbone.out_proj.weight, std=0.3)
    x1, label = torch.randn(7, 2), torch.tensor([0, 1, 2, 3, 0, 1, 2])  # 3: no class
    own = quell.from_torch(model, (x1, torch.rand(7), label), classes=3, no_class=3)
    by_torch = quell.sample.DDIMSampler(model.eval(), steps=12, silent=True)(x1, label=label)
    by_quell = quell.sample.DDIMSampler(own.eval(), steps=12, silent=True)(x1, label=label)
    assert own.reproducible and own.classes == 3 and own.shape == (2,)
    assert (by_torch - by_quell).abs().max() < 1e-3
