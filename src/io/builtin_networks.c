/* SPDX-License-Identifier: MIT */
/* Trained networks whose files are part of the library: training/ has how they were made. */
#include "io/builtin.h"
#include "io/model.h"

/* The assembler puts a file between two symbols: no compiler has to read it. */
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

extern const unsigned char quell_glyphs_begin[], quell_glyphs_end[];
extern const unsigned char quell_rings_begin[], quell_rings_end[];

quell_status quell_builtin_glyphs(quell_model *model)
{
    return quell_model_read_memory(model, "builtin:glyphs", quell_glyphs_begin,
                                   (size_t)(quell_glyphs_end - quell_glyphs_begin));
}

quell_status quell_builtin_rings(quell_model *model)
{
    return quell_model_read_memory(model, "builtin:rings", quell_rings_begin,
                                   (size_t)(quell_rings_end - quell_rings_begin));
}
