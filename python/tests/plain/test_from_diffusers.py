# SPDX-License-Identifier: MIT
"""from_diffusers against what diffusers did (beside_diffusers/record.py), and what it refuses."""

import json
import pathlib
import sys

import numpy as np
import pytest
import quell
from quell.diffusers import levels

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from laws import DIM, MODELS, SAMPLES

ROWS = json.loads((HERE / "diffusers.json").read_text(encoding="utf-8"))["rows"]


def setup_of(row):
    steps = None if "sigmas" in row["told"] else row["steps"]
    return quell.from_diffusers(row["config"], steps, strict=row["strict"], **row["told"])


@pytest.fixture(autouse=True)
def in_double(monkeypatch):
    """As what was recorded."""
    monkeypatch.setattr(levels, "FLOAT", np.float64)


def test_levels():
    for row in ROWS:
        right = np.array(row["levels"])
        if row["flow"]:
            with np.errstate(divide="ignore"):
                right = right / (1 - right)
        made = setup_of(row).sigmas[: len(right)]
        assert np.allclose(made, right, rtol=1e-9, atol=0), row["config"]


def test_tables_are_rounded_as_diffusers_does(monkeypatch):
    """Its least level is 8.3e-5 of it above the exact one, and the others of Karras follow."""
    config = {"_class_name": "LMSDiscreteScheduler", "use_karras_sigmas": True}
    exact = quell.from_diffusers(config, 8).sigmas
    monkeypatch.setattr(levels, "FLOAT", np.float32)
    made = quell.from_diffusers(config, 8).sigmas
    theirs = [157.40727234, 71.3179245, 29.205732346, 10.494364738]  # its set_timesteps(8)
    theirs += [3.1632323265, 0.74344110489, 0.11950947344, 0.010001329705]
    assert np.abs(made[:8] / theirs - 1).max() < 5e-7 < 5e-5 < np.abs(exact[:8] / theirs - 1).max()


def test_times():
    """A network is told what diffusers tells it: between the points of the table, rounded, cut."""
    for row in (row for row in ROWS if row["times"]):
        setup, seen = setup_of(row), []
        halves = 1 if setup.variance == "none" else 2

        def network(x, timestep, seen=seen, halves=halves):
            seen.append(float(timestep))
            return np.zeros((len(x), halves * x.shape[1]), np.float32)

        setup.sampler(setup.denoiser(network), silent=True)(np.ones((1, 2), np.float32), seed=1)
        ours = np.array(seen[::2] if setup.name == "KDPM2AncestralDiscrete" else seen)
        theirs = np.array(row["times"])
        assert len(theirs) - len(ours) in (0, 1), row["config"]  # a last step of no length
        assert np.abs(ours - theirs[: len(ours)]).max() <= 1e-3, row["config"]


def test_samples():
    def mean(x, t):
        alpha, sigma = (float(each) for each in setup.schedule(np.float64(t)))
        return MODELS["mixture"](x.astype(np.float64), alpha, sigma)

    normals = quell.normal(1, SAMPLES, (DIM,))
    for row in (row for row in ROWS if row["x0"]):
        setup = setup_of(row)
        sampler = setup.sampler(quell.FunctionDenoiser(mean, setup.schedule), silent=True)
        x0, theirs = sampler(normals * np.float32(row["scale"])), np.array(row["x0"])
        near = 4e-5 if setup.name in ("UniPCMultistep", "DEISMultistep") else 1e-5
        assert np.abs(x0 - theirs).max() <= near * np.abs(theirs).max(), row["config"]


def test_init():
    """The first state is diffusers': of data with mean 0 and variance 1, as the command's."""
    setup = quell.from_diffusers({"_class_name": "DDIMScheduler", "clip_sample": False}, 10)
    assert "--prior-variance" in setup.options()
    sampler = setup.sampler(setup.denoiser(lambda x, t: 0 * x), silent=True)
    own = sampler.init((3, 4), seed=5)
    assert np.array_equal(own, sampler.init((3, 4), mean=0, var=1, seed=5))
    assert not np.array_equal(own, sampler.init((3, 4), var=4, seed=5))


