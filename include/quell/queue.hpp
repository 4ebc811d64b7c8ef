/* SPDX-License-Identifier: MIT */
/* Queues: requests from any threads, whose samples are drawn together. */
#ifndef QUELL_QUEUE_HPP
#define QUELL_QUEUE_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <quell/callback.hpp>
#include <quell/condition.hpp>
#include <quell/queue.h>
#include <quell/run.hpp>
#include <quell/sampler.hpp>
#include <quell/span.hpp>
#include <quell/status.hpp>

namespace quell
{

/* How a queue works (quell_queue_options).
 *
 * threads, isa: as in run.
 * rows: how many samples are drawn at a time, at most; 0: what keeps all threads busy.
 * capacity: how many samples may be in the queue. */
struct queue_options {
    size_t threads = 0;
    std::string isa = {};
    size_t rows = 0;
    size_t capacity = 65536;
};

/* How urgent a request is, and which functions are told of it (quell_request).
 *
 * client: a number for whoever asks; clients have equal shares of the time.
 * priority: requests of a higher one go first.
 * seconds: a time limit; 0: none.
 * from: whether x holds states to start from, as for sample_from.
 * answer: function(const quell_answer &), which is told each time that some samples are drawn, and
 *   once when the request ends. It is called in the queue's thread.
 * observe: function(size_t transition, const point &s, const quell_call &told,
 *   span<const float> x), which sees the samples of this request after every transition. It is
 *   called from many threads at once; if it throws or returns another int than 0, the request is
 *   cancelled.
 *
 * What one of the two throws, ticket.wait throws again. An answer that has thrown is not called
 * again, and the request goes on. A denoiser or a step of the caller's is called for the samples of
 * several requests together: if it throws, each request that it fails has a quell::error with
 * QUELL_DENOISER_FAILED and what the exception says of itself. */
struct request {
    uint64_t client = 0;
    int priority = 0;
    double seconds = 0;
    bool from = false;
    std::function<void(const quell_answer &)> answer = {};
    callback<size_t, const point &, const quell_call &, span<const float>> observe = {};
};

/* A request that a queue has taken. After it was moved from, it may only be assigned to or
 * destroyed; the request goes on when its ticket is destroyed. */
class ticket
{
  public:
    /* Waits until all samples are drawn, and throws what stopped them, or what the request's
     * functions threw; with a number of seconds, returns false if they are not drawn by then
     * (quell_ticket_wait). */
    bool wait(double seconds = -1) const
    {
        quell_status status = quell_ticket_wait(handle_.get(), seconds);
        if (status == QUELL_BUSY) return false;
        if (slot_) slot_->rethrow();
        detail::check(status);
        return true;
    }

    /* How many samples are drawn so far. */
    size_t drawn() const noexcept { return quell_ticket_drawn(handle_.get()); }

    /* Ends the request, if it has not ended (quell_ticket_cancel). */
    void cancel() const noexcept { quell_ticket_cancel(handle_.get()); }

    /* For the C interface. */
    quell_ticket *get() const noexcept { return handle_.get(); }

  private:
    friend class queue;
    struct free {
        void operator()(quell_ticket *old) const noexcept { quell_ticket_free(old); }
    };
    ticket(quell_ticket *own, std::shared_ptr<detail::slot> slot) noexcept
        : handle_(own), slot_(std::move(slot))
    {
    }
    std::unique_ptr<quell_ticket, free> handle_;
    std::shared_ptr<detail::slot> slot_;
};

namespace detail
{

/* What a request needs until it has ended: it frees itself then. */
class asked
{
  public:
    asked(const draw &what, const request &how, size_t count)
        : what_(what), answer_(how.answer), observe_(how.observe),
          c_conditions_(c_conditions(what_.conditions)),
          c_negative_conditions_(c_conditions(what_.negative_conditions))
    {
        draw_ = quell_draw_defaults();
        draw_.seed = what_.seed;
        draw_.first = what_.first;
        draw_.count = count;
        draw_.classes = optional_data("draw: classes", what_.classes, count);
        draw_.seeds = optional_data("draw: seeds", what_.seeds, count);
        draw_.indices = optional_data("draw: indices", what_.indices, count);
        draw_.negative_classes =
            optional_data("draw: negative_classes", what_.negative_classes, count);
        draw_.conditions = c_conditions_.empty() ? nullptr : c_conditions_.data();
        draw_.condition_count = c_conditions_.size();
        draw_.negative_conditions =
            c_negative_conditions_.empty() ? nullptr : c_negative_conditions_.data();
        draw_.negative_condition_count = c_negative_conditions_.size();
        draw_.part = what_.part;
    }
    asked(const asked &) = delete;
    asked &operator=(const asked &) = delete;

    const quell_draw *draw() const noexcept { return &draw_; }

