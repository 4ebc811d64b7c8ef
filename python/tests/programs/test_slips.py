# SPDX-License-Identifier: MIT
"""Slips of a first export: each is refused in a line that names what was wrong."""

import numpy as np
import pytest
import quell.programs.exporter as exporter
import torch
from quell.programs import export
from test_refused import SAID, Labelled, T, X, naive, refused  # noqa: F401, naive is a fixture

LABEL = torch.tensor([0, 2])


def test_a_result_without_the_batch(tmp_path):
    message = refused(lambda m, x, t: (m.line(x) * t[:, None]).flatten(), tmp_path)
    assert "returns [6] for a batch of one, must begin with the batch" in message


def test_an_output_that_is_no_number(tmp_path):
    message = refused(lambda m, x, t: m.line(x) * t[:, None] / 0, tmp_path)
    assert message == (
        "quell.export: the network's output is infinite or not a number in float64"
    )


def test_an_array_of_numpy(tmp_path):
    """It would be a constant, and the time be taken for x."""
    message = refused(Labelled(3), tmp_path, X.numpy(), T, LABEL, classes=3)
    assert message.endswith("[0]: an array of NumPy's, must be a tensor: torch.as_tensor(...)")
    for example in ((), {}):
        with pytest.raises(TypeError, match="example: it is empty, must be a tuple"):
            export(Labelled(3), tmp_path / "net.safetensors", example, **SAID)
    with pytest.raises(TypeError, match="example: y: an array of NumPy's"):
        given = {"x": X, "t": T, "y": np.array([0, 2])}
        export(Labelled(3), tmp_path / "net.safetensors", given, **SAID, classes=3)


@pytest.mark.parametrize("no_class", [None, 0, 5])
def test_a_label_beyond_the_classes(no_class, tmp_path):
    options = {"classes": 2} | ({} if no_class is None else {"no_class": no_class})
    message = refused(Labelled(4), tmp_path, X, T, LABEL, **options)
    beside = "" if no_class is None else f", and no_class={no_class}"
    assert message == (
        f"quell.export: classes: 2, so that classes are 0 to 1{beside}, but the example has 2: if "
        "it stands for no class, say no_class=2"
    )


@pytest.mark.parametrize(
    "schedule, most",
    [
        ("linear", 999),
        ("scaled_linear:train=50", 49),
        ("squaredcos_cap_v2:train=100", 99),
        ("sigmoid", 999),
        ("beta_exp", 999),
        ("laplace", 999),
    ],
)
def test_the_table_of_a_schedule(schedule, most, tmp_path, monkeypatch):
    """diffusers' names of schedules are names here, too."""
    found = {}
    stored_of = exporter.stored_of
    monkeypatch.setattr(
        exporter, "stored_of", lambda *given: found.update(given[1]) or stored_of(*given)
    )
    options = SAID | {"schedule": schedule, "time": "index"}
    export(Labelled(3), tmp_path / "net.safetensors", (X, T, LABEL), **options, classes=3)
    assert found["time"] == {"of": "t", "scale": most}
