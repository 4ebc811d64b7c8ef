# SPDX-License-Identifier: MIT
"""Every argument of every public function is given what it is not: True for a number, text, a list
of other things, halves of characters, numbers beyond all bounds. Each is refused in one line that
names the argument, or is on the list of what is right."""

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
RINGS = quell.load("builtin:rings")
X, OF_RINGS = quell.normal(0, 4, (2,)), quell.normal(0, 4, RINGS.shape)
DDIM = {"_class_name": "DDIMScheduler", "clip_sample": False}


class Odd:
    pass


WRONG = {
    "true": True,
    "numpy's true": np.True_,
    "real": 1.5,
    "text": "abc",
    "digits": "2",
    "surrogate": "\udcff",
    "nul": "a\0b",
    "bytes": b"x",
    "none": None,
    "empty": [],
    "ragged": [[1, 2], [3]],
    "truths": [0, True],
    "huge": 10**400,
    "wide": 2**70,
    "negative": -1,
    "nan": float("nan"),
    "infinite": float("inf"),
    "complex": 1j,
    "object": Odd(),
    "mapping": {},
    "masked": np.ma.masked_array([1.0, 2.0], [0, 1]),
    "objects": np.array([1, "a"], object),
    "function": lambda *_: 1,
}


def drawn(**options):
    return quell.Sampler(MIXTURE, **{"steps": 3, "silent": True, **options})(X, seed=1)


def own(spec="ddpm"):
    return quell.Sampler(MIXTURE, spec, steps=3, silent=True)


def called(**options):
    return own()(**{"x": X, "seed": 1, **options})


def stepped(**options):
    return own().step(**{"x_t": X, "t": 0.5, "s": 0.4, "seed": 1, **options})


def begun(**options):
    return own().init(**{"shape": (3, 2), "seed": 1, **options})


def with_function(**options):
    made = quell.FunctionDenoiser(**{"function": lambda x, t: x, **options})
    return quell.Sampler(made, steps=2, silent=True)(X, seed=1)


def guided(**options):
    fill = {"times": {"weights": [1, 2]}, "weights": {"times": [0, 1]}}
    return quell.guided(**{"denoiser": RINGS, **fill.get(next(iter(options)), {}), **options})


def normals(**options):
    return quell.normal(**{"seed": 1, "count": 2, "shape": (2,), **options})


def paths(**options):
    all_ = {"seed": 1, "count": 2, "shape": (2,), "t": 0.5, "s": 0.4, **options}
    return quell.brownian(**all_)


def of_kind(kind, **options):
    return kind(MIXTURE, silent=True, **{"steps": 3, **options})(X, seed=1)


def mixed(**options):
    given = {"weights": [1, 1], "means": [[0], [1]], "variances": [1, 1], **options}
    return quell.MixtureDenoiser(**given)


def from_diffusers(**options):
    return quell.from_diffusers(**{"scheduler": DDIM, "steps": 3, **options})


