// SPDX-License-Identifier: MIT
// A server of one's own, with quell's queue in it: a client writes the seed of a letter, and reads
// its pixels. Each connection has a thread; the queue draws what they ask for together, and no
// letter depends on that.
#include <quell/quell.hpp>
#include <arpa/inet.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace
{

constexpr int clients = 20;

int must(int result, const char *what)
{
    if (result < 0) {
        std::perror(what);
        std::exit(1);
    }
    return result;
}

/* Reads or writes all of some bytes; false if the other side has gone. */
template <typename Call> bool whole(Call call, int file, void *bytes, size_t size)
{
    auto *at = static_cast<char *>(bytes);
    while (size) {
        ssize_t done = call(file, at, size);
        if (done <= 0) return false;
        at += done;
        size -= static_cast<size_t>(done);
    }
    return true;
}

/* One client: seeds come, letters go. What goes wrong is this client's alone. */
void serve(int file, uint64_t number, quell::queue &queue, const quell::sampler &sampler)
{
    std::vector<float> x(sampler.dim());
    uint64_t seed;
    try {
        while (whole(read, file, &seed, sizeof seed)) {
            quell::draw draw;
            draw.seed = seed;
            quell::request request;
            request.client = number;
            request.seconds = 60;
            queue.submit(sampler, draw, x, request).wait();
            if (!whole(write, file, x.data(), x.size() * sizeof(float))) break;
        }
    } catch (const std::exception &error) {
        std::fprintf(stderr, "client %d: %s\n", static_cast<int>(number), error.what());
    }
    close(file);
}

int connect_to(const sockaddr_in &at)
{
    int file = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(connect(file, reinterpret_cast<const sockaddr *>(&at), sizeof at), "connect");
    return file;
}

} // namespace

int main()
{
    quell::model letters("builtin:glyphs");
    quell::sampler_options options;
    options.steps = 4;
    quell::sampler sampler("dpmpp_2m", letters.denoiser(), quell::schedule(letters.schedule()),
                           options);
    quell::queue queue;

    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    int listening = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(bind(listening, reinterpret_cast<sockaddr *>(&at), size), "bind");
    must(getsockname(listening, reinterpret_cast<sockaddr *>(&at), &size), "getsockname");
    must(listen(listening, clients), "listen");

    std::thread server([&] {
        std::vector<std::thread> threads;
        for (int i = 0; i < clients; i++)
            threads.emplace_back(serve, must(accept(listening, nullptr, nullptr), "accept"),
                                 static_cast<uint64_t>(i), std::ref(queue), std::ref(sampler));
        for (auto &thread : threads) thread.join();
    });
    std::atomic<int> same = 0;
    std::vector<std::thread> asking;
    for (int i = 0; i < clients; i++)
        asking.emplace_back([&, i] {
            int file = connect_to(at);
            uint64_t seed = static_cast<uint64_t>(i);
            std::vector<float> x(sampler.dim());
            quell::draw draw;
            draw.seed = seed;
            if (whole(write, file, &seed, sizeof seed) &&
                whole(read, file, x.data(), x.size() * sizeof(float)))
                same += x == sampler.sample(draw, 1);
            close(file);
        });
    for (auto &thread : asking) thread.join();
    server.join();
    close(listening);
    std::printf("%d of %d clients have the letter that they would draw alone\n", same.load(),
                clients);
}
