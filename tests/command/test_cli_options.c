/* SPDX-License-Identifier: MIT */
/* What is asked for has an effect or is refused: pairs of options, options that are there twice,
 * numbers in other forms; names that are nearly right; the points of a grid, given as such. */
#include "command.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID "sample --model builtin:grid25 --count 10 "

TEST(options, did_you_mean)
{
    static const char *const cases[][2] = {
        {"smaple", "'sample'"},
        {"sample --modle builtin:grid25", "'--model'"},
        {"sample --sede=3", "'--seed'"},
        {"list sampler", "'samplers'"},
        {"list samplers unipic", "'unipc'"},
        {"list grids karas", "'karras'"},
        {"plan --sampler ddmi", "'ddim'"},
        {"plan --sampler DPM++2M", "'dpmpp_2m'"},
        {"plan --sampler dpmpp-2m-sed", "'dpmpp_2m_sde'"},
        {"plan --sampler ddim:ets=1", "'eta'"},
        {"plan --sampler unipc:variant=b1", "'bh1'"},
        {"plan --schedule cosin", "'cosine'"},
        {"plan --grid log_snr", "'logsnr'"},
        {GRID "--isa scaler", "'scalar'"},
        {"compare --steps 4", "'--evaluations'"},
        {"sample --num-inference-steps 4", "'--steps'"},
        {"plan --sampler dpmpp", "'dpmpp_2s'"},
        {"list grids kl_opt", "'kl_optimal'"},
        {"--hlep", "'--help'"},
    };
    struct command command = command_new();
    char reason[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(reason, sizeof reason, "(did you mean %s?)", cases[i][1]);
        command_refused(&command, 2, cases[i][0], reason);
    }
    command_refused(&command, 3, "sample --model builtin:grid52",
                    "(did you mean 'builtin:grid25'?)");
    command_refused(&command, 2, GRID "--eta 0.5", "--sampler ddim:eta=VALUE");
    command_refused(&command, 2, "resume", "goes on with --resume");
    command_refused(&command, 3, "sample --model net.pt", "quell.export");
    command_refused(&command, 3, "sample --model rings", "(did you mean 'builtin:rings'?)");
    CHECK(command_run(&command, "plan --sampler zzzzzz") == 2, "zzzzzz");
    char *errors = command_errors(&command);
    CHECK(!strstr(errors, "did you mean"), "%s", errors);
    free(errors);
    command_remove(&command);
}

/* An unknown name leads to the list of names, and an unknown option of a name to that name. */
TEST(options, where_to_look)
{
    static const char *const cases[][2] = {
        {"plan --sampler ddmi", "see `quell list samplers`"},
        {"plan --sampler ddim:ets=1", "see `quell list samplers ddim`"},
        {"plan --sampler ddim,eta=1", "; options come after a colon: 'ddim:eta=1'; see"},
        {"plan --schedule vp,beta_min=1", "; options come after a colon: 'vp:beta_min=1'; see"},
        {"plan --grid karras,rho=3,x=1", "; options come after a colon: 'karras:rho=3,x=1'; see"},
        {"plan --sampler dpmpp_2m:ets=1", "see `quell list samplers dpmpp_2m`"},
        {"plan --schedule cosin", "see `quell list schedules`"},
        {"plan --schedule vp:x=1", "see `quell list schedules vp`"},
        {"plan --grid karas", "see `quell list grids`"},
        {"plan --grid karras:x=1", "see `quell list grids karras`"},
        {GRID "--isa scaler", "see `quell list isas`"},
    };
    struct command command = command_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_refused(&command, 2, cases[i][0], cases[i][1]);
    command_remove(&command);
}