REFUSED = [
    ("IPNDM", {}, 10, "its levels are no schedule"),
    ("FlowMatchHeunDiscrete", {}, 10, "its slope is the velocity"),
    ("RePaint", {}, 10, "RePaintScheduler has no sampler here"),
    ("DDPM", {"variance_type": "learned"}, 10, "learned_range is the learned variance"),
    ("DDPM", {"variance_type": "learned_range", "steps_offset": 1}, 10, "steps_offset=1"),
    ("DDPM", {"variance_type": "learned_range", "timestep_spacing": "trailing"}, 7, "trailing"),
    ("DDPM", {"variance_type": "fixed_large", "timestep_spacing": "trailing"}, 7, "trailing"),
    ("DDPM", {"variance_type": "fixed_large", "steps_offset": 1}, 10, "steps_offset=1"),
    ("DDPM", {"beta_schedule": "exp"}, 10, "beta_schedule='exp'"),
    ("DDPM", {"prediction_type": "flow"}, 10, "prediction_type='flow'"),
    ("DDPM", {"timestep_spacing": "even"}, 10, "timestep_spacing='even'"),
    ("EulerDiscrete", {"interpolation_type": "log_linear"}, 9, "each level's own time"),
    ("DDIM", {"clip_sample": True}, 10, "use_clipped_model_output=True; strict=False"),
    ("DDIM", {"clip_sample": False, "timestep_spacing": "linspace"}, 10, "steps from 999 to 899"),
    ("DDIM", {"clip_sample": False, "timestep_spacing": "trailing"}, 7, "timestep_spacing="),
    ("DDIM", {"clip_sample": False, "steps_offset": 200}, 10, "steps_offset=200"),
    ("PNDM", {"set_alpha_to_one": True}, 10, "set_alpha_to_one=True"),
    ("PNDM", {"prediction_type": "v_prediction"}, 10, "prediction_type='v_prediction'"),
    ("PNDM", {}, 8, "skip_prk_steps=False"),
    ("DPMSolverMultistep", {"solver_order": 3}, 20, "solver_type='midpoint'"),
    ("DPMSolverMultistep", {"solver_order": 3, "solver_type": "heun"}, 10, "lower_order_final"),
    ("DPMSolverMultistep", {"final_sigmas_type": "sigma_min"}, 10, "lower_order_final=True"),
    ("DPMSolverMultistep", {"algorithm_type": "sde-dpmsolver"}, 20, "algorithm_type="),
    ("DPMSolverMultistep", {"variance_type": "learned"}, 20, "variance_type='learned'"),
    ("DPMSolverMultistep", {"use_dynamic_shifting": True}, 20, "use_dynamic_shifting=True"),
    ("DPMSolverMultistep", {"use_flow_sigmas": True}, 20, "prediction_type='epsilon'"),
    ("DPMSolverMultistep", {"use_karras_sigmas": True, "use_beta_sigmas": True}, 20, "use_beta"),
    ("DPMSolverSinglestep", {}, 20, "solver_order=2"),
    ("DEISMultistep", {}, 10, "lower_order_final=True"),
    ("UniPCMultistep", {"solver_order": 3}, 20, "lower_order_final=True"),
    ("UniPCMultistep", {"predict_x0": False}, 20, "predict_x0=False"),
    ("UniPCMultistep", {"disable_corrector": [0]}, 20, "disable_corrector=[0]"),
    ("UniPCMultistep", {"solver_type": "bh1"}, 20, "bh1 is not a number"),
    ("SASolver", {}, 20, "h^2 / 2"),
    ("DPMSolverSDE", {}, 20, "two noises"),
    ("EulerDiscrete", {"timestep_type": "continuous"}, 20, "timestep_type='continuous'"),
    ("EulerDiscrete", {"interpolation_type": "cubic"}, 20, "interpolation_type='cubic'"),
    ("EulerDiscrete", {"trained_betas": [0.1, 0.2]}, 2, "trained_betas=[0.1, 0.2]"),
    ("EulerAncestralDiscrete", {"prediction_type": "sample"}, 20, "prediction_type='sample'"),
    ("EDMEuler", {"sigma_schedule": "linear"}, 20, "sigma_schedule='linear'"),
    ("FlowMatchEulerDiscrete", {"invert_sigmas": True}, 20, "invert_sigmas=True"),
    ("LCM", {"timestep_scaling": 1.0}, 4, "timestep_scaling=1.0"),
    ("LCM", {}, 60, "original_inference_steps=50"),
    ("TCD", {}, 4, "rounded down"),
    ("CMStochasticIterative", {"s_noise": 0.5}, 4, "s_noise=0.5"),
    ("UniPCMultistep", {"lower_order_final": False}, 20, "order 2 is infinite in diffusers"),
    ("DEISMultistep", {"solver_order": 4}, 20, "solver_order=4"),
    ("DEISMultistep", {"algorithm_type": "data_prediction"}, 20, "algorithm_type="),
    ("DEISMultistep", {"solver_type": "other"}, 20, "solver_type='other'"),
    ("UniPCMultistep", {"solver_type": "other"}, 20, "solver_type='other'"),
    ("DPMSolverMultistep", {"algorithm_type": "deis"}, 20, "final_sigmas_type='zero'"),
    ("EDMDPMSolverMultistep", {"algorithm_type": "deis"}, 20, "final_sigmas_type='zero'"),
    ("EDMEuler", {"prediction_type": "sample"}, 20, "prediction_type='sample'"),
    ("EDMEuler", {"prediction_type": "flow_prediction"}, 20, "prediction_type='flow_prediction'"),
    ("KDPM2Discrete", {"prediction_type": "sample"}, 20, "prediction_type='sample'"),
    ("KDPM2AncestralDiscrete", {"prediction_type": "sample"}, 20, "prediction_type='sample'"),
    ("EulerDiscrete", {"rescale_betas_zero_snr": True}, 20, "rescale_betas_zero_snr=True"),
    ("FlowMatchEulerDiscrete", {"time_shift_type": "other"}, 20, "time_shift_type='other'"),
]


