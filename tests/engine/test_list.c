/* SPDX-License-Identifier: MIT */
/* The lists of what can be asked for by name: every name, alias and option in them is taken by what
 * they are lists of, and nothing else is found. */
#include "harness.h"
#include "models.h"
#include "names.h"
#include "base/spec.h"
#include "samplers/method.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const quell_list_kind kinds[] = {QUELL_LIST_SAMPLERS, QUELL_LIST_SCHEDULES, QUELL_LIST_GRIDS,
                                        QUELL_LIST_MODELS, QUELL_LIST_ISAS};
#define KINDS (sizeof kinds / sizeof *kinds)

static void check_aliases(quell_list_kind kind, size_t i, const quell_entry *entry)
{
    quell_entry_alias alias = quell_entry_alias_init();
    size_t found, k = 0;
    for (; !quell_list_alias(kind, i, k, &alias); k++) {
        CHECK(!quell_list_find(kind, alias.name, &found) && found == i, "%s", alias.name);
        CHECK(!strncmp(alias.spec, entry->name, strlen(entry->name)), "%s is %s", alias.name,
              alias.spec);
    }
    CHECK(k == entry->aliases, "%s: %zu aliases, not %zu", entry->name, k, entry->aliases);
}

static void check_option(const quell_entry *entry, const quell_entry_option *option)
{
    size_t words = 0, length;
    CHECK(option->low <= option->value && option->value <= option->high, "%s:%s", entry->name,
          option->name);
    CHECK(strlen(option->summary) > 2, "%s:%s: no summary", entry->name, option->name);
    CHECK(!option->choices == (option->type != QUELL_OPTION_CHOICE), "%s:%s", entry->name,
          option->name);
    if (!option->choices) return;
    while (quell_choice(option->choices, words, &length)) words++;
    CHECK(option->low == 0 && option->high == (double)words - 1, "%s:%s: %s", entry->name,
          option->name, option->choices);
}

TEST(list, entries)
{
    for (size_t n = 0; n < KINDS; n++) {
        quell_entry entry = quell_entry_init();
        size_t i = 0, found;
        for (; !quell_list(kinds[n], i, &entry); i++) {
            quell_entry_option option = quell_entry_option_init();
            size_t k = 0;
            CHECK(entry.size == sizeof entry && strlen(entry.summary) > 8, "%s", entry.name);
            CHECK(!quell_list_find(kinds[n], entry.name, &found) && found == i, "%s", entry.name);
            check_aliases(kinds[n], i, &entry);
            for (; !quell_list_option(kinds[n], i, k, &option); k++) check_option(&entry, &option);
            CHECK(k == entry.options, "%s: %zu options", entry.name, k);
        }
        CHECK(i > 0 && quell_list(kinds[n], i, &entry) == QUELL_NOT_FOUND, "the end of %zu", n);
    }
}

/* What the papers say of three methods: their order and how often they evaluate the denoiser. */
TEST(list, samplers)
{
    quell_entry entry = quell_entry_init();
    quell_entry_option option = quell_entry_option_init();
    quell_entry_alias alias = quell_entry_alias_init();
    size_t i;
    MUST(quell_list_find(QUELL_LIST_SAMPLERS, "heun", &i));
    MUST(quell_list(QUELL_LIST_SAMPLERS, i, &entry));
    CHECK(entry.order == 2 && entry.evaluations == 2 && entry.stochastic == 1, "heun");
    CHECK(!strcmp(entry.source, "arXiv:2206.00364"), "%s", entry.source);
    MUST(quell_list_find(QUELL_LIST_SAMPLERS, "dpmpp_2m", &i));
    MUST(quell_list_option(QUELL_LIST_SAMPLERS, i, 0, &option));
    CHECK(!strcmp(option.name, "order") && option.type == QUELL_OPTION_WHOLE, "%s", option.name);
    MUST(quell_list_find(QUELL_LIST_SAMPLERS, "ddpm", &i));
    MUST(quell_list(QUELL_LIST_SAMPLERS, i, &entry));
    CHECK(i == 0 && entry.stochastic == 2 && entry.available, "ddpm");
    MUST(quell_list_find(QUELL_LIST_GRIDS, "logsnr", &i));
    MUST(quell_list_alias(QUELL_LIST_GRIDS, i, 0, &alias));
    CHECK(!strcmp(alias.name, "logsnr") && !strcmp(alias.spec, "exponential"), "%s", alias.spec);
}

TEST(list, refused)
{
    quell_entry entry = quell_entry_init();
    quell_entry_alias alias = quell_entry_alias_init();
    quell_entry_option option = {0};
    size_t i = 7;
    CHECK(quell_list_find(QUELL_LIST_SAMPLERS, "ddmi", &i) == QUELL_NOT_FOUND && i == 7, "ddmi");
    CHECK(strstr(quell_error_message(), "did you mean 'ddim'"), "%s", quell_error_message());
    CHECK(quell_list_find(QUELL_LIST_MODELS, "rings", &i) == QUELL_NOT_FOUND && i == 7, "rings");
    CHECK(strstr(quell_error_message(), "mean 'builtin:rings'"), "%s", quell_error_message());
    CHECK(quell_list_find(QUELL_LIST_SAMPLERS, NULL, &i) == QUELL_BAD_ARGUMENT, "no name");
    CHECK(quell_list_find(QUELL_LIST_SAMPLERS, "ddim", NULL) == QUELL_BAD_ARGUMENT, "no place");
    CHECK(quell_list((quell_list_kind)KINDS, 0, &entry) == QUELL_BAD_ARGUMENT, "a sixth list");
    CHECK(strstr(quell_error_message(), "no list 5: must be 0 to 4"), "%s", quell_error_message());
    CHECK(quell_list((quell_list_kind)-1, 0, &entry) == QUELL_BAD_ARGUMENT, "list -1");
    CHECK(quell_list(QUELL_LIST_GRIDS, SIZE_MAX, &entry) == QUELL_NOT_FOUND, "the last of all");
    CHECK(quell_list(QUELL_LIST_GRIDS, 0, NULL) == QUELL_BAD_ARGUMENT, "no entry");
    CHECK(quell_list_option(QUELL_LIST_SAMPLERS, 1, 0, &option) == QUELL_BAD_ARGUMENT, "size 0");
    CHECK(!option.name && strstr(quell_error_message(), "_init()"), "%s", quell_error_message());
    CHECK(quell_list_alias(QUELL_LIST_ISAS, 0, 0, &alias) == QUELL_NOT_FOUND, "no such alias");
    CHECK(!entry.name && !alias.name, "left as they were");
}