/* A letter is the option with its name. What only looks like a letter or a name is refused. */
TEST(options, letters)
{
    static const char *const refused[][2] = {
        {"sample -z", "no option '-z'"},
        {"denoise -t 0.3", "no option '-t' (did you mean '--t'?)"},
        {"denoise --time 0.3", "no option '--time' (did you mean '--t'?)"},
        {"plan -n 3", "no option '-n'"},
        {"sample -m", "--model: needs a value"},
        {"sample -qn", "--count: needs a value"},
        {"sample -m builtin:grid25 -n x", "--count 'x': must be a whole number"},
        {GRID "-n 5", "--count: is given twice"},
        {GRID "-o -q", "--out: its value is missing before -q; or say --out=-q"},
        {GRID "-o -h", "--out: its value is missing before -h"},
        {"sample -model builtin:grid25", "no option '-model': a long name has two dashes: --model"},
        {GRID "-out=x.npy", "a long name has two dashes: --out=x.npy"},
        {GRID "--se 1", "no option '--se' (did you mean '--seed' or '--seeds'?)"},
        {GRID "--sampl ddim", "no option '--sampl' (did you mean '--sampler'?)"},
        {GRID "--st 4", "(did you mean '--steps' or '--start' or '--stop'?)"},
        {GRID "--prior=4", "(did you mean '--prior-mean' or '--prior-variance'?)"},
        {GRID "--s-churn 3", "is a part of its name, as in --sampler euler:s_churn=VALUE\n"},
        {GRID "--energy 50", "a condition of the model is --condition energy=VALUE: see"},
        {"denoise --seed 3", "no option '--seed', which is one of `quell sample`: see `quell den"},
        {"denoise --clamp-low 3", "no option '--clamp-low', which is one of `quell sample`: see"},
        {"compare --sampler ddim", "no option '--sampler' (did you mean '--samplers'?)"},
        {GRID "-o=x.npy", "-o=x.npy: a letter's value has no =: -o x.npy, or --out=x.npy"},
        {GRID "-qo=x.npy", "-qo=x.npy: a letter's value has no =: -o x.npy, or --out=x.npy"},
        {GRID "--sampler ddim:steps=5", "'steps' is no part of a sampler's name: give it beside"},
        {GRID "--sampler 'ddim, eta=1'", "options come after a colon: 'ddim:eta=1'; see"},
        {GRID "--sampler tcd:eta=1", "no option 'eta' (did you mean 'gamma'?)"},
        {GRID "--sampler res_2s:c2=1", "no option 'c2' (did you mean 'r'?)"},
        {GRID "--sampler karras", "no such sampler; 'karras' is a grid; see"},
        {GRID "--schedule karras", "no such schedule; 'karras' is a grid; see"},
        {GRID "--grid ddpm", "no such grid; 'ddpm' is a sampler; see"},
        {GRID "--grid trailing", "no such grid (did you mean 'discrete:spacing=trailing'?); see"},
        {GRID "--sampler no", "sampler 'no': no such sampler; see"},
        {GRID "--sampler DDIMScheduler", "is a class of diffusers, which quell.from_diffusers"},
        {"sample m.json", "'m.json': no such argument: options begin with --, as --model m.json\n"},
        {GRID "more", "'more': no such argument: options begin with --\n"},
        {GRID "--sampler ddim:eta=1:steps=3", "a comma stands between two options, not a colon"},
        {"sample -m builtin:rings --class 0 --guidance 2 --guidance-low 0.9 --guidance-high 0.1",
         "guidance: low is 0.9 and high 0.1, must be 0 <= low <= high <= 1"},
        {"denoise -m builtin:grid25 --from x.npy -o y.npy",
         "--t is needed: the time of the states"},
        {GRID "--js", "no option '--js' (did you mean '--json'?)"},
        {"versoin", "no command 'versoin' (did you mean 'version'?)"},
    };
    struct command command = command_new();
    command_check(&command, 0, GRID "--seed 3 --out long.npy");
    command_check(&command, 0, "sample -q -m builtin:grid25 -n 10 --seed 3 -o short.npy");
    command_same(&command, "long.npy", "short.npy");
    command_check(&command, 0, "sample -qn10 -mbuiltin:grid25 --seed=3 -oclose.npy");
    command_same(&command, "long.npy", "close.npy");
    command_check(&command, 0, "join -q -o joined.npy -n 10 short.npy");
    command_check(&command, 0, "denoise --t 0.5 -m builtin:grid25 --from long.npy -o mean.npy");
    command_check(&command, 0, "plan -h");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        command_refused(&command, 2, refused[i][0], refused[i][1]);
    command_remove(&command);
}

