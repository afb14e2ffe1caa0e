/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/listing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "driver/riscv_frame.h"

#define LINE_MAX_BYTES 256
#define RETURN_ADDRESS 8         /* x86-64 */
#define RED_ZONE 128

struct reader {
    struct th_arena *arena;
    struct th_listing *l;
    uint32_t *owner;             /* of each header: parts for rare paths belong to a function */
    bool x86;                    /* calls push the return address */
    bool riscv;
    struct th_riscv_frame frame; /* what registers hold on the way */
};

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* ---- headers: "08000c60 <name>:" ------------------------------------------------------------- */

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

/* The name and its length; NULL when the line is no header. */
static const char *header(const char *line, uint64_t *start, size_t *length)
{
    char *end;
    const char *name, *close;

    if (!isxdigit((unsigned char)*line))
        return NULL;
    *start = strtoull(line, &end, 16);
    if (strncmp(end, " <", 2) != 0)
        return NULL;
    name = end + 2;
    close = name + strcspn(name, "\n");
    if (close - name < 3 || strncmp(close - 2, ">:", 2) != 0)
        return NULL;
    *length = (size_t)(close - 2 - name);
    return name;
}

/* Labels inside of functions, which compilers leave where code may be relaxed. */
static bool is_label(const char *name)
{
    return begins(name, ".L");
}

/* "name.cold" is a part of "name" that lies elsewhere; labels belong to what is in front. */
static void find_owners(struct reader *r)
{
    uint32_t i, k;

    for (i = 0; i < r->l->n; i++) {
        const char *name = r->l->functions[i].name, *cold = strstr(name, ".cold");

        if (is_label(name) && i > 0)
            r->owner[i] = r->owner[i - 1];
        for (k = 0; cold && k < r->l->n; k++)
            if (strlen(r->l->functions[k].name) == (size_t)(cold - name) &&
                memcmp(r->l->functions[k].name, name, (size_t)(cold - name)) == 0)
                r->owner[i] = k;
    }
}

static bool read_headers(struct reader *r, const char *text)
{
    const char *line;
    uint64_t start;
    size_t length;
    uint32_t n = 0;

    for (line = text; *line; line = next_line(line))
        n += header(line, &start, &length) != NULL;
    r->l->functions = TH_NEW_ARRAY(r->arena, struct th_listed, n + 1);
    r->owner = TH_NEW_ARRAY(r->arena, uint32_t, n + 1);
    for (line = text; *line && r->l->functions && r->owner; line = next_line(line)) {
        const char *name = header(line, &start, &length);
        struct th_listed *f = &r->l->functions[r->l->n];

        if (!name)
            continue;
        f->elsewhere = length > 4 && memcmp(name + length - 4, "@plt", 4) == 0;
        f->name = th_arena_strndup(r->arena, name, f->elsewhere ? length - 4 : length);
        f->start = start;
        f->frame = r->x86 ? RETURN_ADDRESS : 0;
        f->next = UINT32_MAX;
        if (!f->name)
            return false;
        r->owner[r->l->n] = r->l->n;
        r->l->n++;
    }
    if (!r->l->functions || !r->owner)
        return false;
    find_owners(r);
    return true;
}

/* ---- what an instruction takes --------------------------------------------------------------- */

/* Registers in "{r4, r5-r8, lr}". */
static int64_t registers(const char *list)
{
    int64_t n = 0;

    for (list += *list == '{'; *list && *list != '}'; list += *list == ',') {
        int from, to;
        char bank;

        list += strspn(list, " ");
        n++;
        bank = *list;
        from = atoi(list + (bank != 0));
        while (*list && *list != ',' && *list != '}' && *list != '-')
            list++;
        if (*list == '-' && list[1] == bank) {
            to = atoi(list + 2);
            n += to > from ? to - from : 0;
            while (*list && *list != ',' && *list != '}')
                list++;
        }
    }
    return n;
}

/* The number after the last '#', '$' or ','. */
static int64_t last_number(const char *s)
{
    const char *at = s + strlen(s);

    while (at > s && !strchr("#$,", at[-1]))
        at--;
    return strtoll(at, NULL, 0);
}

bool th_listing_saves(const struct th_listed *f)
{
    return begins(f->name, "__riscv_save_");
}

static int64_t arm_takes(const char *op, const char *args)
{
    const bool vector = *op == 'v';
    const char *list = strchr(args, '{');

    if (list && (begins(op, "push") || begins(op, "vpush") ||
                 (strstr(op, "stm") && begins(args, "sp!"))))
        return registers(list) * (vector && list[1] == 'd' ? 8 : 4);
    if (begins(op, "str") && strstr(args, "[sp, #-") && strstr(args, "]!"))
        return -strtoll(strstr(args, "#-") + 1, NULL, 10);
    if (!begins(args, "sp,"))
        return 0;
    if (begins(op, "sub"))
        return strchr(args, '#') ? last_number(args) : -1;
    if (begins(op, "add"))           /* from a frame pointer upwards, or by a constant */
        return strchr(args, '#') ? 0 : -1;
    return begins(op, "mov") && !strstr(args, "r7") ? -1 : 0;
}

