/* SPDX-License-Identifier: MIT */
#include "cli/unknown_option.h"
#include "cli/cli.h"
#include "cli/sample_options.h"
#include "base/nearest.h"

#include <quell/list.h>
#include <stdio.h>
#include <string.h>

const struct option_row *option_row_named(const struct option_row *rows, const char *name,
                                          size_t length)
{
    for (; rows->name; rows++)
        if (rows->kind != OPTION_GROUP && strlen(rows->name) == length &&
            !memcmp(rows->name, name, length))
            return rows;
    return NULL;
}

bool is_option_row(const struct option_row *row)
{
    return row->kind != OPTION_ABSENT && row->kind != OPTION_GROUP;
}

/* Returns the length of the command's name at the beginning of its usage: that of "quell-mpi
 * sample" in "quell-mpi sample --model". */
int option_command_length(const char *usage)
{
    const char *at = usage;
    while ((at = strchr(at, ' ')) && at[1] != '-' && at[1] != '[') at++;
    return at ? (int)(at - usage) : (int)strlen(usage);
}

static int refuse_unknown(const struct option_table *table, const char *text, const char *hint)
{
    return complain(EXIT_USAGE, "no option '%s'%s: see `%.*s --help`", text, hint,
                    option_command_length(table->usage), table->usage);
}

int refuse_word(const struct option_table *table, const char *word)
{
    bool model = option_row_named(table->options, "model", 5) && !options_given("model");
    if (table->words)
        return complain(EXIT_USAGE, "'%s': one argument too many: see `%.*s --help`", word,
                        option_command_length(table->usage), table->usage);
    return complain(EXIT_USAGE, "'%s': no such argument: options begin with --%s%s", word,
                    model ? ", as --model " : "", model ? word : "");
}

/* Writes a hint at the options that begin with a word, at most three: " (did you mean '--start' or
 * '--stop'?)". */
#define HINT 128
static void hint_beginnings(const struct option_row *rows, const char *word, size_t length,
                            char hint[HINT])
{
    int found = 0;
    size_t used = 0;
    for (const struct option_row *row = rows; length && row->name; row++) {
        if (!is_option_row(row) || strncmp(row->name, word, length)) continue;
        const char *before = found++ ? " or" : " (did you mean";
        used += (size_t)snprintf(hint + used, HINT - used, "%s '--%.20s'", before, row->name);
        if (found == 4) used = HINT;
        if (used >= HINT) break;
    }
    if (used >= HINT || !found)
        *hint = '\0';
    else
        snprintf(hint + used, HINT - used, "?)");
}

static struct quell_nearest nearest_option(const struct option_row *rows, const char *word,
                                           size_t length)
{
    struct quell_nearest nearest = quell_nearest_to(word, length);
    for (const struct option_row *row = rows; row->name; row++) {
        char dashed[QUELL_NEAREST_LONGEST + 3];
        if (!is_option_row(row)) continue;
        snprintf(dashed, sizeof dashed, "--%s", row->name);
        quell_nearest_try_as(&nearest, row->name, dashed);
    }
    return nearest;
}

/* Whether a name is equal to a word, in which a - may stand for a _ of the name. */
static bool is_called(const char *name, const char *word, size_t length)
{
    size_t i = 0;
    while (i < length && name[i] && (name[i] == word[i] || (name[i] == '_' && word[i] == '-'))) i++;
    return i == length && !name[i];
}

/* Returns the first sampler that has an option of this name, and sets *spelt to its spelling there.
 * NULL if there is none. */
static const char *sampler_with(const char *word, size_t length, const char **spelt)
{
    quell_entry entry = quell_entry_init();
    quell_entry_option option = quell_entry_option_init();
    for (size_t i = 0; !quell_list(QUELL_LIST_SAMPLERS, i, &entry); i++)
        for (size_t k = 0; !quell_list_option(QUELL_LIST_SAMPLERS, i, k, &option); k++)
            if (is_called(option.name, word, length)) {
                *spelt = option.name;
                return entry.name;
            }
    return NULL;
}

/* Returns the option that other programs, or other commands of quell, call `word`; or NULL. */
static const char *other_name(const struct option_row *rows, const char *word, size_t length)
{
    static const struct {
        const char *word, *name;
    } others[] = {
        {"steps", "evaluations"},
        {"num_steps", "steps"},
        {"num_inference_steps", "steps"},
        {"num_samples", "count"},
        {"samples", "count"},
        {"batch", "count"},
        {"batch_size", "count"},
        {"output", "out"},
        {"scheduler", "sampler"},
        {"scheduler", "samplers"},
        {"cfg", "guidance"},
        {"cfg_scale", "guidance"},
        {"guidance_scale", "guidance"},
        {"scale", "guidance"},
        {"label", "class"},
        {"labels", "classes"},
        {"time", "t"},
        {"port", "listen"},
        {"host", "listen"},
        {"bind", "listen"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_called(others[i].word, word, length) &&
            option_row_named(rows, others[i].name, strlen(others[i].name)))
            return others[i].name;
    return NULL;
}

int refuse_unknown_option(const struct option_table *table, const char *text)
{
    const char *word = text + strspn(text, "-");
    size_t length = strcspn(word, "=");
    const char *spelt, *sampler = sampler_with(word, length, &spelt);
    const char *other = other_name(table->options, word, length);
    char hint[HINT] = "";
    if (other) {
        snprintf(hint, sizeof hint, " (did you mean '--%s'?)", other);
        return refuse_unknown(table, text, hint);
    }
    for (int i = 0; sampler && i < 2; i++) {
        const char *option = i ? "samplers" : "sampler";
        if (option_row_named(table->options, option, strlen(option)))
            return complain(EXIT_USAGE,
                            "no option '%s': an option of a sampler that has it is a part of its "
                            "name, as in --%s %s:%s=VALUE",
                            text, option, sampler, spelt);
    }
    struct quell_nearest nearest = nearest_option(table->options, word, length);
    hint_beginnings(table->options, word, length, hint);
    if (!*hint && option_row_named(sample_rows, word, length))
        snprintf(hint, sizeof hint, ", which is one of `quell sample`");
    if (!*hint && !*nearest.hint && option_row_named(table->options, "condition", 9))
        snprintf(hint, sizeof hint, "; a condition of the model is --condition %.*s=VALUE",
                 length < 40 ? (int)length : 40, word);
    return refuse_unknown(table, text, *hint ? hint : nearest.hint);
}

int refuse_unknown_letter(const struct option_table *table, char letter)
{
    char text[] = {'-', letter, '\0'}, hint[] = " (did you mean '--?'?)";
    *strchr(hint, '?') = letter;
    return refuse_unknown(table, text, option_row_named(table->options, text + 1, 1) ? hint : "");
}
