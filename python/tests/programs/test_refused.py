# SPDX-License-Identifier: MIT
"""What cannot be exported is refused: all of it at once, with the line that it comes from and what
to do instead; and nothing is written."""

import re

import beside
import pytest
import quell.programs.exporter as exporter
import torch
from quell.programs import export
from torch import nn

X, T = torch.randn(2, 6), torch.rand(2)
SAID = {"output": "x0", "schedule": "vp", "time": "t"}


@pytest.fixture(autouse=True)
def naive(monkeypatch):
    """quell's own evaluation has tests of its own."""
    monkeypatch.setattr(exporter, "evaluator", beside.evaluator)


class Of(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.line = nn.Linear(6, 6)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x, t, *more):
        return self.function(self, x, t, *more)


def refused(function, tmp_path, *example, **options):
    """The message; no file is left."""
    module = function if isinstance(function, nn.Module) else Of(function)
    path, options = tmp_path / "net.safetensors", SAID | options
    with pytest.raises((ValueError, TypeError)) as caught:
        export(module, path, example or (X, T), **options)
    assert list(tmp_path.iterdir()) == []
    message = str(caught.value)
    assert message.startswith("quell.export: "), message
    return message


def test_all_that_is_unknown_is_said(tmp_path):
    class Sorting(nn.Module):
        def forward(self, x, t):
            order = x.lgamma() + x.digamma()
            order = order + order.sin().digamma()
            return order.scatter_reduce(1, torch.zeros_like(x).long(), x, "amax")

    message = refused(Sorting(), tmp_path)
    assert "2 x digamma" in message and "index_add does sums at fixed places" in message
    assert "1 x lgamma" in message and "1 x scatter_reduce" in message
    for line in ("order = x.lgamma() + x.digamma()", "return order.scatter_reduce("):
        assert line in message
    assert "test_refused.py:" in message and "quell.FunctionDenoiser" in message


@pytest.mark.parametrize(
    "function, said",
    [
        (lambda m, x, t: x + torch.randn_like(x), "random numbers inside the network"),
        (lambda m, x, t: torch.polygamma(1, x), "polygamma"),
        (
            lambda m, x, t: nn.functional.conv1d(x[:, None], x[:1, None, :3], padding=1)[:, 0],
            "depend on each other",
        ),
        (
            lambda m, x, t: x.index_put((torch.arange(len(x)), t.long()), x[:, 0]),
            "index_put; build the array by cat",
        ),
        (
            lambda m, x, t: nn.functional.max_pool1d(x[:, None], 2, return_indices=True)[1][:, 0],
            "result 1 of max_pool2d_with_indices, as return_indices=True asks for",
        ),
        (
            lambda m, x, t: x[:, torch.tensor([False] * 6)].sum(1, keepdim=True) + x,
            "mask that is always the same; choose by places, mask.nonzero",
        ),
        (lambda m, x, t: x if x.sum() > 0 else -x, "cannot follow Of"),
        (lambda m, x, t: (x, x), "returns 2 tensors"),
        (lambda m, x, t: x[:, :3], r"returns \[3\] for a sample, must be \[6\]"),
        (lambda m, x, t: m.line.bias.expand(x.shape[0], 6), "no function of its inputs"),
        (lambda m, x, t: x + m.seen.add_(1), "changes seen"),
        (lambda m, x, t: x / 0 * 0, "finite|differ"),
    ],
)
def test_one_reason(function, said, tmp_path):
    message = refused(function, tmp_path)
    import re

    assert re.search(said, message), message


def test_more_dimensions_than_a_program_has(tmp_path):
    def turned(m, x, t):
        return x.reshape(-1, *[2] * 12).permute(0, *range(12, 0, -1)).reshape(x.shape)

    message = refused(turned, tmp_path, torch.randn(2, 4096), T)
    assert "permute of an array of 12 dimensions" in message and "do it in two steps" in message
    assert "test_refused.py:" in message


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x, t: x - x.mean(0),
        lambda m, x, t: x.flip(0),
        lambda m, x, t: x + t.sum(),
        lambda m, x, t: x.softmax(0),
        lambda m, x, t: torch.cat([x, x[:1]])[1:],
        lambda m, x, t: x * x.shape[0],
        lambda m, x, t: x * len(x),
        lambda m, x, t: x * (1 if x.shape[0] < 5 else 2),
        lambda m, x, t: x * (2 if len(x) > 10 else 1),
        lambda m, x, t: torch.cat([x, x])[: len(x)] if len(x) < 9 else -x,
    ],
)
def test_samples_that_depend_on_each_other(function, tmp_path):
    message = refused(function, tmp_path)
    said = ("depend on each other", "multiple of the batch", "looks at the size of its batch")
    assert any(words in message for words in said)


