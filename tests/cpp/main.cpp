/* SPDX-License-Identifier: MIT */
#include "check.hpp"

#include <cstdio>

std::vector<test> &tests()
{
    static std::vector<test> all;
    return all;
}

int c_halve(void *, const quell_call *call, const float *x, float *mean)
{
    for (size_t i = 0; i < call->rows * call->dim; i++) mean[i] = x[i] / 2;
    return 0;
}

static bool passes(const test &one)
{
    try {
        one.body();
        return true;
    } catch (const failure &failed) {
        std::fprintf(stderr, "%s: %s\n", one.name, failed.what.c_str());
    } catch (const std::exception &unexpected) {
        std::fprintf(stderr, "%s: threw: %s\n", one.name, unexpected.what());
    }
    return false;
}

int main()
{
    size_t passed = 0;
    for (const test &one : tests()) passed += passes(one);
    std::printf("%zu passed, %zu failed\n", passed, tests().size() - passed);
    return passed == tests().size() && passed ? 0 : 1;
}
