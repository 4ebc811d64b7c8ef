# SPDX-License-Identifier: MIT
"""Debians that hold the base system alone, as root folders: for scripts/newcomer and scripts/wheel.

The base systems and Debian's packages stay in build-newcomer/. Needs root and debootstrap, which
`scripts/setup newcomer` installs.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = SOURCE / "build-newcomer"
FOLDER = "/home/newcomer"
NETWORK = ["PIP_CERT", "PIP_INDEX_URL", "http_proxy", "https_proxy", "no_proxy"]


def be_alone(script, words):
    """Starts the script anew where its mounts end with it."""
    if os.environ.get("QUELL_NEWCOMER") != "alone":
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, script, *words],
                   {**os.environ, "QUELL_NEWCOMER": "alone"})
    WORK.mkdir(exist_ok=True)


def must(*words, **more):
    subprocess.run([str(word) for word in words], check=True, **more)


@contextlib.contextmanager
def machine(suite, name, lower):
    """A root folder: what is written here, over the folders below it, the lowest last."""
    root, layers = WORK / f"{suite}-{name}", WORK / f"{suite}-{name}.layers"
    shutil.rmtree(layers, ignore_errors=True)
    for folder in (root, layers / "upper", layers / "work"):
        folder.mkdir(parents=True, exist_ok=True)
    must("mount", "-t", "overlay", "overlay", root, "-o",
         f"lowerdir={':'.join(map(str, lower))},upperdir={layers / 'upper'},workdir={layers / 'work'}")
    must("mount", "-t", "proc", "proc", root / "proc")
    must("mount", "--rbind", "/dev", root / "dev")
    must("mount", "-t", "tmpfs", "tmpfs", root / "dev/shm")
    must("mount", "--rbind", "/sys", root / "sys")
    archives = WORK / f"{suite}-archives"
    archives.mkdir(exist_ok=True)
    must("mount", "--bind", archives, root / "var/cache/apt/archives")
    take_network(root)
    try:
        yield root
    finally:
        must("umount", "--recursive", "--lazy", root)


def take_network(root):
    """How this machine reaches Debian's packages and PyPI, which may be through a proxy."""
    files = [pathlib.Path("/etc/resolv.conf"), *pathlib.Path("/etc/apt/apt.conf.d").glob("*proxy*")]
    if "PIP_CERT" in os.environ:
        files.append(pathlib.Path(os.environ["PIP_CERT"]))
    for file in filter(pathlib.Path.exists, files):
        to = root / file.relative_to("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.unlink(missing_ok=True)
        shutil.copyfile(file, to)


def run(root, user, script, folder):
    """Runs lines of bash; what they export is there for the next ones in that folder."""
    home = FOLDER if user == "newcomer" else "/root"
    exported = f"{folder}/.exported"
    lines = (f"cd '{folder}'\n[[ ! -e {exported} ]] || . {exported}\n"
             f"trap 'status=$?; export -p >{exported}; exit $status' EXIT\n{script}\n")
    words = ["chroot", f"--userspec={user}", root, "env", "-i", f"HOME={home}", f"USER={user}",
             "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             *(f"{name}={os.environ[name]}" for name in NETWORK if name in os.environ), "bash", "-euo", "pipefail", "-c", lines]
    return subprocess.run([str(word) for word in words], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=3600, check=False)


def base(suite):
    """The base system and an account, made once."""
    folder, part = WORK / f"{suite}-base", WORK / f"{suite}-base.part"
    if not folder.exists():
        shutil.rmtree(part, ignore_errors=True)
        must("debootstrap", "--variant=minbase", "--include=ca-certificates", suite, part,
             stdout=subprocess.DEVNULL)
        must("chroot", part, "useradd", "-m", "-s", "/bin/bash", "newcomer")
        part.rename(folder)
    return folder


def put_clone(root, to):
    packed = subprocess.run([SOURCE / "scripts/sources"], check=True, capture_output=True)
    (root / to).mkdir(parents=True)
    must("tar", "-C", root / to, "-x", "--no-same-owner", input=packed.stdout)
