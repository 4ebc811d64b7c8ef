/* SPDX-License-Identifier: MIT */
/* Networks at the command line: classes, guidance and single evaluations. */
#include "command.h"
#include "harness.h"
#include "small_networks.h"

#include <quell/quell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE "sample --quiet --model n.safetensors --steps 4 --seed 5 "

/* A network of four classes in the plane, in the command's folder. */
static void write_network(const struct command *command)
{
    static char file[SMALL_NETWORK_MOST_FILE];
    size_t size = small_network_file("plane", file);
    scratch_write(&command->work, "n.safetensors", file, size);
}

TEST(cli, each_class_in_turn)
{
    struct command command = command_new();
    char arguments[200];
    write_network(&command);
    command_check(&command, 0, SAMPLE "--class each --first 3 --count 9 --out each.npy");
    command_check(&command, 0, SAMPLE "--first 3 --count 9 --out none.npy");
    float *each = command_floats(&command, "each.npy"),
          *none = command_floats(&command, "none.npy");
    for (int k = 0; k < 4; k++) {
        snprintf(arguments, sizeof arguments, SAMPLE "--class %d --first 3 --count 9 --out k.npy",
                 k);
        command_check(&command, 0, arguments);
        float *of_class = command_floats(&command, "k.npy");
        for (int i = 0; i < 9; i++) {
            int same = !memcmp(each + 2 * i, of_class + 2 * i, 2 * sizeof *each);
            CHECK(same == ((3 + i) % 4 == k), "sample %d, class %d", 3 + i, k);
            CHECK(memcmp(none + 2 * i, of_class + 2 * i, 2 * sizeof *none), "sample %d", 3 + i);
        }
        free(of_class);
    }
    free(each);
    free(none);
    command_remove(&command);
}

TEST(cli, guidance)
{
    struct command command = command_new();
    write_network(&command);
    command_check(&command, 0, SAMPLE "--class 2 --count 5 --out plain.npy");
    command_check(&command, 0, SAMPLE "--class 2 --guidance 1 --count 5 --out one.npy");
    command_refused(&command, 2,
                    SAMPLE "--class 2 --guidance 2 --guidance-high 0.01 --stop 0.02 --out no.npy",
                    "evaluates at no time from low, 0, to high, 0.01");
    command_check(&command, 0, SAMPLE "--class 2 --guidance 2 --count 5 --out two.npy");
    command_same(&command, "plain.npy", "one.npy");
    float *plain = command_floats(&command, "plain.npy"),
          *two = command_floats(&command, "two.npy");
    for (int i = 0; i < 10; i++) CHECK(plain[i] != two[i], "element %d", i);
    free(plain);
    free(two);
    json_t *root = command_json(&command, "sample --json --model n.safetensors --steps 2 --count 3 "
                                          "--class 2 --guidance 2.5");
    CHECK(!strcmp(json_string_value(json_field(root, "class")), "2"), "class");
    CHECK(!strcmp(json_string_value(json_field(root, "guidance")), "2.5"), "guidance");
    json_decref(root);
    command_remove(&command);
}

