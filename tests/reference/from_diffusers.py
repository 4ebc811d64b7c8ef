# SPDX-License-Identifier: MIT
"""diffusers: schedulers of discrete betas and of flows, stepped one by one, in double throughout.

Its schedulers name float32 as their type. Inside them `torch.float32` and `np.float32` are made to
mean float64, so that what is compared is the formulas."""

import importlib.metadata
import itertools
import sys
import warnings

import diffusers
import numpy
import torch

from common import MODELS, Noise
from from_k_diffusion import CLOCK, TRAP_2, TwoNoises, clock_weight, exact_weight, uniform

PEER = "diffusers " + importlib.metadata.version("diffusers")
STEPS = 8

TRAP_3 = "diffusers' sde-dpmsolver++ of order 3 has -0.5 where +0.5 is consistent"
TRAP_4 = "UniPC bh1 multiplies infinity by zero where the last sigma is 0"
TRAP_11 = "diffusers' churn adds its noise after the model has seen the state"
SLOPE = "diffusers' SA-Solver of order 2 has h^2 / 2 where the paper has an exact integral"
STAGE = "diffusers' second stage of order 3 is order 2's midpoint rule, not the paper's with phi_2"


class Double:
    """A module whose float32 is float64."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, "float64" if name == "float32" else name)


def scheduler_class(name):
    made = getattr(diffusers, name + "Scheduler")
    inside = sys.modules[made.__module__]
    for name, module in ("torch", torch), ("np", numpy):
        if hasattr(inside, name):
            setattr(inside, name, Double(module))
    return made


def create(name, noise=None, steps=STEPS, set_timesteps=True, **config):
    made = scheduler_class(name)
    if noise:
        sys.modules[made.__module__].randn_tensor = noise
    scheduler = made(**config)
    if set_timesteps:
        scheduler.set_timesteps(steps)
    return scheduler


def vp_points(sigmas):
    alpha = 1 / torch.sqrt(sigmas**2 + 1)
    return alpha, sigmas * alpha


def table_points(scheduler, timesteps, last):
    """The square roots of alphas_cumprod at the timesteps; then alpha^2 = last."""
    squares = torch.cat([scheduler.alphas_cumprod[timesteps.long()], torch.tensor([last])])
    return torch.sqrt(squares), torch.sqrt(1 - squares)


def eps_of(x, mu, alpha, sigma):
    return (x - alpha * mu) / sigma


def step_through(scheduler, model, x, alpha, sigma, output=eps_of, **options):
    """One evaluation a step, at the points given."""
    for t, a, s in zip(scheduler.timesteps, alpha, sigma):
        if hasattr(scheduler, "is_scale_input_called"):
            scheduler.is_scale_input_called = True
        x = scheduler.step(output(x, model(x, a, s), a, s), t, x, **options).prev_sample
    return x


class Rows:
    """The rows of one grid: points(scheduler) are put in the table by the first."""

    def __init__(self, table, grid, schedule, points):
        self.table, self.grid, self.schedule, self.points = table, grid, schedule, points

    def start(self, scheduler):
        alpha, sigma = self.points(scheduler)
        if self.grid in self.table.grids:
            _, _, known_alpha, known_sigma, start = self.table.grids[self.grid]
            assert torch.equal(alpha * torch.ones(len(sigma)), known_alpha)
            assert torch.equal(sigma, known_sigma)
        else:
            start = self.table.grid(self.grid, self.schedule, alpha, sigma)
        return start, alpha * torch.ones(len(sigma)), sigma

    def add(self, name, spec, tolerance=1e-9, differs="", steps=STEPS, run=step_through,
            options={}, prepare=None, **config):
        for kind, model in MODELS.items():
            scheduler = create(name, Noise(), steps, **config)
            if prepare:
                prepare(scheduler)
            start, alpha, sigma = self.start(scheduler)
            x = run(scheduler, model, start, alpha, sigma, **options)
            made = {**config, **options}
            text = ", ".join(f"{key}={value}" for key, value in made.items()
                             if not callable(value) and key not in COMMON)
            self.table.row(PEER, f"{name}({text})", spec, self.grid, kind, x, tolerance, differs)


COMMON = ("lower_order_final", "clip_sample", "timestep_spacing", "steps_offset", "trained_betas")
VE = "ve:sigma_min=0.01,sigma_max=200"


def one_evaluation(table):
    """DDPM and DDIM, down to alpha = 1."""
    rows = Rows(table, "d-table", "beta_linear", lambda s: table_points(s, s.timesteps, 1.0))
    rows.add("DDPM", "ddpm", clip_sample=False)
    rows.add("DDPM", "ddpm", clip_sample=False, variance_type="fixed_small_log")
    for eta in 0.0, 0.5, 1.0:
        rows.add("DDIM", f"ddim:eta={eta:g}", clip_sample=False, options={"eta": eta})


def multistep(table):
    """The multistep solvers on a grid that ends at sigma_min."""
    rows = Rows(table, "d-multistep", "beta_linear", lambda s: vp_points(s.sigmas))
    common = {"lower_order_final": False, "final_sigmas_type": "sigma_min"}
    for algorithm, family in ("dpmsolver", "zeab"), ("dpmsolver++", "xeab"):
        solver = {"algorithm_type": algorithm, **common}
        name = "DPMSolverMultistep"
        rows.add(name, f"{family}:order=1", solver_order=1, **solver)
        rows.add(name, f"{family}:order=2", solver_type="heun", **solver)
        rows.add(name, f"{family}:order=3", 1e-8, TRAP_2, solver_type="heun", solver_order=3,
                 **solver)
    rows.add(name, "xeab:order=3,formula=k_diffusion", 1e-8, solver_type="heun", solver_order=3, **solver)
    rows.add(name, "dpmpp_2m", solver_type="midpoint", **solver)
    sde = {"algorithm_type": "sde-dpmsolver++", **common}
    for solver in "midpoint", "heun":
        rows.add(name, f"dpmpp_2m_sde:solver={solver}", solver_type=solver, **sde)
    rows.add(name, "dpmpp_3m_sde", 1e-8, TRAP_3, solver_type="heun", solver_order=3, **sde)
    for order in 1, 2, 3:
        rows.add("DEISMultistep", f"zeab:order={order}", 1e-8, solver_order=order,
                 lower_order_final=False)
        for variant in "bh1", "bh2":
            rows.add("UniPCMultistep", f"unipc:order={order},variant={variant}", 1e-8,
                     solver_order=order, solver_type=variant, **common)


def exactly(coefficients):
    """SA-Solver's coefficients such that what the peer adds for order 2, h^2 / 2 in place of the
    exact integral of a slope, falls out again."""

    def made(order, start, end, lambdas, tau):
        given = coefficients(order, start, end, lambdas, tau)
        if order == 2:
            h, rate = end - start, 1 + tau**2
            exact = (h * rate - 1 + torch.exp(-rate * h)) / rate**2
            added = torch.exp(rate * end) * (h**2 / 2 - exact) / (lambdas[0] - lambdas[1])
            given = [given[0] - added, given[1] + added]
        return given

    return made


def sa_solver(table):
    rows = Rows(table, "d-multistep", "beta_linear", lambda s: vp_points(s.sigmas))
    for predictor, corrector, eta, kinds in (
        (1, 1, 1.0, (False,)),
        (1, 2, 1.0, (False, True)),
        (2, 2, 1.0, (False, True)),
        (2, 2, 0.0, (False, True)),
        (3, 3, 0.5, (True,)),
        (3, 4, 1.0, (True,)),
    ):
        spec = f"sa_solver:predictor_order={predictor},corrector_order={corrector},tau={eta:g}"
        for exact in kinds:

            def prepare(scheduler):
                scheduler.tau_func = lambda t: torch.tensor(eta)
                if exact:
                    scheduler.get_coefficients_fn = exactly(scheduler.get_coefficients_fn)

            rows.add("SASolver", spec, 1e-8, "" if exact or corrector == 1 else SLOPE,
                     predictor_order=predictor, corrector_order=corrector,
                     lower_order_final=False, prepare=prepare,
                     options={"tau": eta, "exact": exact}, run=run_sa)


def run_sa(scheduler, model, x, alpha, sigma, tau, exact):
    return step_through(scheduler, model, x, alpha, sigma)


def last_zero(table):
    """The same solvers where the last sigma is 0."""
    rows = Rows(table, "d-zero", "beta_linear", lambda s: vp_points(s.sigmas))
    name = "DPMSolverMultistep"
    rows.add(name, "dpmpp_2m", solver_type="midpoint")
    rows.add(name, "xeab:order=2", solver_type="heun")
    for solver in "midpoint", "heun":
        rows.add(name, f"dpmpp_2m_sde:solver={solver}", solver_type=solver,
                 algorithm_type="sde-dpmsolver++")
    rows.add("UniPCMultistep", "unipc:order=2,variant=bh2", 1e-8, solver_type="bh2")
    rows.add("UniPCMultistep", "unipc:order=2,variant=bh1", 1e-8, TRAP_4, solver_type="bh1")


def singlestep(table):
    """Singlestep solvers take their stages from the grid: `order` of its intervals are one of our
    steps, and constant steps in lambda put the stages where we have them."""

    def run(scheduler, model, start, alpha, sigma, stages):
        stages = stages.split("+")
        order = len(stages)
        every = uniform(2 * order)
        scheduler.sigmas = every
        made, step = scheduler.singlestep_dpm_solver_update, itertools.count()

        def update(*args, **kwargs):
            scheduler.register_to_config(solver_type=stages[next(step) % order])
            return made(*args, **kwargs)

        scheduler.singlestep_dpm_solver_update = update
        return step_through(scheduler, model, start, *vp_points(every))

    rows = Rows(table, "d-singlestep", "beta_linear", lambda s: vp_points(uniform(2)))
    for algorithm, prediction in ("dpmsolver", "eps"), ("dpmsolver++", "x0"):
        for stages, differs in (
            (("midpoint",), ""),
            (("midpoint",) * 2, ""),
            (("midpoint",) * 3, STAGE),
            (("midpoint", "heun", "midpoint"), ""),
        ):
            order = len(stages)
            rows.add("DPMSolverSinglestep", f"dpm_single:order={order}" + (f",prediction={prediction}" if order > 1 else ""),
                     1e-9, differs, steps=2 * order, run=run, algorithm_type=algorithm,
                     options={"stages": "+".join(stages)}, solver_order=order,
                     lower_order_final=False, final_sigmas_type="sigma_min")


def two_evaluations(scheduler, model, x, alpha, sigma, middle):
    """Schedulers that want the model at the ends and, in between, at middle(scheduler)."""
    for t in scheduler.timesteps:
        scheduler.is_scale_input_called = True
        if scheduler.step_index is None:
            scheduler._init_step_index(t)
        first = scheduler.state_in_first_order
        s = scheduler.sigmas[scheduler.step_index] if first else middle(scheduler)
        x = scheduler.step((x - model(x, torch.tensor(1.0), s)) / s, t, x).prev_sample
    return x


def discrete(table):
    """k-diffusion's samplers as diffusers has them: alpha = 1."""
    rows = Rows(table, "d-ve", VE, lambda s: (torch.tensor(1.0), s.sigmas))
    rows.add("EulerDiscrete", "euler")
    rows.add("EulerDiscrete", "euler:s_churn=2", differs=TRAP_11, options={"s_churn": 2.0})
    rows.add("EulerAncestralDiscrete", "euler_a")
    for order in 1, 2, 3, 4:
        rows.add("LMSDiscrete", f"zab:order={order}", 1e-8, options={"order": order})
    kept = Rows(table, "d-ve", VE, lambda s: (torch.tensor(1.0), own_sigmas(s)))
    betas = {"beta_start": 0.0001, "beta_end": 0.02}
    kept.add("HeunDiscrete", "heun", run=two_evaluations, **betas,
             options={"middle": lambda s: s.sigmas[s.step_index]})
    kept.add("KDPM2Discrete", "dpm2", run=two_evaluations, **betas,
             options={"middle": lambda s: s.sigmas_interpol[s.step_index]})
    kept.add("KDPM2AncestralDiscrete", "dpm2_a", run=two_evaluations, **betas,
             options={"middle": lambda s: s.sigmas_interpol[s.step_index - 1]})
    for weight, differs in (exact_weight(), ""), (clock_weight, CLOCK):
        def prepare(scheduler):
            scheduler.noise_sampler = TwoNoises(weight)

        kept.add("DPMSolverSDE", "dpmpp_sde", 1e-9, differs, run=two_evaluations, prepare=prepare,
                 options={"middle": lambda s: s.mid_point_sigma}, **betas)