@pytest.mark.parametrize(
    "example, options, said",
    [
        ((), {}, "example"),
        (("x", 7), {}, "must begin with x"),
        ((X, torch.rand(3)), {}, "t begins with 3, x with 2"),
        ((X, torch.rand(2, 2)), {}, "must be one number"),
        ((X, T, torch.tensor([1, 2])), {}, "classes=COUNT"),
        ((X, T), {"classes": 4}, "no input of the example is a class"),
        ((X, T), {"names": ["x"]}, "1 of them"),
        ((X, T), {"names": ["time", "x"]}, "the time has 6 numbers"),
        ((X, T), {"names": ["y", "time"]}, "must have x among them"),
        ((X, T), {"output": "noise"}, "x0, eps, v"),
        ((X, T), {"precondition": "edm"}, "none, simple, karras"),
        ((X, T, [T[:1]]), {}, "more_0 begins with 1, x with 2"),
        (7, {}, "must be a tuple"),
        ((X.numpy(), T.numpy()), {}, "an array of NumPy's, must be a tensor"),
        ((X * torch.nan, T), {}, "x has a NaN"),
        ({"x": X, "time": T}, {}, "missing a required argument: 't'; its forward takes x, t, more"),
        ((X, T), {"decode": 3}, "decode: 3, must be a network of PyTorch's"),
        ((X, T), {"variance": "learned_range"}, "twice the channels, as variance=.learned_range"),
        ((X, T), {"fast": 2}, "fast: 2, must be True, False or a number above 0 and below 1"),
        ((X, T), {"image": True}, r"samples of shape \[6\] are no images: needs \(height, width\)"),
    ],
)
def test_arguments(example, options, said, tmp_path):
    path = tmp_path / "net.safetensors"
    with pytest.raises((ValueError, TypeError), match=said):
        export(Of(lambda m, x, t, *more: x * t[:, None]), path, example, **(SAID | options))
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_another_format(tmp_path):
    with pytest.raises(ValueError, match="net.pt: would be written as .safetensors: name it so"):
        export(Of(lambda m, x, t: x), tmp_path / "net.pt", (X, T), **SAID)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_cannot_be_written(tmp_path):
    """Before the network is read, which may take long."""

    def read(m, x, t):
        raise AssertionError

    (tmp_path / "file").touch()
    for name, error, said in (
        ("", ValueError, "path: it is empty"),
        (tmp_path, IsADirectoryError, str(tmp_path)),
        (tmp_path / "none" / "net.safetensors", FileNotFoundError, "none/net.safetensors"),
        (tmp_path / "file" / "net.safetensors", NotADirectoryError, "file/net.safetensors"),
    ):
        with pytest.raises(error, match=re.escape(said)):
            export(Of(read), name, (X, T), **SAID)


def test_weights(tmp_path):
    path = tmp_path / "net.safetensors"
    for change, said in (
        (lambda m: m.line.weight.data.fill_(torch.inf), "line.weight is not finite"),
    ):
        module = Of(lambda m, x, t: m.line(x))
        change(module)
        with pytest.raises(ValueError, match=said):
            export(module, path, (X, T), **SAID)


def test_the_check_finds_a_wrong_program(tmp_path, monkeypatch):
    """Not what the tracing says but what the module does on other inputs counts."""
    right = exporter.program_of

    def wrong(*given):
        lowered = right(*given)
        lowered.output.attributes["function"] = "sub"
        return lowered

    monkeypatch.setattr(exporter, "program_of", wrong)
    message = refused(lambda m, x, t: x + 1e-4 * m.line(x), tmp_path)
    assert "differ by" in message and "nothing is written" in message


