/* SPDX-License-Identifier: MIT */
/* A view of values that lie one after the other, as std::span is from C++20 on. It is the same
 * class in C++17 and C++20, so that parts of one program may be compiled as either. It converts
 * from a std::vector, std::array, std::span or any similar container, and to a std::span. */
#ifndef QUELL_SPAN_HPP
#define QUELL_SPAN_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>
#if __cplusplus >= 202002L
#include <ranges>
#endif

namespace quell
{

template <class T> class span
{
    template <class C>
    using data_of = std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>;
    template <class C>
    using if_fits =
        std::enable_if_t<!std::is_same_v<std::remove_cv_t<std::remove_reference_t<C>>, span> &&
                         std::is_convertible_v<data_of<C> (*)[], T (*)[]> &&
                         std::is_convertible_v<decltype(std::size(std::declval<C &>())), size_t>>;

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
    }

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

} // namespace quell

#if __cplusplus >= 202002L
template <class T> inline constexpr bool std::ranges::enable_borrowed_range<quell::span<T>> = true;
template <class T> inline constexpr bool std::ranges::enable_view<quell::span<T>> = true;
#endif
#endif
