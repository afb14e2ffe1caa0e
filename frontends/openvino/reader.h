/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file as it stands: layers with their attributes and ports, and edges as references from
 * inputs to outputs. Everything here is checked for form; meaning is the importer's work.
 */
#ifndef OV_READER_H
#define OV_READER_H

#include <libxml/tree.h>

#include <thimble/diag.h>
#include <thimble/ir.h>

enum { OV_MAX_ELEMENTS = 200000, OV_MAX_PORTS = 1024, OV_MAX_BODY_DEPTH = 8, OV_MAX_TOLD = 100 };

/* Numbers of the messages (ir/base/diag.def). */
enum {
    OV_MSG_UNKNOWN = 2001,        /* a layer, type or form that is not supported */
    OV_MSG_DAMAGED = 2002,        /* the file does not hold together */
    OV_MSG_OPEN = 2004,           /* a dimension is not known */
    OV_MSG_LARGE = 2005
};

struct ov_port {
    int64_t id;
    const char *precision;        /* "FP32"; "" if the file does not say */
    const char *names;            /* names of the tensor, separated by commas; "" */
    int32_t rank;
    int64_t dims[TH_MAX_RANK];    /* -1: open */
    uint32_t users;               /* outputs: inputs that take them */
    /* inputs: where the data comes from; layer == NULL: not connected */
    const struct ov_layer *layer;
    uint32_t output;
};
struct ov_layer {
    int64_t id;
    uint32_t index;               /* in its net */
    int32_t line;
    const char *name, *type, *version;
    const xmlNode *element;
    const xmlNode *data;          /* attributes of the operator, or NULL */
    struct ov_port *inputs, *outputs;
    uint32_t n_inputs, n_outputs;
    /* while sorting */
    uint32_t waiting;
    bool done;
};
struct ov_net {
    struct ov_layer *layers;
    uint32_t n;
    struct ov_layer **order;      /* operands first */
};
struct ov_reader {
    struct th_ctx *ctx;
    const char *file;             /* base name, for messages */
    struct th_arena *arena;
    unsigned told;
};

/* The document, parsed without network, document types and entities; NULL: reported. */
xmlDoc *ov_load(struct ov_reader *r, const struct th_blob *file);
/* The net below an element "net" or "body"; false: reported. */
bool ov_read_net(struct ov_reader *r, const xmlNode *e, struct ov_net *net);
void ov_damaged(struct ov_reader *r, const xmlNode *at, const char *fmt, ...) TH_PRINTF(3, 4);

/* First child element of this name, and the next sibling of it. */
const xmlNode *ov_child(const xmlNode *parent, const char *name);
const xmlNode *ov_next(const xmlNode *n, const char *name);
/* Text of an attribute, or NULL. It is hostile. */
const char *ov_text(const xmlNode *n, const char *attr);
/* A whole number that fills the text. */
bool ov_scan_int(const char *text, int64_t *v);
/* Numbers separated by commas or blanks: at most max; false if there is anything else. */
bool ov_scan_ints(const char *text, int64_t *v, size_t max, size_t *n);
bool ov_scan_floats(const char *text, double *v, size_t max, size_t *n);
/* Dimensions of a shape: whole numbers, -1 for "?", "-1" and ranges. */
bool ov_scan_shape(const char *text, int64_t dims[TH_MAX_RANK], int32_t *rank);

#endif
