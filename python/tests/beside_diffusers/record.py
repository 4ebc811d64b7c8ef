# SPDX-License-Identifier: MIT
"""Writes plain/diffusers.json: of each case the levels of noise, the times that a network is told,
and, where no noise is drawn, what becomes of the same x_1 with diffusers, in double. What must be
refused stands there, too.

    cd python/tests/beside_diffusers && python record.py"""

import importlib.metadata
import json
import pathlib

import numpy as np
import peer
import quell
from cases import CASES

OUT = pathlib.Path(__file__).parent.parent / "plain" / "diffusers.json"


class Drawn(Exception):
    """Noise was asked for."""


def no_noise():
    raise Drawn
    yield


def levels(case, scheduler):
    """Those at which the steps begin, each once."""
    made = []
    for t in scheduler._timesteps[::-1] if case.name == "PNDM" else scheduler.timesteps:
        if case.name in peer.ON_TABLE:
            made.append(peer.level(case, scheduler, t))
    made = made or scheduler.sigmas[: len(scheduler.timesteps) + 1].tolist()
    return [r for i, r in enumerate(made) if not np.isclose(r, made[:i], rtol=1e-9, atol=0).any()]


def times(case, scheduler):
    """What networks are told; of two times at one level the second, and none for those of EDM."""
    if case.name in peer.EDM or case.fields.get("interpolation_type") == "log_linear":
        return None
    every = 2 if case.name == "KDPM2AncestralDiscrete" else 1
    return np.asarray(scheduler.timesteps, np.float64)[::every].tolist()


def row(case):
    scheduler = peer.create(case)
    alpha, sigma = peer.starts(case, scheduler)
    scale = float(np.hypot(alpha, sigma))
    start = quell.normal(1, peer.SAMPLES, (peer.DIM,)) * np.float32(scale)
    try:
        x = peer.run(case, "mixture", start.astype(np.float64), no_noise()).tolist()
    except (Drawn, RuntimeError):
        x = None
    told = {key: value for key, value in case.told.items() if key != "strict"}
    return {"config": case.config, "steps": case.steps, "told": told,
            "strict": case.told.get("strict", True), "flow": peer.is_flow(case),
            "levels": levels(case, scheduler), "times": times(case, scheduler), "scale": scale,
            "x0": x}  # fmt: skip


def write():
    rows = [row(case) for case in CASES]
    versions = {name: importlib.metadata.version(name) for name in ("diffusers", "torch")}
    text = ",\n".join(json.dumps(each) for each in rows)
    OUT.write_text(f'{{"made with": {json.dumps(versions)},\n"rows": [\n{text}\n]}}\n')
    print(len(rows), "rows,", sum(each["x0"] is not None for each in rows), "with samples")


if __name__ == "__main__":
    write()
