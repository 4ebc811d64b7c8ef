/* SPDX-License-Identifier: MIT */
/* Grids: points of the schedule. */
#ifndef QUELL_GRID_HPP
#define QUELL_GRID_HPP

#include <quell/grid.h>

namespace quell
{

/* A point of the schedule: t, alpha, sigma and their logarithms. */
using point = quell_point;

/* lambda = log(alpha / sigma). */
inline double lambda(const point &at) { return quell_lambda(&at); }

} // namespace quell
#endif
