# SPDX-License-Identifier: MIT
"""python benchmarks/networks: evaluations of networks by quell and by its peers, as one table.

    python -m venv venv
    venv/bin/pip install -r benchmarks/networks/requirements.txt .
    venv/bin/python benchmarks/networks --threads 2

The peers of a row take turns in one process, and each figure is the median of the turns, in
milliseconds for all samples together; the least and the greatest stand in brackets. What is not
installed is named and left out."""

import argparse
import os
import pathlib
import platform
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parents[1] / "training")]


def arguments():
    parser = argparse.ArgumentParser(prog="python benchmarks/networks", description=__doc__)
    parser.add_argument("--networks", help="only those with one of these in their names, as a,b")
    parser.add_argument("--peers", help="only these: quell is always there")
    parser.add_argument("--samples", default="1,8,64")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a turn")
    parser.add_argument(
        "--folder", help="keeps the files that are made for the peers, for next time"
    )
    return parser.parse_args()


def main():
    given = arguments()
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    import rows  # after the environment

    print(
        f"{platform.processor() or platform.machine()}, threads: {given.threads}, {rows.versions()}\n"
    )
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(given.folder or made)
        folder.mkdir(exist_ok=True)
        rows.run(given, folder)


if __name__ == "__main__":
    main()
