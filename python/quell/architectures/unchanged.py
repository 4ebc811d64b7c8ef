# SPDX-License-Identifier: MIT
"""Checks that a module computes what its class says. A forward of its own, a hook or a
parametrization could change that, and is refused by name."""

from torch import nn
from torch.nn.modules import module as modules

# The packages whose classes quell knows, or refuses elsewhere.
_KNOWN = ("torch.nn.modules.", "azula.", "quell.", "einops.layers.torch")
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
)
_GLOBAL = ("_global_forward_hooks", "_global_forward_pre_hooks")


def _no(name: str, reason: str) -> None:
    raise TypeError(f"quell.architectures: {name or 'the model'} {reason}")


def _own_forward(kind: type) -> bool:
    """Whether the forward of a class is the one in its own file."""
    for base in kind.__mro__:
        if "forward" in vars(base):
            forward = vars(base)["forward"]
            if base is nn.Module:
                return True  # it has none: a list of modules
            home = getattr(forward, "__module__", None) == base.__module__
            return home and getattr(forward, "__qualname__", "") == f"{base.__qualname__}.forward"
    return False


def _check_one(name: str, module: nn.Module) -> None:
    kind = type(module)
    if not kind.__module__.startswith(_KNOWN):
        _no(name, f"is a {kind.__name__} of {kind.__module__}, whose function is not known")
    if not _own_forward(kind):
        _no(name, f"is a {kind.__name__}, whose forward has been replaced")
    for key, value in vars(module).items():
        if callable(value) and callable(getattr(kind, key, None)):
            _no(name, f"has a {key} of its own")
    for hooks in _HOOKS:
        if getattr(module, hooks, None):
            _no(name, f"has {hooks[1:].replace('_', ' ')}, which may change what it computes")
    if isinstance(module, nn.modules.dropout._DropoutNd) and module.training and module.p > 0:
        _no(name, "drops out at random, in training mode: call .eval() before")


def check_unchanged(model: nn.Module) -> None:
    """Refuses a model if a part of it computes something other than its class says.

    Raises:
        TypeError: It does; the message names the part.
    """
    for hooks in _GLOBAL:
        if getattr(modules, hooks, None):
            _no("torch", f"has {hooks[1:].replace('_', ' ')}, which may change what it computes")
    for name, module in model.named_modules():
        _check_one(name, module)
