# SPDX-License-Identifier: MIT
"""diffusers' schedulers as quell's samplers: from_diffusers. diffusers itself is not needed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from quell import _quell
from quell._keywords import RunKeywords, hinted
from quell._numbers import flag, function_of, real, reals, refuse_class, whole
from quell._sampler import Sampler
from quell.denoise import FunctionDenoiser, NativeDenoiser
from quell.diffusers import levels
from quell.diffusers.fields import Fields, read
from quell.diffusers.solvers import spec_of
from quell.diffusers.times import form_of, told_of
from quell.errors import BadArgument, refused
from quell.noise import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Setup", "from_diffusers"]

_OUTPUTS = {"epsilon": "eps", "sample": "x0", "v_prediction": "v", "flow_prediction": "flow"}
_NOT_THE_DATA = ("EulerAncestralDiscrete", "KDPM2AncestralDiscrete", "KDPM2Discrete", "PNDM")
_EDM = ("EDMEuler", "EDMDPMSolverMultistep", "CosineDPMSolverMultistep")


@dataclasses.dataclass(frozen=True)
class Setup:
    """A scheduler of diffusers in quell's terms.

    Attributes:
        name: The scheduler's class, without "Scheduler".
        spec: The name and options of the sampler.
        schedule: The schedule.
        sigmas: The values of sigma / alpha of the grid, which fall, with shape (steps + 1).
        output: What the network returns, in FunctionDenoiser's words: "eps", "v", "x0" or "flow".
        time_scale: The network's time is time_scale * t, where `time` says no more; it is N - 1 for
            a table with N points.
        variance: What the network has learned about the variance, "none" or "learned_range".
        clamp, threshold, threshold_max: Arguments of Sampler.
        differences: Where numbers differ from those of diffusers; empty with strict.
        ignored: Fields of the configuration that diffusers does not read for this class.
        time: The form of the network's time, as the argument `time` of quell.export takes it; None
            for the networks of EDM and of consistency models.
    """

    name: str
    spec: str
    schedule: Schedule
    sigmas: np.ndarray
    output: str
    time_scale: float
    variance: str = "none"
    clamp: tuple[float, float] | None = None
    threshold: float = 0.0
    threshold_max: float = float("inf")
    differences: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    time: dict[str, Any] | None = None

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.sigmas) - 1

    def denoiser(self, network: Callable[..., Any]) -> FunctionDenoiser:
        """Makes a denoiser of a network that is called as diffusers calls it: network(x, timestep,
        **kwargs) -> output, with x as scale_model_input makes it and diffusers' own timestep, which
        need not be a whole number. With learned_range the output has twice the channels of x, as
        theirs: the mean's, then v's.

        Raises:
            BadArgument: The network is one of EDM; use KarrasDenoiser, which has its
                preconditioning.
            TypeError: It is no network, but a denoiser, which sampler() takes as it is.
        """
        if self.time is None:
            raise BadArgument(f"{self.name}: give sampler() a denoiser of E[X | x_t]")
        if isinstance(network, (NativeDenoiser, FunctionDenoiser)):
            raise TypeError(
                f"network: a {type(network).__name__}, which has its own output and time; must be "
                "a network, or go to setup.sampler as it is"
            )
        refuse_class(network, "network", "a network")
        function_of(network, "network")
        told = told_of(self.time, self.name, self.schedule, self.sigmas)

        def scaled(x: Any, t: Any, **kwargs: Any) -> Any:
            output = network(x, told(t), **kwargs)
            return output if self.variance == "none" else _halves(output, x.shape)

        return FunctionDenoiser(scaled, self.schedule, output=self.output, variance=self.variance)

    @property
    def _var(self) -> float | None:
        """The variance of the data that diffusers begins with; None where x_1 is noise alone."""
        return 1.0 if math.isfinite(self.sigmas[0]) else None

    def options(self) -> list[str]:
        """The options of `quell sample` that draw with this sampler, for a model that has the
        schedule and the rest."""
        made = ["--sampler", self.spec, "--sigmas", ",".join(repr(float(s)) for s in self.sigmas)]
        if self._var is not None:
            made += ["--prior-variance", f"{self._var:g}"]
        if self.clamp is not None:
            low, high = self.clamp
            made += [f"--clamp-low={low!r}", f"--clamp-high={high!r}"]
        if self.threshold:
            made += [f"--threshold={self.threshold!r}", f"--threshold-max={self.threshold_max!r}"]
        return made

    def sampler(self, denoiser: Any, **kwargs: Unpack[RunKeywords]) -> Sampler:
        """Makes the sampler for a denoiser. Its init(shape) begins as diffusers does, as if the
        data had mean 0 and variance 1.

        Arguments:
            denoiser: A denoiser made by denoiser() above, or any other that Sampler takes.
            kwargs: Further arguments of Sampler; the grid, the schedule and the bounds are given.
        """
        sampler = Sampler(
            denoiser,
            self.spec,
            schedule=self.schedule,
            steps=self.steps,
            sigmas=self.sigmas,
            clamp=self.clamp,
            threshold=self.threshold,
            threshold_max=self.threshold_max,
            **kwargs,
        )
        sampler._usual_var = self._var
        return sampler


@hinted
def from_diffusers(
    scheduler: Any,
    steps: int | None = None,
    *,
    sigmas: Any = None,
    mu: float | None = None,
    original_inference_steps: int | None = None,
    eta: float | None = None,
    order: int | None = None,
    strict: bool = True,
) -> Setup:
    """Translates a scheduler of diffusers: into a schedule, a sampler, and the levels of noise that
    its set_timesteps chooses, so that the same x_1, denoiser and noise give the same x_0.

        setup = quell.from_diffusers("scheduler/scheduler_config.json", steps=25)
        sampler = setup.sampler(setup.denoiser(network))
        x0 = sampler(sampler.init((8, 4, 64, 64), seed=0))

    Arguments:
        scheduler: A scheduler, its configuration, or the path of its scheduler_config.json.
        steps: num_inference_steps.
        sigmas: The argument of FlowMatchEuler's set_timesteps, in place of steps.
        mu: The argument of set_timesteps with dynamic shifting.
        original_inference_steps: The argument of set_timesteps of LCM and TCD.
        eta: The argument of step of DDIM and TCD.
        order: The argument of step of LMS.
        strict: Whether to refuse a scheduler for which quell gives other numbers on purpose. If not
            strict, `differences` lists these.

    Raises:
        Unsupported: quell has no equivalent of the class, or of the value of a field.
        BadArgument: `scheduler` is not a configuration.
    """
    fields = Fields(read(scheduler), flag(strict, "strict"))
    _check(fields, steps, sigmas, mu, original_inference_steps)
    count = len(reals(sigmas, "sigmas")) if steps is None else whole(steps, "steps", 1)
    if count < 1:
        raise refused("sigmas: there is none")
    mu = None if mu is None else real(mu, "mu")
    eta = None if eta is None else real(eta, "eta")
    if eta is not None and not 0 <= eta <= 1:
        raise refused(f"eta: {eta:g}, must be from 0 to 1")
    order = None if order is None else whole(order, "order", 1)
    if original_inference_steps is not None:
        original_inference_steps = whole(original_inference_steps, "original_inference_steps", 1)
    output = "flow" if fields.name.startswith("FlowMatch") else _output(fields)
    schedule, at, scale, time = _place(fields, count, sigmas, mu, original_inference_steps)
    with np.errstate(invalid="ignore"):
        falls = np.diff(at)
    if not (falls < 0).all():
        i = int(np.argmax(~(falls < 0)))
        raise BadArgument(f"from_diffusers: levels {i} and {i + 1} are {at[i]:g} and {at[i + 1]:g}")
    _check_levels(fields, schedule, at, count)
    spec = spec_of(fields, at, count, eta, order)
    return Setup(
        fields.name,
        spec,
        schedule,
        at,
        output,
        scale,
        variance="learned_range" if spec.endswith("learned_range") else "none",
        **_bounds(fields),
        differences=tuple(fields.differences),
        ignored=fields.ignored,
        time=time,
    )


def _check_levels(fields: Fields, schedule: Schedule, at: np.ndarray, steps: int) -> None:
    """Refuses what no grid of the schedule is, before anything is made of it."""
    if len(at) < 2:
        raise refused(
            f"steps: {steps}, but {fields.name}Scheduler then goes from {at[0]:g} to no other "
            "level, must be more"
        )
    try:
        _quell.grid(schedule.native, _quell.Options(steps=len(at) - 1, sigmas=at.tolist()))
    except BadArgument as error:
        alpha, sigma = schedule(1.0)
        field = "sigma_max" if at[0] * alpha > sigma * (1 + 1e-9) else "sigma_min"
        if fields.get(field) is None:
            raise
        fields.refuse(field, f"is beyond the table: {error}")


def _halves(output: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The mean's channels and those of v, of a network's output for samples of this shape."""
    wanted = (shape[0], 2 * shape[1], *shape[2:]) if len(shape) > 1 else None
    if wanted is None or tuple(output.shape) != wanted:
        raise refused(
            f"network: it returned shape {tuple(output.shape)}, must be {wanted}: with "
            "learned_range twice as many channels as x has"
        )
    return output[:, : shape[1]], output[:, shape[1] :]