/* A command says what it has written: on standard error where standard output has it. */
TEST(options, says_what_it_wrote)
{
#define DENOISE "denoise -m builtin:grid25 --from x.npy "
    static const struct {
        const char *arguments, *output, *errors;
    } said[] = {
        {DENOISE "--t 0.5 -o mean.npy", "mean.npy: float32 (3, 2), E[X | x_t] at t = 0.5\n", ""},
        {DENOISE "--t 0.5 -q -o mean.npy", "", ""},
        {DENOISE "--t 1 -o - > y.npy", NULL, "-: float32 (3, 2), E[X | x_t] at t = 1\n"},
        {"model -m builtin:clouds -o m.json",
         "m.json: a description of samples of shape (32, 32)\n", ""},
        {"model -m builtin:clouds -q -o m.json", "", ""},
    };
    struct command command = command_new();
    command_check(&command, 0, "sample -q -m builtin:grid25 -n 3 -o x.npy");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        command_check(&command, 0, said[i].arguments);
        char *output = command_output(&command), *errors = command_errors(&command);
        CHECK(!said[i].output || !strcmp(output, said[i].output), "%s: '%s'", said[i].arguments,
              output);
        CHECK(!strcmp(errors, said[i].errors), "%s: '%s'", said[i].arguments, errors);
        free(output);
        free(errors);
    }
    command_remove(&command);
}

/* A number is read whatever its length. */
TEST(options, long_numbers)
{
#define NINES "0.9999999999999999999999999999999999999999999999999999999999999999999999999999"
    static const char *const good[] = {GRID "--start " NINES, GRID "--sampler ddim:eta=" NINES,
                                       GRID "--times 1," NINES "e-1,0", GRID "--times " NINES ",0"};
    static const char *const bad[] = {GRID "--start " NINES "x", GRID "--start " NINES ",1",
                                      GRID "--sampler ddim:eta=" NINES "e",
                                      GRID "--times 1," NINES ".5,0"};
    struct command command = command_new();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) command_check(&command, 0, good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        command_refused(&command, 2, bad[i], "number");
    command_remove(&command);
}

/* The usage shows what must be given, and nothing that has a default. */
TEST(options, usage_of_denoise)
{
    struct command command = command_new();
    command_check(&command, 0, "denoise --help");
    char *output = command_output(&command);
    CHECK(
        strstr(output, "Usage: quell denoise --model M --from X.npy --t T --out F.npy [OPTION...]"),
        "%s", output);
    free(output);
    command_remove(&command);
}

/* What is not refused: two points, which are the ends alone; the name of an option as a value; and
 * help. */
TEST(options, allowed)
{
    struct command command = command_new();
    command_check(&command, 0, GRID "--sampler dpm_adaptive --times 1,0.25");
    command_check(&command, 0, GRID "--out=--quiet");
    command_check(&command, 0, GRID "--schedule cosine --start 0.999");
    command_check(&command, 0, GRID "--schedule ve --start 1");
    command_check(
        &command, 0,
        GRID
        "--start 1 --schedule beta_scaled_linear --grid discrete:spacing=leading,steps_offset=1");
    command_check(&command, 0, GRID "--start 0.5 --prior-variance 8");
    CHECK(scratch_count(&command.work, ".") == 1, "no file --quiet");
    command_check(&command, 0, "help plan");
    char *help = command_output(&command);
    command_check(&command, 0, "plan --help");
    char *own = command_output(&command);
    CHECK(!strcmp(help, own), "%s", help);
    free(help);
    free(own);
    command_remove(&command);
}

