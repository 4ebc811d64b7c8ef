# SPDX-License-Identifier: MIT
"""diffusers' schedulers in double, on exact denoisers: where float32 stands in their source it is
made to mean float64, so that what is compared is the formulas."""

import sys
import warnings

import diffusers
import numpy as np
import pytest
import torch
from laws import DIM, MODELS, SAMPLES  # noqa: F401
from quell.diffusers import levels


class Double:
    """A module whose float32 is float64."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, "float64" if name == "float32" else name)


@pytest.fixture(autouse=True)
def in_double():
    """For a file of tests that imports it: quell's tables are in double, as create() makes those of
    diffusers, whose modules are again what they were afterwards."""
    levels.FLOAT, before = np.float64, levels.FLOAT
    default = torch.get_default_dtype()
    yield
    levels.FLOAT = before
    torch.set_default_dtype(default)
    kept = [name for name in sys.modules if name.startswith("diffusers.schedulers.")]
    for inside in [sys.modules[name] for name in kept]:
        for name in "torch", "np":
            if isinstance(vars(inside).get(name), Double):
                setattr(inside, name, vars(inside)[name].module)


ON_TABLE = ("DDPM", "DDIM", "PNDM", "LCM", "TCD")
IN_SIGMA = ("EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2Discrete",
            "KDPM2AncestralDiscrete", "LMSDiscrete")  # fmt: skip
EDM = ("EDMEuler", "EDMDPMSolverMultistep", "CosineDPMSolverMultistep", "CMStochasticIterative")


def create(case):
    """A scheduler with its timesteps set."""
    warnings.simplefilter("ignore")
    diffusers.utils.logging.set_verbosity_error()
    torch.set_default_dtype(torch.float64)
    made = getattr(diffusers, case.name + "Scheduler")
    inside = sys.modules[made.__module__]
    for name, module in ("torch", torch), ("np", np):
        if hasattr(inside, name):
            setattr(inside, name, Double(module))
    scheduler = made(**case.fields)
    told = {key: case.told[key] for key in ("mu", "sigmas", "original_inference_steps")
            if key in case.told}  # fmt: skip
    if "sigmas" not in told:
        told["num_inference_steps"] = case.steps
    scheduler.set_timesteps(**told)
    return scheduler


def level(case, scheduler, t):
    """sigma / alpha, or flow's sigma, where the model is evaluated next."""
    if case.name in ON_TABLE:
        square = scheduler.alphas_cumprod[int(t)]
        return float(torch.sqrt((1 - square) / square))
    if scheduler.step_index is None:
        scheduler._init_step_index(t)
    i = scheduler.step_index
    if case.name.startswith("KDPM2") and not scheduler.state_in_first_order:
        return float(scheduler.sigmas_interpol[i - ("Ancestral" in case.name)])
    return float(scheduler.sigmas[i])


def is_flow(case):
    return case.name.startswith("FlowMatch") or case.fields.get("use_flow_sigmas", False)


def place(case, r):
    """alpha and sigma of a level."""
    if is_flow(case):
        return 1 - r, r
    if case.name in EDM:
        return 1.0, r
    return (0.0, 1.0) if np.isinf(r) else (1 / np.sqrt(1 + r * r), r / np.sqrt(1 + r * r))


def output(case, scheduler, x, mu, alpha, sigma, r):
    """What a network returns whose model of the data is mu."""
    config = scheduler.config
    if case.name == "CMStochasticIterative":
        skip, out = scheduler.get_scalings_for_boundary_condition(torch.tensor(r))
        return (mu - float(skip) * x) / float(out)
    if case.name in EDM:
        data, v = config.sigma_data, config.prediction_type == "v_prediction"
        skip, out = data**2 / (r**2 + data**2), r * data / np.sqrt(r**2 + data**2)
        return (mu - skip * x) / (-out if v else out)
    eps = (x - alpha * mu) / sigma
    kind = "flow_prediction" if is_flow(case) else config.prediction_type
    return {"epsilon": eps, "sample": mu, "v_prediction": alpha * eps - sigma * mu,
            "flow_prediction": eps - mu}[kind]  # fmt: skip


def starts(case, scheduler):
    """alpha and sigma at the first level."""
    return place(case, level(case, scheduler, scheduler.timesteps[0]))


def shaped(x):
    """As thresholding wants it: with a dimension after the channels."""
    return torch.from_numpy(x[..., None])


def learned(x):
    """A v of learned_range, from -1 to 1."""
    return np.cos(3 * x)


def run(case, model, x, noise):
    """x_0 of x_1, both with our scale. noise: an iterator over what randn_tensor returns."""
    scheduler = create(case)
    inside = sys.modules[type(scheduler).__module__]
    inside.randn_tensor = lambda *_, **__: shaped(next(noise))
    scheduler.noise_sampler = lambda *_: shaped(next(noise))
    in_sigma = case.name in IN_SIGMA
    alpha, _ = starts(case, scheduler)
    x = x / alpha if in_sigma else x
    for t in scheduler.timesteps:
        scheduler.is_scale_input_called = True
        r = level(case, scheduler, t)
        alpha, sigma = place(case, r)
        seen = x * alpha if in_sigma else x
        out = output(case, scheduler, seen, MODELS[model](seen, alpha, sigma), alpha, sigma, r)
        if scheduler.config.get("variance_type") == "learned_range":
            out = np.concatenate([out, learned(seen)], axis=1)
        made = scheduler.step(shaped(out), t, shaped(x), **case.as_step)
        x = made.prev_sample.numpy()[..., 0]
    return place(case, float(scheduler.sigmas[scheduler.step_index]))[0] * x if in_sigma else x
