/* SPDX-License-Identifier: 0BSD */
#include "thb_bench.h"
#include "semihost.h"

static intptr_t cases = -1, output = -1;

static intptr_t open_file(const char *name, size_t length, intptr_t mode)
{
    intptr_t block[3];

    block[0] = (intptr_t)name;
    block[1] = mode;
    block[2] = (intptr_t)length;
    return thb_semihost(THB_SYS_OPEN, block);
}

int thb_open_cases(void)
{
    cases = open_file("bench.in", sizeof "bench.in" - 1, THB_OPEN_READ);
    return cases < 0 ? -1 : 0;
}

int thb_open_output(void)
{
    output = open_file("bench.out", sizeof "bench.out" - 1, THB_OPEN_WRITE);
    return output < 0 ? -1 : 0;
}

/* Both calls answer with the number of bytes NOT transferred. */
int thb_read(void *to, size_t bytes)
{
    intptr_t block[3];

    block[0] = cases;
    block[1] = (intptr_t)to;
    block[2] = (intptr_t)bytes;
    return bytes && thb_semihost(THB_SYS_READ, block) != 0 ? -1 : 0;
}

int thb_write(const void *from, size_t bytes)
{
    intptr_t block[3];

    block[0] = output;
    block[1] = (intptr_t)from;
    block[2] = (intptr_t)bytes;
    return bytes && thb_semihost(THB_SYS_WRITE, block) != 0 ? -1 : 0;
}

void thb_close(void)
{
    if (cases >= 0)
        thb_semihost(THB_SYS_CLOSE, &cases);
    if (output >= 0)
        thb_semihost(THB_SYS_CLOSE, &output);
    cases = output = -1;
}

void thb_puts(const char *text)
{
    thb_semihost_puts(text);
}
