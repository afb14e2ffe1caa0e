/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Importer rows for operators that a frontend meets by name (custom operators). The row turns one
 * source operator into nodes.
 */
#ifndef THIMBLE_IMPORT_H
#define THIMBLE_IMPORT_H

#include <thimble/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One source operator as a frontend presents it. */
struct th_import {
    uint32_t struct_size;
    struct th_ctx *ctx;
    struct th_graph *graph;
    const char *format;               /* "tflite", "onnx" */
    const char *op_name;              /* custom code; ONNX: "Op" or "domain:Op" */
    struct th_loc loc;
    const th_value *in;               /* 0: absent */
    uint32_t n_in;
    uint32_t n_out;
    const struct th_type *out_types;  /* as declared by the file */
    const char *const *out_names;
    th_value *out;                    /* the row fills all n_out */
    const unsigned char *options;     /* raw option bytes (TFLite: flexbuffer of custom options) */
    size_t options_len;
    /* Named options where the format can name them (flexbuffer map, ONNX attributes); false if
     * absent. NULL function: none. */
    bool (*option_int)(const struct th_import *im, const char *name, int64_t *v);
    bool (*option_float)(const struct th_import *im, const char *name, double *v);
    void *user;
    /* Lists and constants where the format has them, else NULL functions. A list lives as long as
     * the import; NULL or 0 if absent. */
    const int64_t *(*option_ints)(const struct th_import *im, const char *name, size_t *count);
    th_value (*option_tensor)(const struct th_import *im, const char *name);
};
struct th_importer {
    const char *frontend;             /* "tflite", "onnx" */
    const char *op_name;              /* custom code; ONNX: "Op" or "domain:Op" */
    /* Adds the nodes and fills im->out; reports and returns a failure. */
    enum th_status (*import)(struct th_import *im);
};
/* The row registered for a frontend's operator, or NULL. */
TH_API const struct th_importer *th_importer_find(const struct th_ctx *ctx, const char *frontend,
                                                  const char *op_name);
/* Reports an error at the operator and returns TH_ERR_INPUT. */
TH_API enum th_status th_import_error(const struct th_import *im, const char *fmt, ...)
    TH_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
