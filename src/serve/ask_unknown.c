/* SPDX-License-Identifier: MIT */
/* Messages for names that are not parameters: they say where the name belongs, or suggest
 * another. */
#include "serve/ask.h"
#include "base/fail.h"
#include "base/nearest.h"
#include "denoisers/denoiser.h"

#include <string.h>

/* Returns the parameter that other programs, or quell's Python functions, call `name`; or NULL. */
static const char *other_name(const char *name)
{
    static const struct {
        const char *word, *name;
    } others[] = {
        {"num_steps", "steps"},
        {"num_inference_steps", "steps"},
        {"n", "count"},
        {"num_samples", "count"},
        {"samples", "count"},
        {"batch", "count"},
        {"batch_size", "count"},
        {"scheduler", "sampler"},
        {"cfg", "guidance"},
        {"cfg_scale", "guidance"},
        {"guidance_scale", "guidance"},
        {"scale", "guidance"},
        {"weight", "guidance"},
        {"label", "class"},
        {"y", "class"},
        {"class_label", "class"},
        {"labels", "classes"},
        {"class_labels", "classes"},
        {"negative_label", "negative-class"},
        {"noise_schedule", "schedule"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(others[i].word, name)) return others[i].name;
    return NULL;
}

/* Finds the first sampler that has an option called `name`, where a - may stand for a _. */
static bool find_option(const char *name, quell_entry *sampler, quell_entry_option *option)
{
    for (size_t i = 0; !quell_list(QUELL_LIST_SAMPLERS, i, sampler); i++)
        for (size_t k = 0; !quell_list_option(QUELL_LIST_SAMPLERS, i, k, option); k++) {
            size_t at = 0;
            while (name[at] &&
                   (name[at] == option->name[at] || (name[at] == '-' && option->name[at] == '_')))
                at++;
            if (!name[at] && !option->name[at]) return true;
        }
    return false;
}

/* Refuses the name of a condition's array, condition.NAME, and the name of a condition alone. */
static quell_status refuse_condition(const quell_denoiser *denoiser, const char *name)
{
    static const char *const before[] = {"condition", "negative-condition"};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(before[i]);
        if (!strncmp(name, before[i], length) && name[length] == '.')
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "no parameter '%.60s', but an array, which is posted: numbers are "
                              "%s=%.40s=VALUE",
                              name, before[i], name + length + 1);
    }
    if (!serve_ask_conditioned(denoiser, name)) return QUELL_OK;
    return quell_fail(QUELL_BAD_ARGUMENT,
                      "no parameter '%.40s': it is a condition, condition=%.40s=VALUE, or in "
                      "JSON {\"condition\": {\"%.40s\": VALUE}}",
                      name, name, name);
}

quell_status serve_ask_known(const quell_model *model, const char *name)
{
    static const char *const arrays[] = {"from", "classes", "seeds", "indices"};
    struct quell_nearest nearest = quell_nearest_to(name, strlen(name));
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (!strcmp(arrays[i], name))
            return quell_fail(QUELL_BAD_ARGUMENT,
                              "%s: is an array, which no address has: post it (JSON, or .npy)",
                              name);
        quell_nearest_try(&nearest, arrays[i]);
    }
    const struct serve_parameter *parameter;
    for (size_t i = 0; (parameter = serve_ask_parameter(i)); i++) {
        if (!strcmp(parameter->name, name)) return QUELL_OK;
        quell_nearest_try(&nearest, parameter->name);
    }
    quell_status status = refuse_condition(quell_model_denoiser(model), name);
    if (status) return status;
    const char *other = other_name(name);
    quell_entry sampler = quell_entry_init();
    quell_entry_option option = quell_entry_option_init();
    if (other)
        return quell_fail(QUELL_BAD_ARGUMENT, "no parameter '%.40s' (did you mean '%s'?)", name,
                          other);
    if (find_option(name, &sampler, &option))
        return quell_fail(QUELL_BAD_ARGUMENT,
                          "no parameter '%.40s': an option of a sampler that has it is a part of "
                          "its name, as in sampler=%s:%s=VALUE",
                          name, sampler.name, option.name);
    return quell_fail(QUELL_BAD_ARGUMENT, "no parameter '%.40s'%s", name, nearest.hint);
}