TEST(options, refused)
{
    static const char *const cases[][2] = {
        {GRID "--seed 1 --seed 2", "--seed: is given twice"},
        {GRID "--seed -1", "--seed '-1'"},
        {GRID "--seed 18446744073709551616", "--seed '18446744073709551616'"},
        {GRID "--first 18446744073709551615", "up to 2^64 - 2"},
        {GRID "--first 18446744073709551606", "up to 2^64 - 2"},
        {GRID "--seed 1e3", "--seed '1e3'"},
        {GRID "--seed 0x10", "--seed '0x10'"},
        {GRID "--seed ' 1'", "--seed ' 1'"},
        {GRID "--seed 1x", "--seed '1x'"},
        {GRID "--seed ''", "--seed ''"},
        {GRID "--steps 1.5", "--steps '1.5'"},
        {GRID "--threads -1", "--threads '-1'"},
        {GRID "--sampler ddim:", "no option stands after a"},
        {GRID "--sampler ddim:,", "no option stands after a"},
        {GRID "--sampler ddim:eta=1,", "no option stands after a"},
        {GRID "--sampler ddim:eta=0.1,eta=0.9", "option 'eta' is there twice"},
        {GRID "--sampler ddim:eta", "option 'eta' must be a number from 0 to 1e+06"},
        {GRID "--sampler ddim:eta=", "option 'eta' must be a number from 0 to 1e+06"},
        {GRID "--sampler ddim:eta=0x1p-1", "option 'eta' must be a number from 0 to 1e+06"},
        {GRID "--sampler unipc:order=2.5", "option 'order' must be a whole number from 1 to 4"},
        {GRID "--sampler unipc:order=9", "option 'order' must be a whole number from 1 to 4"},
        {GRID "--sampler heun:steady=true", "option 'steady' must be yes or no"},
        {GRID "--sampler heun:steady", "option 'steady' must be yes or no"},
        {GRID "--sampler heun:steady=0", "option 'steady' must be yes or no"},
        {GRID "--sampler heun:steady=", "option 'steady' must be yes or no"},
        {GRID "--schedule beta_linear:zero_snr=1", "option 'zero_snr' must be yes or no"},
        {GRID "--sampler dpmpp_2m:order=3", "'dpmpp_2m' is xeab:order=2"},
        {GRID "--clamp-low 0x1", "--clamp-low '0x1'"},
        {GRID "--times 1,0x.8p0,0", "--times: '0x.8p0' is not a number"},
        {GRID "--out --seed 3", "--out: its value is missing before --seed; or say --out=--seed"},
        {GRID "--sampler --help", "--sampler: its value is missing before --help"},
        {"sample --model --out=y.npy", "--model: its value is missing before --out=y.npy"},
        {GRID "--json=no", "--json=no: takes no value"},
        {GRID "--sampler dpm_adaptive --steps 5",
         "--steps has no effect: 'dpm_adaptive' chooses its own steps; leave --steps out"},
        {GRID "--sampler dpm_adaptive --grid karras", "--grid has no effect"},
        {GRID "--sampler dpm_adaptive --times 1,0.5,0", "--times has no effect beyond its ends"},
        {"plan --sampler dpm_adaptive --steps 5", "--steps has no effect"},
        {"plan --brownian", "--brownian has no effect: 'ddim' draws no noise"},
        {GRID "--sampler dpm_adaptive --schedule flow", "alpha must not be 0 at the start; a s"},
        {GRID "--sampler dpm_adaptive --schedule flow --start 0.999999",
         "dpm_adaptive: sigma must not be 0 at the stop; a stop of 0.001 would do"},
        {GRID "--sampler dpm_adaptive --schedule flow --sigmas 9,0", "sigma must not be 0 at"},
        {GRID "--sampler dpm_adaptive --brownian", "'dpm_adaptive' draws no noise"},
        {"compare --samplers ddim,heun --brownian", "--brownian: has no effect"},
        {"compare --samplers ddim,ddpm,ddim", "--samplers: 'ddim' is there twice"},
        {"compare --plot y.png", "--plot y.png: would be written as .svg"},
        {GRID "--plot y.svg", "--plot y.svg: would be written as .png"},
        {GRID "--plot y.npy", "--plot y.npy: would be written as .png"},
        {GRID "--out y.csv", "--out y.csv: would be written as .npy"},
        {"denoise --model builtin:grid25 --from x.npy --out y.npz", "would be written as .npy"},
        {"join --out y.json x.npy", "would be written as .npy"},
        {"join --out y.png x.npy", "y.png: would be written as .npy: name it so\n"},
        {"model --model builtin:grid25 --out y.safetensors", "would be written as .json"},
        {"--version more", "'more': no such argument of --version"},
        {"help sample more", "'more': no such argument of help"},
        {"help smaple", "no command 'smaple' (did you mean 'sample'?)"},
        {GRID "--schedule vp:alpha_min=0.1,alpha_min=0.1", "is there twice"},
        {GRID "--grid karras:rho=7,rho=7", "is there twice"},
        {GRID "--class 0", "the model has no classes"},
        {GRID "--guidance 2", "the model has no classes: needs --guide M"},
        {"sample --model builtin:rings --guidance 2", "--guidance: needs --class or --classes"},
        {GRID "--brownian", "--brownian has no effect: 'ddim' draws no noise"},
        {GRID "--stop 1", "start is 1 and --stop is 1"},
        {GRID "--brownian --sampler restart:restarts=0 --start 0.5 --stop 0.3", "draws no noise"},
        {GRID "--guidance-low 0.1", "--guidance-low: needs --guidance"},
        {GRID "--guide m.json", "--guide: needs --guidance"},
        {GRID "--threshold-max 2", "--threshold-max: needs --threshold"},
        {GRID "--threshold 0.9 --clamp-low -1", "only one of them"},
        {"sample --model builtin:rings --class 0 --classes k.npy", "only one of them"},
        {"sample --model builtin:rings --class 0,1", "--class 0,1"},
        {"sample --model builtin:rings --class 2", "must be 0 to 1"},
        {GRID "--quiet", "--quiet: needs --out, --plot or --json"},
        {GRID "-q --resume", "needs --out"},
        {"sample --model builtin:rings --class -1", "--class -1"},
        {"sample --model builtin:rings --guidance 2 --guidance-low .6 --guidance-high .5", "0.6"},
        {GRID "--guidance 1 --guide builtin:glyphs", "the guide has 784 elements, must have 2"},
        {GRID "--guidance 1 --guide builtin:rings --guidance-low .6 --guidance-high .5", "0.6"},
        {"sample --model builtin:rings --guidance 1:2:3", "--guidance 1:2:3"},
        {"sample --model builtin:rings --guidance 0:1,", "--guidance 0:1,"},
        {"sample --model builtin:rings --guidance nan", "--guidance nan"},
        {GRID "--times 1,0 --steps 1", "--times and --steps"},
        {GRID "--times 1,0 --grid linear", "--times and --grid"},
        {GRID "--times 1,0 --start 1", "--times and --start"},
        {GRID "--times 1,0 --stop 0", "--times and --stop"},
        {GRID "--times 1,0 --sigmas 1,0", "--times and --sigmas"},
        {GRID "--sigmas 1,0 --steps 1", "--sigmas and --steps"},
        {GRID "--sigmas 1,0 --grid linear", "--sigmas and --grid"},
        {GRID "--times 0.5,0.6,0",
         "time 1 is 0.6, after 0.5; times must fall from at most 1 to at least 0"},
        {GRID "--start 0.1",
         "--start: at t = 0.1, alpha = 0.933 and sigma = 0.359, the first states depend on the "
         "law of X"},
        {GRID "--schedule vp:alpha_min=0.9", "--schedule: at t = 1, alpha = 0.9 and sigma"},
        {GRID "--schedule ve:sigma_max=3", "--schedule: at t = 1, alpha = 1 and sigma = 3, the"},
        {"compare --schedule edm:sigma_max=2", "--schedule: at t = 1"},
        {GRID "--times 0.5,0", "--times: at t = 0.5, alpha = 0.178 and sigma"},
        {GRID "--sigmas 1,0", "--prior-mean M and --prior-variance V, or the states by --from"},
        {"compare --start 0.5", "--start: at t = 0.5"},
        {GRID "--start 0.5 --prior-mean 1 --from no.npy", "--prior-mean and --from"},
        {GRID "--prior-variance 1 --from no.npy", "--prior-variance and --from"},
        {GRID "--schedule flow --prior-mean 1", "--prior-mean has no effect: at t = 1 alpha is 0"},
        {GRID "--prior-variance -1", "--prior-variance '-1': must be a number from 0"},
        {GRID "--times 1,0.5,,0", "'' is not a number"},
        {GRID "--times 1,x", "'x' is not a number"},
        {GRID "--times 1", "two values or more"},
        {GRID "--sigmas 9e9,1", "the schedule's goes"},
        {"plan --times 1,0 --steps 1", "--times and --steps"},
        {"compare --times 1,0 --evaluations 2", "--times and --evaluations"},
    };
    struct command command = command_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_refused(&command, 2, cases[i][0], cases[i][1]);
    command_refused(&command, 4, GRID "--times no.npy", "no.npy");
    command_refused(&command, 4, GRID "--times no.txt", "no.txt");
    command_refused(&command, 4, GRID "--times .", "Is a directory");
    command_remove(&command);
}

