# SPDX-License-Identifier: MIT
import os
import pathlib

from spack_repo.builtin.build_systems.meson import MesonPackage

from spack.package import *


class Quell(MesonPackage):
    """Draws samples from diffusion models on CPUs: a C library, with C++ headers and Fortran
    modules, and a command. The same seed gives the same bits on any machine."""

    # The repository that this recipe lies in.
    git = pathlib.Path(__file__).resolve().parents[6].as_uri()

    license("MIT")

    version("main", branch="main")

    variant("mpi", default=False, description="the library quell_mpi and the program quell-mpi")
    variant(
        "default_library",
        default="shared,static",
        values=("shared", "static"),
        multi=True,
        description="Install shared libs, static libs or both",
    )

    depends_on("c", type="build")
    depends_on("meson@1.0:", type="build")
    depends_on("libpng")
    depends_on("mpi", when="+mpi")
    # Loaded, by the path that linking leaves, when a covariance needs it. OpenMP's threads are the
    # host's own, whose number is as it was after every call.
    depends_on("openblas threads=openmp")
    # Others lack the functions whose bits do not depend on the machine.
    depends_on("sleef@3.5.1:3.6")

    test_requires_compiler = True

    def meson_args(self):
        mpi = "enabled" if self.spec.satisfies("+mpi") else "disabled"
        without = ["-Dtests=false", "-Dbenchmarks=false", "-Ddocs=disabled", "-Donnx=disabled",
                   "-Dserve=disabled"]
        return [*without, f"-Dmpi={mpi}"]

    @run_after("install")
    def remove_unwanted(self):
        # The build makes both kinds: the command has the static library in it.
        for kind, pattern in (("shared", "lib*.so*"), ("static", "lib*.a")):
            if not self.spec.satisfies(f"default_library={kind}"):
                for path in pathlib.Path(self.prefix.lib).glob(pattern):
                    path.unlink()

    @run_after("install")
    def keep_examples(self):
        cache_extra_test_sources(self, ["examples"])

    def run_example(self, compiler, source, *libraries):
        """what a program of examples/ prints, built against the installed library"""
        folder = self.test_suite.current_test_cache_dir.examples
        name = pathlib.Path(source).stem
        Executable(compiler)(
            os.path.join(folder, source),
            "-o",
            name,
            f"-I{self.prefix.include}",
            f"-L{self.prefix.lib}",
            f"-Wl,-rpath,{self.prefix.lib}",
            *libraries,
        )
        return Executable(f"./{name}")(output=str.split, error=str.split)

    def test_library(self):
        """a program in C prints what it prints on any machine"""
        libraries = ["-lquell", "-lm"]
        if not self.spec.satisfies("default_library=shared"):
            for folder in (self.spec["sleef"].prefix.lib, self.spec["sleef"].prefix.lib64):
                libraries += [f"-L{folder}", f"-Wl,-rpath,{folder}"]
            libraries += ["-lsleef", "-fopenmp"]
        printed = self.run_example(os.environ["CC"], "c/first.c", *libraries)
        folder = pathlib.Path(self.test_suite.current_test_cache_dir.examples)
        assert (folder / "first.txt").read_text(encoding="utf-8") in printed

    def test_mpi_library(self):
        """a program over MPI writes the samples"""
        if not self.spec.satisfies("+mpi default_library=shared"):
            raise SkipTest("the program is linked with the shared library over MPI")
        self.run_example(self.spec["mpi"].mpicc, "mpi/ensemble.c", "-lquell_mpi", "-lquell", "-lm")
        assert os.path.getsize("ensemble.npy") > 0

    def test_command(self):
        """two halves, joined, are the whole"""
        quell = Executable(self.prefix.bin.quell)
        draw = ["sample", "--model", "builtin:grid25", "--steps", "20", "--quiet", "--out"]
        quell(*draw, "whole.npy", "--count", "1000")
        quell(*draw, "one.npy", "--count", "500")
        quell(*draw, "two.npy", "--first", "500", "--count", "500")
        quell("join", "one.npy", "two.npy", "--out", "joined.npy")
        with open("whole.npy", "rb") as whole, open("joined.npy", "rb") as joined:
            assert whole.read() == joined.read()
