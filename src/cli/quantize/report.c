/* SPDX-License-Identifier: MIT */
/* What quell quantize says: how far samples move, and what has stayed in float32, and why. */
#include "cli/cli.h"
#include "cli/programs.h"
#include "cli/quantize/quantize.h"
#include "cli/report.h"
#include "models/model.h"
#include "programs/kind.h"

#include <inttypes.h>
#include <stdio.h>

static const struct quell_instruction *instruction_of(const struct quantizing *q, size_t i)
{
    const struct quell_program *program = programs_denoise(q->model);
    return &program->instruction[q->candidate[i].number];
}

/* The share of the multiply-adds of linear maps and convolutions that is done with bytes. */
static double share(const struct quantizing *q)
{
    double all = 0, chosen = 0;
    for (size_t i = 0; i < q->candidates; i++) {
        all += (double)q->candidate[i].multiply_adds;
        if (q->chosen[i]) chosen += (double)q->candidate[i].multiply_adds;
    }
    return chosen / all;
}

static size_t count_chosen(const struct quantizing *q)
{
    size_t count = 0;
    for (size_t i = 0; i < q->candidates; i++) count += q->chosen[i];
    return count;
}

static void print_kept(const struct quantizing *q)
{
    if (count_chosen(q) < q->candidates) printf("in float32 stay:\n");
    for (size_t i = 0; i < q->candidates; i++) {
        const struct candidate *c = &q->candidate[i];
        if (q->chosen[i]) continue;
        printf("%5zu %s %.60s: %s", c->number, instruction_of(q, i)->kind->name,
               q->tensors.tensors[c->tensor].name, c->why);
        if (c->possible) printf(" by %.3g alone", c->moves);
        printf("\n");
    }
}

static void put_instructions(const struct quantizing *q, struct quell_json_writer *writer)
{
    quell_json_begin(writer, "instructions", '[');
    for (size_t i = 0; i < q->candidates; i++) {
        const struct candidate *c = &q->candidate[i];
        quell_json_begin(writer, NULL, '{');
        report_count(writer, "number", c->number);
        quell_json_put_text(writer, "kind", instruction_of(q, i)->kind->name);
        quell_json_put_truth(writer, "quantised", q->chosen[i]);
        if (c->possible) quell_json_put_number(writer, "moves", c->moves);
        if (!q->chosen[i]) quell_json_put_text(writer, "why", c->why);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static int print_json(const struct quantizing *q)
{
    struct quell_json_writer writer = report_begin();
    quell_json_put_text(&writer, "version", quell_version());
    quell_json_put_text(&writer, "model", q->options.model);
    quell_json_put_text(&writer, "out", q->options.out);
    report_count(&writer, "quantised", count_chosen(q));
    quell_json_put_number(&writer, "share", share(q));
    quell_json_put_number(&writer, "bound", q->options.bound);
    quell_json_put_number(&writer, "moved", q->moved);
    quell_json_put_number(&writer, "deviation", q->deviation);
    quell_json_put_number(&writer, "wasserstein", q->wasserstein);
    quell_json_put_number(&writer, "floor", q->floor);
    report_count(&writer, "count", q->count);
    report_count(&writer, "runs", q->progress.done);
    quell_json_put_number(&writer, "seconds", q->seconds);
    report_count(&writer, "bytes_before", q->bytes_before);
    report_count(&writer, "bytes_after", q->bytes_after);
    put_instructions(q, &writer);
    return report_end(&writer);
}

int quantize_report(const struct quantizing *q)
{
    if (q->options.json) return print_json(q);
    if (q->options.quiet) return EXIT_DONE;
    printf("%s: %zu of %zu linear maps and convolutions have whole weights, with %.0f%% of their "
           "multiply-adds\n",
           q->options.out, count_chosen(q), q->candidates, 100 * share(q));
    printf("it has %" PRIu64 " bytes, %s %" PRIu64 "\n", q->bytes_after, q->options.model,
           q->bytes_before);
    printf("%zu samples moved by %.3g of their deviation (bound %g); %" PRIu64
           " runs took %.1f s\n",
           q->count, q->moved, q->options.bound, q->progress.done, q->seconds);
    printf("as a set they are %.3g from those of %s (sliced Wasserstein distance), and those of "
           "another seed %.3g\n",
           q->wasserstein, q->options.model, q->floor);
    print_kept(q);
    return EXIT_DONE;
}
