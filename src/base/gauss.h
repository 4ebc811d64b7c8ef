/* SPDX-License-Identifier: MIT */
/* Gauss-Legendre quadrature of eight points on [-1, 1], which is symmetric: the abscissae in (0, 1)
 * and their weights (Abramowitz & Stegun, table 25.4). */
#ifndef QUELL_BASE_GAUSS_H
#define QUELL_BASE_GAUSS_H

#define QUELL_GAUSS_HALF 4

static const double quell_gauss_at[QUELL_GAUSS_HALF] = {0.18343464249564980, 0.52553240991632899,
                                                        0.79666647741362674, 0.96028985649753623};
static const double quell_gauss_weight[QUELL_GAUSS_HALF] = {
    0.36268378337836198, 0.31370664587788729, 0.22238103445337447, 0.10122853629037626};

#endif
