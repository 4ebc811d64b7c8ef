# SPDX-License-Identifier: MIT
"""Writes sampler_points.inc and sampler_values.inc: what other libraries' samplers make of the same x_1, grid,
denoiser and noise. See CONTRIBUTING.md.

    python tests/reference/make.py build/src/libquell.so"""

import importlib.metadata
import pathlib
import sys

import common
import from_azula
import from_diffusers
import from_k_diffusion

VERSIONS = ", ".join(f"{name} {importlib.metadata.version(name)}"
                     for name in ("azula", "k-diffusion", "diffusers", "torch"))

common.Noise.load(sys.argv[1])
table = common.Table()
for peer in from_azula, from_k_diffusion, from_diffusers:
    peer.make(table)
table.write(pathlib.Path(__file__).parent, VERSIONS)
print(len(table.grids), "grids,", len(table.rows), "rows")
