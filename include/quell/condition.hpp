/* SPDX-License-Identifier: MIT */
/* Conditions: real arrays by name that a denoiser is told beside x, the time and the class. */
#ifndef QUELL_CONDITION_HPP
#define QUELL_CONDITION_HPP

#include <string>
#include <utility>
#include <vector>
#include <quell/condition.h>
#include <quell/status.hpp>

namespace quell
{

/* The values of one condition of a draw (quell_condition): values[size] for all samples, with a
 * count of 0, or values[count][size] for the `count` samples of the draw. condition::none(name):
 * the samples are without this condition. An array that is empty by mistake is refused. */
struct condition {
    std::string name;
    std::vector<float> values = {};
    size_t count = 0;
    bool is_none = false;

    condition(std::string of, std::vector<float> given, size_t rows = 0)
        : name(std::move(of)), values(std::move(given)), count(rows)
    {
    }
    condition(std::string of, float value) : name(std::move(of)), values{value} {}

    static condition none(std::string of)
    {
        condition one(std::move(of), std::vector<float>());
        one.is_none = true;
        return one;
    }
};

/* A condition that a function takes: its name, how many elements it has, and what the function is
 * told for samples that are without it. If `none` is empty, no sample may be without it. */
struct condition_taken {
    std::string name;
    size_t size = 1;
    std::vector<float> none = {};
};

/* What a denoiser says of a condition that it takes. */
struct condition_info {
    std::string name;
    std::vector<size_t> shape;
};

namespace detail
{

/* These refer to what they are made from. */
inline std::vector<quell_condition> c_conditions(const std::vector<condition> &all)
{
    std::vector<quell_condition> c;
    for (const condition &one : all) {
        if (one.is_none == !one.values.empty() || (one.is_none && one.count))
            throw error(QUELL_BAD_ARGUMENT,
                        "draw: condition '" + one.name +
                            (one.is_none ? "' is none, but has values or a count"
                                         : "' has no values; condition::none stands for none"));
        size_t rows = one.count ? one.count : 1;
        size_t size = expect_rows("draw: condition '" + one.name + "'", one.values.size(), rows,
                                  "its count, ");
        c.push_back({text("condition: name", one.name), one.is_none ? nullptr : one.values.data(),
                     one.count, size});
    }
    return c;
}

inline std::vector<quell_condition> c_conditions(const std::vector<condition_taken> &all)
{
    std::vector<quell_condition> c;
    for (const condition_taken &one : all) {
        if (!one.none.empty())
            expect("function: the none of condition '" + one.name + "'", one.none.size(), one.size);
        c.push_back({text("condition: name", one.name),
                     one.none.empty() ? nullptr : one.none.data(), 0, one.size});
    }
    return c;
}

} // namespace detail
} // namespace quell
#endif
