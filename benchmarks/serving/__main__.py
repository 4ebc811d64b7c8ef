# SPDX-License-Identifier: MIT
"""python benchmarks/serving: `quell serve` under load, beside `quell sample` and a service in Python.

    scripts/setup serve && apt-get install wrk
    python -m venv venv
    venv/bin/pip install -r benchmarks/serving/requirements.txt .
    venv/bin/python benchmarks/serving --quell build/src/quell

Clients, by wrk, ask for one sample each, never twice for the same one, so that nothing can be kept. Meanwhile another
client compares answers of quell's with the bytes of `quell sample`. All run on the same processors. --folder keeps
what was measured, and --rows (as quell-100,peer-1) measures these alone; a run without both does all."""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SIZE = 28 * 28 * 4
HEADER = 128  # bytes, of NumPy's
COMPARED = 64  # samples, that are asked for again and again under load
SERVERS = {"quell": "quell serve", "peer": "FastAPI, one at a time", "batches": "FastAPI, batches"}
CLIENTS = (1, 10, 100, 1000)
LONGER = {1000: 5}  # rows in which each client waits for seconds, and should have waited several times
ASK = """local turn = {begin}
request = function()
    turn = turn + 1
    return wrk.format("GET", "{path}" .. turn)
end
done = function(summary, latency)
    io.write(string.format("%d %d %.6f %.6f %d\\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), summary.errors.status + summary.errors.timeout +
        summary.errors.read + summary.errors.write + summary.errors.connect))
end
"""


def arguments():
    parser = argparse.ArgumentParser(prog="python benchmarks/serving", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quell", default="build/src/quell")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=8, help="of a row")
    parser.add_argument("--batch", type=int, default=16, help="of the peer that draws batches")
    parser.add_argument("--folder", help="keeps what was measured")
    parser.add_argument("--rows", help="only these: command, quell-100, peer-1, batches-10 ...")
    return parser.parse_args()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Place:
    """Where all of it is, and how a server is started."""

    def __init__(self, given, folder):
        self.given, self.folder = given, folder
        self.quell = str(pathlib.Path(given.quell).resolve())
        self.model = folder / "network.safetensors"
        if not self.model.exists():
            sys.path.insert(0, str(HERE))
            import network

            network.store(self.model)

    def sample(self, count, out):
        words = [self.quell, "sample", "--model", self.model, "--sampler", "ddim", "--steps", self.given.steps, "--seed", 7,
                 "--threads", self.given.threads, "--count", count, "--out", out, "--quiet"]
        began = time.monotonic()
        subprocess.run([str(word) for word in words], check=True)
        return time.monotonic() - began

    def start(self, server, port):
        threads = str(self.given.threads)
        if server == "quell":
            words = [self.quell, "serve", "--model", f"net={self.model}", "--listen", f"127.0.0.1:{port}", "--threads",
                     threads, "--log", "none", "--most-clients", "2000"]
            return subprocess.Popen(words, stdout=subprocess.DEVNULL)
        # One at a time is fastest by a process for each processor, a batch by one process with all of them.
        batch = server == "batches"
        settings = {"PEER_STEPS": str(self.given.steps), "PEER_THREADS": threads if batch else "1",
                    "PEER_BATCH": str(self.given.batch if batch else 1), "PYTHONPATH": str(HERE)}
        words = [sys.executable, "-m", "uvicorn", "peer:app", "--port", str(port), "--log-level", "error", "--workers",
                 "1" if batch else threads, "--no-access-log"]
        return subprocess.Popen(words, env={**os.environ, **settings}, cwd=HERE)

    def path(self, server):
        if server == "quell":
            return f"/v1/models/net/samples?sampler=ddim&steps={self.given.steps}&seed=7&format=raw&first="
        return "/samples?first="


@contextlib.contextmanager
def running(place, server):
    port = free_port()
    process = place.start(server, port)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{place.path(server)}0").read()
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


class Compare(threading.Thread):
    """A client that asks for samples that are known, and compares."""

    def __init__(self, url, wanted):
        super().__init__()
        self.url, self.wanted, self.right, self.wrong, self.stop = url, wanted, 0, 0, threading.Event()

    def run(self):
        turn = 0
        while not self.stop.wait(0.05):
            i = turn % len(self.wanted)
            with urllib.request.urlopen(f"{self.url}{i}", timeout=120) as answer:
                same = answer.read() == self.wanted[i]
            self.right, self.wrong, turn = self.right + same, self.wrong + (not same), turn + 1


def wanted(place):
    path = place.folder / "wanted.npy"
    place.sample(COMPARED, path)
    data = path.read_bytes()[HEADER:]
    return [data[SIZE * i:SIZE * (i + 1)] for i in range(COMPARED)]


def measure(place, server, clients):
    script, seconds = place.folder / "ask.lua", place.given.seconds * LONGER.get(clients, 1)
    script.write_text(ASK.format(begin=1000000 * (1 + clients), path=place.path(server)))
    with running(place, server) as port:
        url = f"http://127.0.0.1:{port}"
        compare = Compare(url + place.path(server), wanted(place)) if server == "quell" else None
        if compare:
            compare.start()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "120s", "-s",
                               script, url], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if compare:
            compare.stop.set()
            compare.join()
    count, micro, p50, p99, errors = map(float, done.stdout.splitlines()[-1].split())
    found = {"rate": 1e6 * count / micro, "p50": p50 / 1e3, "p99": p99 / 1e3, "errors": errors,
             "client": (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / (micro / 1e6)}
    if compare:
        found |= {"same": compare.right, "wrong": compare.wrong}
    return found


def measure_command(place):
    """Samples a second of one long run; what it takes to begin is taken off."""
    out, few = place.folder / "many.npy", 32
    begin = place.sample(few, out)
    begin = min(begin, place.sample(few, out))
    more = int(place.given.seconds * few / begin)
    return {"rate": (more - few) / (place.sample(more, out) - begin)}


def report(rows, given):
    command = rows.get("command", {}).get("rate")
    print(f"{platform.machine()}, {given.threads} threads, {given.steps} steps")
    if command:
        print(f"quell sample: {command:.1f} samples/s\n")
    print("| server | clients | samples/s | of `quell sample` | p50, ms | p99, ms | wrong | errors |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for server, name in SERVERS.items():
        for clients in CLIENTS:
            row = rows.get(f"{server}-{clients}")
            if not row:
                continue
            share = f"{100 * row['rate'] / command:.0f}%" if command and server == "quell" else ""
            wrong = f"{row['wrong']} of {row['same'] + row['wrong']}" if "wrong" in row else ""
            print(f"| {name} | {clients} | {row['rate']:.1f} | {share} | {row['p50']:.1f} | {row['p99']:.1f} | {wrong} | "
                  f"{row['errors']:.0f} |")


def main():
    given = arguments()
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(given.folder or made).resolve()
        folder.mkdir(exist_ok=True)
        kept = folder / "rows.json"
        rows = json.loads(kept.read_text()) if kept.exists() else {}
        names = ["command", *(f"{server}-{clients}" for server in SERVERS for clients in CLIENTS)]
        place = Place(given, folder)
        for name in given.rows.split(",") if given.rows else names:
            server, _, clients = name.partition("-")
            rows[name] = measure_command(place) if name == "command" else measure(place, server, int(clients))
            kept.write_text(json.dumps(rows, indent=1))
        report(rows, given)


if __name__ == "__main__":
    main()
