# SPDX-License-Identifier: MIT
"""Networks of images and volumes that cut, pad, fold and resample by hand."""

import torch
import torch.nn.functional as F
from einops import rearrange
from strangers import BATCH, case, img, sinus, t
from torch import nn


@case
def coordinate_and_channel_attention():
    """ECA, coordinate attention and CBAM on depthwise-separable inverted residuals."""

    class ECA(nn.Module):
        def __init__(self, k=3):
            super().__init__()
            self.pool, self.conv = (
                nn.AdaptiveAvgPool2d(1),
                nn.Conv1d(1, 1, k, padding=k // 2, bias=False),
            )

        def forward(self, x):
            y = (
                self.conv(self.pool(x).squeeze(-1).transpose(-1, -2))
                .transpose(-1, -2)
                .unsqueeze(-1)
            )
            return x * y.sigmoid().expand_as(x)

    class Coord(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.ph, self.pw = nn.AdaptiveAvgPool2d((None, 1)), nn.AdaptiveAvgPool2d((1, None))
            self.mid, self.act = nn.Conv2d(c, 8, 1), nn.Hardswish()
            self.h, self.w, self.bn = nn.Conv2d(8, c, 1), nn.Conv2d(8, c, 1), nn.BatchNorm2d(8)

        def forward(self, x):
            _, _, h, w = x.size()
            y = torch.cat([self.ph(x), self.pw(x).permute(0, 1, 3, 2)], dim=2)
            a, b = torch.split(self.act(self.bn(self.mid(y))), [h, w], dim=2)
            return x * self.w(b.permute(0, 1, 3, 2)).sigmoid() * self.h(a).sigmoid()

    class Net(nn.Module):
        def __init__(self, c=16):
            super().__init__()
            self.i, self.o = nn.Conv2d(3, c, 3, padding=1), nn.Conv2d(c, 3, 3, padding=1)
            self.dw = nn.Sequential(
                nn.Conv2d(c, c, 5, padding=2, groups=c, bias=False),
                nn.BatchNorm2d(c),
                nn.ReLU6(inplace=True),
                nn.Conv2d(c, c, 1),
            )
            self.eca, self.coord = ECA(), Coord(c)
            self.sp = nn.Conv2d(2, 1, 7, padding=3, bias=False)

        def forward(self, x, t):
            h = self.eca(self.dw(self.i(x) + t.reshape(-1, 1, 1, 1)))
            h = self.coord(h)
            m = torch.cat((h.max(dim=1, keepdim=True)[0], h.mean(dim=1, keepdim=True)), 1)
            return self.o(h * torch.sigmoid(self.sp(m)))

    net = Net()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_()
            m.running_var.uniform_(0.5, 2)
    return net, (torch.randn(BATCH, 3, 9, 7), t()), {}


@case
def valid_unet_with_crops():
    """The first U-Net: convolutions without padding, skips cut from the middle."""

    def crop(big, small):
        dy, dx = (big.size(2) - small.size(2)) // 2, (big.size(3) - small.size(3)) // 2
        return big[:, :, dy : dy + small.size(2), dx : dx + small.size(3)]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            blk = lambda i, o: nn.Sequential(
                nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU()
            )
            self.d1, self.d2, self.u1 = blk(2, 6), blk(6, 12), blk(12, 6)
            self.up, self.o = nn.ConvTranspose2d(12, 6, 2, stride=2), nn.Conv2d(6, 1, 1)

        def forward(self, x, t):
            h = torch.cat([x, t[:, None, None, None] * torch.ones_like(x)], 1)
            h = F.pad(h, [10] * 4, mode="reflect")
            a = self.d1(h)
            b = self.d2(F.max_pool2d(a, 2))
            u = self.up(b)
            u = self.u1(torch.cat([crop(a, u), u], 1))
            return crop(self.o(u), x)

    return Net(), (torch.randn(BATCH, 1, 12, 12), t()), {}


@case
def odd_length_unet1d():
    """A length of 27: skips are padded to match."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.d = nn.ModuleList(
                [nn.Conv1d(2, 8, 4, 2, 1), nn.Conv1d(8, 16, 4, 2, 1), nn.Conv1d(16, 16, 4, 2, 1)]
            )
            self.u = nn.ModuleList(
                [
                    nn.ConvTranspose1d(16, 16, 4, 2, 1),
                    nn.ConvTranspose1d(32, 8, 4, 2, 1),
                    nn.ConvTranspose1d(16, 4, 4, 2, 1),
                ]
            )
            self.o, self.t = (
                nn.Conv1d(6, 2, 5, padding=2, padding_mode="replicate"),
                nn.Linear(16, 16),
            )

        def forward(self, x, t):
            skips, h = [x], x
            for d in self.d:
                h = F.leaky_relu(d(h), 0.1)
                skips.append(h)
            skips.pop()
            h = h + self.t(sinus(t, 16))[:, :, None]
            for u in self.u:
                h = F.silu(u(h))
                s = skips.pop()
                h = F.pad(h, (0, s.shape[-1] - h.shape[-1]))
                h = torch.cat([h, s], dim=1)
            return self.o(h)

    return Net(), (torch.randn(BATCH, 2, 27), t()), {}


@case
def transposed_groups_3d():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.d = nn.Conv3d(2, 12, (3, 3, 2), stride=(2, 2, 1), padding=(1, 1, 0), groups=2)
            self.n = nn.BatchNorm3d(12)
            self.u = nn.ConvTranspose3d(
                12,
                6,
                (3, 4, 2),
                stride=(2, 2, 1),
                padding=(1, 1, 0),
                output_padding=(1, 0, 0),
                groups=3,
            )
            self.v = nn.ConvTranspose1d(6, 6, 3, padding=2, dilation=2, groups=6)
            self.o = nn.Conv3d(6, 2, 1)
            self.p = nn.AdaptiveAvgPool3d((None, 1, 1))

        def forward(self, x, t):
            h = self.u(F.gelu(self.n(self.d(x))) + t[:, None, None, None, None])
            g = self.v(self.p(h).flatten(2))
            return self.o(h * torch.sigmoid(g)[..., None, None])

    return Net().eval(), (torch.randn(BATCH, 2, 4, 6, 5), t()), {}


@case
def video_2plus1d_attention():
    """Space and time apart, heads along frames, in a batch that is folded and unfolded."""

    class Net(nn.Module):
        def __init__(self, c=8):
            super().__init__()
            self.i, self.o = nn.Conv3d(3, c, 1), nn.Conv3d(c, 3, 1)
            self.sp, self.tp = nn.Conv2d(c, c, 3, padding=1), nn.Conv1d(c, c, 3, padding=1)
            self.n = nn.LayerNorm(c)
            self.a = nn.MultiheadAttention(c, 2)
            nn.init.dirac_(self.tp.weight)

        def forward(self, x, t):
            b, _, f, h, w = x.shape
            y = self.i(x) + t.view(b, 1, 1, 1, 1)
            y = rearrange(
                self.sp(rearrange(y, "b c f h w -> (b f) c h w")), "(b f) c h w -> b c f h w", f=f
            )
            y = rearrange(
                self.tp(rearrange(y, "b c f h w -> (b h w) c f")),
                "(b h w) c f -> b c f h w",
                h=h,
                w=w,
            )
            s = rearrange(y, "b c f h w -> f (b h w) c")
            s = s + self.a(*[self.n(s)] * 3)[0]
            return self.o(rearrange(s, "f (b h w) c -> b c f h w", b=b, h=h))

    return Net(), (torch.randn(BATCH, 3, 4, 3, 5), t()), {}


@case
def upfirdn_by_hand():
    """StyleGAN's resampling in plain PyTorch: zeros inserted, negative pads, flipped kernels."""

    def upfirdn(x, kernel, up=1, down=1, pad=(0, 0)):
        _, c, h, w = x.shape
        x = x.reshape(-1, h, w, 1)
        n, ih, iw, m = x.shape
        kh, kw = kernel.shape
        o = x.view(-1, ih, 1, iw, 1, m)
        o = F.pad(o, [0, 0, 0, up - 1, 0, 0, 0, up - 1]).view(-1, ih * up, iw * up, m)
        p0, p1 = pad
        o = F.pad(o, [0, 0, max(p0, 0), max(p1, 0), max(p0, 0), max(p1, 0)])
        o = o[:, max(-p0, 0) : o.shape[1] - max(-p1, 0), max(-p0, 0) : o.shape[2] - max(-p1, 0), :]
        o = o.permute(0, 3, 1, 2).reshape([-1, 1, ih * up + p0 + p1, iw * up + p0 + p1])
        wt = torch.flip(kernel, [0, 1]).view(1, 1, kh, kw)
        o = F.conv2d(o, wt)
        o = o.reshape(-1, m, ih * up + p0 + p1 - kh + 1, iw * up + p0 + p1 - kw + 1)
        o = o.permute(0, 2, 3, 1)[:, ::down, ::down, :]
        return o.view(
            -1, c, (ih * up + p0 + p1 - kh) // down + 1, (iw * up + p0 + p1 - kw) // down + 1
        )

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            k = torch.tensor([1.0, 3.0, 3.0, 1.0])
            k = k[None, :] * k[:, None]
            self.register_buffer("k", k / k.sum())
            self.c, self.o = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 3, 1)

        def forward(self, x, t):
            h = F.leaky_relu(self.c(x) * t[:, None, None, None], 0.2) * 2**0.5
            d = upfirdn(h, self.k, down=2, pad=(1, 1))
            u = upfirdn(d, self.k * 4, up=2, pad=(2, 1))
            z = upfirdn(h, self.k, pad=(-1, 2))
            return self.o(u) + F.pad(self.o(z), (1, 1, 1, 1), mode="circular")

    return Net(), (img(), t()), {}


@case
def laplacian_pyramid_loops():
    """Pyramids by a kernel of outer products, sliding windows by Tensor.unfold, dilated rates."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            g = torch.tensor([1.0, 4, 6, 4, 1]) / 16
            self.register_buffer(
                "g", torch.outer(g, g).expand(2, 1, 5, 5).clone(), persistent=False
            )
            self.rates = nn.ModuleList(nn.Conv2d(2, 4, 3, padding=r, dilation=r) for r in (1, 2, 3))
            self.fuse = nn.ModuleList(nn.Conv2d(12, 2, 1) for _ in range(3))
            self.local = nn.Parameter(torch.randn(9, 2) * 0.2)

        def blur(self, x):
            return F.conv2d(F.pad(x, (2, 2, 2, 2), "reflect"), self.g, groups=2)

        def forward(self, x, t):
            levels, cur = [], x
            for _ in range(2):
                low = F.avg_pool2d(self.blur(cur), 2, ceil_mode=True, count_include_pad=False)
                up = F.interpolate(low, size=cur.shape[-2:], mode="bilinear", align_corners=False)
                levels.append(cur - up)
                cur = low
            levels.append(cur)
            out = None
            for lv, f in zip(reversed(levels), self.fuse):
                h = f(
                    torch.cat([F.silu(r(lv * (1 + t)[:, None, None, None])) for r in self.rates], 1)
                )
                out = (
                    h
                    if out is None
                    else F.interpolate(out, size=h.shape[-2:], mode="bilinear", align_corners=False)
                    + h
                )
            w = F.pad(x, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1).reshape(*x.shape, 9)
            return out + torch.einsum("bchwk,kc->bchw", w, self.local)

    return Net(), (torch.randn(BATCH, 2, 11, 14), t()), {}


@case
def overlapping_patches():
    """Overlapping unfold and fold, divided by how often each pixel was taken; norms of C, H, W."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.u, self.f = (
                nn.Unfold(4, stride=2, padding=1),
                nn.Fold((8, 8), 4, stride=2, padding=1),
            )
            self.n = nn.LayerNorm((3, 8, 8))
            self.l = nn.Linear(48, 48)
            self.r = nn.Parameter(torch.randn(48, 3, 2) * 0.1)

        def forward(self, x, t):
            h = self.u(self.n(x) + t[:, None, None, None])
            h = self.l(h.transpose(1, 2)).transpose(1, 2)
            y = self.f(h) / self.f(self.u(torch.ones_like(x)))
            return y + torch.einsum("bkl,kcs->bcls", h, self.r).mean(-1).reshape(
                x.size(0), 3, 4, 4
            ).repeat_interleave(2, -1).repeat_interleave(2, -2)

    return Net(), (img(), t()), {}


@case
def locally_connected():
    class Net(nn.Module):
        def __init__(self, c=3, o=5, hw=6, k=3):
            super().__init__()
            self.k = k
            self.w = nn.Parameter(torch.randn(1, o, c, hw, hw, k * k) * 0.2)
            self.b = nn.Parameter(torch.randn(1, o, hw, hw))
            self.o = nn.Conv2d(o, c, (1, 4), padding="same")

        def forward(self, x, t):
            x = F.pad(x, (1, 1, 1, 1), mode="replicate")
            x = (
                x.unfold(2, self.k, 1)
                .unfold(3, self.k, 1)
                .contiguous()
                .view(x.size(0), 3, 6, 6, -1)
            )
            h = (x.unsqueeze(1) * self.w).sum([2, -1]) + self.b
            return self.o(torch.celu(h) ** 2 * t[:, None, None, None])

    return Net(), (torch.randn(BATCH, 3, 6, 6), t()), {}