def test_values_that_are_baked(tmp_path):
    """A network that reads a number from outside while it is traced."""
    calls = iter(range(1, 100))
    message = refused(lambda m, x, t: x * next(calls), tmp_path)
    assert "differ" in message or "depend on each other" in message


@pytest.mark.parametrize("name", ["output", "schedule", "time"])
def test_what_must_be_said(name, tmp_path):
    """Of a bare module nothing is taken for granted: an x0 that is a noise would be a wrong sample
    without a word."""
    given = {key: value for key, value in SAID.items() if key != name}
    with pytest.raises(TypeError, match=f"{name}: must be given"):
        export(Of(lambda m, x, t: x * t[:, None]), tmp_path / "net.safetensors", (X, T), **given)
    assert list(tmp_path.iterdir()) == []


class Labelled(nn.Module):
    """Takes a class, out of a table of so many rows or as numbers of which one is 1."""

    def __init__(self, rows, onehot=False):
        super().__init__()
        self.rows, self.onehot, self.table = rows, onehot, nn.Embedding(rows, 6)

    def forward(self, x, t, y):
        label = nn.functional.one_hot(y, self.rows).float() if self.onehot else None
        row = label @ self.table.weight if self.onehot else self.table(y)
        return x * t[:, None] + row


@pytest.mark.parametrize("onehot", [False, True])
def test_more_classes_than_there_are(onehot, tmp_path):
    message = refused(Labelled(5, onehot), tmp_path, X, T, torch.tensor([0, 1]), classes=7)
    assert "fails on other inputs" in message and "class 6 among them" in message


@pytest.mark.parametrize(
    "options, said",
    [
        ({"classes": 5, "no_class": 5}, "fails on other inputs"),
        ({"classes": 4, "no_class": "zeros"}, "must be an index or"),
        ({"classes": 4, "no_class": -1}, "must be an index or"),
        ({"classes": 4, "no_class": True}, "must be an index or"),
        ({"classes": 4, "time": "index"}, "has no table"),
        ({"classes": 4, "time": "tau"}, 'must be "index", t, sigma'),
        ({"classes": 4, "variance": "learned"}, "none, learned_range"),
        ({"classes": 4, "variance": "learned_range"}, r"must be \[12\]"),
        ({"classes": 4, "none": {"y": "zeros", "z": "zeros"}}, "is no condition"),
        ({"classes": 4, "dtype": torch.float64}, "torch.float16 or"),
        ({"classes": 4, "sigma_data": 0.5}, "simple and karras"),
    ],
)
def test_arguments_of_the_terms(options, said, tmp_path):
    import quell

    with pytest.raises((ValueError, TypeError, quell.Error), match=said):
        export(
            Labelled(5),
            tmp_path / "net.safetensors",
            (X, T, torch.tensor([0, 1])),
            **(SAID | options),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x, t: nn.functional.dropout(x, 0.5, training=True),
        lambda m, x, t: nn.functional.alpha_dropout(x, 0.5, training=True),
        lambda m, x, t: nn.functional.dropout1d(x[..., None], 0.5, training=True)[..., 0],
        lambda m, x, t: nn.functional.feature_alpha_dropout(x[..., None], 0.5, True)[..., 0],
        lambda m, x, t: nn.functional.rrelu(x, training=True),
        lambda m, x, t: nn.functional.gumbel_softmax(x),
        lambda m, x, t: x * torch.bernoulli(torch.full_like(x, 0.5)),
        lambda m, x, t: x + torch.rand(6),
        lambda m, x, t: x + torch.empty(6).normal_(),
        lambda m, x, t: x[:, torch.randperm(6)],
        lambda m, x, t: torch.poisson(x.abs()),
        lambda m, x, t: x + torch.multinomial(x.softmax(1), 1),
    ],
)
def test_random_numbers(function, tmp_path):
    message = refused(lambda m, x, t: function(m, x, t) + t[:, None], tmp_path)
    assert "random numbers inside the network" in message and "test_refused.py:" in message


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_what_rounds_within(kind, tmp_path):
    message = refused(lambda m, x, t: m.line(x.to(kind).float()) + t[:, None], tmp_path)
    assert "rounding to " in message and "let it compute in float32" in message


