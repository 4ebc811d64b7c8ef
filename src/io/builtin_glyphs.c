/* SPDX-License-Identifier: MIT */
/* Letters and digits: a network trained by training/glyphs, whose file is part of the library. */
#include "io/builtin.h"
#include "io/model.h"

/* The assembler puts the file between two symbols: no compiler has to read it. */
__asm__(".pushsection .rodata\n"
        ".balign 64\n"
        ".hidden quell_glyphs_begin\n"
        ".hidden quell_glyphs_end\n"
        ".globl quell_glyphs_begin\n"
        ".globl quell_glyphs_end\n"
        "quell_glyphs_begin:\n"
        ".incbin \"" QUELL_GLYPHS "\"\n"
        "quell_glyphs_end:\n"
        ".popsection\n");

extern const unsigned char quell_glyphs_begin[], quell_glyphs_end[];

quell_status quell_builtin_glyphs(quell_model *model)
{
    return quell_model_read_memory(model, "builtin:glyphs", quell_glyphs_begin,
                                   (size_t)(quell_glyphs_end - quell_glyphs_begin));
}