def own_sigmas(scheduler):
    """Without the repetitions that stand for a step's second evaluation."""
    sigmas = scheduler.sigmas
    return torch.cat([sigmas[:1], sigmas[1::2]])[: STEPS + 1]


def flow(table):
    """alpha = 0 at the start."""
    rows = Rows(table, "d-flow", "rectified", lambda s: (1 - s.sigmas, s.sigmas))
    velocity = {"output": lambda x, mu, alpha, sigma: (x - mu) / sigma}
    rows.add("FlowMatchEulerDiscrete", "euler", shift=3.0, options=velocity)
    rows.add("FlowMatchEulerDiscrete", "lcm", shift=3.0, stochastic_sampling=True,
             options=velocity)


def pseudo_numerical(table):
    """IPNDM, which takes v; its grid is its own betas. PNDM on the table."""
    sigmas = torch.tensor([0.984375, 0.9375, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])
    rows = Rows(table, "d-ipndm", "vp", lambda s: (s.alphas, s.betas))
    rows.add("IPNDM", "ipndm:order=4", trained_betas=sigmas.tolist(),
             options={"output": lambda x, mu, a, s: a * eps_of(x, mu, a, s) - s * mu})
    pndm(table)


def pndm(table):
    """Timesteps 901, 801, ..., 1 and then 0; the half of a step must be whole, or the peer evaluates
    the model at other points than it steps to."""
    grid, steps = "d-pndm", 10
    for kind, model in MODELS.items():
        for skip in False, True:
            scheduler = create("PNDM", None, steps, steps_offset=1, skip_prk_steps=skip)
            ends = torch.arange(steps - 1, -1, -1) * (1000 // steps) + 1
            squares = scheduler.alphas_cumprod[torch.cat([ends, torch.tensor([0])])]
            t = torch.cat([ends, torch.tensor([0])]) / 999
            start = table.grid(grid, "beta_linear", squares.sqrt(), (1 - squares).sqrt(), t)
            alpha = scheduler.alphas_cumprod[scheduler.timesteps].sqrt()
            sigma = (1 - scheduler.alphas_cumprod[scheduler.timesteps]).sqrt()
            x = step_through(scheduler, model, start, alpha, sigma)
            table.row(PEER, f"PNDM(skip_prk_steps={skip})", "plms" if skip else "pndm", grid,
                      kind, x)


def distilled(table):
    """LCM, TCD and consistency models: the model's output is what the step makes E[X | x] of."""
    timesteps = torch.tensor([996, 720, 400, 120])

    def lcm_output(scheduler):
        def output(x, mu, alpha, sigma):
            t = scheduler.timesteps[scheduler.step_index or 0]
            skip, out = scheduler.get_scalings_for_boundary_condition_discrete(t)
            return (mu - skip * x) / out

        return output

    for kind, model in MODELS.items():
        scheduler = create("LCM", Noise(), set_timesteps=False, prediction_type="sample")
        scheduler.set_timesteps(timesteps=timesteps.tolist())
        alpha, sigma = table_points(scheduler, timesteps, 1.0)
        t = torch.cat([timesteps / 999, torch.zeros(1)])
        start = table.grid("d-lcm", "beta_scaled_linear", alpha, sigma, t)
        x = step_through(scheduler, model, start, alpha, sigma, lcm_output(scheduler))
        table.row(PEER, "LCM()", "lcm", "d-lcm", kind, x)
        for eta in 0.0, 0.25, 1.0:
            scheduler = create("TCD", Noise(), set_timesteps=False)
            scheduler.set_timesteps(timesteps=timesteps.tolist())
            last = scheduler.alphas_cumprod[0].item()
            alpha, sigma = table_points(scheduler, timesteps, last)
            start = table.grid("d-tcd", "beta_scaled_linear", alpha, sigma, t)
            x = step_through(scheduler, model, start, alpha, sigma, eta=eta)
            table.row(PEER, f"TCD(eta={eta:g})", f"tcd:gamma={eta:g}", "d-tcd", kind, x)
        consistency(table, kind, model)


def consistency(table, kind, model):
    scheduler = create("CMStochasticIterative", Noise(), 5, clip_denoised=False, sigma_min=0.03125,
                       sigma_max=16.0)
    grid = "d-consistency"
    start = table.grid(grid, "ve:sigma_min=0.03125,sigma_max=16", 1.0, scheduler.sigmas)

    def output(x, mu, alpha, sigma):
        skip, out = scheduler.get_scalings_for_boundary_condition(sigma)
        return (mu - skip * x) / out

    ones = torch.ones(len(scheduler.sigmas))
    x = step_through(scheduler, model, start, ones, scheduler.sigmas, output)
    table.row(PEER, "CMStochasticIterative()", "consistency:sigma_min=0.03125", grid, kind, x)


def make(table):
    warnings.simplefilter("ignore")
    diffusers.utils.logging.set_verbosity_error()
    for part in (one_evaluation, multistep, sa_solver, last_zero, singlestep, discrete, flow,
                 pseudo_numerical, distilled):
        part(table)