REALS = {"real", "wide", "infinite", "negative"}
TEXT = {"text", "digits"}
# What is called, its argument, and what is right or refused elsewhere for what it is.
CASES = [
    (drawn, "spec", {"text", "digits", "nul"}),
    *((drawn, name, {"none"}) for name in ("start", "stop", "steps", "device", "clamp", "isa")),
    *((drawn, name, {"none"}) for name in ("times", "sigmas", "grid", "dtype", "schedule")),
    *((drawn, name, set()) for name in ("threads", "tile", "threshold")),
    (drawn, "threshold_max", {"infinite"}),
    *((drawn, name, {"true", "numpy's true"}) for name in ("silent", "brownian")),
    (lambda denoiser: quell.Sampler(denoiser, schedule="vp")(X), "denoiser", {"function"}),
    *((called, name, {"none"}) for name in ("seed", "out", "label")),
    (called, "progress", {"none", "function"}),
    (called, "first", set()),
    (called, "x", set()),
    *((stepped, name, {"none"}) for name in ("seed", "out", "label")),
    *((stepped, name, set()) for name in ("first", "t", "s")),
    (stepped, "x_t", {"empty"}),
    (lambda label: RINGS(OF_RINGS, 0.5, label), "label", {"none", "negative"}),
    (begun, "shape", set()),
    (begun, "mean", {"none", *REALS} - {"infinite"}),
    (begun, "var", {"none", *REALS} - {"infinite", "negative"}),
    *((begun, name, {"none"}) for name in ("seed", "out", "dtype", "device")),
    (begun, "first", set()),
    (lambda dim: own().plan(dim), "dim", {"none"}),
    (quell.GaussianDenoiser, "mean", {"real", "wide", "negative", "empty"}),
    (lambda cov: quell.GaussianDenoiser([0, 0], cov), "cov", {"real", "wide"}),
    *((mixed, name, set()) for name in ("weights", "means", "variances")),
    (quell.EmpiricalDenoiser, "points", {"empty"}),
    (with_function, "function", {"function"}),
    (with_function, "schedule", {"none"}),
    *((with_function, name, set()) for name in ("output", "precondition", "variance", "digest")),
    (guided, "denoiser", set()),
    (guided, "guide", {"none"}),
    (guided, "weight", {"none", *REALS} - {"infinite"}),
    *((guided, name, set()) for name in ("low", "high")),
    *((guided, name, {"empty"}) for name in ("times", "weights")),
    (quell.load, "name", {"text", "digits", "surrogate", "bytes"}),
    (lambda schedule: quell.load("builtin:rings", schedule)(OF_RINGS, 0.5), "schedule", {"none"}),
    (lambda path: MIXTURE_FILE.save(path), "path", {"text", "digits", "surrogate", "bytes"}),
    (quell.Schedule, "spec", {"text", "digits", "nul"}),
    (lambda betas: quell.Schedule.from_betas(betas), "betas", set()),
    (lambda function: quell.Schedule.from_function(function)(0.5), "function", {"function"}),
    (lambda t: quell.VPSchedule()(t), "t", {"empty"}),
    (lambda t: quell.DecaySchedule().tau(t), "t", {"empty", *REALS}),
    (lambda sigma_min: quell.VESchedule(sigma_min), "sigma_min", {"real", "wide"}),
    (lambda gamma: quell.DecaySchedule(gamma=gamma), "gamma", set()),
    (lambda eta: of_kind(quell.DDIMSampler, eta=eta), "eta", {"real"}),
    (lambda steady: of_kind(quell.HeunSampler, steady=steady), "steady", {"true", "numpy's true"}),
    (lambda steady: of_kind(quell.vABSampler, steady=steady), "steady", {"true", "numpy's true"}),
    (lambda order: of_kind(quell.zABSampler, order=order), "order", set()),
    (lambda delta: of_kind(quell.PCSampler, delta=delta), "delta", set()),
    (lambda seed: quell.noise_key(seed, 0.5, 0.4), "seed", set()),
    (lambda t: quell.noise_key(1, t, 0.4), "t", set()),
    *((normals, name, set()) for name in ("seed", "count", "first", "stream")),
    *((paths, name, set()) for name in ("seed", "count", "first", "slot", "t", "s")),
    *((what, "shape", {"empty"}) for what in (normals, paths)),
    (lambda alpha: quell.place(alpha, 0.5), "alpha", {"real", "wide"}),
    (from_diffusers, "scheduler", {"text", "digits", "surrogate", "bytes", "mapping"}),
    (from_diffusers, "steps", {"none"}),
    *((from_diffusers, name, {"none"}) for name in ("mu", "eta", "order", "sigmas")),
    (from_diffusers, "strict", {"true", "numpy's true"}),
]
MIXTURE_FILE = quell.load("builtin:grid25")


@pytest.mark.parametrize(("call", "name", "right"), CASES)
def test_refused_by_name(call, name, right):
    for kind, value in WRONG.items():
        if kind in right:
            continue
        with pytest.raises((quell.Error, TypeError)) as raised:
            call(**{name: value})
        said = str(raised.value)
        assert "\n" not in said and name in said and "/tmp" not in said, (kind, said)
        assert len(said) < 300 and "_quell." not in said, (kind, said)


def test_halves_of_characters():
    """Text that os.fsdecode has made of other bytes is refused, or is the name of a file."""
    for call, name, kind in [
        (drawn, "spec", ValueError),
        (drawn, "grid", ValueError),
        (drawn, "isa", ValueError),
        (drawn, "schedule", ValueError),
        (quell.load, "name", quell.NotFound),
    ]:
        with pytest.raises(kind) as raised:
            call(**{name: "a\udcff"})
        assert "\n" not in str(raised.value)


def test_weights_of_guidance_contradict():
    with pytest.raises(ValueError, match="weight: times and weights are given"):
        quell.guided(RINGS, weight=3.0, times=[0, 1], weights=[1, 2])
    assert quell.guided(RINGS).digest == quell.guided(RINGS, weight=2.0).digest


def test_what_is_right_is_taken():
    """Numbers of NumPy's, arrays of any order of bytes, layout and type, read-only ones."""
    right = own()(X, seed=7)
    for x in (
        X.astype(">f4"),
        np.asfortranarray(X),
        np.repeat(X, 2, axis=1)[:, ::2],
        X.astype(np.float64),
        X.tolist(),
    ):
        x = np.array(x, copy=True) if isinstance(x, list) else x
        assert np.array_equal(own()(x, seed=np.uint16(7)), right)
    frozen = X.copy()
    frozen.flags.writeable = False
    assert np.array_equal(own()(frozen, seed=np.array(7)), right)
    labels = np.arange(8, dtype=">i2")[::2] % 2
    assert np.array_equal(
        RINGS(OF_RINGS, np.float32(0.5), labels).mean,
        RINGS(OF_RINGS, 0.5, labels.tolist()).mean,
    )


