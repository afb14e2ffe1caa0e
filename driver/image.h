/* SPDX-License-Identifier: Apache-2.0 */
/* From an emitted folder to firmware that ran: builds with the target's compiler and the bench
 * files, runs on the host or under QEMU, and tells what it took. */
#ifndef TH_DRIVER_IMAGE_H
#define TH_DRIVER_IMAGE_H

#include <thimble/thimble.h>

#include "driver/elf_sizes.h"

/* An entry point: the emitted functions that take the context. */
struct th_image_entry {
    const char *name;            /* "run", for results */
    const char *invoke;          /* "m_invoke" */
    const char *input, *output;  /* "m_input", "m_output"; caller_io: "m_set_input", ... */
    const uint64_t *input_bytes, *output_bytes;
    uint32_t n_inputs, n_outputs;
    const char *macros;          /* "M": sizes are M_INPUT_0_BYTES...; NULL: the lists above */
    bool caller_io;              /* the bench keeps inputs and outputs itself */
    /* One more than the input whose rows are pushed, 0: none. The bench keeps it, and invoke is
     * "m_push_rows". */
    uint32_t fed;
    uint64_t frame_rows;
    /* Its rows are frames of a series, those of a step; invoke is "m_push_frames", and says that
     * outputs are ready after so many frames, then after each step. 0: rows of one frame. */
    uint64_t warm_up;
};

/* A block of memory for the model. The bench has it anywhere, or where the target's region lies when
 * its board has memory there. */
struct th_image_memory {
    const char *name;            /* of the target's region, or NULL */
    const char *section;         /* macro of the model's header that names its section, or NULL */
    uint64_t bytes;
    uint64_t state_bytes;        /* its first ones, kept between cases */
    /* filled by th_image_place */
    bool placed;
    uint64_t base, capacity;     /* of the region; 0 unknown */
    uint32_t before, after;      /* bytes of the guard zones */
};
/* What NAME_init_regions gets. */
struct th_image_region {
    uint32_t memory;
    uint64_t offset, bytes;
};

struct th_image_request {
    const struct th_target *target;
    const char *folder;          /* as emitted; every .c file in it is compiled */
    const char *name;            /* prefix of its names */
    const char *compiler;        /* name of one of the target's, or NULL: the first */
    const char *command;         /* program (and flags) in place of that compiler's own, or NULL */
    const char *optimise;        /* NULL: "-O2" */
    const char *const *flags;    /* more of them, NULL-terminated, or NULL */
    const struct th_image_entry *entries;
    uint32_t n_entries;
    /* None: one of NAME_ARENA_BYTES, anywhere. */
    const struct th_image_memory *memories;
    uint32_t n_memories;
    const struct th_image_region *regions;       /* none: NAME_init gets the first memory */
    uint32_t n_regions;
    uint32_t max_steps;          /* >0: NAME_STEP_HOOK counts this many steps a case */
};

struct th_image {
    const struct th_target *target;
    const char *work;            /* private folder */
    const char *program;         /* path of the linked file */
    const struct th_compiler *compiler;
    struct th_sizes image;       /* linked: bench, start-up and libraries included, arena not */
    struct th_sizes model;       /* the emitted folder's part of it */
    /* Of the deepest invoke and what it calls; -1: not known. No bound, but the part of the
     * functions whose frames are known, when there are others. */
    int64_t stack_bound;
    uint32_t stack_unknown;      /* those others */
    const char *stack_names;     /* the first of them */
    uint32_t warnings;           /* emitted files that a compiler warned about */
    const struct th_image_memory *memories;      /* the request's, with their places */
    uint32_t n_memories;
};

/* Builds. Missing tools: TH_ERR_TOOL; what does not compile: TH_ERR_INTERNAL. Reports; whatever it
 * returns, th_image_remove frees the folder. */
enum th_status th_image_build(struct th_ctx *ctx, const struct th_image_request *r,
                              struct th_image *image);
void th_image_remove(struct th_image *image);
/* A feature of a target that runs on this machine but that this machine lacks, or NULL. */
const char *th_image_missing_feature(const struct th_target *t);

struct th_image_case {
    uint32_t entry;
    bool reset;                  /* the model's state first */
    const void *const *inputs;   /* [n_inputs], raw bytes */
    void *const *outputs;        /* [n_outputs], filled */
    uint64_t count;              /* of this invoke, see th_image_result.unit */
    uint64_t stack;              /* bytes below the caller of invoke */
    const uint64_t *steps;       /* count when step k began */
    uint32_t n_steps;
};
struct th_image_result {
    const char *unit;            /* "instructions" or "ns" */
    uint64_t arena, state;       /* bytes given to the model, and those kept between cases */
    uint64_t init_count, init_stack;
    uint64_t most_stack;         /* over all cases */
    uint32_t guarded;            /* cases after which every guard zone was as before */
};
/* Runs the cases in order. A model or bench that fails gives TH_ERR_INTERNAL,
 * an emulator that does not answer TH_ERR_IO. Reports. */
enum th_status th_image_run(struct th_ctx *ctx, const struct th_image *image,
                            const struct th_image_request *r, struct th_image_case *cases,
                            uint32_t n_cases, struct th_image_result *result);

#endif