@pytest.mark.parametrize(("name", "fields", "steps", "says"), REFUSED)
def test_refused(name, fields, steps, says):
    with pytest.raises(quell.Unsupported) as error:
        quell.from_diffusers({"_class_name": name + "Scheduler", **fields}, steps)
    assert says in str(error.value) and "\n" not in str(error.value)


KARRAS = {"use_karras_sigmas": True}
EXPONENTIAL = {"use_exponential_sigmas": True}


@pytest.mark.parametrize("spread", [KARRAS, EXPONENTIAL])
@pytest.mark.parametrize("name", ["EulerDiscrete", "UniPCMultistep"])
def test_levels_beyond_the_table(name, spread):
    """Is said at once, with the configuration's field."""
    config = {"_class_name": name, **spread}
    for field, value in ("sigma_max", 5000.0), ("sigma_min", 0.001):
        with pytest.raises(quell.Unsupported, match=f"{name}: {field}={value!r}: is beyond the"):
            quell.from_diffusers({**config, field: value}, 5)
    inner = quell.from_diffusers({**config, "sigma_max": 10.0, "sigma_min": 0.1}, 5)
    assert np.isclose(inner.sigmas[0], 10)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("EulerDiscrete", {"final_sigmas_type": "sigma_min"}),
        ("PNDM", {"skip_prk_steps": True}),
        ("DEISMultistep", {"lower_order_final": False}),
        ("DEISMultistep", {"lower_order_final": False, "timestep_spacing": "leading"}),
    ],
)
def test_no_step_at_all(name, fields):
    """As few steps as are given may be none in diffusers."""
    config = {"_class_name": name, **fields}
    try:
        made = quell.from_diffusers(config, 1)
    except quell.BadArgument as error:
        assert "steps: 1, but" in str(error) and "to no other level" in str(error)
    else:
        assert made.steps == 1 and len(made.sampler(quell.load("builtin:rings")).timesteps) == 2


def test_differences_are_listed():
    config = {"_class_name": "DDIMScheduler"}
    assert "worked" not in str(quell.from_diffusers(config, 10, strict=False).ignored)
    setup = quell.from_diffusers(config, 10, strict=False)
    assert len(setup.differences) == 1 and setup.clamp == (-1, 1)
    for name in "SASolver", "DPMSolverSDE":
        assert quell.from_diffusers({"_class_name": name}, 20, strict=False).differences


def test_from_a_file(tmp_path):
    config = {"_class_name": "EulerDiscreteScheduler", "clip_sample": False, "_name": 1}
    (tmp_path / "scheduler_config.json").write_text(json.dumps(config), encoding="utf-8")
    for path in tmp_path, tmp_path / "scheduler_config.json", str(tmp_path):
        setup = quell.from_diffusers(path, 20)
        assert (setup.spec, setup.steps, setup.ignored) == ("euler", 20, ("clip_sample",))


