/* SPDX-License-Identifier: MIT */
#include "option_values.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Values within an option's range, apart from its default. */
size_t option_values(const struct quell_option *option, double *value)
{
    size_t count = 0, length;
    double low = option->low, high = option->high, own = option->value;
    double tries[OPTION_VALUES];
    if (option->choices) {
        while (quell_choice(option->choices, count, &length)) tries[count] = (double)count, count++;
    } else if (option->whole) {
        const double some[] = {low, low + 1, own - 1, own + 1, own + 3, fmin(high, own * 2 + 5)};
        for (; count < 6; count++) tries[count] = some[count];
    } else {
        double top = isfinite(high) ? high : 1e6;
        const double some[] = {
            low,           top,           own / 2,         own * 1.5,
            own + 0.1,     own - 0.1,     (own + low) / 2, fmin(top, own * 10 + 1),
            fmin(top, 1.), fmax(low, 0.5)};
        for (; count < 10; count++) tries[count] = some[count];
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool within = option->choices || (tries[i] >= low && tries[i] <= high);
        if (!strcmp(option->name, "train") && tries[i] > 1010) within = false;
        for (size_t k = 0; k < kept; k++) within &= tries[i] != value[k];
        if (within && tries[i] != own && isfinite(tries[i])) value[kept++] = tries[i];
    }
    return kept;
}

void option_put(char *text, size_t size, const struct quell_option *option, double value)
{
    size_t at = strlen(text);
    size_t length;
    const char *word =
        option->choices ? quell_choice(option->choices, (size_t)value, &length) : NULL;
    const char *mark = strchr(text, ':') ? "," : ":";
    if (word)
        snprintf(text + at, size - at, "%s%s=%.*s", mark, option->name, (int)length, word);
    else
        snprintf(text + at, size - at, "%s%s=%.17g", mark, option->name, value);
}

/* For each need that the defaults do not meet: the first value that would meet it. */
void option_put_needs(char *text, size_t size, const struct quell_option *all,
                      const struct quell_option *option)
{
    for (const char *need = option->needs; need && *need;) {
        size_t whole = strcspn(need, ","), name = strcspn(need, "=,");
        char probe[200];
        snprintf(probe, sizeof probe, "%s", text);
        size_t at = strlen(probe);
        const char *mark = strchr(probe, ':') ? "," : ":";
        if (name < whole) {
            size_t words = strcspn(need, "|,");
            snprintf(probe + at, sizeof probe - at, "%s%.*s", mark, (int)words, need);
        } else {
            const struct quell_option *other = all;
            while (other->name && (strlen(other->name) != name || memcmp(other->name, need, name)))
                other++;
            double some =
                other->whole || other->choices ? fmax(other->value, 1) : fmin(other->high, 0.5);
            if (!strcmp(other->name, "tokens")) some = 1000;
            if (other->value == 0) option_put(probe, sizeof probe, other, some);
        }
        snprintf(text, size, "%s", probe);
        need += whole + (need[whole] == ',');
    }
}
