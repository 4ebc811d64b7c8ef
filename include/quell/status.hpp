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

namespace quell
{

/* What a call of quell throws when it fails: its status, and what quell_error_message() said. */
class error : public std::runtime_error
{
  public:
    error(quell_status status, const std::string &message)
        : std::runtime_error(message), status_(status)
    {
    }

    /* Of a sample that was being drawn, and its transition (quell_error_sample). */
    error(quell_status status, const std::string &message, uint64_t sample, size_t transition)
        : std::runtime_error(message), status_(status), sample_(sample), transition_(transition)
    {
    }

    /* QUELL_STOPPED, QUELL_BAD_ARGUMENT, ... */
    quell_status status() const noexcept { return status_; }

    /* The sample in which a run failed, and the number of its transition, if it was in a sample. */
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

/* Throws if a call of the C interface failed, in the thread that made it. */
inline void check(quell_status status)
{
    uint64_t sample = 0;
    size_t transition = 0;
    if (status == QUELL_OK) return;
    if (quell_error_sample(&sample, &transition))
        throw error(status, quell_error_message(), sample, transition);
    throw error(status, quell_error_message());
}

/* A string for the C interface, which would see it end at its first NUL. */
inline const char *text(const char *what, const std::string &value)
{
    if (value.find('\0') != std::string::npos)
        throw error(QUELL_BAD_ARGUMENT, std::string(what) + ": there is a NUL character in it");
    return value.c_str();
}

/* a * b, which must be the number of values of an array. */
inline size_t product(const char *what, size_t a, size_t b)
{
    if (b && a > SIZE_MAX / b) throw error(QUELL_BAD_ARGUMENT, std::string(what) + ": too large");
    return a * b;
}

/* The C interface cannot see how long an array is. */
inline void expect(const char *what, size_t size, size_t wanted)
{
    if (size != wanted)
        throw error(QUELL_BAD_ARGUMENT, std::string(what) + ": " + std::to_string(size) +
                                            " values, must be " + std::to_string(wanted));
}

/* As expect, of what may be left out: NULL for C then. */
template <class Span> auto *optional_data(const char *what, Span values, size_t wanted)
{
    if (values.empty()) return static_cast<decltype(values.data())>(nullptr);
    expect(what, values.size(), wanted);
    return values.data();
}

} // namespace detail
} // namespace quell
#endif
