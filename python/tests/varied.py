# SPDX-License-Identifier: MIT
"""Networks whose weights all matter: some of those that packages make begin as zeros."""

import torch


def varied(net):
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    return net.eval()
