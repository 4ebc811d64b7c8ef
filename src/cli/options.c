/* SPDX-License-Identifier: MIT */
#include "cli/options.h"
#include "cli/cli.h"
#include "cli/unknown_option.h"
#include "base/number.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPTIONS 64
#define HELP_COLUMN 26
#define HELP_WIDTH 54

/* Letters for the options that are on nearly every command line. --seed has none, because -s could
 * also mean the sampler, the schedule or the steps. */
static const struct letter {
    char letter;
    const char *name;
} letters[] = {{'m', "model"}, {'n', "count"}, {'o', "out"}, {'q', "quiet"}, {'h', "help"}};

#define LETTERS (sizeof letters / sizeof *letters)

/* Returns the letter of an option, or 0. */
static char letter_of(const char *name)
{
    for (size_t i = 0; i < LETTERS; i++)
        if (!strcmp(letters[i].name, name)) return letters[i].letter;
    return 0;
}

/* Returns how many bytes of whole words fit on a line. */
static size_t line_length(const char *text)
{
    size_t length = strlen(text);
    if (length <= HELP_WIDTH) return length;
    for (length = HELP_WIDTH; length && text[length] != ' ';) length--;
    return length ? length : strcspn(text, " ");
}

static void print_row(const char *name, const char *argument, const char *help)
{
    char letter[] = {'-', letter_of(name), ',', '\0'};
    int width = printf("  %3s --%s%s%s", letter[1] ? letter : "", name, argument ? " " : "",
                       argument ? argument : "");
    if (width >= HELP_COLUMN) {
        puts("");
        width = 0;
    }
    while (*help) {
        size_t length = line_length(help);
        printf("%*s%.*s\n", HELP_COLUMN - width, "", (int)length, help);
        help += length;
        help += *help == ' ';
        width = 0;
    }
}

static void print_help(const struct option_table *table)
{
    printf("Usage: %s\n\n%s\n\n%s\n\n", table->usage, table->about, table->examples);
    for (const struct option_row *row = table->options; row->name; row++) {
        if (row->kind == OPTION_GROUP)
            printf("%s%s:\n", row == table->options ? "" : "\n", row->name);
        else if (is_option_row(row))
            print_row(row->name, row->argument, row->help);
    }
    puts("");
    print_row("help", NULL, "Print this text.");
    if (table->after) printf("\n%s\n", table->after);
}

