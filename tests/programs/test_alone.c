/* SPDX-License-Identifier: MIT */
/* A program of a file run by itself, as the exporter runs it: with one sample. */
#include "harness.h"
#include "models.h"
#include "models/program_file.h"
#include "scratch.h"
#include "tensor_file.h"

#include <fenv.h>

TEST(program_alone, computes_its_output)
{
    static struct tensor_writer writer;
    static char file[1 << 14];
    static const float x[2] = {3, -4}, time = 2;
    struct quell_program_file *program = NULL;
    struct scratch folder = scratch_new();
    float y[2] = {0};
    tensor_begin(&writer, "{'kind': 'network', 'version': 1, 'shape': [2], 'output': 'x0', "
                          "'programs': {'denoise': {'inputs': {'x': [2], 'time': []}, "
                          "'instructions': [{'map': ['time', [1]], 'function': 'add'}, "
                          "{'map': ['x', 0], 'function': 'mul'}, "
                          "{'map': [1], 'function': 'relu'}], 'output': 2}}}");
    size_t size = tensor_finish(&writer, file);
    struct scratch_path path = scratch_write(&folder, "n.safetensors", file, size);
    MUST(quell_program_file_open(&program, path.text, "denoise"));
    MUST(quell_program_file_run(program, (const float *const[]){x, &time}, y));
    CHECK(y[0] == 9 && y[1] == 0, "[%g, %g], not [9, 0]", (double)y[0], (double)y[1]);
    MUST(quell_program_file_run(program, (const float *const[]){y, &time}, y));
    CHECK(y[0] == 27 && y[1] == 0, "[%g, %g], not [27, 0]", (double)y[0], (double)y[1]);
    quell_program_file_free(program);
    scratch_remove(&folder);
}

/* What depends on constants alone is computed when the file is opened, and its bits do not depend
 * on the rounding mode of the host: 1 / 3 is 0x1.555556p-2, the nearest. */
TEST(program_alone, rounds_as_itself)
{
    static struct tensor_writer writer;
    static char file[1 << 14];
    static const float x[1] = {1};
    struct quell_program_file *program = NULL;
    struct scratch folder = scratch_new();
    float y[1] = {0};
    tensor_begin(&writer, "{'kind': 'network', 'version': 1, 'shape': [1], 'output': 'x0', "
                          "'programs': {'denoise': {'inputs': {'x': [1]}, "
                          "'instructions': [{'map': [[1], [3]], 'function': 'div'}, "
                          "{'map': ['x', 0], 'function': 'mul'}], 'output': 1}}}");
    size_t size = tensor_finish(&writer, file);
    struct scratch_path path = scratch_write(&folder, "n.safetensors", file, size);
    fesetround(FE_DOWNWARD);
    quell_status status = quell_program_file_open(&program, path.text, "denoise");
    if (!status) status = quell_program_file_run(program, (const float *const[]){x}, y);
    fesetround(FE_TONEAREST);
    CHECK(!status && y[0] == 0x1.555556p-2f, "%s, %a", quell_error_message(), (double)y[0]);
    quell_program_file_free(program);
    scratch_remove(&folder);
}
