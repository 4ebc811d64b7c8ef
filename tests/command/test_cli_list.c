/* SPDX-License-Identifier: MIT */
/* `quell list`: complete, and as the library takes it. */
#include "command.h"
#include "harness.h"
#include "names.h"

#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_field(entry, name));
    CHECK(text, "%s is no text", name);
    return text;
}

/* A number, or an infinity as a text; as it stands in a spec. */
static void print_number(char *text, size_t size, const json_t *number)
{
    if (json_is_string(number)) {
        snprintf(text, size, "%s", json_string_value(number));
        CHECK(!strcmp(text, "inf") || !strcmp(text, "-inf"), "%s", text);
    } else {
        CHECK(json_is_number(number), "no number");
        snprintf(text, size, "%.17g", json_number_value(number));
    }
}

/* Adds ":KEY=DEFAULT" to a spec, and checks the option. */
static void add_option(char *spec, size_t size, const json_t *option)
{
    char value[64], bound[64];
    const char *type = text_of(option, "type");
    const json_t *given = json_field(option, "default");
    CHECK(*text_of(option, "summary"), "no summary");
    if (!strcmp(type, "choice")) {
        const json_t *choices = json_field(option, "choices");
        size_t known = 0;
        for (size_t i = 0; i < json_array_size(choices); i++)
            known += json_equal(json_array_get(choices, i), given) ? 1 : 0;
        CHECK(known == 1, "%s: the default is no choice", text_of(option, "name"));
        snprintf(value, sizeof value, "%s", json_string_value(given));
    } else {
        CHECK(!strcmp(type, "number") || !strcmp(type, "whole"), "%s", type);
        CHECK(strcmp(type, "whole") || json_is_integer(given), "a whole number");
        print_number(bound, sizeof bound, json_field(option, "low"));
        print_number(bound, sizeof bound, json_field(option, "high"));
        print_number(value, sizeof value, given);
    }
    size_t length = strlen(spec);
    snprintf(spec + length, size - length, "%c%s=%s", strchr(spec, ':') ? ',' : ':',
             text_of(option, "name"), value);
}

/* `quell plan` with the option `what` set to this spec, and its output without the first line,
 * which has the spec; free it. There are grids for discrete schedules alone. */
static char *plan(const struct command *command, const char *what, const char *spec)
{
    char arguments[1000];
    const char *schedule = strcmp(what, "--schedule") ? "--schedule beta_linear" : "";
    const char *steps = strncmp(spec, "dpm_adaptive", 12) ? "--steps 2" : ""; /* it has its own */
    snprintf(arguments, sizeof arguments, "plan %s %s %s %s", steps, schedule, what, spec);
    command_check(command, 0, arguments);
    char *output = command_output(command), *rest = strchr(output, '\n');
    CHECK(rest, "%s: %s", arguments, output);
    memmove(output, rest + 1, strlen(rest));
    return output;
}

/* All defaults, given one by one, are the defaults. */
static void check_defaults(const struct command *command, const char *what, const json_t *entry)
{
    char spec[800];
    const json_t *options = json_field(entry, "options");
    snprintf(spec, sizeof spec, "%s", text_of(entry, "name"));
    char *expected = plan(command, what, spec);
    for (size_t i = 0; i < json_array_size(options); i++)
        add_option(spec, sizeof spec, json_array_get(options, i));
    char *found = plan(command, what, spec);
    CHECK(!strcmp(found, expected), "%s %s:\n%snot\n%s", what, spec, found, expected);
    free(expected);
    free(found);
}

static void check_section(const struct command *command, const char *name, const char *what,
                          const char *(*entry_name)(size_t i))
{
    char arguments[100];
    snprintf(arguments, sizeof arguments, "list %s --json", name);
    json_t *root = command_json(command, arguments);
    const json_t *entries = json_field(root, name);
    size_t i = 0;
    for (; entry_name(i); i++) {
        const json_t *entry = json_array_get(entries, i);
        CHECK(entry && !strcmp(text_of(entry, "name"), entry_name(i)), "%s", entry_name(i));
        CHECK(*text_of(entry, "summary"), "%s: no summary", entry_name(i));
        check_defaults(command, what, entry);
    }
    CHECK(json_array_size(entries) == i, "%s: more than there are", name);
    json_decref(root);
}

TEST(cli, list_grids_and_schedules)
{
    struct command command = command_new();
    check_section(&command, "grids", "--grid", grid_name);
    check_section(&command, "schedules", "--schedule", schedule_name);
    command_remove(&command);
}

static void check_alias(const struct command *command, const json_t *alias)
{
    char arguments[200], line[200];
    const char *name = text_of(alias, "name"), *spec = text_of(alias, "spec");
    snprintf(arguments, sizeof arguments, "list samplers %s", name);
    snprintf(line, sizeof line, "%s = %s\n", name, spec);
    command_check(command, 0, arguments);
    char *output = command_output(command);
    CHECK(!strncmp(output, line, strlen(line)), "%s", output);
    free(output);
    char *by_name = plan(command, "--sampler", name), *by_spec = plan(command, "--sampler", spec);
    CHECK(!strcmp(by_name, by_spec), "%s is not %s", name, spec);
    free(by_name);
    free(by_spec);
}

