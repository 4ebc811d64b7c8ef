# SPDX-License-Identifier: MIT
"""What from_diffusers is tried with: every class, and the values of each field. A case is the
class, the number of steps, its fields, and what set_timesteps and step are told."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Case:
    """told: what from_diffusers is told besides; as_step: what diffusers' step is, for the same."""

    name: str
    steps: int
    fields: dict[str, Any]
    told: dict[str, Any] = dataclasses.field(default_factory=dict)
    as_step: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def id(self) -> str:
        parts = {**self.fields, **self.told, **self.as_step}
        return f"{self.name}-{self.steps}-" + ",".join(f"{k}={v}" for k, v in parts.items())

    @property
    def config(self) -> dict[str, Any]:
        return {"_class_name": self.name + "Scheduler", **self.fields}


SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
PLAIN = {"clip_sample": False}
ZERO_SNR = {
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "prediction_type": "v_prediction",
}
SPACINGS = ("linspace", "leading", "trailing")
OTHER_SIGMAS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
TABLES = ("linear", "scaled_linear", "squaredcos_cap_v2")


def tables():
    for name in "DDPM", "DDIM":
        for table in TABLES + (("sigmoid", "laplace") if name == "DDPM" else ()):
            yield Case(name, 10, {**PLAIN, "beta_schedule": table})
        for prediction in "epsilon", "sample", "v_prediction":
            yield Case(name, 10, {**PLAIN, "prediction_type": prediction})
        for spacing in SPACINGS if name == "DDPM" else SPACINGS[1:]:
            for offset in (0, 1) if spacing == "leading" else (0,):
                yield Case(name, 20, {**PLAIN, "timestep_spacing": spacing, "steps_offset": offset})
        yield Case(name, 8, {**PLAIN, **ZERO_SNR})
        yield Case(name, 8, {**PLAIN, "trained_betas": [0.001 + 0.001 * i for i in range(24)],
                             "num_train_timesteps": 24})  # fmt: skip
    yield Case("DDPM", 7, {**PLAIN, "timestep_spacing": "trailing"})
    yield Case("DDPM", 10, {**PLAIN, "variance_type": "fixed_small_log"})
    yield Case("DDPM", 10, {**PLAIN, "variance_type": "fixed_large"})
    for spacing in "leading", "linspace":
        for prediction in "epsilon", "v_prediction":
            learned = {**PLAIN, "variance_type": "learned_range", "timestep_spacing": spacing}
            yield Case("DDPM", 12, {**learned, "prediction_type": prediction})
    yield Case("DDPM", 10, {})
    yield Case("DDPM", 10, {"clip_sample_range": 0.5})
    yield Case("DDPM", 10, {**PLAIN, "thresholding": True, "sample_max_value": 1.5,
                            "dynamic_thresholding_ratio": 0.7})  # fmt: skip
    yield Case("DDPM", 10, {**PLAIN, "thresholding": True})
    for offset in 0, 1:
        for one in False, True:
            yield Case("DDIM", 20, {**PLAIN, **SD, "steps_offset": offset, "set_alpha_to_one": one})
    yield Case("DDIM", 10, PLAIN, {"eta": 0.5}, {"eta": 0.5})
    yield Case("DDIM", 10, PLAIN, {"eta": 1.0}, {"eta": 1.0})
    yield Case("DDIM", 10, {}, {"strict": False}, {"use_clipped_model_output": True})
    yield Case("DDIM", 10, {**PLAIN, "thresholding": True, "sample_max_value": 1.5},
               {"strict": False}, {"use_clipped_model_output": True})  # fmt: skip
    for skip in True, False:
        for offset in 0, 1:
            yield Case("PNDM", 10, {**SD, "skip_prk_steps": skip, "steps_offset": offset})
    yield Case("PNDM", 20, {**SD, "skip_prk_steps": True, "timestep_spacing": "trailing"})


def discrete():
    for name in ("EulerDiscrete", "HeunDiscrete", "KDPM2Discrete", "KDPM2AncestralDiscrete",
                 "LMSDiscrete", "EulerAncestralDiscrete"):  # fmt: skip
        ancestral = name == "EulerAncestralDiscrete"
        yield Case(name, 12, {})
        for table in TABLES + (("exp",) if name == "HeunDiscrete" else ()):
            yield Case(name, 8, {"beta_schedule": table})
        for spacing in SPACINGS:
            yield Case(name, 9, {**SD, "timestep_spacing": spacing, "steps_offset": 1})
        yield Case(name, 9, {**SD, "prediction_type": "v_prediction"})
        for other in () if ancestral else OTHER_SIGMAS:
            two = name == "KDPM2AncestralDiscrete" and other == "use_karras_sigmas"
            told = {"strict": False} if two else {}
            yield Case(name, 9, {**SD, other: True}, told)
            yield Case(name, 9, {**SD, other: True, "timestep_spacing": "trailing"}, told)
    yield Case("HeunDiscrete", 9, {"clip_sample": True})
    yield Case("HeunDiscrete", 9, {"clip_sample": True, "clip_sample_range": 0.5})
    yield Case("EulerDiscrete", 9, {"prediction_type": "sample"})
    yield Case("EulerDiscrete", 9, {"final_sigmas_type": "sigma_min"})
    yield Case("EulerDiscrete", 9, {"interpolation_type": "log_linear"}, {"strict": False})
    ends = {"sigma_min": 0.05, "sigma_max": 20.0}
    yield Case("EulerDiscrete", 9, {"use_karras_sigmas": True, **ends})
    for name in "EulerDiscrete", "EulerAncestralDiscrete":
        yield Case(name, 9, {**SD, **ZERO_SNR})
    for order in 1, 2, 3:
        yield Case("LMSDiscrete", 9, {}, {"order": order}, {"order": order})


