# SPDX-License-Identifier: MIT
"""python benchmarks/peers: see command.py."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))  # quell_export

if __name__ == "__main__":
    from command import main

    main(ROOT)
