/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/riscv_frame.h"

#include <stdlib.h>
#include <string.h>

#define MAX_VALUE ((int64_t)1 << 31)      /* no frame is larger; products of two fit */
#define STACK_ALIGN 16                    /* of the calling convention */
#define MAX_ARGUMENT 16

struct argument {
    char text[MAX_ARGUMENT];
};

static int register_index(const char *name)
{
    static const char names[TH_RISCV_REGISTERS][5] = {
        "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
    int i;

    for (i = 0; i < TH_RISCV_REGISTERS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* A number, or a register whose value is known. */
static bool value_of(const struct th_riscv_frame *r, const char *text, int64_t *out)
{
    const int i = register_index(text);
    char *end;

    if (i < 0) {
        *out = strtoll(text, &end, 0);
        return end != text && !*end;
    }
    *out = i ? r->value[i] : 0;
    return i == 0 || r->known[i];
}

/* "a0,a0,0x3": false when there are more arguments, or longer ones, than arithmetic has. */
static bool split(const char *args, struct argument *list, int *n)
{
    *n = 0;
    while (*args) {
        const size_t length = strcspn(args, ",");

        if (*n == 3 || length >= MAX_ARGUMENT)
            return false;
        memcpy(list[*n].text, args, length);
        list[(*n)++].text[length] = 0;
        args += length + (args[length] == ',');
    }
    return true;
}

/* What the instruction computes; false when that is not known. */
static bool compute(const struct th_riscv_frame *r, const char *op, const struct argument *a, int n,
                    int64_t *out)
{
    int64_t x, y = 0;

    if (begins(op, "csrr") && n == 2 && strcmp(a[1].text, "vlenb") == 0) {
        *out = r->vlenb;
        return r->vlenb > 0;
    }
    if (n < 2 || !value_of(r, a[1].text, &x) || (n == 3 && !value_of(r, a[2].text, &y)))
        return false;
    if (n == 2 && (strcmp(op, "li") == 0 || strcmp(op, "mv") == 0))
        *out = x;
    else if (n == 2 && strcmp(op, "lui") == 0)
        *out = (x & 0x80000 ? x - 0x100000 : x) * 4096;
    else if (n == 3 && begins(op, "add") && !strstr(op, "uw"))
        *out = x + y;
    else if (n == 3 && begins(op, "sub"))
        *out = x - y;
    else if (n == 3 && (strcmp(op, "mul") == 0 || strcmp(op, "mulw") == 0))
        *out = x * y;
    else if (n == 3 && begins(op, "sll") && y >= 0 && y < 31)
        *out = x * ((int64_t)1 << y);
    else if (n == 3 && begins(op, "srl") && x >= 0 && y >= 0 && y < 31)
        *out = x >> y;
    else if (n == 3 && begins(op, "sh") && strcmp(op + 3, "add") == 0 && op[2] >= '1' &&
             op[2] <= '3')
        *out = x * (1 << (op[2] - '0')) + y;
    else
        return false;
    return *out > -MAX_VALUE && *out < MAX_VALUE;
}

/* A new stack pointer. */
static int64_t moves_stack(const struct th_riscv_frame *r, const char *op, const struct argument *a,
                           int n, int64_t *aligning)
{
    const bool framed = n > 1 && strcmp(a[1].text, "s0") == 0;
    int64_t by;

    if (begins(op, "mv") || begins(op, "add"))
        if (framed)
            return 0;                /* from the frame pointer, upwards */
    if (begins(op, "mv"))
        return -1;
    if (n != 3 || !(begins(op, "add") || begins(op, "sub") || begins(op, "and")))
        return 0;                    /* stored, compared, loaded */
    if (strcmp(a[1].text, "sp") != 0 || !value_of(r, a[2].text, &by))
        return -1;
    if (begins(op, "and")) {
        if (by > 0)
            return -1;
        *aligning += -by > STACK_ALIGN ? -by - STACK_ALIGN : 0;
        return 0;
    }
    if (begins(op, "sub"))
        by = -by;
    return by < 0 ? -by : 0;
}

void th_riscv_forget(struct th_riscv_frame *r)
{
    memset(r->known, 0, sizeof r->known);
}

int64_t th_riscv_takes(struct th_riscv_frame *r, const char *op, const char *args,
                       int64_t *aligning)
{
    struct argument a[3];
    int64_t value;
    int n, to;
    const bool simple = split(args, a, &n);

    op += begins(op, "c.") ? 2 : 0;
    to = n > 0 ? register_index(a[0].text) : -1;
    if (to == 2)
        return simple ? moves_stack(r, op, a, n, aligning) : 0;
    if (to > 0) {                    /* as if a store wrote its first register: nothing is lost */
        r->known[to] = simple && compute(r, op, a, n, &value);
        if (r->known[to])
            r->value[to] = value;
    }
    return 0;
}
