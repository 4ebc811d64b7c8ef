/* SPDX-License-Identifier: MIT */
/* quell: reverse diffusion sampling on CPUs. This header includes all the others but onnx.h, mpi.h
 * and mpi_fortran.h, which are of libraries of their own.
 *
 * The formalism is azula's: p(X_t | X) = N(alpha_t X, sigma_t^2 I) for t in [0, 1]; a denoiser
 * gives E[X | X_t = x_t]; a sampler takes x_1, which is almost pure noise, to x_0.
 *
 * Conventions. Arrays of samples are row-major, float[count][dim]. Sizes are 64-bit. Handles are
 * opaque and reference-counted: the caller may free a denoiser or a schedule that a sampler still
 * holds. A handle never changes after it was created, so any number of threads may use it at the
 * same time. Every function may be called by several threads at once unless it says otherwise.
 * Every function that can fail returns a quell_status, but for those of plan.h, whose errors
 * stick. If it fails, it leaves its outputs and all handles as they were, unless it says
 * otherwise, and quell_error_message() says what was wrong. A default stands in brackets after the
 * text of its member. The library never prints and never exits. */
#ifndef QUELL_QUELL_H
#define QUELL_QUELL_H

#include <quell/condition.h>
#include <quell/denoiser.h>
#include <quell/function.h>
#include <quell/grid.h>
#include <quell/guidance.h>
#include <quell/isa.h>
#include <quell/list.h>
#include <quell/model.h>
#include <quell/noise.h>
#include <quell/operation.h>
#include <quell/plan.h>
#include <quell/quantize.h>
#include <quell/queue.h>
#include <quell/run.h>
#include <quell/sampler.h>
#include <quell/schedule.h>
#include <quell/status.h>
#include <quell/transition.h>

#endif
