/* SPDX-License-Identifier: MIT */
/* quell sample: draws samples from a model. */
#include "cli/cli.h"
#include "cli/session.h"

static const struct option_table table = {
    .usage = "quell sample --model M [OPTION...]",
    .about = "Draws samples from a model by reverse diffusion, and writes them as they are made:\n"
             "memory does not grow with their number.",
    .examples = "Examples:\n"
                "  quell sample --model builtin:grid25 --count 100000 --plot grid.png\n"
                "  quell sample -m data.npy --sampler ddpm --steps 250 -o new.npy\n"
                "  quell sample -m m.json --first 500 -n 500 -o second.npy",
    .options = sample_rows,
    .rules = sample_rules,
};

int command_sample(int argc, char **argv)
{
    struct session session = {.options = SAMPLE_DEFAULTS};
    int code;
    if (!options_read(&table, argc, argv, &session.options, NULL, &code)) return code;
    if ((code = sample_check(&session.options)) != EXIT_DONE) return code;
    code = session_open(&session);
    if (code == EXIT_DONE) code = session_run(&session);
    if (code == EXIT_DONE) code = session_commit(&session);
    if (code == EXIT_DONE) code = session_report(&session);
    session_close(&session);
    return code;
}
