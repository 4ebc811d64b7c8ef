/* SPDX-License-Identifier: MIT */
#include "cli/options.h"
#include "cli/cli.h"
#include "base/nearest.h"
#include "base/number.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPTIONS 64
#define HELP_COLUMN 22

static void print_row(const char *name, const char *argument, const char *help)
{
    int width = printf("  --%s%s%s", name, argument ? " " : "", argument ? argument : "");
    for (const char *line = help; *line;) {
        size_t length = strcspn(line, "\n");
        printf("%*s%.*s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", (int)length, line);
        line += length + (line[length] == '\n');
        width = 0;
    }
}

static void print_help(const struct option_table *table)
{
    printf("Usage: %s\n\n%s\n\n", table->usage, table->about);
    for (const struct option_row *row = table->options; row->name; row++)
        if (row->kind != OPTION_ABSENT) print_row(row->name, row->argument, row->help);
    print_row("help", NULL, "this text");
    printf("\n%s%s", table->after, EXIT_CODES_HELP);
}

bool options_count(const char *text, uint64_t *value)
{
    if (!*text || text[strspn(text, "0123456789")]) return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

static int store(const struct option_row *row, const char *text, void *values)
{
    void *place = (char *)values + row->offset;
    uint64_t count;
    double number;
    switch (row->kind) {
    case OPTION_ABSENT:
        return complain(EXIT_USAGE, "--%s: %s", row->name, row->help);
    case OPTION_FLAG:
        *(int *)place = 1;
        return EXIT_DONE;
    case OPTION_TEXT:
        if (!*text) return complain(EXIT_USAGE, "--%s: its value is empty", row->name);
        *(const char **)place = text;
        return EXIT_DONE;
    case OPTION_COUNT:
        if (!options_count(text, &count) || count < row->low || count > row->high)
            return complain(EXIT_USAGE, "--%s '%s': must be a whole number from %llu to %llu",
                            row->name, text, (unsigned long long)row->low,
                            (unsigned long long)row->high);
        *(uint64_t *)place = count;
        return EXIT_DONE;
    case OPTION_NUMBER:
        if (quell_parse_double(text, strlen(text), &number) ||
            !(number >= row->least && number <= row->most))
            return complain(EXIT_USAGE, "--%s '%s': must be a number from %g to %g", row->name,
                            text, row->least, row->most);
        *(double *)place = number;
        return EXIT_DONE;
    }
    return EXIT_USAGE;
}

static bool takes_value(const struct option_row *row)
{
    return row->kind != OPTION_FLAG && row->kind != OPTION_ABSENT;
}

/* getopt_long's own table, with the number of the row as the value; `help` comes last. */
static int make_table(const struct option_row *rows, struct option *table)
{
    int count = 0;
    for (; rows[count].name && count < MOST_OPTIONS - 2; count++)
        table[count] = (struct option){rows[count].name,
                                       takes_value(&rows[count]) ? required_argument : no_argument,
                                       NULL, count + 256};
    table[count] = (struct option){"help", no_argument, NULL, 'h'};
    table[count + 1] = (struct option){0};
    return count;
}

/* "quell-mpi sample", of "quell-mpi sample --model ...". */
static int command_length(const char *usage)
{
    const char *at = usage;
    while ((at = strchr(at, ' ')) && at[1] != '-' && at[1] != '[') at++;
    return at ? (int)(at - usage) : (int)strlen(usage);
}

static int complain_option(int kind, char **argv, const struct option_table *table)
{
    const char *text = argv[optind - 1], *usage = table->usage;
    int name = command_length(usage);
    if (kind == ':')
        return complain(EXIT_USAGE, "%s: needs a value: see `%.*s --help`", text, name, usage);
    if (kind == '?' && optopt >= 256) return complain(EXIT_USAGE, "%s: takes no value", text);
    const char *word = text + strspn(text, "-");
    struct quell_nearest nearest = quell_nearest_to(word, strcspn(word, "="));
    for (const struct option_row *row = table->options; row->name; row++)
        quell_nearest_try(&nearest, row->name);
    return complain(EXIT_USAGE, "no option '%s', or not so%s: see `%.*s --help`", text,
                    nearest.hint, name, usage);
}

/* The names that were on the command line that was read last, NULL for an option that was not. */
static const char *given[MOST_OPTIONS];

bool options_given(const char *name)
{
    for (int i = 0; i < MOST_OPTIONS; i++)
        if (given[i] && !strcmp(given[i], name)) return true;
    return false;
}

static const char *argument_of(const struct option_row *row, const char *name)
{
    while (row->name && strcmp(row->name, name)) row++;
    return row->name && row->argument ? row->argument : "";
}

/* Whether an argument that would be a value is an option: its own value was forgotten. */
static bool is_option(const struct option_row *rows, const char *text)
{
    size_t length = strcspn(text, "=");
    if (strncmp(text, "--", 2) || length < 3) return false;
    for (; rows->name; rows++)
        if (strlen(rows->name) + 2 == length && !strncmp(rows->name, text + 2, length - 2))
            return true;
    return length == 6 && !strncmp(text, "--help", 6);
}

/* Refuses an option that is given twice, because its first value would be ignored. apart: whether
 * its value is an argument of its own. */
static int take(const struct option_row *rows, int i, const char *text, bool apart, void *values)
{
    if (apart && is_option(rows, text))
        return complain(EXIT_USAGE, "--%s: its value is missing before %s; or say --%s=%s",
                        rows[i].name, text, rows[i].name, text);
    if (given[i] && rows[i].kind != OPTION_FLAG)
        return complain(EXIT_USAGE, "--%s: is given twice", rows[i].name);
    given[i] = rows[i].name;
    return store(&rows[i], text, values);
}

static int check_rules(const struct option_table *table)
{
    for (const struct option_rule *rule = table->rules; rule && rule->option; rule++) {
        if (!options_given(rule->option)) continue;
        bool other = options_given(rule->other), wanted = rule->relation == OPTION_NEEDS;
        if (wanted && !other)
            return complain(EXIT_USAGE, "--%s: needs --%s %s", rule->option, rule->other,
                            argument_of(table->options, rule->other));
        if (!wanted && other)
            return complain(EXIT_USAGE, "--%s and --%s: only one of them", rule->option,
                            rule->other);
    }
    return EXIT_DONE;
}

bool options_read(const struct option_table *table, int argc, char **argv, void *values,
                  const char **word, int *code)
{
    struct option known[MOST_OPTIONS];
    int option, count = make_table(table->options, known);
    opterr = 0;
    *code = EXIT_DONE;
    memset(given, 0, sizeof given);
    while (*code == EXIT_DONE && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (option == 'h') {
            print_help(table);
            return false;
        }
        *code = option >= 256 && option < 256 + count
                    ? take(table->options, option - 256, optarg, optarg == argv[optind - 1], values)
                    : complain_option(option, argv, table);
    }
    if (*code == EXIT_DONE && argc - optind > table->words)
        *code = complain(EXIT_USAGE, "'%s': no such argument: options begin with --",
                         argv[optind + table->words]);
    if (*code == EXIT_DONE) *code = check_rules(table);
    for (int i = 0; *code == EXIT_DONE && optind + i < argc; i++) word[i] = argv[optind + i];
    return *code == EXIT_DONE;
}
