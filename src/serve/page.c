/* SPDX-License-Identifier: MIT */
/* The page at /: an HTML file that is built into the program. */
#include "serve/server.h"

#include <stdlib.h>
#include <string.h>

/* The assembler includes the file between two symbols. */
__asm__(".pushsection .rodata\n"
        ".hidden quell_page_begin\n"
        ".hidden quell_page_end\n"
        ".globl quell_page_begin\n"
        ".globl quell_page_end\n"
        "quell_page_begin:\n"
        ".incbin \"" QUELL_PAGE "\"\n"
        "quell_page_end:\n"
        ".popsection\n");

extern const char quell_page_begin[], quell_page_end[];

enum MHD_Result serve_start_page(struct serve_request *request)
{
    /* The page may load nothing, and connect to nothing but its own server. */
    static const struct serve_header headers[] = {
        {"Cache-Control", "no-cache"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src "
         "data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {0}};
    size_t size = (size_t)(quell_page_end - quell_page_begin);
    char *bytes = malloc(size);
    if (!bytes) return MHD_NO;
    memcpy(bytes, quell_page_begin, size);
    return serve_answer(request, MHD_HTTP_OK, "text/html; charset=utf-8", bytes, size, headers);
}
