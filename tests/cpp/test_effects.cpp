/* SPDX-License-Identifier: MIT */
/* What has no effect is refused as in C, by the same words. */
#include "check.hpp"

#include <cstring>

namespace
{

/* The message with which a sampler is refused; "": it is not. */
std::string refusal(const char *spec, const char *schedule, const quell::sampler_options &options)
{
    try {
        quell::sampler(spec, quell::denoiser::from_isotropic(2), quell::schedule(schedule),
                       options);
    } catch (const quell::error &error) {
        return error.what();
    }
    return "";
}

void check_sampler(const char *says, const char *spec, const char *schedule,
                   const quell::sampler_options &options)
{
    std::string found = refusal(spec, schedule, options);
    if (says ? found.find(says) == std::string::npos : !found.empty())
        throw failure{std::string(spec) + ": " + (found.empty() ? "taken" : found)};
}

} // namespace

TEST(effects)
{
#define POINTS(member, ...) o.member = {__VA_ARGS__}
#define MOMENT(member, value) o.member = {value}
#define OPTIONS(says, spec, schedule, ...)      \
    {                                           \
        quell::sampler_options o;               \
        __VA_ARGS__;                            \
        check_sampler(says, spec, schedule, o); \
    }
#include "effects.inc"
}

TEST(effects_of_steps_beside_times)
{
    quell::sampler_options options;
    options.times = {1, 0.5, 0};
    options.steps = 2;
    CHECK(refusal("ddim", "vp", options).empty());
    options.steps = 64;
    CHECK(!refusal("ddim", "vp", options).empty());
    options.times = {1};
    options.steps = 0;
    CHECK(!refusal("ddim", "vp", options).empty());
}

TEST(a_list_that_there_is_not)
{
    try {
        quell::list(static_cast<quell_list_kind>(7)); /* of the values that the type has */
    } catch (const quell::error &error) {
        CHECK(error.status() == QUELL_BAD_ARGUMENT);
        CHECK(!std::strcmp(error.what(), quell_error_message()));
        return;
    }
    throw failure{"a list 7"};
}
