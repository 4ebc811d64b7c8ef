# SPDX-License-Identifier: MIT
"""Each of PyTorch's operations that a program has instructions for, as a program and by PyTorch in
float64, on other inputs than were traced."""

import math

import torch
import torch.nn.functional as F
from beside import check_each
from torch import nn


def _f(function):
    return lambda module, *inputs: function(*inputs)


def test_moves():
    check_each(
        [
            _f(f)
            for f in (
                lambda x: x.reshape(x.shape[0], -1),
                lambda x: x.flatten(1, 2),
                lambda x: x.unflatten(1, (2, 2)),
                lambda x: x.transpose(1, 3),
                lambda x: x.permute(0, 3, 1, 2),
                lambda x: x.mT,
                lambda x: x[:, 1:3],
                lambda x: x[..., ::2],
                lambda x: x[..., -1],
                lambda x: x[:, None, 2],
                lambda x: x.narrow(2, 1, 3),
                lambda x: x.flip(1, 3),
                lambda x: x.roll(1, 2),
                lambda x: x.roll((1, -2), (1, 3)),
                lambda x: x.repeat(1, 2, 1, 3),
                lambda x: x.repeat_interleave(3, 1),
                lambda x: x.tile(2),
                lambda x: x[:, :, None].expand(-1, -1, 3, -1, -1),
                lambda x: torch.cat([x, x[:, :1]], 1),
                lambda x: torch.stack([x, -x], 2),
                lambda x: torch.cat(x.chunk(2, 1)[::-1], 1),
                lambda x: torch.cat(x.split([1, 3], 1)[::-1], 1),
                lambda x: torch.stack(x.unbind(2)[::-1], 1),
                lambda x: F.pixel_shuffle(x, 2),
                lambda x: F.pixel_unshuffle(x, 3),
                lambda x: F.channel_shuffle(x, 2),
                lambda x: torch.rot90(x, 1, (2, 3)),
                lambda x: x.movedim(1, -1),
                lambda x: torch.zeros_like(x) + x,
                lambda x: x.new_full((2, 3), 0.5).sum() + x,
                lambda x: torch.full_like(x, 2.0) * x,
                lambda x: torch.broadcast_to(x.mean(1, keepdim=True), x.shape),
                _interleaved,
                _written,
                lambda x: torch.view_as_real(
                    torch.view_as_complex(x.reshape(x.shape[0], 4, 6, 3, 2).contiguous())
                    * torch.polar(torch.ones(3), torch.arange(3.0))
                ),
                lambda x: x.unfold(2, 2, 2).unfold(3, 3, 3),
                lambda x: x.unfold(-1, 4, 1),
                lambda x: x.reshape(-1, 6, 6).transpose(1, 2).reshape(x.shape[0], -1),
            )
        ],
        torch.randn(2, 4, 6, 6),
    )


def _interleaved(x):
    made = torch.empty_like(x)
    made[..., ::2] = x[..., 1::2]
    made[..., 1::2] = -x[..., ::2]
    return made


def _written(x):
    made = x.clone()
    made[:, 1] = 2.0
    made[:, 2:, 3] = x[:, :2, 0]
    made[:, :, [0, 2]] = 0.5
    return made


def test_products():
    q, mask = torch.randn(3, 5, 8), torch.rand(5, 5) < 0.6
    check_each(
        [
            lambda m, x: m.linear(x),
            lambda m, x: F.linear(x, m.weight),
            lambda m, x: x @ m.weight.T,
            lambda m, x: x @ x.mT,
            lambda m, x: torch.bmm(x[:, 0], x[:, 1].mT),
            lambda m, x: torch.baddbmm(x[:, 0] @ x[:, 0].mT, x[:, 0], x[:, 1].mT, beta=0.5),
            lambda m, x: torch.addmm(m.bias, x[:, 0, 0], m.weight.T),
            lambda m, x: x @ m.bias[:8],
            lambda m, x: torch.einsum("bhid,bhjd->bhij", x, x),
            lambda m, x: torch.einsum("b h i d, b h j d -> b i h j", x, x),
            lambda m, x: torch.einsum("bhid,od->bhio", x, m.weight),
            lambda m, x: torch.einsum("bhid,hid->bi", x, m.q),
            lambda m, x: torch.einsum("bhid,bhid->bhi", x, x),
            lambda m, x: torch.einsum("...d,...d->...", x, x),
            lambda m, x: torch.einsum("b...d,od->b...o", x, m.weight),
            lambda m, x: torch.einsum("bhid->bdi", x),
            lambda m, x: torch.einsum("bhid,bhjd->bhij", x[..., :1], x),
            lambda m, x: torch.einsum("bi,bj->bij", x[:, 0, 0], x[:, 0, 1]),
            lambda m, x: torch.einsum("bid,bjd,bje->bie", x[:, 0], x[:, 1], x[:, 2]),
            lambda m, x: F.scaled_dot_product_attention(x, x, x),
            lambda m, x: F.scaled_dot_product_attention(x, x.sin(), x.cos(), scale=0.3),
            lambda m, x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
            lambda m, x: F.scaled_dot_product_attention(x, x, x, attn_mask=m.mask | m.eye),
            lambda m, x: F.scaled_dot_product_attention(x, x, x, attn_mask=m.near),
            lambda m, x: F.scaled_dot_product_attention(x, x, x, attn_mask=m.far),
            lambda m, x: F.scaled_dot_product_attention(x, x[:, :1], x[:, :1], enable_gqa=True),
            lambda m, x: F.scaled_dot_product_attention(
                x, x, x, attn_mask=(x[:, :, :, 0] > -1)[:, :, None]
            ),
            lambda m, x: (
                torch.softmax((0.3 * (x @ x.mT)).masked_fill(~m.mask & ~m.eye, -math.inf), -1) @ x
            ),
            lambda m, x: m.heads(x[:, 0], x[:, 0], x[:, 1])[0],
            lambda m, x: torch.softmax(x @ x.mT + m.far, -1) @ x,
            lambda m, x: m.pairs(x, x.flip(-1)),
            lambda m, x: m.pairs(x, x[..., :1].expand_as(x)),
        ],
        torch.randn(2, 3, 5, 8),
        linear=nn.Linear(8, 7),
        weight=torch.randn(8, 8),
        bias=torch.randn(8),
        q=q,
        mask=mask,
        eye=torch.eye(5, dtype=torch.bool),
        near=torch.randn(5, 5),
        far=torch.zeros(5, 5).masked_fill(torch.ones(5, 5).triu(1).bool(), -math.inf),
        heads=nn.MultiheadAttention(8, 2, batch_first=True),
        pairs=nn.Bilinear(8, 8, 3),
    )


