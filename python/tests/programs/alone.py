# SPDX-License-Identifier: MIT
"""Networks of packages that also draw pictures and train: without what only that needs."""

import importlib
import sys
from unittest.mock import MagicMock


def networks_of(name):
    """Imports a module. What its package imports besides and is not installed is a stand-in for the
    time being; the package itself must be there, or ModuleNotFoundError is raised."""
    package, stand_ins = name.split(".")[0], set()
    try:
        while True:
            try:
                return importlib.import_module(name)
            except ModuleNotFoundError as missing:
                if missing.name.split(".")[0] == package or missing.name in stand_ins:
                    raise
                parts = missing.name.split(".")
                for names in (".".join(parts[: i + 1]) for i in range(len(parts))):
                    if names not in sys.modules:
                        sys.modules[names] = MagicMock()
                        stand_ins.add(names)
    finally:
        for names in stand_ins:
            del sys.modules[names]