    static void answer(void *user, const quell_answer *answer) noexcept
    {
        auto *self = static_cast<asked *>(user);
        if (self->answer_ && guarded(self->slot_.get(), UINT64_MAX, self->answer_, *answer))
            self->answer_ = nullptr;
        if (answer->ended) delete self;
    }

    static int observe(void *user, size_t transition, const quell_point *s, const quell_call *told,
                       const float *x) noexcept
    {
        auto *self = static_cast<asked *>(user);
        return guarded(self->slot_.get(), told->first, self->observe_, transition, *s, *told,
                       span<const float>(x, told->rows * told->dim));
    }
    bool observes() const noexcept { return static_cast<bool>(observe_); }

    /* What its functions throw; the request may end before its ticket, or after it. */
    const std::shared_ptr<detail::slot> &slot() const noexcept { return slot_; }

    /* Keeps the request's sampler. */
    const quell::sampler &hold(quell::sampler &&own) { return sampler_.emplace(std::move(own)); }
    quell::sampler &&give_back() { return std::move(*sampler_); }

  private:
    quell::draw what_;
    std::function<void(const quell_answer &)> answer_;
    callback<size_t, const point &, const quell_call &, span<const float>> observe_;
    std::vector<quell_condition> c_conditions_, c_negative_conditions_;
    quell_draw draw_;
    std::shared_ptr<detail::slot> slot_ = std::make_shared<detail::slot>();
    std::optional<quell::sampler> sampler_;
};

} // namespace detail

/* A queue (quell_queue). When it is destroyed, it stops what has not ended. After it was moved
 * from, it may only be assigned to or destroyed. */
class queue
{
  public:
    explicit queue(const queue_options &options = {})
    {
        quell_queue *made = nullptr;
        quell_queue_options c = quell_queue_defaults();
        c.threads = options.threads;
        c.isa = options.isa.empty() ? nullptr : detail::text("queue: isa", options.isa);
        c.rows = options.rows;
        c.capacity = options.capacity;
        detail::check(quell_queue_create(&made, &c));
        handle_.reset(made);
    }

    /* Puts a request for x[count][dim] into the queue (quell_queue_submit). The sampler and x must
     * last until the request has ended, which keeps a sampler that is moved or made in the call;
     * `what` is copied. Throws quell::error with QUELL_BUSY if the queue is full. */
    ticket submit(const sampler &sampler, const draw &what, span<float> x,
                  const request &how = {}) const
    {
        auto asked = make(sampler, what, x, how);
        return put(sampler, asked, x, how);
    }
    ticket submit(sampler &&own, const draw &what, span<float> x, const request &how = {}) const
    {
        auto asked = make(own, what, x, how);
        const sampler &kept = asked->hold(std::move(own));
        try {
            return put(kept, asked, x, how);
        } catch (...) {
            own = asked->give_back();
            throw;
        }
    }

    /* What the queue is doing. */
    quell_queue_state look() const noexcept
    {
        quell_queue_state state;
        quell_queue_look(get(), &state);
        return state;
    }

    /* Takes no more requests, and waits until all have ended; with a number of seconds, returns
     * false if they have not by then (quell_queue_close). */
    bool close(double seconds = -1) const
    {
        quell_status status = quell_queue_close(get(), seconds);
        if (status == QUELL_BUSY) return false;
        detail::check(status);
        return true;
    }

    /* For the C interface. */
    quell_queue *get() const noexcept { return handle_.get(); }

  private:
    static std::unique_ptr<detail::asked> make(const sampler &sampler, const draw &what,
                                               span<float> x, const request &how)
    {
        size_t count = detail::expect_rows("queue: x", x.size(), sampler.dim());
        return std::make_unique<detail::asked>(what, how, count);
    }

    /* What is asked is the request's own from here on, if the queue takes it. */
    ticket put(const sampler &sampler, std::unique_ptr<detail::asked> &asked, span<float> x,
               const request &how) const
    {
        auto slot = asked->slot();
        quell_request c = quell_request_defaults();
        c.sampler = sampler.get();
        c.draw = asked->draw();
        c.x = x.data();
        c.client = how.client;
        c.priority = how.priority;
        c.seconds = how.seconds;
        c.answer = detail::asked::answer;
        c.user = asked.get();
        c.from = how.from;
        if (asked->observes()) c.observe = detail::asked::observe, c.observe_user = asked.get();
        quell_ticket *made = nullptr;
        detail::check(quell_queue_submit(get(), &c, &made));
        asked.release();
        return ticket(made, std::move(slot));
    }

    struct free {
        void operator()(quell_queue *old) const noexcept { quell_queue_free(old); }
    };
    std::unique_ptr<quell_queue, free> handle_;
};

} // namespace quell
#endif