def test_convolutions():
    parts = {
        "plain": nn.Conv2d(4, 6, 3),
        "same": nn.Conv2d(4, 6, (4, 2), padding="same"),
        "strided": nn.Conv2d(4, 6, 3, stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        "depthwise": nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False),
        "grouped": nn.Conv2d(4, 6, 3, padding=1, groups=2),
        "circular": nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        "reflect": nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
        "line": nn.Conv1d(4, 3, 5, padding=2),
        "cube": nn.Conv3d(2, 3, 3, padding=1),
        "up": nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1),
        "more": nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, dilation=2),
        "up_grouped": nn.ConvTranspose2d(4, 8, (2, 3), stride=(2, 3), groups=2, bias=False),
        "up_line": nn.ConvTranspose1d(4, 3, 4, stride=2, padding=1),
        "up_cube": nn.ConvTranspose3d(2, 3, 2, stride=2),
        "normed": nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)),
        "parametrized": nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 3)),
    }
    parts["normed"][1].running_mean.normal_()
    parts["normed"][1].running_var.uniform_(0.5, 2)
    two = "plain same strided depthwise grouped circular reflect up more up_grouped normed"
    functions = [lambda m, x, n=name: getattr(m, n)(x) for name in two.split() + ["parametrized"]]
    functions += [
        lambda m, x: m.line(x.flatten(2)),
        lambda m, x: m.up_line(x.flatten(2)),
        lambda m, x: m.cube(x.unflatten(1, (2, 2))),
        lambda m, x: m.up_cube(x.unflatten(1, (2, 2))),
        lambda m, x: F.fold(F.unfold(x, 2, stride=2), (6, 4), 2, stride=2),
        lambda m, x: F.fold(F.unfold(x, 3, padding=1), (6, 5), 3, padding=1),
        lambda m, x: F.fold(
            F.unfold(x, (2, 3), dilation=(2, 1), stride=(3, 2), padding=(1, 2)),
            (6, 5), (2, 3), dilation=(2, 1), stride=(3, 2), padding=(1, 2),
        ),
        # Frames within the batch.
        lambda m, x: m.plain(x.repeat_interleave(3, 0)).reshape(x.shape[0], -1),
        lambda m, x: m.line(x.permute(0, 2, 1, 3).flatten(0, 1)).reshape(x.shape[0], -1),
        lambda m, x: m.up(torch.stack([x, -x], 1).flatten(0, 1)).reshape(x.shape[0], -1),
        lambda m, x: m.cube(torch.stack([x, -x], 1).reshape(-1, 2, 2, 6, 5)).reshape(
            x.shape[0], -1
        ),
    ]
    check_each(functions, torch.randn(2, 4, 6, 5), **parts)


def test_norms():
    parts = {
        "group": nn.GroupNorm(2, 6),
        "bare_group": nn.GroupNorm(3, 6, affine=False),
        "layer": nn.LayerNorm(5),
        "wide": nn.LayerNorm((4, 5)),
        "bare": nn.LayerNorm(5, elementwise_affine=False, eps=1e-3),
        "rms": nn.RMSNorm(5),
        "instance": nn.InstanceNorm2d(6, affine=True),
        "batch": nn.BatchNorm2d(6),
    }
    for part in parts.values():
        for weight in part.parameters():
            nn.init.normal_(weight)
    names = "group bare_group layer wide bare rms instance batch".split()
    functions = [lambda m, x, n=name: getattr(m, n)(x) for name in names]
    functions += [
        lambda m, x: m.group(torch.stack([x, x.sin()], 1).flatten(0, 1)).reshape(x.shape[0], -1),
        lambda m, x: F.normalize(x, dim=1),
        lambda m, x: F.layer_norm(x, (5,), x[0, 0, 0] * 0 + 2),
        lambda m, x: F.cosine_similarity(x, x.cos(), dim=1),
        lambda m, x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
        lambda m, x: (
            (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, unbiased=False) + 1e-5).sqrt()
        ),
        lambda m, x: x / (x.std(1, keepdim=True) + 1e-5),
    ]
    check_each(functions, torch.randn(2, 6, 4, 5) + 0.5, **parts)


