/* SPDX-License-Identifier: MIT */
/* Failures of quell as exceptions. */
#ifndef QUELL_STATUS_HPP
#define QUELL_STATUS_HPP

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <quell/status.h>

#if __cplusplus < 201703L
#error "the C++ headers of quell need C++17: -std=c++17, or CMAKE_CXX_STANDARD 17"
#endif

namespace quell
{

/* The exception that a failing call throws: its status, and the text of quell_error_message(). */
class error : public std::runtime_error
{
  public:
    error(quell_status status, const std::string &message)
        : std::runtime_error(message), status_(status)
    {
    }

    /* The same, with the sample that was being drawn and its transition (quell_error_sample). */
    error(quell_status status, const std::string &message, uint64_t sample, size_t transition)
        : std::runtime_error(message), status_(status), sample_(sample), transition_(transition)
    {
    }

    /* QUELL_STOPPED, QUELL_BAD_ARGUMENT, ... */
    quell_status status() const noexcept { return status_; }

    /* The number of the sample in which a run failed, and that of its transition; empty if it did
     * not fail in a sample. */
    std::optional<uint64_t> sample() const noexcept { return sample_; }
    std::optional<size_t> transition() const noexcept { return transition_; }

  private:
    quell_status status_;
    std::optional<uint64_t> sample_;
    std::optional<size_t> transition_;
};

/* The name ("QUELL_NO_MEMORY") and the meaning ("out of memory") of a status. */
inline std::string_view status_name(quell_status status) { return quell_status_name(status); }
inline std::string_view status_text(quell_status status) { return quell_status_text(status); }

/* The version of the library at run time, "MAJOR.MINOR.PATCH". */
inline std::string_view version() { return quell_version(); }

namespace detail
{

/* Throws if the call of the C interface with this status failed; called in the same thread. */
inline void check(quell_status status)
{
    uint64_t sample = 0;
    size_t transition = 0;
    if (status == QUELL_OK) return;
    if (quell_error_sample(&sample, &transition))
        throw error(status, quell_error_message(), sample, transition);
    throw error(status, quell_error_message());
}

/* Returns a string for the C interface. For C it would end at its first NUL: one inside throws. */
inline const char *text(const char *what, const std::string &value)
{
    if (value.find('\0') != std::string::npos)
        throw error(QUELL_BAD_ARGUMENT, std::string(what) + ": there is a NUL character in it");
    return value.c_str();
}

/* Returns a * b, a number of values; throws if that overflows. */
inline size_t product(const char *what, size_t a, size_t b)
{
    if (b && a > SIZE_MAX / b) throw error(QUELL_BAD_ARGUMENT, std::string(what) + ": too large");
    return a * b;
}

/* "1 value", "2 values". */
inline std::string number_of_values(size_t size)
{
    return std::to_string(size) + (size == 1 ? " value" : " values");
}

/* Throws if an array has another size than is wanted, which the C interface could not see. */
inline void expect(const std::string &what, size_t size, size_t wanted)
{
    if (size != wanted)
        throw error(QUELL_BAD_ARGUMENT,
                    what + ": " + number_of_values(size) + ", must be " + std::to_string(wanted));
}

/* The same for an array of whole rows, of `of` values each; `called` is what that number is. If it
 * is 0, the C interface says what is wrong. Returns the number of rows. */
inline size_t expect_rows(const std::string &what, size_t size, size_t of,
                          const std::string &called = {})
{
    if (of && size % of)
        throw error(QUELL_BAD_ARGUMENT, what + ": " + number_of_values(size) +
                                            ", must be a multiple of " + called +
                                            std::to_string(of));
    return of ? size / of : 0;
}

/* Returns the data of an array that may be left out: NULL if it is empty. Throws as expect does. */
template <class Values> auto *optional_data(const char *what, const Values &values, size_t wanted)
{
    if (values.empty()) return static_cast<decltype(values.data())>(nullptr);
    expect(what, values.size(), wanted);
    return values.data();
}

} // namespace detail
} // namespace quell
#endif
