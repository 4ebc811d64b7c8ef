/* SPDX-License-Identifier: MIT */
/* A network is known by the bytes of its files and by all that its options add, wherever it is. */
#include "networks.h"
#include "scratch.h"

#include <string.h>

static uint64_t digest_of(const char *path, const quell_onnx_options *options)
{
    quell_denoiser *denoiser = NULL;
    CHECK(!quell_denoiser_from_onnx(&denoiser, path, options), "%s", quell_error_message());
    uint64_t found = quell_denoiser_digest(denoiser);
    quell_denoiser_free(denoiser);
    return found;
}

/* Copies a file of tests/onnx/files, with the byte `turned` turned over; SIZE_MAX: none. */
static struct scratch_path copy(const struct scratch *work, const char *name, const char *as,
                                size_t turned)
{
    char bytes[1000];
    FILE *file = fopen(network_path(name).text, "rb");
    CHECK(file, "%s", name);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    CHECK(size > 0 && size < sizeof bytes && (turned == SIZE_MAX || turned < size), "%s", name);
    if (turned != SIZE_MAX) bytes[turned] ^= 1;
    return scratch_write(work, as, bytes, size);
}

TEST(onnx, digest_of_a_file)
{
    struct scratch work = scratch_new();
    uint64_t gaussian = digest_of(network_path("gaussian.onnx").text, NULL);
    struct scratch_path same = copy(&work, "gaussian.onnx", "other.onnx", SIZE_MAX);
    CHECK(digest_of(same.text, NULL) == gaussian, "by another name");
    CHECK(digest_of(network_path("turned.onnx").text, NULL) != gaussian, "another file");
    scratch_remove(&work);
}

TEST(onnx, digest_of_options)
{
    const struct network_path steps = network_path("steps.onnx");
    quell_onnx_options o[6];
    uint64_t found[6];
    for (int i = 0; i < 6; i++) o[i] = quell_onnx_defaults();
    o[1].classes = 2, o[2].classes = 2, o[2].class_label = 1;
    o[3].time_scale = 1000, o[4].output = "eps", o[5].precondition = "simple";
    for (int i = 0; i < 6; i++) {
        found[i] = digest_of(steps.text, &o[i]);
        for (int k = 0; k < i; k++) CHECK(found[i] != found[k], "options %d and %d", k, i);
    }
    o[0].time_scale = 999; /* the default of an integer time */
    CHECK(digest_of(steps.text, &o[0]) == found[0], "what is the default, said");
}

/* The mean of the Gaussian is in a file of its own, whose name no rule would guess. */
TEST(onnx, digest_of_weights_outside)
{
    struct scratch work = scratch_new();
    struct scratch_path network = copy(&work, "outside.onnx", "outside.onnx", SIZE_MAX);
    copy(&work, "outside.weights", "outside.weights", SIZE_MAX);
    uint64_t outside = digest_of(network.text, NULL);
    CHECK(outside == digest_of(network_path("outside.onnx").text, NULL), "in another folder");
    copy(&work, "outside.weights", "outside.weights", 5);
    CHECK(outside != digest_of(network.text, NULL), "one bit of a weight");
    scratch_remove(&work);
}

/* Options that the network has no use for. */
TEST(onnx, options_without_effect)
{
    quell_denoiser *denoiser = NULL;
    for (int i = 0; i < 3; i++) {
        static const char *const says[] = {"threads is 2, but whole_batch is 0",
                                           "class_label is 1, but there is no input for a label",
                                           "time_scale is 2, but there is no input for the time"};
        static const char *const files[] = {"steps.onnx", "gaussian.onnx", "nan.onnx"};
        quell_onnx_options o = quell_onnx_defaults();
        if (i == 0) o.threads = 2;
        if (i == 1) o.class_label = 1;
        if (i == 2) o.time_scale = 2;
        CHECK(quell_denoiser_from_onnx(&denoiser, network_path(files[i]).text, &o) ==
                      QUELL_BAD_ARGUMENT &&
                  strstr(quell_error_message(), says[i]),
              "not '%s': %s", says[i], quell_error_message());
    }
}