/* By a list, by both kinds of files, and by the grid that has the same points. */
TEST(options, times)
{
    struct command command = command_new();
    command_check(&command, 0, GRID "--sampler ddpm --steps 4 --out grid.npy");
    command_check(&command, 0, GRID "--sampler ddpm --times 1,.75,0.5,0.25,0 --out list.npy");
    command_same(&command, "grid.npy", "list.npy");
    scratch_write(&command.work, "times.txt", "# falling\n1 0.75,\n 5e-1\t.25 # last but one\n0\n",
                  0);
    command_check(&command, 0, GRID "--sampler ddpm --times times.txt --out text.npy");
    scratch_write(&command.work, "gap.txt", "1,\n 0.5,,0\n", 0);
    command_refused(&command, 2, GRID "--times gap.txt", "--times: '' is not a number");
    scratch_write(&command.work, "gap.txt", ", 1 0.5 0\n", 0);
    command_refused(&command, 2, GRID "--times gap.txt", "--times: '' is not a number");
    command_same(&command, "grid.npy", "text.npy");
    scratch_write(&command.work, "marked.txt",
                  "\xef\xbb\xbf"
                  "1 0.75 0.5 0.25 0\r\n",
                  0);
    command_check(&command, 0, GRID "--sampler ddpm --times marked.txt --out marked.npy");
    command_same(&command, "grid.npy", "marked.npy");
    const char header[] =
        "\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }";
    char file[128 + 40];
    memset(file, ' ', 128);
    memcpy(file, header, sizeof header - 1);
    file[127] = '\n';
    memcpy(file + 128, (const double[]){1, 0.75, 0.5, 0.25, 0}, 40);
    scratch_write(&command.work, "times.npy", file, sizeof file);
    command_check(&command, 0, GRID "--sampler ddpm --times times.npy --out npy.npy");
    command_same(&command, "grid.npy", "npy.npy");
    command_check(&command, 0,
                  GRID "--schedule beta_scaled_linear --out ays.npy --sigmas "
                       "14.615,6.475,3.861,2.697,1.886,1.396,0.963,0.652,0.399,0.152,0.029,0");
    json_t *root = command_json(&command, "compare --quiet --json --count 100 --times 1,.7,.4,.1,0 "
                                          "--samplers ddim,heun:steady=no");
    const json_t *samplers = json_field(root, "samplers");
    const long long evaluations[] = {4, 8};
    for (size_t i = 0; i < 2; i++) {
        const json_t *trials = json_field(json_array_get(samplers, i), "trials");
        const json_t *trial = json_array_get(trials, 0);
        CHECK(json_array_size(trials) == 1, "%zu trials", json_array_size(trials));
        CHECK(json_integer_value(json_field(trial, "evaluations")) == evaluations[i],
              "evaluations");
        CHECK(json_integer_value(json_field(trial, "steps")) == 4, "steps");
    }
    json_decref(root);
    command_remove(&command);
}

/* A zero byte would end the text that C sees. */
TEST(options, times_are_read_to_the_end)
{
    struct command command = command_new();
    scratch_write(&command.work, "zero.txt", "1\n0.5\n\0 0.2\n0\n", 14);
    command_check(&command, 4, "plan --times zero.txt");
    char *errors = command_errors(&command);
    CHECK(strstr(errors, "--times zero.txt: byte 6 is zero: not a text of numbers"), "%s", errors);
    free(errors);
    command_remove(&command);
}
