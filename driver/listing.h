/* SPDX-License-Identifier: Apache-2.0 */
/* What the listing of a linked file (objdump -d --no-show-raw-insn) tells about stack: who calls
 * whom, and what each function takes off the stack pointer. Arm, RISC-V, x86-64. */
#ifndef TH_DRIVER_LISTING_H
#define TH_DRIVER_LISTING_H

#include <thimble/thimble.h>

struct th_listed_call {
    uint32_t callee;
    int64_t shared;              /* bytes of the callee's frame that are the caller's: jumps */
    struct th_listed_call *next;
};

struct th_listed {
    const char *name;
    uint64_t start;
    /* All that its instructions push or reserve, paths that exclude each other added up, the return
     * address included where a call pushes it; -1: not a constant. */
    int64_t frame;
    int64_t aligning;            /* bytes that aligning its frame may lose */
    bool calls_pointer;          /* what it calls is not in the instruction */
    bool jumps_pointer;          /* nor where it jumps: a switch, or a call in the end */
    bool elsewhere;              /* in a shared library; here is only the way there */
    struct th_listed_call *calls;
    struct th_listed_call *names;    /* functions whose addresses it computes (x86-64) */
    uint32_t next;               /* the function it runs into, if nothing ends it; else UINT32_MAX */
};

struct th_listing {
    struct th_listed *functions; /* as listed */
    uint32_t n;
    int64_t red_zone;            /* what functions that call none may use below the stack pointer,
                                    which no frame counts (System V ABI of x86-64) */
};

/* vlen: bits of a vector register, 0 when not known. Lines that are not understood are skipped.
 * False when memory is exhausted. */
bool th_listing_read(struct th_arena *arena, const char *text, uint32_t vlen,
                     struct th_listing *out);
/* Functions of which objects (objdump -r) take the address, but for what x86-64 computes from the
 * instruction's own, see above: sets wanted[i]. */
void th_listing_pointed(const char *relocations, const struct th_listing *l, bool *wanted);
/* RISC-V libraries may share the code that saves registers: what it takes stays taken for its
 * caller, and its parts run into each other with one frame. */
bool th_listing_saves(const struct th_listed *f);

#endif