def test_rounding_by_autocast(tmp_path):
    def function(m, x, t):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return m.line(x).float() + t[:, None]

    assert "rounding to bfloat16" in refused(function, tmp_path)


def test_an_old_torch():
    from quell.programs import _check_version

    _check_version("2.6.0+cpu")
    with pytest.raises(ImportError, match=r"needs PyTorch 2.6 or later; this is 2.5.1"):
        _check_version("2.5.1+cu124")


def test_torch_says_nothing_before(tmp_path, capfd):
    """Its loggers, and a print of its own, wrote graphs of a hundred lines."""
    refused(lambda m, x, t: x if x.sum() > 0 else -x, tmp_path)
    assert capfd.readouterr() == ("", "")
    assert not hasattr(torch.export._trace, "print")


@pytest.mark.parametrize(
    "example, options, said",
    [
        ((X, T), {"time": "sigma", "sigma_data": 0.5}, "it is inside the network"),
        ((X, T), {"time": 0}, "time: 0"),
        ((X, T), {"time": float("inf")}, "time: inf, must be a finite number"),
        ((X, T), {"time": {"of": "t", "scale": float("nan")}}, "time: scale: nan, must be finite"),
        ((X, T), {"time": {"of": "t", "at": [0.0, 1e400]}}, "time: at: inf, must be finite"),
        ((X, T), {"sigma_data": float("inf"), "precondition": "simple"}, "sigma_data: inf"),
        ((X, T), {"most": float("inf")}, "most: inf, must be above 0 and below 1"),
        ((X, T), {"version": 2}, "version: no such argument"),
        ((X, T), {"outptu": "eps"}, r"outptu: no such argument \(did you mean 'output'\?\)"),
        ((X, T), {"programs": {}}, "programs: no such argument"),
        ((X, T), {"names": ["x", "class"], "time": False}, "say how many there are"),
        ((X, T, torch.tensor([0, 2])), {"classes": 2}, "classes are 0 to 1, but the example has 2"),
        (
            (X, torch.tensor([9, 999])),
            {"time": "index", "schedule": "beta_linear:train=100"},
            "the example has 999, but the table of 'beta_linear:train=100' ends at 99",
        ),
        ((X, 1000 * T + 9), {}, "the example has .*, but the network would be told 0 to 1"),
        ((X, T - 3), {"time": "fraction"}, "time: the example has -"),
        ((X, 1100 + T), {"time": 1000}, "but the network would be told 0 to 1000"),
        ((X, 1001 + T), {"time": {"of": "t", "scale": 1000}}, "would be told 0 to 1000"),
    ],
)
def test_what_contradicts(example, options, said, tmp_path):
    with pytest.raises((ValueError, TypeError), match=said):
        module = Labelled(4) if len(example) > 2 else Of(lambda m, x, t: x * t[:, None])
        export(module, tmp_path / "net.safetensors", example, **(SAID | options))
    assert list(tmp_path.iterdir()) == []


def test_the_law_of_the_file_is_checked(tmp_path, monkeypatch):
    """Not the bare program alone: a description that says another thing is found."""
    import quell.programs.law as law

    monkeypatch.setattr(law, "_time", lambda *given: 0.9)
    assert "differs by" in refused(lambda m, x, t: x * t[:, None], tmp_path, output="eps")


def test_inputs_without_effect(tmp_path):
    """What the result does not depend on is no input of the file, so that nobody could give it."""
    more, names = torch.rand(2, 3), ["x", "time", "e"]
    message = refused(lambda s, x, t, e: s.line(x), tmp_path, X, T, more, names=names)
    assert message == (
        "quell.export: example: e: the network's result does not depend on it: leave it out"
    )
    message = refused(
        lambda s, x, t, c: s.line(x), tmp_path, X, T, torch.tensor([0, 1]),
        names=["x", "time", "class"], classes=2,
    )  # fmt: skip
    assert message.endswith("depend on it: leave it out, and classes")


@pytest.mark.parametrize("name", ["", "a=b"])
def test_names_that_no_command_can_give(name, tmp_path):
    example = X, T, torch.rand(2, 6)
    message = refused(lambda s, x, t, e: x + e, tmp_path, *example, names=["x", "time", name])
    assert message.endswith(f"names: {name!r}: must be a name, without =")
