/* SPDX-License-Identifier: MIT */
/* Predictor-corrector (Song et al., 2011.13456, algorithms 4 and 5): at each point t, corrections
 * that leave the law of x_t as it is; then a step of DDIM (ddim.c) to s, with its eta. With
 * mu = E[X | x], z ~ N(0, I), a correction is one of
 *
 *     azula:     x <- alpha mu + sqrt(1 - delta) (x - alpha mu) + sqrt(delta) sigma z
 *     langevin:  x <- x + e g + sqrt(2 e) z,   e = 2 (snr |z| / |g|)^2,
 *
 * where g = -eps / sigma is the score and eps = (x - alpha mu) / sigma: with r = |z| / |eps|,
 *
 *     x <- x - 2 snr^2 sigma r^2 eps + 2 snr sigma r z,
 *
 * whatever the scale of x. There |z| and |eps| are means over a batch; a sample's own,
 * formula=paper, make the law wider by some 4 / D, and have no mean in one or two dimensions. So r
 * is (D / (w |eps|^2 + (1 - w) D))^(1/2), w = min(1, D / 100), which is the same in many dimensions
 * (quell_plan_langevin). Corrections of finite size have another law of rest: where x is mostly
 * noise, langevin's has 1 / (1 - snr^2) times the variance, and azula's, where alpha^2 Var
 * X = sigma^2, only 0.92 of it at delta = 1/2 and 2/3 at 1. So delta ends at 1/2 and snr at 0.4.
 * The size of the corrections does not fall with the steps, and so they leave a bias that more
 * steps do not remove: no order is claimed. The norms are a sample's own; other codes take their
 * mean over the batch, and a sample then depends on its neighbours. */
#include "method.h"
#include "core/plan.h"

enum { CORRECTIONS, DELTA, CORRECTOR, SNR, ETA, FORMULA };
enum { AZULA, LANGEVIN };

static void azula(quell_plan *plan, const quell_point *t, quell_register_id mu, uint32_t noise,
                  double delta)
{
    double kept = sqrt(1 - delta);
    quell_term terms[] = {{kept, QUELL_STATE}, {t->alpha * delta / (1 + kept), mu}};
    quell_noise_term fresh = {sqrt(delta) * t->sigma, noise};
    quell_plan_combine(plan, QUELL_STATE, 2, terms, 1, &fresh);
}

static void langevin(quell_plan *plan, const quell_point *t, quell_register_id mu, uint32_t noise,
                     double snr, bool paper)
{
    quell_to_eps(plan, mu, QUELL_STATE, t);
    (paper ? quell_plan_langevin_norms
           : quell_plan_langevin)(plan, QUELL_STATE, mu, -2 * snr * snr * t->sigma,
                                  (quell_noise_term){2 * snr * t->sigma, noise});
}

static void build(quell_plan *plan, const quell_point *grid, size_t steps, const double *option)
{
    for (size_t i = 0; i < steps; i++) {
        const quell_point *t = &grid[i], *s = &grid[i + 1];
        for (unsigned c = 0; c < (unsigned)option[CORRECTIONS]; c++) {
            uint32_t noise = quell_plan_noise(plan, c, t, s);
            quell_register_id mu = quell_plan_denoise(plan, QUELL_STATE, t);
            if ((int)option[CORRECTOR] == AZULA)
                azula(plan, t, mu, noise, option[DELTA]);
            else
                langevin(plan, t, mu, noise, option[SNR], option[FORMULA] != 0);
            quell_plan_release(plan, mu);
        }
        quell_ddim_transition(plan, t, s, option[ETA], 7);
    }
}

static const struct quell_option options[] = {
    QUELL_WHOLE("corrections", 1, 0, 7, "number of corrections before each step"),
    QUELL_NUMBER_NEEDS("corrections,corrector=azula", "delta", 0.01, 1e-6, 0.5,
                       "azula: part of the noise that a correction replaces"),
    QUELL_CHOICE_NEEDS("corrections", "corrector", AZULA, "azula|langevin", "kind of correction"),
    QUELL_NUMBER_NEEDS("corrections,corrector=langevin", "snr", 0.15, 1e-6, 0.4,
                       "langevin: its signal-to-noise ratio"),
    QUELL_NUMBER("eta", 0, 0, 1e6, "stochasticity of the step, as in ddim"),
    QUELL_CHOICE_NEEDS("corrections,corrector=langevin", "formula", 0, "quell|paper",
                       "whose step; paper: by the norms of this sample alone"),
    {0}};

QUELL_FAMILY(pc) = {{.name = "pc",
                     .summary = "predictor-corrector",
                     .source = "arXiv:2011.13456",
                     .order = 0,
                     .evaluations = 2,
                     .noise = QUELL_STOCHASTIC,
                     .no_path = true,
                     .options = options,
                     .build = build,
                     .most_eta = quell_ddim_most_eta},
                    {0}};
