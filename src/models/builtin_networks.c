/* SPDX-License-Identifier: MIT */
/* Trained networks, as programs, whose files are part of the library: training/ has how they were
 * made. */
#include "models/builtin.h"
#include "models/model.h"

#include <networks_folder.h>
#include <string.h>

/* The assembler includes a file between two symbols, so that no compiler has to parse it. */
#define EMBED(name, file)                               \
    __asm__(".pushsection .rodata\n"                    \
            ".balign 64\n"                              \
            ".hidden quell_" name "_begin\n"            \
            ".hidden quell_" name "_end\n"              \
            ".globl quell_" name "_begin\n"             \
            ".globl quell_" name "_end\n"               \
            "quell_" name "_begin:\n"                   \
            ".incbin \"" QUELL_NETWORKS "/" file "\"\n" \
            "quell_" name "_end:\n"                     \
            ".popsection\n")

EMBED("glyphs", "builtin_glyphs.safetensors");
EMBED("rings", "builtin_rings.safetensors");
EMBED("showers", "builtin_showers.safetensors");

extern const unsigned char quell_glyphs_begin[], quell_glyphs_end[];
extern const unsigned char quell_rings_begin[], quell_rings_end[];
extern const unsigned char quell_showers_begin[], quell_showers_end[];

static const struct file {
    const char *name;
    const unsigned char *begin, *end;
} files[] = {
    {"builtin:glyphs", quell_glyphs_begin, quell_glyphs_end},
    {"builtin:rings", quell_rings_begin, quell_rings_end},
    {"builtin:showers", quell_showers_begin, quell_showers_end},
};

const void *quell_builtin_file(const char *name, size_t *length)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].name, name)) continue;
        *length = (size_t)(files[i].end - files[i].begin);
        return files[i].begin;
    }
    return NULL;
}

static quell_status load(quell_model *model, const struct file *file)
{
    return quell_model_read_memory(model, file->name, file->begin,
                                   (size_t)(file->end - file->begin));
}

quell_status quell_builtin_glyphs(quell_model *model) { return load(model, &files[0]); }

quell_status quell_builtin_rings(quell_model *model) { return load(model, &files[1]); }

quell_status quell_builtin_showers(quell_model *model) { return load(model, &files[2]); }
