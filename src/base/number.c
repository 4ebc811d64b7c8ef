/* SPDX-License-Identifier: MIT */
#include "number.h"
#include "floats.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets the C locale for this thread alone; leave_c_locale restores the host's. */
static locale_t enter_c_locale(locale_t *c)
{
    *c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return *c ? uselocale(*c) : (locale_t)0;
}

static void leave_c_locale(locale_t c, locale_t host)
{
    if (!c) return;
    uselocale(host);
    freelocale(c);
}

size_t quell_format(char *buffer, size_t size, const char *format, va_list arguments)
{
    QUELL_OWN_FLOATS; /* printf follows the rounding mode as well */
    locale_t c, host = enter_c_locale(&c);
    int length = vsnprintf(buffer, size, format, arguments);
    leave_c_locale(c, host);
    return length < 0 ? 0 : (size_t)length;
}

size_t quell_print(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = quell_format(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

int quell_parse_double(const char *text, size_t length, double *value)
{
    QUELL_OWN_FLOATS;
    char *end;
    if (length == 0 || strchr(" \t\n\v\f\r", text[0])) return -1;
    if (memchr(text, 'x', length) || memchr(text, 'X', length))
        return -1; /* hexadecimal: more likely a slip than meant */
    locale_t c, host = enter_c_locale(&c);
    double read = strtod(text, &end);
    leave_c_locale(c, host);
    if (end != text + length || read != read) return -1;
    *value = read;
    return 0;
}

double quell_leading_double(const char *text)
{
    locale_t c, host = enter_c_locale(&c);
    double value = strtod(text, NULL);
    leave_c_locale(c, host);
    return value;
}

const char *quell_number_text(double value, char text[QUELL_NUMBER_TEXT])
{
    double read = 0;
    if (isnan(value)) return strcpy(text, "nan"); /* the C library says the sign of one, too */
    for (int digits = 6; digits <= 17; digits++) {
        size_t length = quell_print(text, QUELL_NUMBER_TEXT, "%.*g", digits, value);
        if (!quell_parse_double(text, length, &read) && read == value) break;
    }
    return text;
}
