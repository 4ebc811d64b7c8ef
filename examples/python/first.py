# SPDX-License-Identifier: MIT
"""100000 samples of a mixture of two Gaussians in the plane, by DDIM. NumPy is all it needs."""

import quell

denoiser = quell.MixtureDenoiser(
    weights=[1, 3],
    means=[[-2, 0], [2, 1]],
    variances=[0.1, 0.2],
    schedule=quell.VPSchedule(),
)
sampler = quell.DDIMSampler(denoiser, eta=0.25, steps=64, silent=True)
x1 = sampler.init((100000, 2), seed=7)  # x_1, almost pure noise
x0 = sampler(x1, seed=7)

# The same on any machine, in C, C++ and Fortran.
print(f"the last sample: {x0[-1, 0]:.6f} {x0[-1, 1]:.6f}")