def test_a_network_has_diffusers_times():
    seen = []

    def network(x, timestep):
        seen.append(float(timestep))
        return x

    config = {"_class_name": "DDIMScheduler", "clip_sample": False, "steps_offset": 1}
    setup = quell.from_diffusers(config, 4)
    setup.sampler(setup.denoiser(network), silent=True)(np.zeros((1, 2), np.float32))
    assert np.allclose(seen, [751, 501, 251, 1], atol=1e-3)


def test_arguments():
    config = {"_class_name": "DDIMScheduler", "clip_sample": False}
    for wrong in {"mu": 1.0}, {"sigmas": [1.0]}, {"order": 2}, {"original_inference_steps": 5}:
        with pytest.raises(TypeError):
            quell.from_diffusers(config, 10, **wrong)
    with pytest.raises(TypeError):
        quell.from_diffusers(config)
    with pytest.raises(ValueError):
        quell.from_diffusers(config, 0)
    with pytest.raises(quell.BadArgument, match="steps: 2000, but the table has 1000"):
        quell.from_diffusers(config, 2000)
    flow = {"_class_name": "FlowMatchEulerDiscreteScheduler"}
    with pytest.raises(quell.BadArgument, match="mu: use_dynamic_shifting needs it"):
        quell.from_diffusers({**flow, "use_dynamic_shifting": True}, 10)
    with pytest.raises(quell.BadArgument, match="mu: is for"):
        quell.from_diffusers(flow, 10, mu=1.0)
    for sigmas in [1.0, 0.0], [float("nan")], [2.0, 1.0]:
        with pytest.raises(quell.BadArgument, match="sigmas: "):
            quell.from_diffusers(flow, sigmas=sigmas)
    with pytest.raises(quell.BadArgument):
        quell.from_diffusers({}, 10)
    with pytest.raises(TypeError):
        quell.from_diffusers(7, 10)


def test_numbers_are_not_cut():
    config = {"_class_name": "DDIMScheduler", "clip_sample": False}
    for steps in 3.7, True, "5":
        with pytest.raises(TypeError, match="steps: .* must be an integer"):
            quell.from_diffusers(config, steps)
    for eta in "1", True:
        with pytest.raises(TypeError, match="eta: .* must be a real number"):
            quell.from_diffusers(config, 5, eta=eta)
    for eta in -1.0, 1.5:
        with pytest.raises(ValueError, match="eta: .* must be from 0 to 1"):
            quell.from_diffusers(config, 5, eta=eta)
    for field, value in {
        "num_train_timesteps": 2**64 + 1000,
        "steps_offset": 0.5,
        "clip_sample": 1,
        "beta_end": "0.02",
        "beta_schedule": 3,
    }.items():
        with pytest.raises((TypeError, ValueError), match=field):
            quell.from_diffusers({**config, field: value}, 5)
    for beta in 1.0, 0.0:
        with pytest.raises(quell.Unsupported, match="beta_end"):
            quell.from_diffusers({**config, "beta_end": beta}, 5)


WRONG_FIELDS = [
    ("DDIM", {"trained_betas": "x"}),
    ("DDIM", {"trained_betas": [0.1, "a"]}),
    ("DDIM", {"trained_betas": [[0.1]]}),
    ("EDMEuler", {"rho": 0.0}),
    ("EDMEuler", {"sigma_max": float("inf")}),
    ("CMStochasticIterative", {"rho": 0.0}),
    ("CMStochasticIterative", {"num_train_timesteps": 1}),
    ("FlowMatchEulerDiscrete", {"num_train_timesteps": 0}),
    ("FlowMatchEulerDiscrete", {"num_train_timesteps": 1}),
    ("FlowMatchEulerDiscrete", {"shift": 0.0}),
    ("FlowMatchEulerDiscrete", {"shift": float("inf")}),
    ("FlowMatchEulerDiscrete", {"shift_terminal": 1.0}),
    ("FlowMatchEulerDiscrete", {"shift_terminal": "x"}),
    ("LCM", {"original_inference_steps": 0}),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "fields"), WRONG_FIELDS)
def test_fields_out_of_range_are_refused_by_name(name, fields):
    """What divided by zero, or was NumPy's own error, without the field's name."""
    config = {"_class_name": name + "Scheduler", "clip_sample": False, **fields}
    with pytest.raises((quell.Error, TypeError), match="from_diffusers: "):
        quell.from_diffusers(config, 3)