def test_reductions():
    check_each(
        [
            _f(f)
            for f in (
                lambda x: x.sum((1, 2)),
                lambda x: x.sum(-1, keepdim=True),
                lambda x: x.mean((2, 3)),
                lambda x: x.mean(1),
                lambda x: x.amax(1),
                lambda x: x.amin((1, 3), keepdim=True),
                lambda x: x.max(1)[0],
                lambda x: x + x.max(-1)[1][..., None],
                lambda x: x.min(1, keepdim=True)[1],
                lambda x: x.min(1, keepdim=True).values,
                lambda x: x.var(1),
                lambda x: x.var((1, 2), unbiased=False),
                lambda x: x.std(-1, keepdim=True),
                lambda x: torch.var_mean(x, 1)[0],
                lambda x: torch.var_mean(x, 1, correction=0)[1],
                lambda x: x.norm(dim=1),
                lambda x: torch.linalg.vector_norm(x, dim=(1, 2)),
                lambda x: torch.linalg.vector_norm(x, 1, dim=1),
                lambda x: torch.linalg.vector_norm(x, math.inf, dim=1),
                lambda x: x.argmax(1),
                lambda x: x.argmin(-1, keepdim=True),
                lambda x: torch.std_mean(x, 1)[0],
            )
        ],
        torch.randn(2, 3, 4, 5),
    )


def test_resolutions():
    functions = [
        lambda x: F.interpolate(x, scale_factor=2),
        lambda x: F.interpolate(x, size=(12, 4), mode="nearest"),
        lambda x: F.interpolate(x, size=(9, 7), mode="nearest"),
        lambda x: F.interpolate(x, scale_factor=2, mode="nearest-exact"),
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        lambda x: F.interpolate(x, size=(5, 9), mode="bilinear"),
        lambda x: F.interpolate(x, size=(5, 9), mode="bilinear", align_corners=True),
        lambda x: F.interpolate(x[:, :, 0], scale_factor=2, mode="linear"),
        lambda x: F.interpolate(x[:, :, None], scale_factor=2, mode="trilinear"),
        lambda x: F.avg_pool2d(x, 2),
        lambda x: F.avg_pool2d(x, 3, stride=1, padding=1),
        lambda x: F.avg_pool1d(x[:, :, 0], 2),
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 3, stride=2, padding=1),
        lambda x: F.adaptive_avg_pool2d(x, 2),
        lambda x: F.adaptive_avg_pool2d(x, 1),
        lambda x: F.pad(x, (0, 1, 2, 0)),
        lambda x: F.pad(x, (1, 2), value=0.7),
        lambda x: F.pad(x, (1, -1, -1, 2)),
        lambda x: F.pad(x, (1, 2, 3, 1), mode="circular"),
        lambda x: F.pad(x, (1, 2, 3, 1), mode="reflect"),
        lambda x: F.pad(x, (1, 2, 3, 1), mode="replicate"),
        lambda x: nn.ReflectionPad1d(2)(x[:, :, 0]),
        lambda x: F.unfold(x, 2, stride=2),
    ]
    check_each([_f(f) for f in functions], torch.randn(2, 3, 6, 4))


def test_gathers():
    check_each(
        [
            lambda m, x, k: m.table(k),
            lambda m, x, k: m.rows[k],
            lambda m, x, k: m.rows.index_select(0, k),
            lambda m, x, k: F.one_hot(k, 7),
            lambda m, x, k: torch.where(k[:, None] == 3, m.rows[0], m.rows[k]),
            lambda m, x, k: x[:, [2, 0, 1]],
            lambda m, x, k: x[:, :, [1, 3]],
            lambda m, x, k: x[:, :, m.order],
            lambda m, x, k: x[:, m.order[:, 0], m.order[:, 1]],
            lambda m, x, k: x.index_select(1, m.order[0]),
            lambda m, x, k: torch.gather(x, 2, m.order[None, :2].expand(x.shape[0], 2, 2) % 4),
            lambda m, x, k: m.rows[:, 0].gather(-1, k),
            lambda m, x, k: m.rows.T[:1].expand(len(k), -1).gather(1, k[:, None]),
            lambda m, x, k: x[:, 0].gather(1, k[:, None] % 5),
        ],
        torch.randn(2, 4, 5),
        torch.tensor([1, 6]),
        table=nn.Embedding(7, 3),
        rows=torch.randn(7, 4),
        order=torch.tensor([[2, 0], [1, 3], [0, 0]]),
    )