def multistep():
    names = "DPMSolverMultistep", "UniPCMultistep", "DEISMultistep"
    for name in names:
        full = {"lower_order_final": False} if name == "DEISMultistep" else {}
        yield Case(name, 10, full)
        yield Case(name, 20, {})
        for table in TABLES:
            yield Case(name, 16, {"beta_schedule": table})
        for spacing in SPACINGS:
            yield Case(name, 16, {**SD, "timestep_spacing": spacing, "steps_offset": 1})
        for prediction in "sample", "v_prediction":
            yield Case(name, 16, {"prediction_type": prediction})
        for other in OTHER_SIGMAS:
            yield Case(name, 16, {**SD, other: True})
        yield Case(name, 16, {"thresholding": True, "sample_max_value": 1.5})
        yield Case(name, 16, {"solver_order": 1})
        yield Case(name, 16, {"use_flow_sigmas": True, "prediction_type": "flow_prediction",
                              "flow_shift": 3.0})  # fmt: skip
    dpm = "DPMSolverMultistep"
    low = {"final_sigmas_type": "sigma_min"}
    yield Case(dpm, 16, low)
    yield Case(dpm, 8, {**low, "lower_order_final": False})
    yield Case(dpm, 16, {"solver_type": "heun"})
    yield Case(dpm, 16, {"solver_type": "heun", "solver_order": 3})
    yield Case(dpm, 16, {**low, "solver_type": "heun", "algorithm_type": "dpmsolver"})
    yield Case(dpm, 16, {"use_lu_lambdas": True})
    yield Case(dpm, 16, {"euler_at_final": True})
    yield Case(dpm, 16, {"beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1})
    yield Case(dpm, 16, {"beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -3.0,
                         "timestep_spacing": "trailing"})  # fmt: skip
    yield Case(dpm, 16, {**low, "use_karras_sigmas": True})
    for solver in "midpoint", "heun":
        yield Case(dpm, 16, {"algorithm_type": "sde-dpmsolver++", "solver_type": solver})
    yield Case(dpm, 16, {"algorithm_type": "sde-dpmsolver++", "solver_order": 1})
    yield Case(dpm, 16, {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True})
    for name in dpm, "UniPCMultistep":
        yield Case(name, 16, {**SD, **ZERO_SNR})
    yield Case("UniPCMultistep", 10, {**low, "lower_order_final": False, "solver_order": 3})
    yield Case("UniPCMultistep", 10, {**low, "lower_order_final": False, "solver_type": "bh1"})
    yield Case("UniPCMultistep", 10, {"use_karras_sigmas": True, "sigma_min": 0.05,
                                      "sigma_max": 20.0})  # fmt: skip
    yield Case("DEISMultistep", 16, {"solver_order": 3})
    yield Case("DPMSolverSinglestep", 9, {"solver_order": 1})


def edm():
    for name in "EDMEuler", "EDMDPMSolverMultistep", "CosineDPMSolverMultistep":
        yield Case(name, 16, {})
        for schedule in "karras", "exponential":
            yield Case(name, 16, {"sigma_schedule": schedule, "sigma_max": 20.0})
            yield Case(name, 1, {"sigma_schedule": schedule})
        yield Case(name, 16, {"final_sigmas_type": "sigma_min"})
        yield Case(name, 16, {"prediction_type": "v_prediction", "sigma_data": 1.0})
        yield Case(name, 16, {"sigma_schedule": "karras", "rho": 5.0})
    yield Case("EDMDPMSolverMultistep", 16, {"solver_type": "heun"})
    yield Case("EDMDPMSolverMultistep", 16, {"solver_type": "heun", "solver_order": 3})
    yield Case("EDMDPMSolverMultistep", 16, {"algorithm_type": "sde-dpmsolver++"})
    yield Case("EDMDPMSolverMultistep", 16, {"thresholding": True, "sample_max_value": 1.5})


def flow():
    name = "FlowMatchEulerDiscrete"
    for shift in 1.0, 3.0:
        yield Case(name, 9, {"shift": shift})
        yield Case(name, 9, {"shift": shift, "stochastic_sampling": True})
        for other in OTHER_SIGMAS:
            yield Case(name, 9, {"shift": shift, other: True})
    for kind in "exponential", "linear":
        yield Case(name, 9, {"use_dynamic_shifting": True, "time_shift_type": kind}, {"mu": 0.8})
    yield Case(name, 9, {"shift_terminal": 0.1})
    yield Case(name, 9, {"shift": 3.0}, {"sigmas": [1 - i / 9 for i in range(9)]})


def distilled():
    for steps in 1, 4, 7:
        yield Case("LCM", steps, {})
        yield Case("TCD", steps, {}, {"eta": 0.0}, {"eta": 0.0})
        yield Case("CMStochasticIterative", steps, {})
    yield Case("LCM", 4, {"clip_sample": True})
    yield Case("LCM", 4, {"original_inference_steps": 20})
    yield Case("LCM", 4, {}, {"original_inference_steps": 20})
    yield Case("TCD", 4, {}, {"original_inference_steps": 20, "eta": 0.0}, {"eta": 0.0})
    yield Case("TCD", 4, {"prediction_type": "v_prediction"}, {"eta": 0.0}, {"eta": 0.0})
    yield Case("TCD", 4, {}, {"eta": 1.0}, {"eta": 1.0})
    yield Case("CMStochasticIterative", 5, {"clip_denoised": False, "sigma_max": 20.0, "rho": 5.0})


CASES = [case for part in (tables, discrete, multistep, edm, flow, distilled) for case in part()]
