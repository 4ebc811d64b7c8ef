/* SPDX-License-Identifier: MIT */
/* Values that lie one after the other: a view of them for the time of a call, and a copy to keep.
 * Both are the same classes in C++17 and C++20, so that parts of one program may be compiled as
 * either. */
#ifndef QUELL_SPAN_HPP
#define QUELL_SPAN_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>
#include <quell/status.hpp>
#if __cplusplus >= 202002L
#include <ranges>
#endif

namespace quell
{

template <class T> class values;

/* A view of values, as std::span is from C++20 on. It converts from a std::vector, std::array,
 * std::span or any similar container, and to a std::span. A view of what may be written is never of
 * a container that ends with the expression: what was written would be lost. */
template <class T> class span
{
    template <class C>
    using data_of = std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>;
    template <class C>
    using if_fits =
        std::enable_if_t<!std::is_same_v<std::remove_cv_t<std::remove_reference_t<C>>, span> &&
                         std::is_convertible_v<data_of<C> (*)[], T (*)[]> &&
                         std::is_convertible_v<decltype(std::size(std::declval<C &>())), size_t>>;

    /* A view may be written to though it is const itself, a container not. */
    template <class C>
    static constexpr bool lasts =
        std::is_const_v<T> || std::is_lvalue_reference_v<C> ||
        std::is_convertible_v<data_of<const std::remove_reference_t<C>> (*)[], T (*)[]>;

  public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using iterator = T *;

    /* No values. */
    constexpr span() noexcept = default;

    /* `size` values from `data` on, which the caller owns. */
    constexpr span(T *data, size_t size) noexcept : data_(data), size_(size) {}

    /* The values of a container or an array. */
    template <class C, class = if_fits<C>>
    constexpr span(C &&values) noexcept : data_(std::data(values)), size_(std::size(values))
    {
        static_assert(lasts<C>, "what is written to a container that ends here would be lost");
    }

    /* What a temporary returns as values of its own would be gone: name them first. */
    constexpr span(quell::values<value_type> &&) = delete;

    /* Values in braces, which last as long as the call that they are written in. */
    template <class U = T, class = std::enable_if_t<std::is_const_v<U>>>
    constexpr span(std::initializer_list<value_type> values) noexcept : size_(values.size())
    {
        data_ = values.begin();
    }

    constexpr T *data() const noexcept { return data_; }
    constexpr size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](size_t i) const noexcept { return data_[i]; }

    /* Values [offset, offset + count). */
    constexpr span subspan(size_t offset, size_t count) const noexcept
    {
        return span(data_ + offset, count);
    }

  private:
    T *data_ = nullptr;
    size_t size_ = 0;
};

/* Values of its own, copied from whatever a span views, or taken over from a std::vector: what they
 * come from need not last, and may change. */
template <class T> class values
{
    template <class C>
    using if_views =
        std::enable_if_t<!std::is_same_v<std::remove_cv_t<std::remove_reference_t<C>>, values> &&
                         std::is_constructible_v<span<const T>, C &>>;

  public:
    using value_type = T;
    using iterator = const T *;

    /* No values. */
    values() noexcept = default;

    /* The values in braces. */
    values(std::initializer_list<T> given) : own_(given) {}

    /* A vector of them. */
    values(std::vector<T> given) noexcept : own_(std::move(given)) {}

    /* The values of another container or an array. */
    template <class C, class = if_views<C>> values(C &&given)
    {
        const span<const T> from(given);
        own_.assign(from.begin(), from.end());
    }

    const T *data() const noexcept { return own_.data(); }
    size_t size() const noexcept { return own_.size(); }
    bool empty() const noexcept { return own_.empty(); }
    const T *begin() const noexcept { return own_.data(); }
    const T *end() const noexcept { return own_.data() + own_.size(); }
    const T &operator[](size_t i) const noexcept { return own_[i]; }

  private:
    std::vector<T> own_;
};

} // namespace quell

#if __cplusplus >= 202002L
template <class T> inline constexpr bool std::ranges::enable_borrowed_range<quell::span<T>> = true;
template <class T> inline constexpr bool std::ranges::enable_view<quell::span<T>> = true;
#endif
#endif
