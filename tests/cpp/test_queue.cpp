/* SPDX-License-Identifier: MIT */
/* Queues in C++: the same samples as alone, and exceptions, which the ticket throws again. */
#include "check.hpp"

#include <atomic>
#include <stdexcept>

namespace
{

quell::sampler queued_sampler(const quell::denoiser &denoiser)
{
    quell::sampler_options options;
    options.steps = 3;
    return quell::sampler("ddpm", denoiser, quell::schedule("vp"), options);
}

} // namespace

TEST(queue_has_the_bits)
{
    quell::sampler sampler = queued_sampler(quell::denoiser::from_isotropic(3));
    quell::queue queue;
    std::vector<std::vector<float>> x(5, std::vector<float>(4 * 3));
    std::vector<quell::ticket> tickets;
    std::atomic<int> ended{0};
    for (size_t i = 0; i < x.size(); i++) {
        quell::draw draw;
        draw.seed = i;
        quell::request how;
        how.client = i;
        how.answer = [&](const quell_answer &answer) { ended += answer.ended; };
        tickets.push_back(queue.submit(sampler, draw, x[i], how));
    }
    CHECK(queue.close());
    CHECK(ended == 5);
    for (size_t i = 0; i < x.size(); i++) {
        quell::draw draw;
        draw.seed = i;
        CHECK(tickets[i].wait(0));
        CHECK(tickets[i].drawn() == 4);
        CHECK(same_bits(sampler.sample(draw, 4), x[i]));
    }
    CHECK(queue.look().drawn == 20);
    CHECK(status_of([&] { queue.submit(sampler, {}, x[0]); }) == QUELL_BAD_ARGUMENT);
}

/* Some request begins from states of its own, and what it sees last are its samples. */
TEST(queue_is_observed)
{
    quell::sampler sampler = queued_sampler(quell::denoiser::from_isotropic(3));
    std::vector<float> x = {1, 2, 3}, alone = x, last(3), y(3);
    quell::request how;
    how.from = true;
    how.observe = [&](size_t, const quell::point &, const quell_call &,
                      quell::span<const float> at) { last.assign(at.begin(), at.end()); };
    quell::queue queue;
    queue.submit(sampler, {}, x, how).wait();
    sampler.sample_from({}, alone);
    CHECK(same_bits(x, alone) && same_bits(x, last));
    how.observe = [&](size_t, const quell::point &, const quell_call &, quell::span<const float>) {
        throw std::runtime_error("enough");
    };
    quell::sampler slow = queued_sampler(quell::denoiser::from_isotropic(3));
    quell::ticket ticket = queue.submit(slow, {}, y, how);
    for (int i = 0; i < 2; i++) {
        auto thrown_by_it = thrown<std::runtime_error>([&] { ticket.wait(); });
        CHECK(std::string(thrown_by_it.what()) == "enough");
    }
    how.observe = [&](size_t, const quell::point &, const quell_call &, quell::span<const float>) {
        return 1;
    };
    CHECK(status_of([&] { queue.submit(slow, {}, y, how).wait(); }) == QUELL_STOPPED);
}

/* The request goes on, as do others, and its answer is not called again. */
TEST(queue_answers_may_throw)
{
    struct mine_alone {
    };
    quell::sampler sampler = queued_sampler(quell::denoiser::from_isotropic(3));
    std::vector<float> x(3), y(3);
    std::atomic<int> calls{0};
    quell::request how;
    how.answer = [&](const quell_answer &) {
        calls++;
        throw mine_alone();
    };
    quell::queue queue;
    quell::ticket ticket = queue.submit(sampler, {}, x, how), other = queue.submit(sampler, {}, y);
    thrown<mine_alone>([&] { ticket.wait(); });
    CHECK(other.wait() && calls == 1);
    CHECK(same_bits(x, y) && same_bits(x, sampler.sample({}, 1)));
}

/* A sampler that is made in the call, or moved, lasts as long as its request, and is still there
 * if the queue does not take it. */
TEST(queue_keeps_a_sampler)
{
    std::atomic<int> lives{0};
    struct living {
        explicit living(std::atomic<int> *in) : lives(in) { ++*lives; }
        living(living &&from) noexcept : lives(from.lives) { ++*lives; }
        ~living() { --*lives; }
        void operator()(const quell_call &call, quell::span<const float> x, quell::span<float> mean)
        {
            halve(call, x, mean);
        }
        std::atomic<int> *lives;
    };
    auto make = [&] { return queued_sampler(quell::denoiser::from_function(2, living(&lives))); };
    std::vector<float> x(2), y(2);
    {
        quell::queue queue;
        quell::ticket ticket = queue.submit(make(), {}, x);
        CHECK(ticket.wait() && lives == 0);
        quell::sampler own = make();
        CHECK(same_bits(x, own.sample({}, 1)));
        quell::draw wrong;
        wrong.classes = {1};
        CHECK(status_of([&] { queue.submit(std::move(own), wrong, y); }) == QUELL_BAD_ARGUMENT);
        CHECK(lives == 1 && queue.submit(std::move(own), {}, y).wait());
    }
    CHECK(lives == 0 && same_bits(x, y));
}

TEST(queue_tells_of_exceptions)
{
    auto fails = [](const quell_call &, quell::span<const float>, quell::span<float>) {
        throw std::runtime_error("no network today");
    };
    quell::sampler sampler = queued_sampler(quell::denoiser::from_function(2, fails));
    std::vector<float> x(2), y(2);
    quell::queue queue;
    quell::ticket ticket = queue.submit(sampler, {}, x), other = queue.submit(sampler, {}, y);
    quell::error error = thrown<quell::error>([&] { ticket.wait(); });
    CHECK(error.status() == QUELL_DENOISER_FAILED);
    CHECK(std::string(error.what()).find("no network today") != std::string::npos);
    CHECK(status_of([&] { other.wait(); }) == QUELL_DENOISER_FAILED);
}

/* A request keeps its draw, with the seeds, and outlasts its ticket, and its ticket the queue. */
TEST(queue_keeps_what_it_needs)
{
    std::atomic<bool> seen{false};
    auto look = [&](const quell_call &call, quell::span<const float> x, quell::span<float> mean) {
        seen = call.conditions[0].values[0] == 2.5f;
        for (size_t i = 0; i < x.size(); i++) mean[i] = x[i] / 2;
    };
    quell::function_options options;
    options.conditions = {{"energy"}};
    quell::sampler sampler = queued_sampler(quell::denoiser::from_function(2, look, options));
    std::vector<float> x(2), y(2);
    auto queue = std::make_unique<quell::queue>();
    quell::draw draw;
    draw.conditions = {{"energy", 2.5f}};
    draw.seeds = {7};
    std::vector<float> alone = sampler.sample(draw, 1);
    queue->submit(sampler, draw, x);
    draw.seeds = {};
    quell::ticket last = queue->submit(sampler, draw, y);
    CHECK(queue->close());
    queue.reset();
    CHECK(seen && same_bits(x, alone) && !same_bits(x, y));
    CHECK(last.wait());
    last.cancel();
}