TEST(cli, list_samplers)
{
    struct command command = command_new();
    json_t *root = command_json(&command, "list samplers --json");
    const json_t *entries = json_field(root, "samplers");
    CHECK(json_object_size(root) == 1, "samplers only");
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i), *aliases = json_field(entry, "aliases");
        const char *noise = text_of(entry, "stochastic"), *name = text_of(entry, "name");
        const json_t *order = json_field(entry, "order");
        const json_t *evaluations = json_field(entry, "evaluations");
        CHECK(!strcmp(noise, "no") || !strcmp(noise, "optional") || !strcmp(noise, "yes"), "%s",
              noise);
        CHECK(json_is_null(order) || json_integer_value(order) >= 1, "%s: order", name);
        CHECK(json_is_null(evaluations) || json_integer_value(evaluations) >= 1, "%s", name);
        CHECK(*text_of(entry, "source"), "%s: source", name);
        for (size_t a = 0; a < json_array_size(aliases); a++)
            check_alias(&command, json_array_get(aliases, a));
    }
    json_decref(root);
    check_section(&command, "samplers", "--sampler", sampler_name);
    command_remove(&command);
}

/* The entry of one known sampler, as text and as JSON. */
TEST(cli, list_one)
{
    struct command command = command_new();
    json_t *root = command_json(&command, "list samplers ddim --json");
    const json_t *entry = json_array_get(json_field(root, "samplers"), 0);
    const json_t *eta = json_array_get(json_field(entry, "options"), 0);
    CHECK(json_array_size(json_field(root, "samplers")) == 1, "one");
    CHECK(!strcmp(text_of(entry, "source"), "arXiv:2010.02502"), "source");
    CHECK(!strcmp(text_of(entry, "stochastic"), "optional"), "stochastic");
    CHECK(json_integer_value(json_field(entry, "order")) == 1, "order");
    CHECK(json_integer_value(json_field(entry, "evaluations")) == 1, "evaluations");
    CHECK(!strcmp(text_of(eta, "name"), "eta") && !strcmp(text_of(eta, "type"), "number"), "eta");
    CHECK(json_number_value(json_field(eta, "high")) == 1e6, "high");
    json_decref(root);
    root = command_json(&command, "list samplers euler --json");
    entry = json_array_get(json_field(root, "samplers"), 0);
    const json_t *most = json_array_get(json_field(entry, "options"), 2);
    CHECK(!strcmp(text_of(most, "name"), "s_tmax"), "%s", text_of(most, "name"));
    CHECK(!strcmp(text_of(most, "high"), "inf") && !strcmp(text_of(most, "default"), "inf"), "inf");
    json_decref(root);
    command_check(&command, 0, "list samplers ddim");
    char *output = command_output(&command);
    CHECK(strstr(output, "arXiv:2010.02502") && strstr(output, "eta=0 "), "%s", output);
    free(output);
    command_check(&command, 0, "list samplers");
    output = command_output(&command);
    CHECK(!strncmp(output, "name ", 5) && strstr(output, "\nddpm "), "%s", output);
    free(output);
    command_check(&command, 0, "list samplers dpmpp_3m");
    output = command_output(&command);
    CHECK(!strncmp(output, "dpmpp_3m = xeab:order=3", 23), "%s", output);
    free(output);
    root = command_json(&command, "list samplers xeab --json");
    entry = json_array_get(json_field(root, "samplers"), 0);
    CHECK(json_array_size(json_field(entry, "aliases")) == 2, "aliases");
    json_decref(root);
    command_check(&command, 0, "list schedules scaled_linear");
    output = command_output(&command);
    CHECK(strstr(output, "beta_scaled_linear") &&
              strstr(output, "aliases      scaled_linear = beta_scaled_linear"),
          "%s", output);
    free(output);
    root = command_json(&command, "list grids logsnr --json");
    entry = json_array_get(json_field(root, "grids"), 0);
    const json_t *alias = json_array_get(json_field(entry, "aliases"), 0);
    CHECK(!strcmp(text_of(entry, "name"), "exponential") &&
              !strcmp(text_of(alias, "name"), "logsnr"),
          "alias");
    json_decref(root);
    command_check(&command, 0, "list isas scalar");
    command_remove(&command);
}

/* The plan of DDIM at eta = 1 in two steps: the same numbers as its text has. */
/* A range has as many digits as it takes to read it: 1 is none of vp's alpha_min. */
TEST(cli, list_ranges)
{
    struct command command = command_new();
    command_check(&command, 0, "list schedules vp");
    char *output = command_output(&command);
    CHECK(strstr(output, "1e-30 to 0.999999999 ") && !strstr(output, "to 1 "), "%s", output);
    free(output);
    command_check(&command, 0, "list samplers seeds3");
    output = command_output(&command);
    CHECK(strstr(output, "r1=0.3333333333333333 "), "%s", output);
    free(output);
    command_remove(&command);
}

TEST(cli, plan_as_json)
{
    struct command command = command_new();
    json_t *root = command_json(&command, "plan --sampler ddim:eta=1 --steps 2 --json");
    const json_t *operations = json_field(root, "operations");
    CHECK(json_array_size(operations) == 6, "%zu operations", json_array_size(operations));
    const json_t *eval = json_array_get(operations, 0), *combine = json_array_get(operations, 1);
    const json_t *noise = json_array_get(json_field(combine, "noises"), 0);
    CHECK(!strcmp(text_of(eval, "kind"), "eval") && !strcmp(text_of(combine, "kind"), "combine"),
          "kinds");
    CHECK(json_number_value(json_field(json_field(eval, "t"), "t")) == 1, "t");
    CHECK(json_number_value(json_field(noise, "from")) == 1 &&
              json_number_value(json_field(noise, "to")) == 0.5,
          "its noise");
    CHECK(json_is_null(json_field(eval, "variance")), "no variance");
    json_decref(root);
    command_remove(&command);
}
