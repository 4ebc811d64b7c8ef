/* SPDX-License-Identifier: MIT */
#include "binding.hpp"
#include <algorithm>

quell::span<const float> values(const floats &array)
{
    return {array.data(), size_t(array.size())};
}

quell::span<float> writable(floats &array)
{
    float *data = array.mutable_data(); /* throws ValueError if it is read-only */
    return {data, size_t(array.size())};
}

quell::span<const double> values(const doubles &array)
{
    return {array.data(), size_t(array.size())};
}

doubles matrix(size_t rows, size_t columns, const double *values)
{
    doubles result({rows, columns});
    std::copy_n(values, rows * columns, result.mutable_data());
    return result;
}