def _check(fields: Fields, steps: Any, sigmas: Any, mu: Any, original: Any) -> None:
    """The arguments that only some schedulers have."""
    if steps is None and sigmas is None:
        raise TypeError("from_diffusers: must be given steps or sigmas")
    if steps is not None and sigmas is not None:
        raise TypeError("from_diffusers: steps and sigmas, must be given one of the two")
    flow = fields.name == "FlowMatchEulerDiscrete"
    for name, value, has in (
        ("sigmas", sigmas, flow),
        ("mu", mu, flow),
        ("original_inference_steps", original, fields.name in ("LCM", "TCD")),
    ):
        if value is not None and not has:
            raise TypeError(f"from_diffusers: {fields.name} takes no {name}")
    if not flow:
        fields.only("use_dynamic_shifting", False, why="not known here")
        fields.only("shift_terminal", None, why="not known here")


def _place(
    fields: Fields, steps: int, sigmas: Any, mu: Any, original: Any
) -> tuple[Schedule, np.ndarray, float, dict[str, Any] | None]:
    """The schedule, the levels, what a network's time is in units of ours, and its form."""
    train = float(fields.num_train_timesteps)
    if fields.name == "FlowMatchEulerDiscrete":
        fields.only("invert_sigmas", False, why="quell goes from noise to data")
        at = levels.of_flow(fields, steps, sigmas, mu)
        return Schedule("flow"), at, train, form_of(fields, None)
    if fields.name in (*_EDM, "CMStochasticIterative"):
        low, high = float(fields.sigma_min), float(fields.sigma_max)
        schedule = Schedule(f"ve:sigma_min={low!r},sigma_max={high!r}")
        edm = fields.name in _EDM
        at = (levels.of_edm if edm else levels.of_consistency)(fields, steps)
        return schedule, at, 1.0, None
    table = levels.Table(fields)
    if fields.get("use_flow_sigmas"):
        at = levels.of_flow_sigmas(fields, table, steps)
        return Schedule("flow"), at, train, form_of(fields, None)
    if fields.name in ("LCM", "TCD"):
        at = levels.of_distillation(fields, table, steps, original)
    elif fields.name in ("DDPM", "DDIM", "PNDM"):
        at = levels.of_table(fields, table, steps)
    else:
        at = levels.of_sigmas(fields, table, steps)
    return table.schedule, at, train - 1, form_of(fields, table)


def _output(fields: Fields) -> str:
    if fields.name in _EDM or fields.name == "CMStochasticIterative":
        fields.only("prediction_type", "epsilon", "v_prediction", why="diffusers refuses it, too")
        return "x0"
    prediction = fields.prediction_type
    if prediction not in _OUTPUTS:
        fields.refuse("prediction_type", f"is none of {', '.join(_OUTPUTS)}")
    if (prediction == "flow_prediction") != bool(fields.get("use_flow_sigmas")):
        fields.refuse("prediction_type", "flow_prediction and use_flow_sigmas go together")
    if prediction == "sample" and fields.name in _NOT_THE_DATA:
        fields.refuse("prediction_type", "diffusers refuses it, too")
    return _OUTPUTS[prediction]


def _bounds(fields: Fields) -> dict[str, Any]:
    """Returns the bounds. As in diffusers, thresholding has priority over clipping."""
    if fields.get("thresholding"):
        return {
            "threshold": float(fields.dynamic_thresholding_ratio),
            "threshold_max": float(fields.sample_max_value),
        }
    if fields.get("clip_sample"):
        most = float(fields.clip_sample_range)
        return {"clamp": (-most, most)}
    return {"clamp": (-1.0, 1.0)} if fields.get("clip_denoised") else {}
