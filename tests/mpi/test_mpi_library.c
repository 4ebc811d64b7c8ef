/* SPDX-License-Identifier: MIT */
/* The library quell_mpi, by a program of its own (cases.c), and how ranks share processors. */
#include "command.h"
#include "harness.h"
#include "launch.h"
#include "mpi/shared.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_case(const char *name, int ranks)
{
    struct command command = command_new();
    on_ranks(ranks, "QUELL_MPI_CASES");
    command_check(&command, 0, name);
    CHECK(scratch_count(&command.work, ".") == 0, "left a file");
    command_remove(&command);
}

TEST(mpi, draw_alone) { check_case("draw", 1); }
TEST(mpi, draw) { check_case("draw", 3); }
TEST(mpi, fails_alone) { check_case("fails", 1); }
TEST(mpi, fails) { check_case("fails", 3); }
TEST(mpi, refusals) { check_case("refusals", 3); }
TEST(mpi, refused) { check_case("refused", 3); }
TEST(mpi, conditions_alone) { check_case("conditions", 1); }
TEST(mpi, conditions) { check_case("conditions", 3); }
TEST(mpi, streams_alone) { check_case("streams", 1); }
TEST(mpi, streams) { check_case("streams", 3); }
TEST(mpi, in_vain) { check_case("in_vain", 2); }
TEST(mpi, other_streams) { check_case("other_streams", 2); }
TEST(mpi, other_conditions) { check_case("other_conditions", 2); }
TEST(mpi, others) { check_case("others", 2); }
TEST(mpi, single_thread) { check_case("single", 2); }

TEST(mpi, save)
{
    struct command command = command_new();
    size_t size, rest_size;
    on_ranks(4, "QUELL_MPI_CASES");
    command_check(&command, 0, "save");
    command_same(&command, "one.npy", "rest.npy");
    char *file = scratch_read(&command.work, "one.npy", &size);
    CHECK(strstr(file + 10, "'shape': (50, 1, 2), }") && size == 128 + 400, "its header or size");
    CHECK(scratch_read(&command.work, "rest.npy", &rest_size), "rest.npy");
    free(file);
    command_remove(&command);
}

TEST(mpi, save_batches)
{
    struct command command = command_new();
    on_ranks(2, "QUELL_MPI_CASES");
    command_check(&command, 0, "batches");
    command_remove(&command);
}

/* More threads than processors are what makes MPI jobs slow. */
TEST(mpi, threads)
{
    struct command command = command_new();
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        on_ranks(ranks, "QUELL_MPI_CASES");
        command_check(&command, 0, "threads");
        char *output = command_output(&command);
        long sum = atol(output);
        CHECK(sum >= ranks && (sum <= processors || sum == ranks), "%d ranks: %ld of %ld", ranks,
              sum, processors);
        free(output);
    }
    command_remove(&command);
}

static void set_range(cpu_set_t *mask, size_t from, size_t to)
{
    CPU_ZERO(mask);
    for (size_t i = from; i < to; i++) CPU_SET(i, mask);
}

/* Two sockets of 8: ranks bound to cores, to sockets, to the node, and not at all. */
TEST(mpi, processors_are_shared)
{
    cpu_set_t masks[16];
    for (size_t i = 0; i < 16; i++) set_range(&masks[i], i, i + 1);
    for (size_t i = 0; i < 16; i++)
        CHECK(quell_share_processors(masks, 16, i) == 1, "rank %zu has a core", i);
    for (size_t i = 0; i < 2; i++) set_range(&masks[i], 8 * i, 8 * i + 8);
    CHECK(quell_share_processors(masks, 2, 0) == 8 && quell_share_processors(masks, 2, 1) == 8,
          "a socket each");
    set_range(&masks[2], 0, 8);
    CHECK(quell_share_processors(masks, 3, 0) == 4 && quell_share_processors(masks, 3, 2) == 4 &&
              quell_share_processors(masks, 3, 1) == 8,
          "two on a socket");
    for (size_t i = 0; i < 16; i++) set_range(&masks[i], 0, 16);
    static const size_t shares[] = {16, 8, 5, 4, 3, 2, 2, 2, 1};
    for (size_t ranks = 1; ranks <= 9; ranks++)
        CHECK(quell_share_processors(masks, ranks, ranks - 1) == shares[ranks - 1],
              "%zu unbound ranks", ranks);
    set_range(&masks[1], 0, 1);
    set_range(&masks[0], 0, 1);
    CHECK(quell_share_processors(masks, 2, 0) == 1, "at least one");
}