TEST(cli, a_class_for_each_sample)
{
    static const int64_t wide[] = {2, -1, 0, 3, 3};
    static const int32_t narrow[] = {2, -1, 0, 3, 3};
    struct command command = command_new();
    char arguments[200];
    write_network(&command);
    command_write_array(&command, "wide.npy", "<i8", "(5,)", wide, sizeof wide);
    command_write_array(&command, "narrow.npy", "<i4", "(5,)", narrow, sizeof narrow);
    command_check(&command, 0, SAMPLE "--classes wide.npy --first 7 --out wide.out");
    command_check(&command, 0, SAMPLE "--classes narrow.npy --first 7 --count 5 --out narrow.out");
    command_same(&command, "wide.out", "narrow.out");
    command_check(&command, 0, SAMPLE "--classes 2,-1,0,3,3 --first 7 --out list.out");
    command_same(&command, "wide.out", "list.out");
    command_check(
        &command, 0,
        "denoise --t 0.5 --model n.safetensors --from wide.out --classes wide.npy --out y.npy");
    command_check(
        &command, 0,
        "denoise --t 0.5 --model n.safetensors --from wide.out --classes 2,-1,0,3,3 --out l.npy");
    command_same(&command, "y.npy", "l.npy");
    float *all = command_floats(&command, "wide.out"), *means = command_floats(&command, "y.npy");
    for (size_t i = 0; i < 5; i++) {
        char class[24] = "";
        if (narrow[i] >= 0) snprintf(class, sizeof class, "--class %d ", narrow[i]);
        snprintf(arguments, sizeof arguments, SAMPLE "%s--first %zu --count 1 --out one.npy", class,
                 7 + i);
        command_check(&command, 0, arguments);
        snprintf(arguments, sizeof arguments,
                 "denoise --t 0.5 --model n.safetensors --from wide.out %s--out z.npy", class);
        command_check(&command, 0, arguments);
        float *one = command_floats(&command, "one.npy"), *mean = command_floats(&command, "z.npy");
        CHECK(!memcmp(one, all + 2 * i, 2 * sizeof *one), "sample %zu", i);
        CHECK(!memcmp(mean + 2 * i, means + 2 * i, 2 * sizeof *one), "denoise, sample %zu", i);
        free(one);
        free(mean);
    }
    free(all);
    free(means);
    command_remove(&command);
}

/* A weight of 3 until t = 1 is the same as a weight of 3. A weight of 1 is no guidance, so that no
 * guide and no bounds have an effect with it. A guide that is the model itself has none either, nor
 * has guidance at no time. */
TEST(cli, guidance_by_time_and_by_a_model)
{
    struct command command = command_new();
    write_network(&command);
    command_check(&command, 0, SAMPLE "--class 2 --count 5 --guidance 3 --out three.npy");
    command_check(&command, 0, SAMPLE "--class 2 --count 5 --guidance 0.2:3,0.7:3 --out flat.npy");
    command_check(&command, 0, SAMPLE "--class 2 --count 5 --guidance 0:1,1:5 --out sloped.npy");
    command_same(&command, "three.npy", "flat.npy");
    float *three = command_floats(&command, "three.npy"),
          *sloped = command_floats(&command, "sloped.npy");
    for (int i = 0; i < 10; i++) CHECK(three[i] != sloped[i], "element %d", i);
    free(three);
    free(sloped);
    command_check(&command, 0, SAMPLE "--class 2 --count 5 --guidance 1 --out none.npy");
    command_check(&command, 0, SAMPLE "--class 2 --count 5 --out plain.npy");
    command_same(&command, "none.npy", "plain.npy");
    static const char *const refused[][2] = {
        {"--guidance 1 --guide builtin:rings", "the guide has no effect: the weight is 1"},
        {"--guidance 1 --guidance-high .4", "low and high have no effect: the weight is 1"},
        {"--guidance 0:1,1:1 --guidance-low .4", "low and high have no effect"},
        {"--guidance 2 --guide n.safetensors", "the guide is the network denoiser itself"},
        {"--guidance 2 --guidance-low .501 --guidance-high .505",
         "the sampler evaluates at no time from low, 0.501, to high, 0.505"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char line[300];
        snprintf(line, sizeof line, SAMPLE "--class 2 --count 5 --out no.npy %s", refused[i][0]);
        command_refused(&command, 2, line, refused[i][1]);
    }
    command_remove(&command);
}

/* Of one evaluation there is one time, at which guidance must do something. */
TEST(cli, guidance_at_a_time)
{
#define DENOISE "denoise --model n.safetensors --from x.npy --class 2 --out y.npy "
    struct command command = command_new();
    write_network(&command);
    command_check(&command, 0, SAMPLE "--count 5 --out x.npy");
    static const char *const taken[] = {"--t 0.5 --guidance 3 --guidance-low 0.5",
                                        "--t 0.5 --guidance 3 --guidance-high 0.5",
                                        "--t 0.2 --guidance 0.1:1,0.9:4", "--t 0.5 --guidance 1",
                                        "--t 0 --guidance 3 --guidance-high 0.5"};
    static const char *const refused[][2] = {
        {"--t 0.5 --guidance 3 --guidance-low 0.6",
         "--guidance has no effect at --t 0.5: it begins at --guidance-low; leave it out"},
        {"--t 0.5 --guidance 3 --guidance-high 0.4",
         "--guidance has no effect at --t 0.5: it ends at --guidance-high; leave it out"},
        {"--t 0.2 --guidance 0.5:1,0.9:4",
         "--guidance has no effect at --t 0.2: its weight there is 1; leave it out, or give"},
    };
    char line[300];
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        snprintf(line, sizeof line, DENOISE "%s", taken[i]);
        command_check(&command, 0, line);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        snprintf(line, sizeof line, DENOISE "%s", refused[i][0]);
        command_refused(&command, 2, line, refused[i][1]);
    }
    command_remove(&command);
}

