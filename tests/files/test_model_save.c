/* SPDX-License-Identifier: MIT */
/* A model that is saved loads to the same bits, in any locale. A save that fails leaves no file. */
#include "effort.h"
#include "harness.h"
#include "model_files.h"
#include "models.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Loads, stores, loads and stores again: the same bits from both denoisers, the same file. */
static void check_stored(const struct scratch *scratch, const char *name)
{
    quell_model *first, *second;
    size_t once_size, twice_size;
    MUST(quell_model_load(&first, name));
    MUST(quell_model_save(first, scratch_path(scratch, "once.json").text));
    MUST(quell_model_load(&second, scratch_path(scratch, "once.json").text));
    denoisers_same(quell_model_denoiser(first), quell_model_denoiser(second), name);
    CHECK(quell_model_rank(first) == quell_model_rank(second) &&
              quell_model_image(first) == quell_model_image(second),
          "%s", name);
    CHECK(!memcmp(quell_model_shape(first), quell_model_shape(second),
                  quell_model_rank(first) * sizeof(size_t)),
          "%s", name);
    CHECK(!strcmp(quell_model_schedule(first), quell_model_schedule(second)), "%s", name);
    MUST(quell_model_save(second, scratch_path(scratch, "twice.json").text));
    char *once = scratch_read(scratch, "once.json", &once_size);
    char *twice = scratch_read(scratch, "twice.json", &twice_size);
    CHECK(once_size == twice_size && !memcmp(once, twice, once_size), "%s: %s", name, twice);
    free(once);
    free(twice);
    quell_model_free(first);
    quell_model_free(second);
}

/* Full, since its kind changes: it is stored as an eigenbasis, which draws the same samples. */
static void check_covariance_stored(const struct scratch *scratch)
{
    quell_model *first, *second;
    struct scratch_path path = scratch_write(
        scratch, "m.json",
        GAUSSIAN "\"covariance\": [[2, 0.5, 0.1], [0.5, 1, 0.3], [0.1, 0.3, 0.7]]}", 0);
    MUST(quell_model_load(&first, path.text));
    MUST(quell_model_save(first, path.text));
    MUST(quell_model_load(&second, path.text));
    denoisers_agree(quell_model_denoiser(first), quell_model_denoiser(second),
                    "an eigenbasis that is stored");
    char *text = scratch_read(scratch, "m.json", NULL);
    CHECK(strstr(text, "\"eigenvectors\"") && !strstr(text, "covariance"), "%s", text);
    free(text);
    quell_model_free(first);
    quell_model_free(second);
}

static const char *const stored[] = {
    GAUSSIAN "\"dim\": 3, \"variance\": 0.1, \"schedule\": \"cosine\"}",
    GAUSSIAN "\"mean\": [0.1, -0.0, 5e-324, 1e38], \"variance\": 0.3333333333333333}",
    GAUSSIAN "\"variances\": [0.1, 1e-30, 2.2250738585072014e-308, 0], \"shape\": [2, 2], "
             "\"image\": true}",
    GAUSSIAN "\"eigenvalues\": [0.1, 2], \"eigenvectors\": [[0.6, 0.8], [-0.8, 0.6]]}",
    MIXTURE "\"variances\": [0.1, 0.30000000000000004]}",
    MIXTURE "\"variances\": [[0.1, 0.2], [0.7, 1e-5]]}",
};

/* A double that 16 digits do not tell from 0.3; samples, being float, would not show it. */
static void check_digits(const struct scratch *scratch)
{
    quell_model *model;
    struct scratch_path path = scratch_write(
        scratch, "m.json", GAUSSIAN "\"dim\": 1, \"variance\": 0.30000000000000004}", 0);
    MUST(quell_model_load(&model, path.text));
    MUST(quell_model_save(model, path.text));
    char *text = scratch_read(scratch, "m.json", NULL);
    CHECK(strstr(text, ":0.30000000000000004"), "%s", text);
    free(text);
    quell_model_free(model);
}

static void check_all_stored(const struct scratch *scratch)
{
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++)
        check_stored(scratch, scratch_write(scratch, "m.json", stored[i], 0).text);
    check_covariance_stored(scratch);
    check_digits(scratch);
    check_stored(scratch, "builtin:grid25");
    check_stored(scratch, "builtin:spirals");
}

TEST(model, storing)
{
    struct scratch scratch = scratch_new();
    check_all_stored(&scratch);
    if (is_long()) check_stored(&scratch, "builtin:clouds");
    scratch_remove(&scratch);
}

/* The same where the decimal point is a comma, if such a locale is there or can be made. */
TEST(model, storing_with_a_comma_locale)
{
    struct scratch scratch = scratch_new();
    char command[600];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             scratch.folder);
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !system(command)) {
        setenv("LOCPATH", scratch.folder, 1);
        setlocale(LC_ALL, "de_DE.UTF-8");
    }
    if (*localeconv()->decimal_point == ',')
        check_all_stored(&scratch);
    else
        fputs("model/storing_with_a_comma_locale: there is no such locale here\n", stderr);
    setlocale(LC_ALL, "C");
    scratch_remove(&scratch);
}

/* A pipe is written and stays one; if it did not, neither would /dev/full, below. */
static void check_in_place(const struct scratch *scratch, const quell_model *model)
{
    struct scratch_path path = scratch_path(scratch, "pipe");
    struct stat status;
    CHECK(!mkfifo(path.text, 0600), "mkfifo");
    int reader = open(path.text, O_RDONLY | O_NONBLOCK);
    MUST(quell_model_save(model, path.text));
    CHECK(!lstat(path.text, &status) && S_ISFIFO(status.st_mode), "the pipe is gone");
    close(reader);
    unlink(path.text);
}

TEST(model, storing_fails_cleanly)
{
    struct scratch scratch = scratch_new();
    quell_model *model, *shapes;
    MUST(quell_model_load(&model, "builtin:grid25"));
    CHECK(quell_model_save(model, "/nowhere/m.json") == QUELL_IO_FAILED, "no folder");
    CHECK(quell_model_save(model, "m.npy") == QUELL_BAD_ARGUMENT &&
              strstr(quell_error_message(), "m.npy: would be written as .json: name it so"),
          "%s", quell_error_message());
    CHECK(quell_model_save(model, scratch.folder) == QUELL_IO_FAILED, "a folder");
    check_in_place(&scratch, model);
    CHECK(quell_model_save(model, "/dev/full") == QUELL_IO_FAILED, "a full disk");
    CHECK(quell_model_save(model, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(scratch_count(&scratch, ".") == 0, "something is left");
    MUST(quell_model_from_denoiser(&shapes, quell_model_denoiser(model), 1, (size_t[]){2}, NULL));
    CHECK(quell_model_save(shapes, scratch_path(&scratch, "m.json").text) == QUELL_UNSUPPORTED,
          "hand-made");
    CHECK(!strstr(quell_error_message(), "m.json") && strstr(quell_error_message(), "its kind is"),
          "%s", quell_error_message());
    quell_model_free(shapes);
    quell_model_free(model);
    scratch_remove(&scratch);
}