bool options_count(const char *text, uint64_t *value)
{
    if (!*text || text[strspn(text, "0123456789")]) return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

static int store_word(const struct option_row *row, const char *text, struct option_words *words)
{
    if (words->count == MOST_WORDS)
        return complain(EXIT_USAGE, "--%s: is given more than %d times", row->name, MOST_WORDS);
    words->word[words->count++] = text;
    return EXIT_DONE;
}

static int store(const struct option_row *row, const char *text, void *values)
{
    void *place = (char *)values + row->offset;
    uint64_t count;
    double number;
    switch (row->kind) {
    case OPTION_GROUP:
    case OPTION_ABSENT:
        return complain(EXIT_USAGE, "--%s: %s", row->name, row->help);
    case OPTION_FLAG:
        *(int *)place = 1;
        return EXIT_DONE;
    case OPTION_TEXT:
        if (!*text) return complain(EXIT_USAGE, "--%s: its value is empty", row->name);
        *(const char **)place = text;
        return EXIT_DONE;
    case OPTION_WORDS:
        if (!*text) return complain(EXIT_USAGE, "--%s: its value is empty", row->name);
        return store_word(row, text, place);
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

/* The tables of getopt_long: the long names, of which `help` is the last, and the letters. The
 * value of a long name is FIRST + the number of its row; that of help is 'h'. */
#define FIRST 256
struct known {
    struct option names[MOST_OPTIONS];
    char letters[2 * LETTERS + 2];
};

static void make_known(const struct option_row *rows, struct known *known)
{
    int count = 0;
    char *letter = known->letters;
    *letter++ = ':';
    *letter++ = 'h';
    for (int i = 0; rows[i].name && count < MOST_OPTIONS - 2; i++) {
        bool value = takes_value(&rows[i]);
        if (rows[i].kind == OPTION_GROUP) continue;
        known->names[count++] =
            (struct option){rows[i].name, value ? required_argument : no_argument, NULL, FIRST + i};
        if (!letter_of(rows[i].name)) continue;
        *letter++ = letter_of(rows[i].name);
        if (value) *letter++ = ':';
    }
    *letter = '\0';
    known->names[count] = (struct option){"help", no_argument, NULL, 'h'};
    known->names[count + 1] = (struct option){0};
}

/* Returns the name of the option that getopt_long found, NULL after an error. */
static const char *name_of(const struct option_row *rows, int option)
{
    if (option >= FIRST) return rows[option - FIRST].name;
    for (size_t i = 0; i < LETTERS; i++)
        if (letters[i].letter == option) return letters[i].name;
    return NULL;
}

/* Refuses what getopt_long did not accept. `kind` is ':' if a value is missing, else '?'. */
static int refuse_option(int kind, char **argv, const struct option_table *table)
{
    if (kind == ':')
        return complain(EXIT_USAGE, "--%s: needs a value: see `%.*s --help`",
                        name_of(table->options, optopt), option_command_length(table->usage),
                        table->usage);
    if (optopt >= FIRST || optopt == 'h')
        return complain(EXIT_USAGE, "%s: takes no value", argv[optind - 1]);
    return optopt ? refuse_unknown_letter(table, (char)optopt)
                  : refuse_unknown_option(table, argv[optind - 1]);
}

/* The names of the options on the command line that was read last, by their rows. NULL: the option
 * was not there. */
static const char *given[MOST_OPTIONS];

bool options_given(const char *name)
{
    for (int i = 0; i < MOST_OPTIONS; i++)
        if (given[i] && !strcmp(given[i], name)) return true;
    return false;
}

static const char *argument_of(const struct option_row *rows, const char *name)
{
    const struct option_row *row = option_row_named(rows, name, strlen(name));
    return row && row->argument ? row->argument : "";
}

/* Returns whether a text in the place of a value is an option: the value was probably forgotten. */
static bool is_option(const struct option_row *rows, const char *text)
{
    if (text[0] != '-' || !text[1]) return false;
    if (text[1] != '-') {
        const char *name = text[2] ? NULL : name_of(rows, text[1]);
        return name && (text[1] == 'h' || option_row_named(rows, name, strlen(name)));
    }
    size_t length = strcspn(text + 2, "=");
    return option_row_named(rows, text + 2, length) ||
           (length == 4 && !memcmp(text + 2, "help", 4));
}

/* Takes the value of an option. Refuses an option that is given twice, because its first value
 * would be ignored. `apart`: the value is an argument of its own. */
static int take(const struct option_row *rows, const struct option_row *row, const char *text,
                bool apart, void *values)
{
    if (apart && is_option(rows, text))
        return complain(EXIT_USAGE, "--%s: its value is missing before %s; or say --%s=%s",
                        row->name, text, row->name, text);
    if (given[row - rows] && row->kind != OPTION_FLAG && row->kind != OPTION_WORDS)
        return complain(EXIT_USAGE, "--%s: is given twice", row->name);
    given[row - rows] = row->name;
    return store(row, text, values);
}

/* Refuses "-count 5", which getopt_long would understand as letters. */
static int check_dashes(const struct option_row *rows, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        const char *text = argv[i];
        size_t length = strcspn(text, "=");
        if (length > 2 && text[0] == '-' && text[1] != '-' &&
            option_row_named(rows, text + 1, length - 1))
            return complain(EXIT_USAGE, "no option '%s': a long name has two dashes: -%s", text,
                            text);
    }
    return EXIT_DONE;
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

/* Takes the option that getopt_long found; `name` is the long name that it found, or NULL. Refuses
 * abbreviations, which getopt_long accepts, because each may become ambiguous in a later
 * version. */
static int take_found(const struct option_table *table, int option, const char *name, char **argv,
                      void *values)
{
    bool apart = optarg && optarg == argv[optind - 1];
    const char *text = argv[optind - 1 - apart];
    if (name && strcspn(text + 2, "=") != strlen(name)) return refuse_unknown_option(table, text);
    const char *full = name_of(table->options, option);
    const struct option_row *row = option_row_named(table->options, full, strlen(full));
    if (!name && optarg && !apart && *optarg == '=')
        return complain(EXIT_USAGE, "%s: a letter's value has no =: -%c %s, or --%s%s", text,
                        option, optarg + 1, full, optarg);
    return take(table->options, row, optarg, apart, values);
}

static int read_all(const struct option_table *table, int argc, char **argv, void *values,
                    bool *help)
{
    struct known known;
    make_known(table->options, &known);
    int option, index = -1, code = check_dashes(table->options, argc, argv);
    while (code == EXIT_DONE && !*help &&
           (option = getopt_long(argc, argv, known.letters, known.names, &index)) != -1) {
        const char *name = index >= 0 ? known.names[index].name : NULL;
        if (option == ':' || option == '?')
            code = refuse_option(option, argv, table);
        else if (option == 'h')
            *help = true;
        else
            code = take_found(table, option, name, argv, values);
        index = -1;
    }
    return code;
}

bool options_read(const struct option_table *table, int argc, char **argv, void *values,
                  const char **word, int *code)
{
    bool help = false;
    opterr = 0;
    memset(given, 0, sizeof given);
    *code = read_all(table, argc, argv, values, &help);
    if (help) {
        print_help(table);
        return false;
    }
    if (*code == EXIT_DONE && argc - optind > table->words)
        *code = refuse_word(table, argv[optind + table->words]);
    if (*code == EXIT_DONE) *code = check_rules(table);
    for (int i = 0; *code == EXIT_DONE && optind + i < argc; i++) word[i] = argv[optind + i];
    return *code == EXIT_DONE;
}