#define NO_CLASS \
    "guidance has no effect: it leads away from no class, which is what the samples have"

TEST(cli, classes_refused)
{
    struct command command = command_new();
    write_network(&command);
    scratch_write(&command.work, "bad.npy", "no", 2);
    static const int32_t labels[] = {1, 4, -2};
    command_write_array(&command, "four.npy", "<i4", "(2,)", labels, 8);
    command_write_array(&command, "minus.npy", "<i4", "(1,)", labels + 2, 4);
    command_write_array(&command, "floats.npy", "<f4", "(2,)", labels, 8);
    command_write_array(&command, "none.npy", "<i4", "(0,)", labels, 0);
    static const int32_t no_class[] = {-1, -1, -1, -1, -1}, some_class[] = {-1, -1, -1, -1, 1};
    command_write_array(&command, "without.npy", "<i4", "(5,)", no_class, sizeof no_class);
    command_write_array(&command, "some.npy", "<i4", "(5,)", some_class, sizeof some_class);
    command_check(&command, 0, SAMPLE "--count 5 --out x.npy");
    command_check(&command, 0, SAMPLE "--classes without.npy --out y.npy");
    command_check(&command, 0, SAMPLE "--classes some.npy --guidance 2 --out y.npy");
    command_check(&command, 0, SAMPLE "--classes -1,1 --guidance 2 --out y.npy");
    static const char *const cases[][2] = {
        {SAMPLE "--classes without.npy --guidance 2 --out y.npy", NO_CLASS},
        {SAMPLE "--classes -1,-1 --guidance 2 --out y.npy", NO_CLASS},
        {SAMPLE "--classes 1,1 --negative-class 1 --guidance 2 --out y.npy",
         "guidance has no effect: it leads away from the classes that the samples have"},
        {"denoise --t 0.5 --model n.safetensors --from x.npy --classes without.npy --guidance 2 "
         "--out y.npy",
         NO_CLASS},
        {SAMPLE "--class 1 --negative-class 2 --guidance 1 --out y.npy",
         "negative classes have no effect: the weight of --guidance is 1"},
        {SAMPLE "--class 4 --out y.npy", "0 to 3"},
        {SAMPLE "--class A --out y.npy", "0 to 3"},
        {SAMPLE "--class -1 --out y.npy", "0 to 3"},
        {SAMPLE "--class 1 --classes four.npy --out y.npy", "only one"},
        {SAMPLE "--classes none.npy --count 3 --out y.npy", "has 0 samples"},
        {SAMPLE "--classes four.npy --count 3 --out y.npy", "2 samples"},
        {SAMPLE "--classes 0,1 --count 3 --out y.npy", "--classes 0,1: has 2 samples"},
        {SAMPLE "--classes 0,4 --out y.npy", "--classes: '4' must be 0 to 3, or -1 for none"},
        {SAMPLE "--classes 0,-2 --out y.npy", "--classes: '-2' must be 0 to 3"},
        {SAMPLE "--classes 0,,1 --out y.npy", "--classes: '' must be 0 to 3"},
        {SAMPLE "--classes 0,1, --out y.npy", "--classes: '' must be 0 to 3"},
        {SAMPLE "--classes four --out y.npy", "'four' must be 0 to 3, or -1 for none, or name an"},
        {"denoise --t 0.5 --model n.safetensors --from x.npy --classes 1 --out y.npy",
         "--classes 1: has 1 class, the states of --from are 5"},
        {SAMPLE "--guidance 2,3 --out y.npy", "T:W"},
        {SAMPLE "--guidance 0:2,3 --out y.npy", "T:W"},
        {SAMPLE "--guidance 0:2,0:3 --out y.npy", "must rise"},
        {SAMPLE "--guidance x --out y.npy", "T:W"},
        {SAMPLE "--guidance 1e7 --out y.npy", "10^6"},
        {SAMPLE "--guide n.safetensors --out y.npy", "--guidance W"},
        {SAMPLE "--guide builtin:clouds --guidance 2 --out y.npy", "1024 elements"},
        {"sample --model builtin:grid25 --classes four.npy --out y.npy", "no classes"},
        {"denoise --t 0.5 --model n.safetensors --from x.npy --classes four.npy --out y.npy",
         "2 classes"},
        {SAMPLE "--guidance-low 0.5 --guidance-high 0.4 --guidance 2 --out y.npy", "low <= high"},
        {"sample --model builtin:grid25 --class 0 --out y.npy", "no classes"},
        {"sample --model builtin:grid25 --guidance 2 --out y.npy", "no classes"},
        {"denoise --model n.safetensors --from x.npy", "--out"},
        {"denoise --model n.safetensors --from x.npy --t 0.5 --class 4 --out y.npy", "0 to 3"},
        {"denoise --t 0.5 --model builtin:clouds --from x.npy --out y.npy", "1024 elements"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_refused(&command, 2, cases[i][0], cases[i][1]);
    command_refused(&command, 4, "denoise --t 0.5 --model n.safetensors --from bad.npy --out y.npy",
                    "bad");
    command_refused(&command, 3, SAMPLE "--classes four.npy --out y.npy", "value 1 is 4");
    command_refused(&command, 3, SAMPLE "--classes minus.npy --out y.npy", "value 0 is -2");
    command_refused(&command, 4, SAMPLE "--classes floats.npy --out y.npy", "'<i4' or '<i8'");
    command_refused(&command, 4, SAMPLE "--classes no.npy --out y.npy", "no.npy");
    command_refused(&command, 3, SAMPLE "--guide no.json --guidance 2 --out y.npy", "no.json");
    command_refused(&command, 4, "denoise --t 0.5 --model n.safetensors --from none --out y.npy",
                    "none");
    command_remove(&command);
}

TEST(cli, denoise_is_the_librarys)
{
    struct command command = command_new();
    quell_model *model = NULL;
    quell_schedule *schedule = NULL;
    quell_sampler *sampler = NULL;
    float right[10];
    int32_t classes[5] = {2, 2, 2, 2, 2};
    write_network(&command);
    command_check(&command, 0, SAMPLE "--count 5 --out x.npy");
    command_check(&command, 0,
                  "denoise --model n.safetensors --from x.npy --t 0.25 --class 2 "
                  "--isa scalar --out y.npy");
    float *x = command_floats(&command, "x.npy"), *y = command_floats(&command, "y.npy");
    CHECK(!quell_model_load(&model, scratch_path(&command.work, "n.safetensors").text), "%s",
          quell_error_message());
    CHECK(!quell_schedule_create(&schedule, "vp"), "%s", quell_error_message());
    CHECK(!quell_sampler_create(&sampler, "ddim", quell_model_denoiser(model), schedule, NULL),
          "%s", quell_error_message());
    quell_draw draw = quell_draw_defaults();
    draw.count = 5, draw.classes = classes;
    CHECK(!quell_denoise(sampler, &draw, NULL, 0.25, x, right), "%s", quell_error_message());
    CHECK(!memcmp(y, right, sizeof right), "denoise");
    free(x);
    free(y);
    quell_sampler_free(sampler);
    quell_schedule_free(schedule);
    quell_model_free(model);
    command_remove(&command);
}
