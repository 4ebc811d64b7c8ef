# SPDX-License-Identifier: MIT
"""python benchmarks/peers: see command.py."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    from command import main

    main(ROOT)
