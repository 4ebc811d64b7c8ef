# SPDX-License-Identifier: MIT
"""Writing a .safetensors file whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from quell._numbers import path_of
from quell._said import one_line
from quell.errors import Error, _make

if TYPE_CHECKING:
    from torch import Tensor

# How messages of the library's begin that name the file which it was given to check.
_TEMPORARY = re.compile(r"^.*\.quell-[0-9a-f]{16}\.safetensors: ")


def _create(target: str) -> str:
    """A new file beside the target, which will get its name."""
    temporary = os.path.join(os.path.dirname(target), f".quell-{secrets.token_hex(8)}.safetensors")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return temporary


def _fill(
    stored: Mapping[str, Tensor],
    temporary: str,
    target: str,
    metadata: dict[str, str],
    check: Callable[[str], object],
    who: str,
) -> None:
    there = target if os.path.exists(target) else temporary
    mode = os.stat(there).st_mode & 0o7777
    from safetensors.torch import save_file

    save_file(dict(stored), temporary, metadata=metadata)  # which makes it 0600
    try:
        check(temporary)
    except Error as error:
        reason = _TEMPORARY.sub("", str(error))
        raise _make(error.status, f"{who}: {reason}", None, None) from None
    os.chmod(temporary, mode)
    os.replace(temporary, target)


def write(
    stored: Mapping[str, Tensor],
    path: str | os.PathLike[str],
    metadata: dict[str, str],
    check: Callable[[str], object],
    who: str,
) -> None:
    """Writes a .safetensors file that has its name when it is complete and check() of its temporary
    name has passed, and the mode that open() would leave: that of the file it replaces, or what the
    umask allows. What goes wrong is said of `path`, and begins with `who`."""
    from safetensors import SafetensorError

    name = os.fsdecode(path_of(path, "path"))
    target, temporary = os.path.realpath(name), None
    try:
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        temporary = _create(target)
        _fill(stored, temporary, target, metadata, check, who)
        temporary = None
    except Error:
        raise
    except OSError as error:
        raise type(error)(error.errno, error.strerror, name) from None
    except SafetensorError as error:
        raise OSError(errno.EIO, f"cannot be written: {one_line(error)}", name) from None
    finally:
        if temporary is not None:
            os.unlink(temporary)
