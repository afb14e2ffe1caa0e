/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TFLite file as plain C data. tfl_open() trusts nothing: flatbuffers' verifier checks that all
 * offsets stay inside the file, tfl_check() that what they mean holds together. After that every
 * index in these structs is in range and every size agrees with its shape, so importers need only
 * look at what their own operator demands.
 *
 * All pointers lead into the caller's file bytes or into memory of the model; both must outlive
 * the use of the structs.
 */
#ifndef TFL_READER_H
#define TFL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tfl_type {
    TFL_FLOAT32, TFL_FLOAT16, TFL_INT32, TFL_UINT8, TFL_INT64, TFL_STRING, TFL_BOOL, TFL_INT16,
    TFL_COMPLEX64, TFL_INT8, TFL_FLOAT64, TFL_COMPLEX128, TFL_UINT64, TFL_RESOURCE, TFL_VARIANT,
    TFL_UINT32, TFL_UINT16, TFL_INT4, TFL_BFLOAT16, TFL_INT2, TFL_UINT4, TFL_FLOAT8_E4M3FN,
    TFL_FLOAT8_E5M2, TFL_TYPE_COUNT
};

enum { TFL_CODE_CUSTOM = 32, TFL_MAX_RANK = 8, TFL_MAX_PROBLEMS = 64 };

/* Quantization by one scale (count 1) or one per index of an axis; count 0: none. */
struct tfl_quant {
    size_t count;
    const float *scale;
    const int64_t *zero_point;      /* count entries */
    int32_t axis;
    const float *min, *max;         /* calibrated range, NULL if absent; nrange entries */
    size_t nrange;
    const char *details;            /* name of a form beyond the above (blockwise, ...), or NULL */
    const void *details_table;
};

struct tfl_tensor {
    const char *name;               /* "" if the file gives none */
    int type;
    size_t rank;
    const int32_t *dims;
    const int32_t *signature;       /* rank entries, -1 where open; NULL: none is */
    uint32_t buffer;
    uint32_t external_buffer;       /* 0: none */
    const uint8_t *data;            /* NULL: computed at run time */
    size_t size;
    bool variable;
    bool sparse;
    struct tfl_quant quant;
    size_t offset;                  /* of the table in the file */
};

struct tfl_op {
    int code;
    const char *name;               /* "CONV_2D"; of a custom operator its custom code */
    int version;
    const int32_t *inputs;          /* -1: optional operand left out */
    size_t ninputs;
    const int32_t *outputs;
    size_t noutputs;
    const int32_t *intermediates;
    size_t nintermediates;
    const uint8_t *custom_options;
    size_t custom_size;
    const char *options_name;       /* "Conv2DOptions", NULL if there are none */
    const void *options, *options_type;
    bool options_match;             /* they are the ones that belong to this operator */
    size_t offset;
};

struct tfl_subgraph {
    const char *name;
    struct tfl_tensor *tensors;
    size_t ntensors;
    const int32_t *inputs;
    size_t ninputs;
    const int32_t *outputs;
    size_t noutputs;
    struct tfl_op *ops;
    size_t nops;
};

struct tfl_port {
    const char *name;
    uint32_t tensor;
};

struct tfl_signature {
    const char *key;
    uint32_t subgraph;
    struct tfl_port *inputs;
    size_t ninputs;
    struct tfl_port *outputs;
    size_t noutputs;
};

struct tfl_model {
    const uint8_t *file;
    size_t file_size;
    uint32_t version;
    const char *description;
    struct tfl_subgraph *subgraphs;
    size_t nsubgraphs;
    struct tfl_signature *signatures;
    size_t nsignatures;
    size_t nbuffers;
    void *chunks;                   /* memory of the model */
    size_t left;                    /* that it may still take */
    bool too_large;
};

/* Where a problem is; -1 where it does not apply. */
struct tfl_place {
    int32_t subgraph;
    int32_t op;
    int32_t tensor;
    const char *name;               /* of the operator or tensor, or "" */
    size_t offset;                  /* in the file, 0 if unknown */
};

typedef void tfl_report_fn(void *user, const struct tfl_place *place, const char *text);

/* Passes problems on to the user's callback, the first TFL_MAX_PROBLEMS of them. */
struct tfl_sink {
    tfl_report_fn *report;
    void *user;
    size_t count;
};

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void tfl_problem(struct tfl_sink *sink, const struct tfl_place *place, const char *format, ...);

/* NULL after at least one report. The bytes must be aligned to 16 (malloc, mmap). */
struct tfl_model *tfl_open(const uint8_t *file, size_t size, tfl_report_fn *report, void *user);
void tfl_close(struct tfl_model *model);

/* The structural checks, called by tfl_open(). */
void tfl_check(const struct tfl_model *model, struct tfl_sink *sink);

/* Options by the field names of schema.fbs; the default is for a field that the file leaves out. */
int64_t tfl_option_int(const struct tfl_op *op, const char *field, int64_t absent);
float tfl_option_float(const struct tfl_op *op, const char *field, float absent);
const char *tfl_option_string(const struct tfl_op *op, const char *field);
const int32_t *tfl_option_ints(const struct tfl_op *op, const char *field, size_t *count);
const float *tfl_option_floats(const struct tfl_op *op, const char *field, size_t *count);

/* Values of a custom operator's option map (a flexbuffer); false if there is none of that name. */
bool tfl_custom_int(const uint8_t *options, size_t size, const char *key, int64_t *value);
bool tfl_custom_float(const uint8_t *options, size_t size, const char *key, double *value);

/* The i-th subgraph index among an operator's options, whatever the fields are called. */
bool tfl_option_subgraph(const struct tfl_op *op, size_t i, int64_t *index);

const char *tfl_type_name(int type);
unsigned tfl_type_bits(int type);                           /* 0: no fixed size */

/* Element count of a tensor; false if it overflows or a dimension is negative. */
bool tfl_elements(const struct tfl_tensor *tensor, uint64_t *count);

#ifdef __cplusplus
}
#endif
#endif
