# SPDX-License-Identifier: MIT
"""A running `quell serve`, and what its checks share. The first argument of each is the command."""
import array
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

QUELL = str(pathlib.Path(sys.argv[1]).resolve())
NAME = pathlib.Path(sys.argv[0]).name
MODELS = ("builtin:glyphs", "builtin:rings", "builtin:showers")
# A server under a sanitizer (scripts/test sets its options) takes ten times as long: all waits are longer then, and so is what it lets
# requests take, where a check does not say that itself.
SANITIZED = any(f"{name}_OPTIONS" in os.environ for name in ("ASAN", "TSAN"))
PATIENCE = 10 if SANITIZED else 1
# The environment of a server whose memory is judged: AddressSanitizer keeps 256 MB of what is freed. ThreadSanitizer has several bytes
# of its own for each one, and its memory says nothing.
FORGETFUL = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
MEMORY_SAYS = "TSAN_OPTIONS" not in os.environ


def fail(what):
    sys.exit(f"{NAME}: {what}")


def expect(what, seen, wanted):
    if seen != wanted:
        fail(f"{what}: {seen!r}, must be {wanted!r}")


class Server:
    """A running server. get() returns (status, headers, body) of an address."""

    def __init__(self, *options, models=MODELS, environment=None, port=0):
        slow = [word for name in ("--seconds", "--drain") if SANITIZED and name not in options for word in (name, "600")]
        words = [QUELL, "serve", *(f"--model={model}" for model in models), "--listen", f"127.0.0.1:{port}",
                 "--threads", "2", *slow, *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=environment)
        address = self.process.stdout.readline().strip()
        if not address.startswith("http://127.0.0.1:"):
            fail(f"no address: {address} {self.process.stderr.read()}")
        self.port = int(address.rpartition(":")[2])

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE * timeout)

    def get(self, path, method="GET", headers=None, body=None):
        connection = self.connect()
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    def post(self, path, type_, body, headers=None):
        return self.get(path, "POST", {"Content-Type": type_, **(headers or {})}, body)

    def send(self, raw, most=1 << 20):
        """The bytes that come back for some bytes, until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10 * PATIENCE) as client:
            client.sendall(raw)
            answer = b""
            while len(answer) < most and (part := client.recv(65536)):
                answer += part
            return answer

    def status(self, target, *lines):
        """The status of a request whose target and lines are written as they are."""
        lines = "".join(f"{line}\r\n" for line in ("Host: x", "Connection: close", *lines))
        answer = self.send(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
        return int(answer.split()[1]) if answer else 0

    def metric(self, name):
        text = self.get("/metrics")[2].decode()
        found = re.search(rf"^quell_{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    def kill(self):
        """As the kernel does where memory ends: no line of the server's runs any more. Returns what it has said."""
        self.process.kill()
        return self.process.communicate()[1]

    def stop(self, code=0):
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=60 * PATIENCE)[1]
        if self.process.returncode != code:
            fail(f"the exit code: {self.process.returncode}, must be {code}: {said[-3000:]}")
        return said


@contextlib.contextmanager
def serving(*options, **more):
    """If a check fails because its server has ended, what that said is printed: a sanitizer's report above all."""
    server = Server(*options, **more)
    try:
        yield server
    except BaseException:
        if server.process.returncode is None:
            time.sleep(0.5)  # it may be about to write
            code = server.process.poll()
            said = server.kill()
            if code:
                print(f"{NAME}: the server ended with {code}: {said[-8000:]}", file=sys.stderr)
        raise
    finally:
        server.kill()


def drawn(model, options, out="out", files=None):
    """What the command writes for the same options, as the bytes of its file. model: a built-in one, or a path. A value of "yes" is
    that of a flag.
    files: names of files and what is in them."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "out.png" if out == "plot" else "out.npy")
        for name, content in (files or {}).items():
            pathlib.Path(folder, name).write_bytes(content)
        words = [f"--{name}" if value == "yes" else f"--{name}={value}" for name, value in options]
        file = model if isinstance(model, pathlib.Path) else f"builtin:{model}"
        subprocess.run([QUELL, "sample", "--model", file, f"--{out}", path, "--quiet", *words],
                       check=True, cwd=folder)
        return path.read_bytes()


def address(model, options, **more):
    return f"/v1/models/{model}/samples?" + urllib.parse.urlencode([*options, *more.items()])


def wait_for(what, is_so, seconds=30):
    end = time.monotonic() + PATIENCE * seconds
    while not is_so():
        if time.monotonic() > end:
            fail(f"not in {seconds} s: {what}")
        time.sleep(0.02)


def npy(shape, values, kind="f"):
    """An .npy file: kind f is float32, d float64, i int32, q int64, Q uint64."""
    kinds = {"f": "<f4", "d": "<f8", "i": "<i4", "q": "<i8", "Q": "<u8"}
    text = f"{{'descr': '{kinds[kind]}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + array.array(kind, values).tobytes()


def multipart(parts, boundary="sheet"):
    """The type and the bytes of a form. parts: names and texts or bytes."""
    body = b""
    for name, value in parts:
        value = value if isinstance(value, bytes) else str(value).encode()
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def write_model(path, programs, **more):
    """A network of these programs, without weights."""
    description = {"kind": "network", "version": 1, "output": "x0", "programs": programs, **more}
    header = json.dumps({"__metadata__": {"quell": json.dumps(description)}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def write_decoded(path):
    """A model whose samples of 2 elements are decoded to 64 x 64 images."""
    expand = [{"move": ["x"], "form": "reshape", "shape": [2, 1]}, {"move": [0], "form": "expand", "shape": [2, 2048]},
              {"move": [1], "form": "reshape", "shape": [64, 64]}, {"map": [2], "function": "tanh"}]
    write_model(path, {
        "denoise": {"inputs": {"x": [2]}, "instructions": [{"map": ["x", [0.5]], "function": "mul"}], "output": 0},
        "decode": {"inputs": {"x": [2]}, "instructions": expand, "output": 3}}, shape=[2], image=True)


def number(value):
    """As the server writes a float: nine digits, and a point or an exponent."""
    text = re.sub(r"e\+?(-?)0*", r"e\1", f"{value:.9g}")
    return text if "." in text or "e" in text else text + ".0"


def nested(shape, values):
    """Lists within lists, as JSON without white space; the values are an iterator."""
    if not shape:
        return number(next(values))
    return "[" + ",".join(nested(shape[1:], values) for _ in range(shape[0])) + "]"


def as_json(shape, floats):
    """The answer for samples, of which there are shape[0], whose floats are these bytes."""
    return ('{"samples":' + nested(shape, iter(array.array("f", floats))) + "}\n").encode()
