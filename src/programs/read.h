/* SPDX-License-Identifier: MIT */
/* The state that the readers of programs and of instructions share. */
#ifndef QUELL_PROGRAMS_READ_H
#define QUELL_PROGRAMS_READ_H

#include "programs/kind.h"

/* known[tensor] is 1 + the index of the tensor's value, or 0. `operands` is how many are used so
 * far. `number`, `now` and `kind` are those of the instruction that is being read. */
struct quell_reader {
    struct quell_program *program;
    const struct quell_constants *from;
    size_t number, operands, most_operands;
    uint32_t *known;
    struct quell_instruction *now;
    const char *kind;
};

/* Returns QUELL_BAD_MODEL, with a message about the instruction that is being read. */
__attribute__((format(printf, 2, 3))) quell_status
quell_reader_bad(const struct quell_reader *reader, const char *format, ...);

/* quell_read_setting reads one attribute of the instruction; quell_settle_settings then sets those
 * that were not given. */
quell_status quell_read_setting(const struct quell_reader *reader,
                                const struct quell_json_member *member);
quell_status quell_settle_settings(const struct quell_reader *reader);

#endif
