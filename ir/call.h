/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call of a kernel as bind() described it (thimble/backend.h), and the program's table of
 * constant data. Calls and data live in the program's arena; equal data are stored once.
 */
#ifndef IR_CALL_H
#define IR_CALL_H

#include "ir/notes.h"

struct th_data {
    const char *what;            /* "weights", "requant", ... */
    enum th_dtype dtype;
    const void *data;
    size_t count, bytes, align;
};
/* Adds (or finds) data; copy: the bytes are copied, otherwise they must live as long as the
 * program. Returns the index, or -1 when memory is exhausted. */
TH_API int32_t th_program_add_data(struct th_program *p, const char *what, enum th_dtype dt,
                            const void *data, size_t count, size_t align, bool copy);
TH_API uint32_t th_program_data_count(const struct th_program *p);
TH_API const struct th_data *th_program_data(const struct th_program *p, uint32_t i);
TH_API void th_program_clear_data(struct th_program *p);

enum th_arg_kind {
    TH_ARG_INPUT, TH_ARG_OUTPUT, TH_ARG_SCRATCH, TH_ARG_INT, TH_ARG_FLOAT, TH_ARG_TEXT,
    TH_ARG_DATA,         /* index into the program's data */
    TH_ARG_STRUCT,       /* text: initialiser; ctype: struct name */
    TH_ARG_NULL,
    TH_ARG_ACCUMULATOR, TH_ARG_PHASE
};
struct th_arg {
    enum th_arg_kind kind;
    uint32_t index;              /* operand, output or data */
    const char *ctype, *text;
    int64_t i;
    float f;
};
struct th_call {
    struct th_program *program;
    const struct th_inst *inst;  /* valid during bind only */
    const char *symbol;
    const char *generated;       /* source text of a generated kernel, or NULL */
    struct th_arg *args;
    uint32_t n_args, cap_args;
    struct th_arg spare;         /* taken, and never read, when memory is exhausted */
    size_t scratch_bytes, scratch_align;
    int64_t batch;               /* 1: one call */
    uint32_t batch_in;
    bool open, failed;           /* a struct is being described; memory was exhausted */
    struct th_str text;          /* of the open struct */
    const char *struct_name;
};
/* Runs row->bind for the query. The call is allocated in the program's arena. Reports. */
TH_API enum th_status th_call_bind(struct th_program *p, const struct th_kernel *row,
                            const struct th_query *q, struct th_call **out);

#endif
