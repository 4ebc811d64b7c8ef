/* SPDX-License-Identifier: MIT */
/* This file is compiled once for each instruction set, with VEC_HEADER naming the header of its
 * verbs. It defines the kernels as static functions, and one exported table of them. Nothing else
 * may be exported, so that no linker can choose a function that was compiled for a wider
 * processor. */
#include VEC_HEADER

#include "kernels.h"

#include "kernels/affine.inl"
#include "kernels/combine.inl"
#include "kernels/exponential.inl"
#include "kernels/activation.inl"
#include "kernels/columns.inl"
#include "kernels/functions.inl"
#include "kernels/gaussian.inl"
#include "kernels/mixture.inl"
#include "kernels/mixture_few.inl"
#include "kernels/noise.inl"
#include "kernels/product.inl"
#include "kernels/rows.inl"
#include "kernels/softmax.inl"
#include "kernels/spread.inl"
#include "kernels/dots.inl"
#include "kernels/lines.inl"
#include "kernels/maps.inl"
#include "kernels/sums.inl"
#include "kernels/windows.inl"
#include "kernels/winograd.inl"

#define JOIN(a, b) a##b
#define TABLE(name) JOIN(quell_kernels_, name)
#define TEXT(name) #name
#define NAME(name) TEXT(name)

extern const struct quell_kernels TABLE(VEC_NAME);

const struct quell_kernels TABLE(VEC_NAME) = {
    .isa = NAME(VEC_NAME),
    .lanes = LANES,
    .philox = philox,
    .normals = normals,
    .normal_pairs = normal_pairs,
    .rows_normals = rows_normals,
    .rows_normal_pairs = rows_normal_pairs,
    .combine = combine,
    .update = update,
    .spread = spread,
    .clamp = clamp,
    .affine = affine,
    .gaussian = gaussian,
    .gaussian_diagonal = gaussian_diagonal,
    .exponential = exponential,
    .product = product,
    .mixture = mixture,
    .softmax = softmax,
    .dots = dots,
    .windows = windows,
    .split = split,
    .join = join,
    .turn = turn,
    .every = every,
    .stretch = stretch,
    .blend = blend_line,
    .map = {rect_abs,        rect_add,      rect_clamp, rect_div,       rect_elu,  rect_exp,
            rect_expm1,      rect_fma,      rect_gelu,  rect_gelu_tanh, rect_gt,   rect_leaky_relu,
            rect_lt,         rect_max,      rect_min,   rect_mish,      rect_mul,  rect_neg,
            rect_reciprocal, rect_relu,     rect_relu2, rect_rsqrt,     rect_selu, rect_sigmoid,
            rect_silu,       rect_softplus, rect_sqrt,  rect_square,    rect_sub,  rect_tanh,
            rect_where},
    .sum_rows = sum_rows,
    .sum_columns = sum_columns,
    .standardise = standardise,
    .weigh_rows = weigh_rows,
};
