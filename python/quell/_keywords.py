# SPDX-License-Identifier: MIT
"""The keywords of samplers, for type checkers; and unknown keywords: which one was meant."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

if TYPE_CHECKING:
    from quell._arrays import Array

Called = TypeVar("Called", bound=Callable[..., Any])

class RunKeywords(TypedDict, total=False):
    """Keywords of Sampler that do not decide where the steps are."""

    silent: bool
    dtype: Any
    device: Any
    brownian: bool
    threads: int
    tile: int
    isa: str | None


class SamplerKeywords(RunKeywords, total=False):
    """All keywords of Sampler, which its subclasses pass on."""

    start: float | None
    stop: float | None
    steps: int | None
    schedule: Any
    grid: str | None
    times: Array | None
    sigmas: Array | None
    clamp: tuple[float, float] | None
    threshold: float
    threshold_max: float


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def names_of(function: Callable[..., Any], wrapped: bool = True) -> list[str]:
    """The names of a function's arguments that may be given by name. wrapped: of one that
    functools.wraps has made, those of the function inside, which quell's own wrappers pass on;
    other wrappers may take other names."""
    own = (getattr(function, "__module__", None) or "").partition(".")[0] == "quell"
    return list(_kept_names(function, wrapped) if own else _names(function, wrapped))


def _names(function: Callable[..., Any], wrapped: bool) -> tuple[str, ...]:
    each = inspect.signature(function, follow_wrapped=wrapped).parameters.values()
    return tuple(one.name for one in each if one.kind in _BY_NAME and one.name != "self")


# Of quell's own functions, which stay: a sampler asks for them at each attribute that is set.
_kept_names = functools.lru_cache(maxsize=256)(_names)


def takes_any(function: Callable[..., Any]) -> bool:
    """Whether a function takes keywords of any name, as one does of which nothing is known."""
    try:
        each = inspect.signature(function, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in each)


def is_own(kind: type) -> bool:
    """Whether a class is quell's. A caller's may have attributes of any name."""
    return kind.__module__.partition(".")[0] == "quell"


# What other programs call an argument.
_OTHERS = {
    "num_steps": "steps",
    "num_inference_steps": "steps",
    "inference_steps": "steps",
    "n_steps": "steps",
    "y": "label",
    "cls": "label",
    "labels": "label",
    "classes": "label",
    "class_label": "label",
    "class_labels": "label",
    "negative_labels": "negative_label",
    "negative_classes": "negative_label",
    "generator": "seed",
    "num_threads": "threads",
    "noise_schedule": "schedule",
    "callback": "progress",
    "callback_on_step_end": "progress",
}


def of_others(name: str) -> str:
    """Returns what quell calls an argument of other programs; its name if that is no such."""
    return _OTHERS.get(name, name)


def meant(name: str, names: Iterable[str]) -> str:
    """Returns " (did you mean 'NAME'?)" with the most similar of the names; "" if none is. Guidance
    is no argument of a call in quell, as it is elsewhere."""
    if name in ("guidance", "guidance_scale", "guidance_weight", "cfg", "cfg_scale"):
        return " (guide the denoiser itself: quell.guided(denoiser, weight=2))"
    known, other = list(names), _OTHERS.get(name)
    near = [other] if other in known else difflib.get_close_matches(name, known, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def meant_weight(guide: Any) -> str:
    """Returns " (did you mean weight=W?)" for a number in the place of a guide."""
    number = type(guide) in (int, float) and abs(guide) <= 1e6
    return f" (did you mean weight={guide:g}?)" if number else ""


def refuse_part(kind: type, name: str, parts: Callable[[], list[str]]) -> None:
    """Refuses to set a part of what an object of quell's was made of. Other names are the
    caller's."""
    if name[0] != "_" and is_own(kind) and name in parts():
        raise AttributeError(
            f"{kind.__name__}: {name} cannot be set: the library has taken what it was; make a "
            "new one"
        )


def hinted(function: Called) -> Called:
    """A function that refuses a keyword which it does not have as Python does, and says which one
    was meant, as Python does from 3.13 on. It has no arguments of any name."""
    names = names_of(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name not in names:
                raise TypeError(
                    f"{function.__qualname__}() got an unexpected keyword argument {name!r}"
                    + meant(name, names)
                )
        return function(*args, **kwargs)

    return checked  # type: ignore[return-value]
