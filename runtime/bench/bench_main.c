/* SPDX-License-Identifier: 0BSD */
/* Runs every case of `bench.in` through the model that the glue describes. It prints
 *
 *   thb model=NAME entries=N regions=N arena=N state=N unit=instructions overhead=N
 *   thb init status=0 count=N stack=N
 *   thb step=N count=N                     with the step hook: the count when hook N was reached
 *   thb case=N entry=NAME status=0 count=N stack=N guards=ok
 *   thb end cases=N
 *
 * Guards are those of memory blocks, and inputs that the model shall only read. Stack is counted
 * from the caller of init or invoke downwards. Errors: lines "thb error: ...". */
#if defined(THB_BOARD_HOST)
#include <stdlib.h>
#endif
#include <string.h>

#include "thb_bench.h"
#include "insn.h"

#define STACK_PAINT 0xDEADBEA7u

#ifndef THB_STEP_MAX
#define THB_STEP_MAX 0
#endif

/* One body for all callers, so that the overhead is the same for all. */
#if defined(__clang__)
#define THB_ONE_COPY __attribute__((noinline))
#else
#define THB_ONE_COPY __attribute__((noinline, noclone))
#endif

#if defined(THB_BOARD_HOST)
#define HOST_STACK_BYTES (256u * 1024u)
#else
extern unsigned char __stack_bottom[];
#endif

struct measure {
    int status;
    int stack_overrun;
    uint64_t count;
    size_t stack;
};

static struct thb_stamp call_start;
static uint64_t overhead;

