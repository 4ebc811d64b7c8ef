# SPDX-License-Identifier: MIT
"""What code does beside operations, while it is traced. Answers for code that looks at values: at
a mask that it made itself, at a buffer, whether anything is not a number, at what it asserts, at a
time of one number. The check, which does not use the trace, shows whether the answers held. And
where code takes a gradient."""

from __future__ import annotations

import linecache
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils._pytree import tree_leaves, tree_map

from quell.programs.copies import weights_of

ASKED = ("item", "tolist", "__bool__", "__int__", "__float__", "__index__", "__len__")
NAN = ("isnan", "isinf", "any", "logical_or", "__or__", "bitwise_or", "sum")
NOT_KNOWN = ("rand", "empty", "normal", "bernoulli", "dropout")


def _is_asserted() -> bool:
    """Returns whether the line of the user's code that asks is an assertion."""
    frame = sys._getframe(1)
    while frame is not None and ("/torch/" in frame.f_code.co_filename or _is_own(frame)):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return False
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return line.lstrip().startswith("assert ")


def _is_own(frame: Any) -> bool:
    return bool(frame.f_code.co_filename == __file__)


def line_of_user() -> str:
    """Returns the line of the user's code that is being run."""
    frame: Any = sys._getframe(1)
    while frame is not None and any(
        part in frame.f_code.co_filename for part in ("/torch/", "/quell/programs/")
    ):
        frame = frame.f_back
    if frame is None:
        return ""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}: {line}"


TAKING = ("grad", "backward")
TRANSFORMS = ("grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian")


class Gradients(TorchFunctionMode):
    """Finds the line of the user's code that takes a gradient, if one does."""

    def __init__(self) -> None:
        super().__init__()
        self.found = ""
        self._kept = {name: getattr(torch.func, name) for name in TRANSFORMS}

    def __enter__(self) -> Any:
        for name, own in self._kept.items():
            setattr(torch.func, name, self._noting(name, own))
        above: Any = super()
        return above.__enter__()

    def __exit__(self, *error: Any) -> None:
        for name, own in self._kept.items():
            setattr(torch.func, name, own)
        above: Any = super()
        above.__exit__(*error)

    def _noting(self, name: str, own: Any) -> Any:
        def noting(*args: Any, **given: Any) -> Any:
            self._note(f"torch.func.{name}")
            return own(*args, **given)

        return noting

    def _note(self, what: str) -> None:
        line = line_of_user()
        if line and not self.found:
            self.found = f"{what}, {line}"

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in TAKING and "autograd" in getattr(func, "__module__", ""):
            self._note(f"torch.autograd.{name}")
        elif func is torch.Tensor.backward:
            self._note("backward")
        return func(*args, **(kwargs or {}))


