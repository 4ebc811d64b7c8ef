# SPDX-License-Identifier: MIT
"""python benchmarks/networks: evaluations of networks by quell and by its peers, as tables.

    python -m venv venv
    venv/bin/pip install -r benchmarks/networks/requirements.txt .
    venv/bin/python benchmarks/networks --threads 2

The peers of a row take turns in one process, and each figure is the median of the turns, in
milliseconds for all samples together. What is not installed is named and left out. With --folder,
--prepare makes the files of the peers ahead, and a run that was stopped goes on with --resume;
--tables prints what the folder has, and --write DIR makes the page and README's rows of it."""

import argparse
import os
import pathlib
import platform
import signal
import sys
import tempfile
import time

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
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of a turn, or an evaluation")
    parser.add_argument("--cell", type=float, default=6, help="seconds after which no turn begins")
    parser.add_argument("--minutes", type=float, default=60, help="after which no row begins")
    parser.add_argument("--folder", help="keeps the files of the peers, and what was measured")
    parser.add_argument("--prepare", action="store_true", help="makes the files, measures nothing")
    parser.add_argument("--prepared", action="store_true", help="only peers that --prepare made")
    parser.add_argument("--resume", action="store_true", help="leaves out rows that are there")
    parser.add_argument("--tables", action="store_true", help="prints what the folder has, no more")
    parser.add_argument("--write", help="a checkout, whose docs/peer-networks.md is written")
    parser.add_argument("--build", help="with benchmarks/limits, for the machine's limits")
    parser.add_argument("--lock", help="a file: one run of those that name it measures at a time")
    parser.add_argument("--real-time", action="store_true", help="for a busy machine, as root")
    return parser.parse_args()


def say(given, kept):
    """Measures, and prints each row when it is there."""
    import report
    import rows

    print(f"{platform.machine()}, threads: {given.threads}, {report.versions()}\n")
    begin = time.monotonic()
    for row in rows.run(given, kept):
        print(f"after {time.monotonic() - begin:.0f} s: {report.one(row)}", flush=True)


def main():
    given = arguments()
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal; --resume goes on"))
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(given.folder or made).absolute()
        folder.mkdir(exist_ok=True)
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
        from kept import Kept  # after the environment

        kept = Kept(folder)
        if not given.tables and not given.write:
            say(given, kept)
        if given.prepare:
            return  # there is nothing to print
        import page
        import report

        if given.build or not given.write and not given.tables:
            kept.note(report.machine(given.build and pathlib.Path(given.build), given.threads))
        if given.write:
            page.write(pathlib.Path(given.write), kept)
        else:
            print(report.tables(kept.rows(), kept.noted()["limits"]))


if __name__ == "__main__":
    main()
