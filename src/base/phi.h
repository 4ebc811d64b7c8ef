/* SPDX-License-Identifier: MIT */
/* The functions that exponential integrators are made of:
 *
 *     phi_0(x) = exp(x),   phi_{k+1}(x) = (phi_k(x) - 1 / k!) / x,   phi_k(0) = 1 / k!,
 *
 * so that k! phi_{k+1}(x) is the integral of exp((1 - v) x) v^k over v from 0 to 1
 * (Hochbruck & Ostermann, 2010, eq. 2.10). */
#ifndef QUELL_BASE_PHI_H
#define QUELL_BASE_PHI_H

/* phi_k(x), k <= 8, to a few ulp; x = -infinity is allowed and gives 0. */
double quell_phi(unsigned k, double x);

#endif