class Looking(TorchFunctionMode):
    """Knows what constants and a module's weights are, that nothing is NaN or infinite, and that
    assertions hold. One number that depends on an input stands for itself."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._values: dict[int, Tensor] = {}  # of constants, by their stand-ins
        self._never: set[int] = set()  # truth values that are false unless something is NaN
        self._kept: list[Tensor] = []  # so that no id is used twice
        self._changed: set[int] = set()  # Python's own that were changed
        self._module, self._weights = module, dict(weights_of(module))

    def __enter__(self) -> Any:
        self._hook = self._module.register_forward_pre_hook(self._know_weights)
        above: Any = super()
        return above.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._hook.remove()
        above: Any = super()
        above.__exit__(*error)

    def _know_weights(self, module: nn.Module, _: Any) -> None:
        """Where forward begins, the weights are stand-ins."""
        for name, stand_in in weights_of(module):
            self._values[id(stand_in)] = self._weights[name]
            self._kept.append(stand_in)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, given = getattr(func, "__name__", ""), kwargs or {}
        asked = name in ASKED and args and isinstance(args[0], Tensor)
        if asked and id(args[0]) in self._values:
            with _disable_current_modes(), torch._C.DisableTorchFunction():
                return getattr(self._values[id(args[0])], name)(*args[1:])
        if name in ("__getitem__", "__setitem__"):
            args = self._by_places(name, args)
        if name == "__bool__" and id(args[0]) in self._never:
            return False
        if name == "__bool__" and _is_asserted():
            return True
        if name == "item" and args[0].is_floating_point():
            return args[0].reshape(())
        made = func(*args, **given)
        self._remember(func, name, args, given, made)
        return made

    def _by_places(self, name: str, args: Any) -> Any:
        """Returns the arguments of x[...] with the places that a known mask chooses in place of the
        mask: how many there are is known then. One number for all places needs none of them."""
        x, asked, *value = args
        if value and not (isinstance(value[0], Tensor) and value[0].ndim):
            return args
        given = asked if isinstance(asked, tuple) else (asked,)
        masks = [self._mask(part) for part in given]
        if all(mask is None for mask in masks):
            return args
        parts: list[Any] = []
        for part, mask in zip(given, masks, strict=True):
            parts += [part] if mask is None else self._places_of(mask)
        return (x, tuple(parts), *value)

    def _places_of(self, mask: Tensor) -> list[Tensor]:
        with _disable_current_modes(), torch._C.DisableTorchFunction():
            places = list(mask.nonzero().unbind(1))
        self._values |= {id(each): each for each in places}
        self._kept += places
        return places

    def _mask(self, part: Any) -> Tensor | None:
        """Returns a part of an index if it is a mask whose values are known."""
        with _disable_current_modes(), torch._C.DisableTorchFunction():
            if isinstance(part, list) and part and all(type(one) is bool for one in part):
                return torch.tensor(part)
            if not isinstance(part, Tensor) or part.dtype != torch.bool or not part.ndim:
                return None
            return self._values.get(id(part), part) if self._is_known(part) else None

    def _is_known(self, leaf: Tensor) -> bool:
        """Whether a tensor's values are known: it is one of Python's own, or a stand-in of such."""
        own = type(leaf) is Tensor and id(leaf) not in self._changed
        return own or id(leaf) in self._values

    def _remember(self, func: Any, name: str, args: Any, given: Any, made: Any) -> None:
        leaves = [leaf for leaf in tree_leaves((args, given)) if isinstance(leaf, Tensor)]
        known = all(self._is_known(leaf) for leaf in leaves)
        changes = name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
        if changes and (not known or type(args[0]) is Tensor):
            self._forget_views(args[0])
            return
        if isinstance(made, Tensor):
            if name in ("isnan", "isinf") or (
                name in NAN and leaves and all(id(leaf) in self._never for leaf in leaves)
            ):
                self._never.add(id(made))
                self._kept.append(made)
        if known and not any(part in name for part in NOT_KNOWN):
            self._compute(func, args, given, made)

    def _forget_views(self, changed: Any) -> None:
        """Forgets the values of all that lies in the memory of what was changed."""
        self._changed.add(id(changed))
        place = changed.untyped_storage()._cdata if isinstance(changed, Tensor) else None
        kept = [each for each in self._kept if each.untyped_storage()._cdata != place]
        known = {id(each) for each in kept if place is not None}
        self._values = {key: value for key, value in self._values.items() if key in known}

    def _compute(self, func: Any, args: Any, given: Any, made: Any) -> None:
        """Does with the values what was done with their stand-ins."""

        def value(leaf: Any) -> Any:
            return self._values.get(id(leaf), leaf) if isinstance(leaf, Tensor) else leaf

        if not all(type(leaf) is not torch.SymInt for leaf in tree_leaves((args, given))):
            return
        try:
            with _disable_current_modes(), torch._C.DisableTorchFunction():
                found = func(*tree_map(value, args), **tree_map(value, given))
        except Exception:
            return
        stand_ins, values = tree_leaves(made), tree_leaves(found)
        for stand_in, real in zip(stand_ins, values, strict=False):
            if isinstance(stand_in, Tensor) and isinstance(real, Tensor):
                self._values[id(stand_in)] = real
                self._kept.append(stand_in)
