# SPDX-License-Identifier: MIT
"""python benchmarks/networks: evaluations of networks by quell and by its peers, as tables.

    python -m venv venv
    venv/bin/pip install -r benchmarks/networks/requirements.txt .
    venv/bin/python benchmarks/networks --threads 2

The peers of a row take turns in one process, and each figure is the median of the turns, in
milliseconds for all samples together. What is not installed is named and left out. --folder keeps
what was measured, so that the rows can be measured in several runs; --tables prints them all."""

import argparse
import os
import pathlib
import platform
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parents[1] / "training")]


def arguments():
    parser = argparse.ArgumentParser(
        prog="python benchmarks/networks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--networks", help="only those with one of these in their names, as a;b")
    parser.add_argument("--peers", help="only these, as a,b")
    parser.add_argument("--samples", default="1,8,64")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a turn")
    parser.add_argument("--folder", help="keeps the files of the peers, and what was measured")
    parser.add_argument("--prepare", action="store_true", help="makes the files, measures nothing")
    parser.add_argument("--tables", action="store_true", help="prints what the folder has, no more")
    parser.add_argument("--build", help="with benchmarks/limits, for the machine's limits")
    parser.add_argument("--lock", help="a file: one run of those that name it measures at a time")
    parser.add_argument("--real-time", action="store_true", help="for a busy machine, as root")
    return parser.parse_args()


def main():
    given = arguments()
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(given.folder or made)
        folder.mkdir(exist_ok=True)
        import report  # after the environment

        if not given.tables:
            import rows

            print(f"{platform.machine()}, threads: {given.threads}, {report.versions()}\n")
            for row in rows.run(given, folder):
                print(report.one(row), flush=True)
        if not given.prepare:
            build = given.build and pathlib.Path(given.build)
            machine = report.limits(build, given.threads) if build else {}
            print(report.tables(report.kept(folder), machine))


if __name__ == "__main__":
    main()