static int64_t x86_takes(struct th_listed *f, const char *op, const char *args)
{
    const char *to = strrchr(args, ',');

    if (begins(op, "push"))
        return 8;
    if (!to || strcmp(to, ",%rsp") != 0)
        return 0;
    if (begins(op, "sub"))
        return *args == '$' ? strtoll(args + 1, NULL, 0) : -1;
    if (begins(op, "and") && *args == '$') {
        /* -2^k; the return address and a pointer to the arguments are pushed again */
        f->aligning += (int64_t)(0 - strtoull(args + 1, NULL, 0)) + 16;
        return 0;
    }
    if (begins(op, "lea"))
        return *args == '-' ? -strtoll(args, NULL, 0) : 0;
    return begins(op, "add") || begins(op, "mov") ? 0 : -1;
}

static void take(struct reader *r, struct th_listed *f, const char *op, const char *args)
{
    int64_t by;

    if (r->riscv && th_listing_saves(f) && strcmp(args, "sp,sp,t1") == 0)
        return;                      /* gives back what it did not need */
    by = r->x86     ? x86_takes(f, op, args)
         : r->riscv ? th_riscv_takes(&r->frame, op, args, &f->aligning)
                    : arm_takes(op, args);
    if (by < 0 || by > INT32_MAX)
        f->frame = -1;
    else if (f->frame >= 0)
        f->frame += by;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool add_call(struct reader *r, struct th_listed_call **calls, uint32_t callee,
                     int64_t shared)
{
    struct th_listed_call *c;

    for (c = *calls; c; c = c->next)
        if (c->callee == callee) {
            c->shared = shared < c->shared ? shared : c->shared;
            return true;
        }
    c = TH_NEW(r->arena, struct th_listed_call);
    if (!c)
        return false;
    c->callee = callee;
    c->shared = shared;
    c->next = *calls;
    *calls = c;
    return true;
}

/* The function in which that address lies; sections may be listed in any order. */
static uint32_t function_at(const struct reader *r, uint64_t address)
{
    const struct th_listing *l = r->l;
    uint32_t i, best = UINT32_MAX;

    for (i = 0; i < l->n; i++)
        if (l->functions[i].start <= address &&
            (best == UINT32_MAX || l->functions[i].start > l->functions[best].start))
            best = i;
    return best == UINT32_MAX ? best : r->owner[best];
}

static bool transfers(const char *op)
{
    static const char *const not_jumps[] = { "bfi", "bfc", "bic", "bkpt", "bs", "bt", "bnd" };
    size_t i;

    for (i = 0; i < TH_ARRAY_LEN(not_jumps); i++)
        if (begins(op, not_jumps[i]))
            return false;
    return *op == 'b' || *op == 'j' || begins(op, "cb") || begins(op, "call") || begins(op, "notrack");
}

/* Arm's instruction, also with the condition that it carries inside an IT block: "blcs". */
static bool is_arm(const char *op, const char *instruction)
{
    static const char conditions[] = "eq ne cs hs cc lo mi pl vs vc hi ls ge lt gt le";
    const size_t length = strlen(instruction);

    if (!begins(op, instruction))
        return false;
    return !op[length] || (strlen(op) == length + 2 && strstr(conditions, op + length));
}

static bool returns(const char *op)
{
    return is_arm(op, "bl") || is_arm(op, "blx") || strcmp(op, "jal") == 0 || begins(op, "call");
}

/* Calls of what a register or a table holds. Jumps there stay in a function's own switch. */
static bool calls_unknown(const char *op, const char *args)
{
    return begins(op, "blx") || begins(op, "jalr") || (begins(op, "call") && strchr(args, '*')) ||
           (begins(op, "jmp") && strchr(args, '*') && strstr(args, "(%rip)"));
}

/* A switch of its own, or a call through a pointer in the end. */
static bool jumps_unknown(const char *op, const char *args)
{
    if (strcmp(op, "jr") == 0)
        return strcmp(args, "ra") != 0;
    return (is_arm(op, "bx") && !begins(args, "lr")) ||
           (begins(op, "jmp") && strchr(args, '*'));
}

static bool read_call(struct reader *r, uint32_t at, const char *op, const char *args)
{
    struct th_listed *f = &r->l->functions[at];
    const char *name = strstr(args, " <"), *digits = name;
    uint64_t target;
    uint32_t callee;

    if (!transfers(op) && !begins(op, "lea"))
        return true;
    while (digits && digits > args && isxdigit((unsigned char)digits[-1]))
        digits--;
    if (!name || digits == name || strchr(args, '*')) {
        f->calls_pointer = f->calls_pointer || calls_unknown(op, args);
        f->jumps_pointer = f->jumps_pointer || jumps_unknown(op, args);
        return true;
    }
    target = strtoull(digits, NULL, 16);
    callee = function_at(r, target);
    if (begins(op, "lea"))
        return callee == UINT32_MAX || r->l->functions[callee].start != target ||
               add_call(r, &f->names, callee, 0);
    if (callee == at && !(target == f->start && returns(op)))
        return true;                 /* a jump within itself */
    return callee == UINT32_MAX ||
           add_call(r, &f->calls, callee, r->x86 && !returns(op) ? RETURN_ADDRESS : 0);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Whether control can go on behind the instruction. */
static bool goes_on(const char *op, const char *args)
{
    static const char *const ends[] = { "b", "b.n", "b.w", "bx", "j", "jr", "ret", "udf", "jmp",
                                        "hlt", "ebreak", "unimp", "c.unimp" };
    size_t i;

    for (i = 0; i < TH_ARRAY_LEN(ends); i++)
        if (strcmp(op, ends[i]) == 0)
            return false;
    return !strstr(args, "pc}") && !begins(args, "pc,");
}

static bool is_filling(const char *op, const char *args)
{
    return begins(op, "nop") || *op == '.' || strcmp(op, "cs") == 0 || begins(op, "data16") ||
           (begins(op, "xchg") && begins(args, "%ax,%ax"));
}

/* "  3134:<tab>push<tab>{r4, lr}": op and arguments, the comment cut off from what takes. */
static bool split(const char *line, char *copy, char **op, char **args)
{
    size_t length = strcspn(line, "\n");
    char *colon;

    if (length >= LINE_MAX_BYTES || (*line != ' ' && !isxdigit((unsigned char)*line)))
        return false;
    memcpy(copy, line, length);
    copy[length] = 0;
    colon = strchr(copy, ':');
    if (!colon || colon[1] != '\t')
        return false;
    *op = colon + 2;
    *args = *op + strcspn(*op, "\t ");
    if (**args)
        *(*args)++ = 0;
    *args += strspn(*args, "\t ");
    return true;
}

static void cut_comment(char *args)
{
    char *at = strpbrk(args, "@;");

    if (!at)
        at = strstr(args, " # ");
    if (!at)
        at = args + strlen(args);
    while (at > args && isspace((unsigned char)at[-1]))
        at--;
    *at = 0;
}

bool th_listing_read(struct th_arena *arena, const char *text, uint32_t vlen,
                     struct th_listing *out)
{
    struct reader r = { .arena = arena, .l = out, .x86 = strstr(text, "elf64-x86-64") != NULL,
                        .riscv = strstr(text, "-littleriscv") != NULL,
                        .frame.vlenb = vlen / 8 };
    uint32_t next = 0, at = 0;
    bool on = false;
    const char *line;

    *out = (struct th_listing){ NULL, 0, r.x86 ? RED_ZONE : 0 };
    if (!read_headers(&r, text))
        return false;
    for (line = text; *line; line = next_line(line)) {
        char copy[LINE_MAX_BYTES], *op, *args;
        uint64_t start;
        size_t length;

        if (header(line, &start, &length)) {
            /* Routines in assembler have labels on the way. */
            if (on && at != r.owner[next])
                out->functions[at].next = r.owner[next];
            at = r.owner[next++];
            on = false;
            th_riscv_forget(&r.frame);
        } else if (begins(line, "Disassembly")) {
            on = false;
        } else if (next > 0 && split(line, copy, &op, &args)) {
            if (!read_call(&r, at, op, args))
                return false;
            if (is_filling(op, args))
                continue;
            cut_comment(args);
            take(&r, &out->functions[at], op, args);
            if (transfers(op))
                th_riscv_forget(&r.frame);
            on = goes_on(op, args);
        }
    }
    return true;
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* Of a section of code or constants: tables for debuggers and unwinding name every function. */
static bool counts(const char *line)
{
    return begins(line, "RELOCATION RECORDS FOR [.text") ||
           begins(line, "RELOCATION RECORDS FOR [.rodata") ||
           begins(line, "RELOCATION RECORDS FOR [.data");
}

static bool is_branch(const char *type)
{
    static const char *const kinds[] = { "CALL", "JUMP", "PLT32", "BRANCH", "_JAL", "THM_XPC",
                                         "RELAX", "PCREL_LO12", "X86_64_PC32" };
    size_t i, length = strcspn(type, " ");

    for (i = 0; i < TH_ARRAY_LEN(kinds); i++) {
        const char *at = strstr(type, kinds[i]);

        if (at && at < type + length)
            return true;
    }
    return false;
}

void th_listing_pointed(const char *relocations, const struct th_listing *l, bool *wanted)
{
    bool inside = false;
    const char *line;
    uint32_t i;

    for (line = relocations; *line; line = next_line(line)) {
        const char *type, *name;
        size_t length;

        if (begins(line, "RELOCATION RECORDS"))
            inside = counts(line);
        if (!inside || !isxdigit((unsigned char)*line))
            continue;
        type = line + strcspn(line, " ");
        type += strspn(type, " ");
        name = type + strcspn(type, " \n");
        name += strspn(name, " ");
        if (is_branch(type))
            continue;
        if (begins(name, ".text."))
            name += strlen(".text.");
        length = strcspn(name, "+- \n");
        for (i = 0; i < l->n && !is_label(name); i++)
            if (strlen(l->functions[i].name) == length &&
                memcmp(l->functions[i].name, name, length) == 0)
                wanted[i] = true;
    }
}
