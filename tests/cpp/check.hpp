/* SPDX-License-Identifier: MIT */
/* Tests of the C++ interface: a failed CHECK throws, which ends its test. */
#ifndef QUELL_TESTS_CPP_CHECK_HPP
#define QUELL_TESTS_CPP_CHECK_HPP

#include <quell/quell.hpp>
#include <cstring>
#include <string>
#include <vector>

struct failure {
    std::string what;
};

struct test {
    const char *name;
    void (*body)();
};

std::vector<test> &tests();

struct adding {
    adding(const char *name, void (*body)()) { tests().push_back({name, body}); }
};

#define TEST(name)                                  \
    static void name();                             \
    static const adding name##_adding{#name, name}; \
    static void name()

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition))                                                                 \
            throw failure{std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " + \
                          #condition};                                                    \
    } while (0)

/* What calling throws: the exception of that type, or a failure. */
template <class E, class F> E thrown(F &&function)
{
    try {
        function();
    } catch (const E &expected) {
        return expected;
    }
    throw failure{"nothing was thrown"};
}

template <class F> quell_status status_of(F &&function)
{
    return thrown<quell::error>(function).status();
}

inline bool same_bits(quell::span<const float> a, quell::span<const float> b)
{
    return a.size() == b.size() && !a.empty() &&
           !std::memcmp(a.data(), b.data(), a.size() * sizeof(float));
}

/* E[X | x_t] for X = +1 or -1 in every element, but in exact arithmetic: x / 2. */
inline void halve(const quell_call &, quell::span<const float> x, quell::span<float> mean)
{
    for (size_t i = 0; i < x.size(); i++) mean[i] = x[i] / 2;
}
int c_halve(void *user, const quell_call *call, const float *x, float *mean);

#endif
