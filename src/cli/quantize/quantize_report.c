/* SPDX-License-Identifier: MIT */
/* The report of quell quantize: how far samples move, and what has stayed in float32, and why. */
#include "cli/cli.h"
#include "cli/quantize/quantize_command.h"
#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>

static void print_kept(const quell_quantized *made)
{
    quell_quantize_instruction one = quell_quantize_instruction_init();
    bool first = true;
    for (size_t i = 0; !quell_quantized_instruction(made, i, &one); i++) {
        if (one.quantized) continue;
        if (first) printf("in float32 stay:\n");
        first = false;
        printf("%5zu %s %.60s: %s", one.number, one.kind, one.weights, one.why);
        if (one.tried) printf(" by %.3g alone", one.moves);
        printf("\n");
    }
}

static void put_instructions(const quell_quantized *made, struct quell_json_writer *writer)
{
    quell_quantize_instruction one = quell_quantize_instruction_init();
    quell_json_begin(writer, "instructions", '[');
    for (size_t i = 0; !quell_quantized_instruction(made, i, &one); i++) {
        quell_json_begin(writer, NULL, '{');
        report_count(writer, "number", one.number);
        quell_json_put_text(writer, "kind", one.kind);
        quell_json_put_text(writer, "weights", one.weights);
        quell_json_put_truth(writer, "quantised", one.quantized);
        if (one.tried) quell_json_put_number(writer, "moves", one.moves);
        if (!one.quantized) quell_json_put_text(writer, "why", one.why);
        quell_json_end(writer, '}');
    }
    quell_json_end(writer, ']');
}

static int print_json(const struct quantizing *q, const quell_quantize_report *report)
{
    struct quell_json_writer writer = report_begin();
    quell_json_put_text(&writer, "version", quell_version());
    quell_json_put_text(&writer, "model", q->options.model);
    quell_json_put_text(&writer, "out", q->options.out);
    report_count(&writer, "quantised", report->quantized);
    quell_json_put_number(&writer, "share", report->share);
    quell_json_put_number(&writer, "bound", q->options.bound);
    quell_json_put_number(&writer, "moved", report->moved);
    quell_json_put_number(&writer, "deviation", report->deviation);
    quell_json_put_number(&writer, "wasserstein", report->wasserstein);
    quell_json_put_number(&writer, "floor", report->floor);
    report_count(&writer, "count", q->options.count);
    report_count(&writer, "runs", report->runs);
    quell_json_put_number(&writer, "seconds", report->seconds);
    report_count(&writer, "bytes_before", report->bytes_before);
    report_count(&writer, "bytes_after", report->bytes_after);
    put_instructions(q->made, &writer);
    return report_end(&writer);
}

int quantize_report(const struct quantizing *q)
{
    quell_quantize_report report = quell_quantize_report_init();
    quell_status status = quell_quantized_report(q->made, &report);
    if (status) return complain_status(status);
    if (q->options.json) return print_json(q, &report);
    if (q->options.quiet) return EXIT_DONE;
    printf(
        "%s: %zu of %zu linear maps, convolutions and attentions have whole numbers, with %.0f%% "
        "of their multiply-adds\n",
        q->options.out, report.quantized, report.instructions, 100 * report.share);
    printf("it has %" PRIu64 " bytes, %s %" PRIu64 "\n", report.bytes_after, q->options.model,
           report.bytes_before);
    printf("%" PRIu64 " samples moved by %.3g of their deviation (bound %g); %" PRIu64
           " runs took %.1f s\n",
           q->options.count, report.moved, q->options.bound, report.runs, report.seconds);
    printf("as a set they are %.3g from those of %s (sliced Wasserstein distance), and those of "
           "another seed %.3g\n",
           report.wasserstein, q->options.model, report.floor);
    print_kept(q->made);
    return EXIT_DONE;
}
