/* SPDX-License-Identifier: MIT */
/* Whatever is wrong in a model is refused in one line that names file, field and remedy. */
#include "harness.h"
#include "model_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_refused(const struct scratch *scratch, const char *name, const char *text,
                          const char *reason)
{
    quell_model *model = NULL;
    struct scratch_path path = scratch_write(scratch, name, text, 0);
    quell_status status = quell_model_load(&model, path.text);
    const char *message = quell_error_message();
    CHECK(status == QUELL_BAD_MODEL, "%s: status %d, %s", text, (int)status, message);
    CHECK(!model, "%s: touched the model", text);
    CHECK(!strncmp(message, scratch->folder, strlen(scratch->folder)), "no file: %s", message);
    CHECK(strstr(message, reason), "%s: not '%s': %s", text, reason, message);
    for (; *message; message++)
        CHECK((unsigned char)*message >= ' ' && *message != 0x7F, "not one line: %s", message);
}

TEST(model, descriptions_refused)
{
    static const char *const cases[][2] = {
        {"", "not JSON"},
        {"[1]", "not a JSON object"},
        {"nonsense", "not JSON"},
        {"{\"kind\": \"gaussian\"} x", "not JSON"},
        {"{}", "'kind'"},
        {"{\"kind\": 3}", "'kind'"},
        {"{\"kind\": \"gauss\"}", "'kind'"},
        {GAUSSIAN "\"variance\": 1, \"variance\": 2, \"dim\": 1}", "'variance' is there twice"},
        {GAUSSIAN "\"variance\": NaN, \"dim\": 1}", "not JSON"},
        {GAUSSIAN "\"variance\": 1e999, \"dim\": 1}", "too large"},
        {GAUSSIAN "\"variance\": 01, \"dim\": 1}", "not JSON"},
        {GAUSSIAN "\"variance\": 1}", "'shape'"},
        {GAUSSIAN "\"variance\": -1, \"dim\": 1}", "variance is -1"},
        {GAUSSIAN "\"variance\": \"1\", \"dim\": 1}", "'variance' must be a number"},
        {GAUSSIAN "\"varience\": 1, \"dim\": 1}", "'varience' is not known"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 0}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1.5}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": -1}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1e300}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 18446744073709551617}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 67108865}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": []}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": 3}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [2, 0]}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [65536, 65536]}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [67108864, 67108864, 67108864]}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [1, 1, 1, 1, 1, 1, 1, 1, 1]}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [2], \"dim\": 3}", "'dim'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [2], \"mean\": [1, 2, 3]}", "'shape'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 2, \"image\": true}", "'image'"},
        {GAUSSIAN "\"variance\": 1, \"shape\": [4, 5, 2], \"image\": true}", "1, 3 or 4 channels"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 2, \"image\": 1}", "'image'"},
        {GAUSSIAN "\"variance\": 1, \"mean\": []}", "'mean'"},
        {GAUSSIAN "\"variance\": 1, \"mean\": [1, null]}", "[1]"},
        {GAUSSIAN "\"variance\": 1, \"mean\": [1, [2]]}", "[1]"},
        {GAUSSIAN "\"variance\": 1, \"mean\": [[1, 2]]}", "'mean' must be a list"},
        {GAUSSIAN "\"variance\": 1, \"mean\": [1e39]}", "mean"},
        {GAUSSIAN "\"variance\": 1, \"mean\": {\"a\": 1}}", "'mean'"},
        {GAUSSIAN "\"variance\": 1, \"mean\": \"no.npy\\u0000\"}", "not JSON"},
        {GAUSSIAN "\"variance\": 1, \"variances\": [1]}", "one of them only"},
        {GAUSSIAN "\"mean\": [1]}", "must be given"},
        {GAUSSIAN "\"eigenvalues\": [1]}", "must be given"},
        {GAUSSIAN "\"variances\": [1, 2], \"mean\": [1]}", "'variances'"},
        {GAUSSIAN "\"variances\": [[1, 2]], \"dim\": 2}",
         "'variances' must be a list of numbers, and has shape (1, 2)"},
        {GAUSSIAN "\"variances\": [1, 2], \"mean\": [[1], [2]], \"dim\": 2}",
         "'mean' must be a list of numbers, and has shape (2, 1)"},
        {GAUSSIAN "\"covariance\": [1, 2], \"dim\": 2}",
         "'covariance' must be rows of numbers, and has shape (2,)"},
        {GAUSSIAN "\"eigenvalues\": [[1, 2]], \"eigenvectors\": [[1, 0], [0, 1]]}",
         "'eigenvalues' must be a list of numbers, and has shape (1, 2)"},
        {GAUSSIAN "\"covariance\": [[1, 2], [3]]}", "'covariance'"},
        {GAUSSIAN "\"covariance\": [[1, 0, 0], [0, 1, 0]]}", "'covariance'"},
        {GAUSSIAN "\"covariance\": [[], []]}", "'covariance'"},
        {GAUSSIAN "\"covariance\": [[1, 0], 3]}", "'covariance'"},
        {GAUSSIAN "\"covariance\": [[1, 0], [0, \"a\"]]}", "[1][1]"},
        {GAUSSIAN "\"covariance\": [[1, 2], [0, 1]]}", "m.json"},
        {GAUSSIAN "\"covariance\": [[1, 2], [2, 1]]}", "m.json"},
        {GAUSSIAN "\"eigenvalues\": [1, 1], \"eigenvectors\": [[1, 0], [1, 0]]}", "m.json"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1, \"schedule\": \"vq\"}", "vq"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1, \"schedule\": \"vp:x=1\"}", "'x'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1, \"schedule\": 1}", "'schedule'"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1, \"weights\": [1]}", "'weights'"},
        {GAUSSIAN "\"variance\": 1}", "field 'mean' is not there: give it, or 'shape', or 'dim'"},
        {"{\"kind\": \"network\", \"weights\": \"g.safetensors\"}",
         "field 'shape' is not there: give it, or 'dim'"},
        {MIXTURE "\"variances\": [1]}", "'variances'"},
        {"{\"kind\": \"mixture\", \"weights\": [1], \"means\": [[1], [2]], \"variances\": [1, 2]}",
         "'weights'"},
        {"{\"kind\": \"mixture\", \"weights\": [1], \"means\": [[1], [2]], \"variances\": [1, 2]}",
         "'weights'"},
        {MIXTURE "\"variances\": [1, -2]}", "variance 1"},
        {MIXTURE "\"variances\": [[1], [2]]}", "'variances'"},
        {MIXTURE "\"variances\": [1, 2], \"dim\": 3}", "'dim'"},
        {MIXTURE "\"variance\": 1}", "'variance'"},
        {MIXTURE "\"mean\": 1}", "'mean'"},
        {"{\"kind\": \"mixture\", \"means\": [[1]], \"variances\": [1]}", "'weights'"},
        {"{\"kind\": \"mixture\", \"weights\": [1], \"variances\": [1]}", "'means'"},
        {"{\"kind\": \"mixture\", \"weights\": [1], \"means\": [1], \"variances\": [1]}",
         "'means'"},
        {"{\"kind\": \"mixture\", \"weights\": [0], \"means\": [[1]], \"variances\": [1]}",
         "weight 0"},
        {"{\"kind\": \"empirical\"}", "'points'"},
        {"{\"kind\": \"empirical\", \"points\": 3}", "'points'"},
        {"\xff{\"kind\": \"gaussian\"}", "not JSON"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1, \"\\u001b[2J\": 1}", "not known"},
        {GAUSSIAN "\"variance\": 1, \"dim\": 1, \"schedule\": \"a\\n\\u001b[2J\\u009b\"}",
         "a??[2J??"},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(&scratch, "m.json", cases[i][0][0] ? cases[i][0] : " ", cases[i][1]);
    scratch_remove(&scratch);
}