def test_digest_of_a_sampler():
    def made(**options):
        return quell.Sampler(MIXTURE, **{"steps": 4, **options}).digest

    assert made() == made() and isinstance(made(), int) and 0 < made() < 2**64
    others = [
        made(steps=5),
        made(spec="ddpm"),
        made(grid="karras"),
        made(schedule="cosine"),
        made(clamp=(-1, 1)),
        quell.Sampler(quell.GaussianDenoiser([0, 0]), steps=4).digest,
    ]
    assert len({made(), *others}) == 7
    assert made(threads=1, tile=3) == made()
    assert quell.Sampler(lambda x, t: x, steps=4, schedule="vp").digest != made()
    functions = [quell.FunctionDenoiser(abs, digest=i) for i in (0, 1, 2**64 - 1)]
    assert len({quell.Sampler(one, steps=4).digest for one in functions}) == 3


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: quell.Sampler(RINGS, "ddim", eta=0.5), "Sampler: eta=0.5: .*'ddim:eta=0.5'"),
        (lambda: quell.Sampler(RINGS, eta=0.5), "'ddim:eta=0.5'"),
        (
            lambda: quell.Sampler(RINGS, "heun:s_churn=3", s_noise=1.01),
            "'heun:s_churn=3,s_noise=1.01'",
        ),
        (lambda: quell.Sampler(RINGS, "euler_ancestral", eta=1), "'euler_ancestral:eta=1'"),
        (lambda: quell.Sampler(RINGS, "ddim", stepz=5), "Sampler: stepz=5: there is no such"),
        (lambda: quell.DDPMSampler(RINGS, eta=0.5), "DDPMSampler: eta=0.5: there is no such"),
        (lambda: quell.Sampler(RINGS, "ddim", 5), "Sampler.__init__.. takes from 1 to 3"),
        (lambda: quell.zABSampler(RINGS, 1, True, 4), "Sampler.__init__.. takes from 2 to 4"),
    ],
)
def test_arguments_that_there_are_not(call, says):
    """The message names what a caller knows, and where an option stands."""
    with pytest.raises(TypeError, match=says) as raised:
        call()
    assert "Settings" not in str(raised.value) and "_Multistep" not in str(raised.value)


def test_an_empty_grid():
    """The library takes it for none; the command refuses it, too."""
    for ask in lambda s: s(X), lambda s: s.timesteps:
        with pytest.raises(quell.BadArgument, match="grid: it is empty"):
            ask(quell.Sampler(RINGS, grid=""))


def test_a_schedule_is_refused_with_its_denoiser():
    made = [
        lambda schedule: quell.MixtureDenoiser([1.0], [[0.0]], [1.0], schedule=schedule),
        lambda schedule: quell.GaussianDenoiser(np.zeros(2), 1.0, schedule=schedule),
        lambda schedule: quell.FunctionDenoiser(lambda x, t: x, schedule=schedule),
    ]
    for make in made:
        with pytest.raises(quell.NotFound, match="schedule 'vpp': no such schedule .*'vp'"):
            make("vpp")
        with pytest.raises(TypeError, match="schedule: 3 is neither a schedule nor callable"):
            make(3)
        assert make("cosine").schedule.spec == "cosine"


def test_messages_have_words_of_python():
    one = quell.GaussianDenoiser(np.zeros(2), 1.0)
    with pytest.raises(ValueError, match=r"clamp\[0\] is 1, clamp\[1\] is -1; no float"):
        quell.Sampler(one, clamp=(1, -1))
    with pytest.raises(ValueError, match=r"mean and variance, init\(shape, mean, var\) \(0 and 1"):
        quell.Sampler(one, start=0.5).init((2, 2))
    with pytest.raises(ValueError, match=r"the mean of init\[0\] is 1e\+31"):
        quell.Sampler(one).init((2, 2), mean=1e31)


def test_an_eta_that_is_too_large():
    """The message has the eta that was given, a factor of the variance, and what it may be."""
    one = quell.GaussianDenoiser(np.zeros(2), 1.0)
    with pytest.raises(ValueError, match="sampler: eta is 5.5: most steps") as caught:
        quell.DDIMSampler(one, eta=5.5)
    most = float(str(caught.value).rpartition(" ")[2])
    assert 1 < most < 5.5
    quell.DDIMSampler(one, eta=most)
    with pytest.raises(ValueError, match="eta is "):
        quell.DDIMSampler(one, eta=most + 0.01)
    with pytest.raises(ValueError, match="; steps=10 is the number of steps"):
        quell.DDIMSampler(one, 10)