static void put_number(const char *label, uint64_t value)
{
    char text[24];
    size_t i = sizeof text - 1;

    text[i] = 0;
    do {
        text[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    thb_puts(label);
    thb_puts(text + i);
}

static void put_status(const char *label, int status)
{
    if (status < 0) {
        thb_puts(label);
        put_number("-", 0u - (uint64_t)(int64_t)status);
        return;
    }
    put_number(label, (uint64_t)status);
}

static int fail(const char *why, int code)
{
    thb_puts("thb error: ");
    thb_puts(why);
    thb_puts("\n");
    thb_close();
    return code;
}

static inline uintptr_t stack_pointer(void)
{
    uintptr_t sp;

#if defined(__arm__)
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#elif defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#elif defined(__x86_64__)
    __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
#else
    sp = (uintptr_t)__builtin_frame_address(0);
#endif
    return sp;
}

/*
 * Where calls take the stack whose paint is looked at. Counting on a host asks its kernel, which
 * takes stack too; where we know how, the model therefore runs on a stack of its own.
 */
#if defined(THB_BOARD_HOST) && defined(__x86_64__)
static unsigned char *own_stack;      /* from the heap: figures count static data */
#define STACK_BOTTOM() (((uintptr_t)own_stack + 63) & ~(uintptr_t)63)
#define STACK_TOP() (STACK_BOTTOM() + HOST_STACK_BYTES)
#define STACK_GET() ((own_stack = malloc(HOST_STACK_BYTES + 64)) != NULL)

static int run_below(int (*call)(void))
{
    int status;

    __asm__ volatile("movq %%rsp, %%rbx\n\tmovq %1, %%rsp\n\tcallq *%2\n\tmovq %%rbx, %%rsp"
                     : "=&a"(status)
                     : "r"(STACK_TOP()), "r"(call)
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc",
                       "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return status;
}

/* Called through memory, so that no compiler keeps anything in further registers meanwhile. */
static int (*volatile run_call)(int (*call)(void)) = run_below;
#define CALL(call) run_call(call)
#else
#if defined(THB_BOARD_HOST)
#define STACK_BOTTOM() ((stack_pointer() - HOST_STACK_BYTES) & ~(uintptr_t)15)
#else
#define STACK_BOTTOM() ((uintptr_t)__stack_bottom)
#endif
#define STACK_TOP() stack_pointer()
#define STACK_GET() 1
#define CALL(call) (call)()
#endif

/* Paints the free stack, calls, and looks how far down the paint is gone. Painting happens in this
 * function's own frame, with no call in between, so everything below its stack pointer is free. */
static THB_ONE_COPY struct measure measured(int (*call)(void))
{
    struct measure m;
    struct thb_stamp from, to;
    volatile uint32_t *const bottom = (volatile uint32_t *)STACK_BOTTOM();
    volatile uint32_t *const top = (volatile uint32_t *)(STACK_TOP() & ~(uintptr_t)3);
    volatile uint32_t *p;

    for (p = bottom; p < top; p++)
        *p = STACK_PAINT;

    from = thb_count();
    call_start = from;
    m.status = CALL(call);
    to = thb_count();

    for (p = bottom; p < top && *p == STACK_PAINT; p++)
        ;
    m.stack = (size_t)((uintptr_t)top - (uintptr_t)p);
    m.stack_overrun = p == bottom;
    m.count = thb_count_diff(from, to);
    m.count = m.count > overhead ? m.count - overhead : 0;
    return m;
}

static int nothing(void)
{
    return 0;
}

#if THB_STEP_MAX > 0
static struct thb_stamp steps[THB_STEP_MAX];
static int step_ids[THB_STEP_MAX];
static size_t step_count;

/* Only notes the time; printing comes after the measurement. */
void thb_step(int step)
{
    if (step_count < THB_STEP_MAX) {
        step_ids[step_count] = step;
        steps[step_count++] = thb_count();
    }
}

static void put_steps(void)
{
    size_t i;

    for (i = 0; i < step_count; i++) {
        put_number("thb step=", (uint64_t)(unsigned)step_ids[i]);
        put_number(" count=", thb_count_diff(call_start, steps[i]));
        thb_puts("\n");
    }
    step_count = 0;
}
#else
static void put_steps(void)
{
}
#endif

static void lay_guards(void)
{
    size_t i;

    for (i = 0; i < thb_model.region_count; i++) {
        const struct thb_region *r = &thb_model.regions[i];

        memset(r->guarded, THB_GUARD_VALUE, r->before);
        memset(r->guarded + r->before, THB_POISON_VALUE, r->bytes);
        memset(r->guarded + r->before + r->bytes, THB_GUARD_VALUE, r->after);
    }
}

/* What is not state must not survive a call; poison shows who relies on it. */
static void poison_transient(void)
{
    size_t i;

    for (i = 0; i < thb_model.region_count; i++) {
        const struct thb_region *r = &thb_model.regions[i];

        if (r->state_bytes < r->bytes)
            memset(r->guarded + r->before + r->state_bytes, THB_POISON_VALUE,
                   r->bytes - r->state_bytes);
    }
}

/* Of the inputs in blocks of their own, which a model only reads. */
static uint32_t input_sum(void)
{
    uint32_t sum = 1;
    size_t i, k;

    for (i = 0; i < thb_model.region_count; i++) {
        const struct thb_region *r = &thb_model.regions[i];

        for (k = 0; r->role == THB_INPUT && k < r->bytes; k++)
            sum = sum * 31u + r->guarded[r->before + k];
    }
    return sum;
}

static int guards_intact(void)
{
    size_t i, k;

    for (i = 0; i < thb_model.region_count; i++) {
        const struct thb_region *r = &thb_model.regions[i];
        const unsigned char *after = r->guarded + r->before + r->bytes;

        for (k = 0; k < r->before; k++)
            if (r->guarded[k] != THB_GUARD_VALUE)
                return 0;
        for (k = 0; k < r->after; k++)
            if (after[k] != THB_GUARD_VALUE)
                return 0;
    }
    return 1;
}

static void put_measure(const struct measure *m)
{
    put_status(" status=", m->status);
    put_number(" count=", m->count);
    put_number(" stack=", m->stack);
}

static int initialise(void)
{
    struct measure m;
    size_t i, arena = 0, state = 0;

    if (!STACK_GET())
        return fail("no memory for a stack", THB_EXIT_MODEL);
    thb_count_init();
    measured(nothing);               /* the first pass may fault pages in on a host */
    overhead = measured(nothing).count;
    thb_puts("thb model=");
    thb_puts(thb_model.name);
    put_number(" entries=", thb_model.entry_count);
    put_number(" regions=", thb_model.region_count);
    for (i = 0; i < thb_model.region_count; i++) {
        if (thb_model.regions[i].role != THB_ARENA)
            continue;
        arena += thb_model.regions[i].bytes;
        state += thb_model.regions[i].state_bytes;
    }
    put_number(" arena=", arena);
    put_number(" state=", state);
    thb_puts(" unit=");
    thb_puts(thb_count_unit());
    put_number(" overhead=", overhead);
    thb_puts("\n");

    lay_guards();
    m = measured(thb_model.init);
    thb_puts("thb init");
    put_measure(&m);
    thb_puts("\n");
    if (m.status != 0)
        return fail("init failed", THB_EXIT_MODEL);
    if (!guards_intact() || m.stack_overrun)
        return fail("init wrote outside its memory", THB_EXIT_GUARDS);
    return 0;
}

static int read_inputs(const struct thb_entry *e, uint32_t bytes)
{
    size_t i, sum = 0;

    for (i = 0; i < e->input_count; i++)
        sum += e->input_bytes[i];
    if (sum != bytes)
        return fail("case has a wrong number of input bytes", THB_EXIT_CASES);
    for (i = 0; i < e->input_count; i++)
        if (thb_read(e->input((int)i), e->input_bytes[i]) != 0)
            return fail("case file ends early", THB_EXIT_CASES);
    return 0;
}

static int run_case(uint32_t number)
{
    uint32_t head[3], before;
    const struct thb_entry *e;
    struct measure m;
    int intact, code;
    size_t i;

    if (thb_read(head, sizeof head) != 0)
        return fail("case file ends early", THB_EXIT_CASES);
    if (head[0] >= thb_model.entry_count)
        return fail("case names no entry of the model", THB_EXIT_CASES);
    e = &thb_model.entries[head[0]];

    if ((head[1] & THB_CASE_RESET) && thb_model.reset() != 0)
        return fail("reset failed", THB_EXIT_MODEL);
    poison_transient();
    code = read_inputs(e, head[2]);
    if (code)
        return code;

    before = input_sum();
    m = measured(e->invoke);
    intact = guards_intact() && input_sum() == before;
    put_steps();
    put_number("thb case=", number);
    thb_puts(" entry=");
    thb_puts(e->name);
    put_measure(&m);
    thb_puts(intact && !m.stack_overrun ? " guards=ok\n" : " guards=damaged\n");
    if (m.status != 0)
        return fail("invoke failed", THB_EXIT_MODEL);

    for (i = 0; i < e->output_count; i++)
        if (thb_write(e->output((int)i), e->output_bytes[i]) != 0)
            return fail("cannot write bench.out", THB_EXIT_OUTPUT);
    if (!intact || m.stack_overrun)
        return fail(intact ? "the stack is full" : "a guard zone or an input was written",
                    THB_EXIT_GUARDS);
    return 0;
}

int main(void)
{
    uint32_t head[2], i;
    int code;

    if (thb_open_cases() != 0)
        return fail("cannot open bench.in", THB_EXIT_CASES);
    if (thb_open_output() != 0)
        return fail("cannot open bench.out", THB_EXIT_OUTPUT);
    if (thb_read(head, sizeof head) != 0 || head[0] != THB_CASE_MAGIC)
        return fail("bench.in is not a case file", THB_EXIT_CASES);

    code = initialise();
    for (i = 0; code == 0 && i < head[1]; i++)
        code = run_case(i);
    if (code)
        return code;
    put_number("thb end cases=", head[1]);
    thb_puts("\n");
    thb_close();
    return THB_EXIT_OK;
}
