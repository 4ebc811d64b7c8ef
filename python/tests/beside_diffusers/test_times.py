# SPDX-License-Identifier: MIT
"""A network is told the times that diffusers tells it, in every setting."""

import numpy as np
import peer
import pytest
import quell
from cases import CASES
from peer import in_double  # noqa: F401

# As diffusers' tells them: EDM's networks are called otherwise.
TOLD = [case for case in CASES if case.name not in peer.EDM]


def our_times(case):
    setup = quell.from_diffusers(
        case.config, None if "sigmas" in case.told else case.steps, **case.told
    )
    seen = []

    def network(x, timestep):
        seen.append(float(timestep))
        return np.zeros((len(x), x.shape[1] * (1 if setup.variance == "none" else 2)), np.float32)

    setup.sampler(setup.denoiser(network), silent=True)(np.ones((1, 2), np.float32), seed=1)
    return np.array(seen)


def lasts(times, count):
    """A last step of no length is none here."""
    assert len(times) - count in (0, 1)
    return times[:count]


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case.id)
def test_same_times(case):
    if case.fields.get("interpolation_type") == "log_linear":
        pytest.raises(quell.Unsupported, quell.from_diffusers, case.config, case.steps)
        return
    ours = our_times(case)
    theirs = lasts(np.array(peer.create(case).timesteps, np.float64), len(ours))
    if case.name == "KDPM2AncestralDiscrete":  # two times at a level, of which ours is the second
        ours, theirs = ours[::2], theirs[::2]
    # The betas of a cosine table are float32 in diffusers, and so are alphas' products.
    assert np.abs(ours - theirs).max() <= 1e-6 * 1000
