/* SPDX-License-Identifier: 0BSD */
/* The bench as a plain program: files by stdio, counts by the kernel. */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

#if defined(__linux__)
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "thb_bench.h"
#include "insn.h"

static FILE *cases, *output;
static int counter = -1;

int thb_open_cases(void)
{
    cases = fopen("bench.in", "rb");
    return cases ? 0 : -1;
}

int thb_open_output(void)
{
    output = fopen("bench.out", "wb");
    return output ? 0 : -1;
}

int thb_read(void *to, size_t bytes)
{
    return fread(to, 1, bytes, cases) == bytes ? 0 : -1;
}

int thb_write(const void *from, size_t bytes)
{
    return fwrite(from, 1, bytes, output) == bytes && fflush(output) == 0 ? 0 : -1;
}

void thb_close(void)
{
    if (cases)
        fclose(cases);
    if (output)
        fclose(output);
    cases = output = NULL;
}

void thb_puts(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

void thb_count_init(void)
{
#if defined(__linux__)
    struct perf_event_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_HARDWARE;
    attr.config = PERF_COUNT_HW_INSTRUCTIONS;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;
    counter = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
#endif
}

const char *thb_count_unit(void)
{
    return counter >= 0 ? "instructions" : "ns";
}

struct thb_stamp thb_count(void)
{
    struct thb_stamp now = { 0, 0 };
    struct timespec clock;

#if defined(__linux__)
    if (counter >= 0) {
        if (read(counter, &now.fine, sizeof now.fine) != (ssize_t)sizeof now.fine)
            now.fine = 0;
        return now;
    }
#endif
    clock_gettime(CLOCK_MONOTONIC, &clock);
    now.fine = (uint64_t)clock.tv_sec * 1000000000u + (uint64_t)clock.tv_nsec;
    return now;
}

uint64_t thb_count_diff(struct thb_stamp from, struct thb_stamp to)
{
    return to.fine - from.fine;
}