def test_no_file():
    with pytest.raises(FileNotFoundError, match="^from_diffusers: 'nowhere': there is no such"):
        quell.from_diffusers("nowhere")


@pytest.mark.parametrize("steps", [0, 1001, 5000])
def test_too_many_steps_are_a_bad_argument(steps):
    for name in "DDPM", "DDIM", "EulerDiscrete", "DPMSolverMultistep", "UniPCMultistep", "PNDM":
        config = {"_class_name": name + "Scheduler", "clip_sample": False}
        with pytest.raises(quell.BadArgument, match="steps: "):
            quell.from_diffusers(config, steps)


def test_the_steps_of_the_distillation():
    """The number that the message names is the one that was given."""
    for name, told, says in (
        ("LCM", {"original_inference_steps": 3}, "original_inference_steps: 3, must be at least "
         "steps, 4"),
        ("LCM", {"original_inference_steps": 2000}, "original_inference_steps: 2000, but the "
         "table has 1000"),
        ("LCM", {"steps": 51}, "from_diffusers: LCM: original_inference_steps=50: fewer than"),
        ("TCD", {"original_inference_steps": 3, "steps": 1001}, "steps: 1001, but the table has"),
    ):
        config = {"_class_name": name + "Scheduler", "clip_sample": False}
        with pytest.raises(quell.Error, match=f"^{says}"):
            quell.from_diffusers(config, **{"steps": 4, **told})


def test_steps_or_sigmas():
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler"}
    with pytest.raises(TypeError, match="^from_diffusers: must be given steps or sigmas$"):
        quell.from_diffusers(config)
    with pytest.raises(TypeError, match="^from_diffusers: steps and sigmas, must be given one of"):
        quell.from_diffusers(config, 2, sigmas=[1.0, 0.5])


def test_what_is_no_network():
    setup = quell.from_diffusers({"_class_name": "DDIMScheduler", "clip_sample": False}, 10)
    mixture = quell.MixtureDenoiser([1.0], [[0.0, 1.0]], [1.0])
    for network, says in (
        (3, "network: 3, must be callable"),
        (mixture, "network: a MixtureDenoiser, which has its own output and time; must be a netw"),
        (quell.load("builtin:rings"), "network: a Model, which has its own output and time"),
        (setup.denoiser(len), "network: a FunctionDenoiser, which has its own output and time"),
    ):
        with pytest.raises(TypeError, match=f"^{says}"):
            setup.denoiser(network)
    with pytest.raises(ValueError, match="^output: 'eps', but the function returned a posterior"):
        own = setup.sampler(setup.denoiser(lambda x, t: quell.Posterior(x)), silent=True)
        own(own.init((1, 2), seed=0))


def test_a_learned_variance_has_a_sampler():
    """The remedy that the message names."""
    denoiser = quell.FunctionDenoiser(lambda x, t: (x, x * 0), "vp", variance="learned_range")
    sampler = quell.Sampler(denoiser, "ddpm:variance=learned_range", steps=3, silent=True)
    assert np.isfinite(sampler(quell.normal(0, 4, (2,)), seed=1)).all()


def test_files_are_refused_by_name(tmp_path):
    path = tmp_path / "config.json"
    for text, says in {
        "{": "config.json",
        '{"_class_name": "DDIMScheduler", "_class_name": "EulerDiscreteScheduler"}': "twice",
        "[]": "is not a scheduler's",
    }.items():
        path.write_text(text, encoding="utf-8")
        with pytest.raises(quell.BadArgument, match=says):
            quell.from_diffusers(path, 5)
    config = {"_class_name": "EulerDiscreteScheduler"}
    path.write_text(json.dumps(config), encoding="utf-8-sig")
    assert quell.from_diffusers(path, 5).spec == "euler"


def test_learned_range_has_twice_the_channels():
    config = {"_class_name": "DDPMScheduler", "variance_type": "learned_range"}
    setup = quell.from_diffusers({**config, "clip_sample": False}, 5)
    assert setup.spec == "ddpm:variance=learned_range" and setup.variance == "learned_range"
    x1 = quell.normal(0, 3, (2,))
    narrow = setup.sampler(setup.denoiser(lambda x, t: x), silent=True)
    with pytest.raises(ValueError, match="twice as many channels"):
        narrow(x1)
    both = setup.sampler(setup.denoiser(lambda x, t: np.concatenate([x, x * 0], 1)), silent=True)
    assert np.isfinite(both(x1, seed=1)).all()
