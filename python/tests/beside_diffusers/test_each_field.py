# SPDX-License-Identifier: MIT
"""Each field of each class with other values than its default: what is not refused by name comes to
diffusers' samples. It takes minutes: with QUELL_LONG."""

import os

import numpy as np
import peer
import pytest
import quell
from cases import Case
from peer import in_double  # noqa: F401
from quell.diffusers.fields import CLASSES
from test_from_diffusers import SEED, denoiser_of, our_noise

BOTH = (False, True)
OTHERS = {
    "algorithm_type": ("dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++", "deis",
                       "data_prediction", "noise_prediction"),
    "beta_schedule": ("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp"),
    "beta_start": (0.0005,),
    "beta_end": (0.015,),
    "base_image_seq_len": (128,),
    "base_shift": (0.7,),
    "clip_sample_range": (0.5, 2.0),
    "corrector_order": (1, 3),
    "disable_corrector": ([0],),
    "dynamic_thresholding_ratio": (0.7,),
    "final_sigmas_type": ("zero", "sigma_min", "other"),
    "flow_shift": (3.0,),
    "interpolation_type": ("log_linear",),
    "lambda_min_clipped": (-5.0, -1.0),
    "max_image_seq_len": (2048,),
    "max_shift": (1.5,),
    "noise_sampler_seed": (3,),
    "num_train_timesteps": (500,),
    "original_inference_steps": (20,),
    "predictor_order": (1, 3),
    "prediction_type": ("epsilon", "sample", "v_prediction", "flow_prediction"),
    "rho": (5.0,),
    "s_noise": (0.9, 1.1),
    "sample_max_value": (1.5,),
    "shift": (3.0,),
    "shift_terminal": (0.1,),
    "sigma_data": (0.7,),
    "sigma_max": (20.0,),
    "sigma_min": (0.1,),
    "sigma_schedule": ("karras", "exponential"),
    "solver_order": (1, 2, 3, 4),
    "solver_p": ("other",),
    "solver_type": ("midpoint", "heun", "logrho", "bh1", "bh2"),
    "steps_offset": (1, 3),
    "tau_func": ("other",),
    "time_shift_type": ("linear", "other"),
    "timestep_scaling": (5.0,),
    "timestep_spacing": ("linspace", "leading", "trailing"),
    "timestep_type": ("continuous",),
    "trained_betas": ([0.001 + 0.00001 * i for i in range(1000)],),
    "variance_type": ("learned", "learned_range", "fixed_small", "fixed_large", "fixed_small_log"),
}
# Without what is refused at the defaults.
BASE = {
    "DDIM": {"clip_sample": False},
    "DEISMultistep": {"lower_order_final": False},
    "DPMSolverSinglestep": {"solver_order": 1},
}


def other_cases(name):
    told = {"eta": 0.0} if name == "TCD" else {}
    for field, default in CLASSES[name].items():
        for value in OTHERS.get(field, BOTH):
            for steps in (20, 8) if value != default else ():
                yield Case(name, steps, {**BASE.get(name, {}), field: value}, told, told)


def difference(case, setup, model):
    sampler = setup.sampler(denoiser_of(setup, model), silent=True)
    alpha, sigma = peer.starts(case, peer.create(case))
    start = quell.normal(1, peer.SAMPLES, (peer.DIM,)) * np.float32(np.hypot(alpha, sigma))
    theirs = peer.run(case, model, start.astype(np.float64), our_noise(setup, sampler))
    if not np.isfinite(theirs).all():  # eps where alpha is 0
        assert case.fields.get("rescale_betas_zero_snr"), case.id
        return 0.0
    return np.abs(sampler(start, seed=SEED) - theirs).max() / np.abs(theirs).max()


@pytest.mark.skipif(not os.environ.get("QUELL_LONG"), reason="minutes: QUELL_LONG=1")
@pytest.mark.parametrize("name", CLASSES)
def test_honoured_or_refused(name):
    for case in other_cases(name):
        try:
            setup = quell.from_diffusers(case.config, case.steps, **case.told)
        except (quell.Unsupported, quell.BadArgument) as error:
            said = str(error)
            assert said.startswith(("from_diffusers: ", "mu: ")) and "\n" not in said, case.id
            continue
        for model in peer.MODELS:
            assert difference(case, setup, model) < 1e-4, case.id
