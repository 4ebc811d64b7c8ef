/* SPDX-License-Identifier: MIT */
/* Noise schedules: t in [0, 1] -> (alpha_t, sigma_t), where alpha_t / sigma_t falls as t rises. */
#ifndef QUELL_SCHEDULE_H
#define QUELL_SCHEDULE_H

#include <stddef.h>
#include <quell/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A schedule: opaque and reference-counted. It never changes once created, and any number of
 * threads may use it. */
typedef struct quell_schedule quell_schedule;

/* Creates a schedule from its name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]".
 *
 *   vp         alpha = exp(t^2 log alpha_min), sigma^2 = 1 - alpha^2 + sigma_min^2
 *   ve         alpha = 1, log sigma linear from sigma_min (1e-3) to sigma_max (1e3)
 *   cosine     alpha = cos(t arccos alpha_min), sigma as in vp
 *   rectified  alpha = 1 - t + t alpha_min, sigma = t + (1 - t) sigma_min
 *   decay      rectified at tau = (1 - gamma^t) / (1 - gamma), gamma = 0.1
 *   beta_linear, beta_scaled_linear, beta_cosine, beta_sigmoid, beta_exp, beta_laplace
 *              DDPM's discrete tables: alpha^2 = prod (1 - beta_k), sigma^2 = 1 - alpha^2, `train`
 *              (1000) points, the first at t = 0 and the last at t = 1; in between,
 *              log(sigma / alpha) is linear. With zero_snr=yes alpha is shifted and scaled to be
 *              0 at t = 1 (Lin et al., 2305.08891, algorithm 1)
 *   vp_sde     alpha^2 = exp(-beta_d u^2 / 2 - beta_min u), sigma^2 = 1 - alpha^2, where u goes
 *              from eps (1e-3) to 1, beta_d = 19.9, beta_min = 0.1
 *   edm        alpha = 1, sigma^(1/rho) linear from sigma_min (0.002) to sigma_max (80), rho = 7
 *   flow       alpha = 1 - u, sigma = u, u = shift t / (1 + (shift - 1) t), shift = 1; with
 *              `tokens` = n, log shift is linear in n from base_shift (0.5) at base_tokens (256)
 *              to max_shift (1.15) at max_tokens (4096)
 *
 * alpha_min and sigma_min are 1e-3. The first five are azula's (azula/noise.py 0.11.1); the tables
 * are those of Ho et al. (2006.11239), Rombach et al. (2112.10752), Nichol & Dhariwal
 * (2102.09672), Xu et al. (2203.02923) and diffusers (exp; laplace after Hang et al., 2407.03297);
 * vp_sde is that of Song et al. (2011.13456), edm of Karras et al. (2206.00364), and flow of Esser
 * et al. (2403.03206), with Flux's dynamic shift. Fails with QUELL_NOT_FOUND for an unknown name,
 * and with QUELL_BAD_ARGUMENT for an option that is unknown or out of its range, which quell_list
 * has. Thread-safe. */
QUELL_API quell_status quell_schedule_create(quell_schedule **schedule, const char *spec);

/* Creates a discrete schedule from a table betas[count], which is copied: count >= 2, each value in
 * (0, 1). The last may be 1; alpha is then 0 at t = 1. Fails with QUELL_BAD_ARGUMENT for any other
 * table. Thread-safe. */
QUELL_API quell_status quell_schedule_from_betas(quell_schedule **schedule, size_t count,
                                                 const double *betas);

/* A schedule of the caller's own: writes alpha >= 0 and sigma >= 0 at t, not both 0, and returns
 * 0, or any other number on an error, whose message (quell_error_set) is passed on. It is called by
 * whatever takes a time or a schedule: quell_schedule_at, the functions that create samplers,
 * quell_sample and the other calls of run.h, and during a run of dpm_adaptive, which then has one
 * thread. It is called in the thread that called quell; for a request in a queue, in the queue's
 * own; and where a step of the caller's asks for a point (quell_transition_at), in the thread of
 * that step. */
typedef int quell_schedule_fn(void *user, double t, double *alpha, double *sigma);

/* Creates a schedule from a function of the caller's, which is not called here. The samplers that
 * are made with it hold it. `release` (quell_release_fn) frees `user`, or is NULL. Thread-safe. */
QUELL_API quell_status quell_schedule_from_function(quell_schedule **schedule,
                                                    quell_schedule_fn *function, void *user,
                                                    quell_release_fn *release);

/* Writes alpha_t and sigma_t for t in [0, 1]. Either pointer may be NULL. Fails with
 * QUELL_BAD_ARGUMENT for any other t, and if the caller's function fails. Thread-safe. */
QUELL_API quell_status quell_schedule_at(const quell_schedule *schedule, double t, double *alpha,
                                         double *sigma);

/* Gives up the caller's hold on a schedule; NULL is allowed. */
QUELL_API void quell_schedule_free(quell_schedule *schedule);

#ifdef __cplusplus
}
#endif
#endif