TEST(model, deep_nesting_refused)
{
    struct scratch scratch = scratch_new();
    enum { DEPTH = 300000 };
    char *text = malloc(DEPTH + 1);
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    check_refused(&scratch, "m.json", text, "not JSON");
    free(text);
    scratch_remove(&scratch);
}

/* A sparse file, which takes no room on the disk. */
TEST(model, huge_files_refused)
{
    struct scratch scratch = scratch_new();
    quell_model *model;
    struct scratch_path path = scratch_write(&scratch, "m.json", "{", 0);
    CHECK(!truncate(path.text, 600 << 20), "truncate");
    CHECK(quell_model_load(&model, path.text) == QUELL_BAD_MODEL, "600 MiB");
    CHECK(strstr(quell_error_message(), "512 MiB"), "%s", quell_error_message());
    scratch_remove(&scratch);
}

TEST(model, other_files_refused)
{
    static const double bad[2] = {1, NAN};
    struct scratch scratch = scratch_new();
    quell_model *model;
    check_refused(&scratch, "m.npy", "not numpy", "m.npy");
    struct scratch_path path = write_doubles(&scratch, "m.npy", "(2,)", bad, 2);
    CHECK(quell_model_load(&model, path.text) == QUELL_BAD_MODEL, "a NaN");
    path = write_doubles(&scratch, "m.npy", "(0, 2)", bad, 0);
    CHECK(quell_model_load(&model, path.text) == QUELL_BAD_MODEL, "no points");
    path = scratch_write(&scratch, "m.json",
                         "{\"kind\": \"empirical\", \"points\": \"absent.npy\"}", 0);
    CHECK(quell_model_load(&model, path.text) == QUELL_IO_FAILED, "absent points");
    CHECK(strstr(quell_error_message(), "m.json: field 'points': ") &&
              strstr(quell_error_message(), "absent.npy: cannot be read"),
          "%s", quell_error_message());
    CHECK(quell_model_load(&model, "/nowhere/m.json") == QUELL_IO_FAILED, "absent");
    CHECK(quell_model_load(&model, "builtin:none") == QUELL_NOT_FOUND, "no such built-in");
    CHECK(quell_model_load(&model, "m.txt") == QUELL_NOT_FOUND, "no such form");
    CHECK(quell_model_load(&model, "") == QUELL_NOT_FOUND, "no name");
    CHECK(quell_model_load(&model, NULL) == QUELL_BAD_ARGUMENT, "NULL");
    CHECK(quell_model_load(NULL, "builtin:grid25") == QUELL_BAD_ARGUMENT, "NULL");
    scratch_remove(&scratch);
}
