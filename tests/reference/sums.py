# SPDX-License-Identifier: MIT
"""Measures the order of sums that docs/programs.md defines against PyTorch's float32 and against one chain.

    python sums.py     prints the table's rows; needs torch, gcc and a machine with FMA
"""
import ctypes
import pathlib
import subprocess
import tempfile

import numpy as np
import torch

SOURCE = """
#include <math.h>
#include <stddef.h>
void product(const float *a, const float *w, const float *bias, float *y, size_t m, size_t n, size_t k,
             size_t block)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float total = block ? 0 : bias[j];
            for (size_t p = 0; p < k && !block; p++) total = fmaf(a[i * k + p], w[j * k + p], total);
            for (size_t from = 0; from < k && block; from += block) {
                float sum = 0;
                for (size_t p = from; p < k && p < from + block; p++)
                    sum = fmaf(a[i * k + p], w[j * k + p], sum);
                total += sum;
            }
            y[i * n + j] = block ? total + bias[j] : total;
        }
}
"""
KINDS = {
    "normal": lambda a, w: (a, w, torch.randn(len(w))),
    "positive": lambda a, w: (a.abs(), w.abs(), torch.randn(len(w))),
    "bias": lambda a, w: (a, w * 1e-3, torch.ones(len(w))),
}


def compiled():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "sums.c").write_text(SOURCE)
    subprocess.run(["gcc", "-O2", "-mfma", "-shared", "-fPIC", "-o", folder / "sums.so", folder / "sums.c", "-lm"],
                   check=True)
    return ctypes.CDLL(str(folder / "sums.so"))


def block_of(k):
    block = 128
    while block * block < 4 * k:
        block *= 2
    return block


def product(library, a, w, bias, block):
    y = np.empty((len(a), len(w)), np.float32)
    pointers = [t.contiguous().numpy().ctypes.data_as(ctypes.c_void_p) for t in (a, w, bias)]
    library.product(*pointers, y.ctypes.data_as(ctypes.c_void_p),
                    *(ctypes.c_size_t(n) for n in (len(a), len(w), a.shape[1], block)))
    return torch.from_numpy(y)


def main():
    library = compiled()
    torch.manual_seed(0)
    for k in (16, 128, 512, 1024, 2304, 4096, 9216, 16384):
        row = [str(k)]
        for kind in KINDS.values():
            a, w, bias = kind(torch.randn(256, k), torch.randn(256, k) / k**0.5)
            right = a.double() @ w.double().T + bias.double()
            for y in (product(library, a, w, bias, block_of(k)), torch.nn.functional.linear(a, w, bias),
                      product(library, a, w, bias, 0)):
                error = (y.double() - right).square().mean().sqrt() / right.abs().max()
                row.append(f"{error:.1e}")
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
