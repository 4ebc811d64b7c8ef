/* SPDX-License-Identifier: MIT */
/* The caller's functions, which C calls. No exception of theirs passes through C.
 *
 * A function of the caller's may return nothing, or an int as in C: 0 to go on, > 0 to stop (the
 * call throws quell::error with QUELL_STOPPED), < 0 for an error (QUELL_DENOISER_FAILED). If it
 * throws, the run ends, and the call that started the run throws the same object again, in its own
 * thread. If functions throw in several threads, the exception of the lowest sample is thrown and
 * the others are dropped.
 *
 * That is all that a caller needs to know of this file. What is in namespace detail, here and in
 * the other headers, is not for callers, and may change at any time. */
#ifndef QUELL_CALLBACK_HPP
#define QUELL_CALLBACK_HPP

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <quell/status.hpp>

namespace quell
{
namespace detail
{

template <class F, class = void> struct may_be_empty : std::false_type {
};
template <class F>
struct may_be_empty<F, std::void_t<decltype(std::declval<const F &>().operator bool())>>
    : std::true_type {
};

/* Returns whether a function of the caller's is a std::function, or the like, without a function in
 * it, or a pointer that is NULL. */
template <class F> bool is_empty([[maybe_unused]] const F &function) noexcept
{
    if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>)
        return function == nullptr;
    else if constexpr (may_be_empty<F>::value)
        return !static_cast<bool>(function);
    else
        return false;
}

/* Throws if a function that must be given is empty. */
template <class F> void refuse_empty(const char *what, const F &function)
{
    if (is_empty(function))
        throw error(QUELL_BAD_ARGUMENT, std::string(what) + ": the function is empty");
}

/* Calls a function of the caller's and returns what C expects of it. */
template <class F, class... A> int answer(F &function, A &&...arguments)
{
    using result = std::invoke_result_t<F &, A...>;
    static_assert(std::is_void_v<result> || std::is_same_v<result, int>,
                  "returns nothing, or int: 0 to go on, > 0 to stop, < 0 for an error");
    if constexpr (std::is_void_v<result>) {
        std::invoke(function, std::forward<A>(arguments)...);
        return 0;
    } else {
        return std::invoke(function, std::forward<A>(arguments)...);
    }
}

/* Keeps the exception of one call into C. The address of its slot is the context of the run. A call
 * inside a transition of that run has a slot of its own, which knows the run's address. */
class slot
{
  public:
    slot() noexcept : run_(this) {}
    explicit slot(const void *run) noexcept : run_(run) {}
    slot(const slot &) = delete;
    slot &operator=(const slot &) = delete;

    const void *run() const noexcept { return run_; }

    /* Keeps the exception being handled, unless there is one of a lower sample. */
    void keep(uint64_t sample) noexcept
    {
        std::lock_guard<std::mutex> guard(mutex_);
        if (exception_ && sample_ <= sample) return;
        exception_ = std::current_exception();
        sample_ = sample;
    }

    /* Throws the exception, if there is one; called when C has returned. */
    void rethrow()
    {
        std::unique_lock<std::mutex> guard(mutex_);
        std::exception_ptr thrown = exception_;
        guard.unlock();
        if (thrown) std::rethrow_exception(thrown);
    }

  private:
    const void *run_;
    std::mutex mutex_;
    std::exception_ptr exception_;
    uint64_t sample_ = 0;
};

/* Returns the slot of the innermost call into C that this thread is in, or NULL. */
inline slot *&innermost() noexcept
{
    static thread_local slot *current = nullptr;
    return current;
}

class scope
{
  public:
    explicit scope(slot &inner) noexcept : before_(std::exchange(innermost(), &inner)) {}
    ~scope() { innermost() = before_; }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

  private:
    slot *before_;
};

/* Returns the slot that keeps an exception thrown in a run with this context. */
inline slot *slot_of(void *context) noexcept
{
    slot *inner = innermost();
    return inner && inner->run() == context ? inner : static_cast<slot *>(context);
}

/* Says of an exception that no call in this thread can throw again what it said of itself. */
inline void tell_exception() noexcept
{
    try {
        throw;
    } catch (const std::exception &thrown) {
        quell_error_set(QUELL_DENOISER_FAILED, thrown.what());
    } catch (...) {
        quell_error_set(QUELL_DENOISER_FAILED, "an exception that is no std::exception");
    }
}

/* Calls a function of the caller's from C, and keeps its exception in a slot. */
template <class F, class... A>
int guarded(slot *at, uint64_t sample, F &function, A &&...arguments) noexcept
{
    try {
        return answer(function, std::forward<A>(arguments)...);
    } catch (...) {
        if (at)
            at->keep(sample);
        else
            tell_exception();
        return -1;
    }
}

/* Frees a function of the caller's that C holds. */
template <class F> void destroy(void *user) noexcept { delete static_cast<F *>(user); }

/* Calls C, which may call the caller's functions. Throws what they threw, or else C's failure. */
template <class F> void call(slot &own, F &&function)
{
    quell_status status;
    {
        scope inside(own);
        status = function();
    }
    own.rethrow();
    check(status);
}

template <class F> void call(F &&function)
{
    slot own;
    call(own, std::forward<F>(function));
}

} // namespace detail

/* A function of the caller's with these arguments, or no function, as an empty std::function is. */
template <class... A> class callback
{
  public:
    callback() = default;

    template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, callback> &&
                                                std::is_invocable_v<F &, A...>>>
    callback(F function)
    {
        if (detail::is_empty(function)) return;
        function_ = [function = std::move(function)](A... arguments) mutable {
            return detail::answer(function, static_cast<A>(arguments)...);
        };
    }

    explicit operator bool() const noexcept { return static_cast<bool>(function_); }
    int operator()(A... arguments) const { return function_(static_cast<A>(arguments)...); }

  private:
    std::function<int(A...)> function_;
};

} // namespace quell
#endif
