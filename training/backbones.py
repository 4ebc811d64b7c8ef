# SPDX-License-Identifier: MIT
"""Networks in plain PyTorch, for what is trained, measured and tested here: azula's backbones with
the time and a class, and a residual MLP. quell.export takes them as it takes anyone's."""

import torch
from azula.nn.layers import ReLU2, SineEncoding
from torch import Tensor, nn

ACTIVATIONS = {"relu": nn.ReLU, "relu2": ReLU2, "silu": nn.SiLU, "gelu": nn.GELU}


class Conditioning(nn.Module):
    """e = W_2 silu(W_0 s + b_0) + b_2 + label[class], s the sine encoding of the time.

    Arguments:
        width: The number of features of e.
        features: The number of features of the sine encoding, even.
        omega: Its largest period ratio (azula.nn.layers.SineEncoding).
        classes: The number of classes, 0 for none. Label `classes` stands for "no class".
    """

    def __init__(
        self, width: int, features: int = 64, omega: float = 1e4, classes: int = 0
    ) -> None:
        super().__init__()
        self.classes = classes
        self.encoding = SineEncoding(features, omega=omega)
        self.time = nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(classes + 1, width) if classes else None

    def condition(self, t: Tensor, label: Tensor | None = None) -> Tensor:
        """t: (B) or (). label: (B), or None for "no class". Returns (B, width) or (width)."""
        e = self.time(self.encoding(t))
        if self.label is None:
            return e
        if label is None:
            label = torch.full(t.shape, self.classes, device=t.device)
        return e + self.label(label)


class Conditioned(Conditioning):
    """A network that is called as net(x, e), such as azula's DiT, ViT and UNet, called with the
    time and a class.

    Arguments:
        net: A network with mod_features = width.
        width, kwargs: Those of Conditioning.
    """

    def __init__(self, net: nn.Module, width: int, **kwargs) -> None:
        super().__init__(width, **kwargs)
        self.net = net

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x: (B, *), what net takes. t: (B) or (). label: (B) or None. Returns (B, *)."""
        return self.net(x, self.condition(t, label).expand(len(x), -1))


class MLPBlock(nn.Module):
    """h + out_proj f(in_proj h + mod_proj e)"""

    def __init__(self, hidden: int, width: int, activation: str) -> None:
        super().__init__()
        self.in_proj = nn.Linear(hidden, hidden)
        self.mod_proj = nn.Linear(width, hidden, bias=False)
        self.out_proj = nn.Linear(hidden, hidden)
        self.activation = ACTIVATIONS[activation]()

    def forward(self, h: Tensor, e: Tensor) -> Tensor:
        return h + self.out_proj(self.activation(self.in_proj(h) + self.mod_proj(e)))


class ResidualMLP(Conditioning):
    """A residual MLP for vectors.

    Arguments:
        dim: The number of elements of a sample.
        hidden: The number of hidden features.
        blocks: The number of residual blocks.
        activation: "relu", "relu2", "silu" or "gelu".
        kwargs: Those of Conditioning.
    """

    def __init__(
        self,
        dim: int,
        hidden: int = 128,
        blocks: int = 3,
        activation: str = "silu",
        width: int = 64,
        **kwargs,
    ) -> None:
        super().__init__(width, **kwargs)
        self.in_proj = nn.Linear(dim, hidden)
        self.blocks = nn.ModuleList(MLPBlock(hidden, width, activation) for _ in range(blocks))
        self.out_proj = nn.Linear(hidden, dim)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x: (B, dim). t: (B) or (). label: (B) or None. Returns (B, dim)."""
        e = self.condition(t, label)
        h = self.in_proj(x)
        for block in self.blocks:
            h = block(h, e)
        return self.out_proj(h)
