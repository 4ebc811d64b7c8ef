/* SPDX-License-Identifier: MIT */
/* The ensemble of examples/mpi in C++. The functions of quell/mpi.h are C: they take sampler.get()
 * and a quell_draw of C, and return a status. What fails on one rank becomes an exception on all of
 * them. A lambda that is the sampler's denoiser may throw: the ranks then have
 * QUELL_DENOISER_FAILED and what the exception says of itself, but not its object, so the draw's
 * context stays NULL. */
#include <quell/mpi.h>
#include <quell/quell.hpp>
#include <cstdio>
#include <new>
#include <optional>
#include <vector>

namespace
{

constexpr size_t members = 100000; /* of all ranks together */

/* The status of a collective call, which all ranks have alike, as an exception. */
void check(quell_status status)
{
    if (status) throw quell::error(status, quell_error_message());
}

/* Does what each rank does alone. If that throws on one rank, this throws on all of them. */
template <class F> void on_all_ranks(F &&alone)
{
    quell_status status = QUELL_OK;
    try {
        alone();
    } catch (const quell::error &failed) {
        status = quell_error_set(failed.status(), failed.what());
    } catch (const std::bad_alloc &) {
        status = quell_error_set(QUELL_NO_MEMORY, "no memory for the ensemble");
    }
    check(quell_mpi_agree(MPI_COMM_WORLD, status));
}

quell::sampler make_sampler()
{
    auto denoiser = quell::denoiser::from_mixture(2, {1, 3}, {-2, 0, 2, 1}, {0.1, 0.2});
    return quell::sampler("ddim:eta=0.5", denoiser, quell::schedule("vp"));
}

/* Returns how many of all members lie to the right of the middle. */
unsigned long long draw_ensemble()
{
    std::optional<quell::sampler> sampler;
    std::vector<float> x;
    uint64_t skipped = 0;
    size_t rows = 0;
    on_all_ranks([&] {
        sampler = make_sampler();
        check(quell_mpi_range(MPI_COMM_WORLD, members, &skipped, &rows));
        x.resize(rows * sampler->dim());
    });
    quell_draw draw = quell_draw_defaults();
    draw.seed = 7;
    draw.count = members;
    check(quell_mpi_sample(MPI_COMM_WORLD, sampler->get(), &draw, nullptr, x.data()));
    check(
        quell_mpi_save(MPI_COMM_WORLD, sampler->get(), &draw, nullptr, "ensemble.npy", 0, nullptr));
    unsigned long long right = 0, all = 0;
    for (size_t i = 0; i < rows; i++) right += x[i * sampler->dim()] > 0;
    MPI_Reduce(&right, &all, 1, MPI_UNSIGNED_LONG_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    return all;
}

} // namespace

int main(int argc, char **argv)
{
    int level, rank, code = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    try {
        unsigned long long right = draw_ensemble();
        if (!rank) std::printf("%llu of %zu members are on the right\n", right, members);
    } catch (const quell::error &failed) {
        if (!rank) std::fprintf(stderr, "%s\n", failed.what());
        code = failed.status();
    }
    MPI_Finalize();
    return code;
}
