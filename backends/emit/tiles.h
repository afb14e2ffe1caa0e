/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tile loop in C. Each node of the body gets `<graph>_run<i>`, which computes one piece; in a
 * stream also `<graph>_make<i>`, which makes the node up to a pixel and pulls its operands' makers
 * first; in strips `<graph>_slide<i>` (the same within a strip) and `<graph>_strip<k>` for each
 * stage. The code does not grow with the number of pieces.
 */
#ifndef BACKENDS_EMIT_TILES_H
#define BACKENDS_EMIT_TILES_H

#include "backends/emit/emit.h"
#include "ir/tile.h"

/* Intervals wanted on one axis of an operand: lo = a * i + b, not below 0; hi likewise, not above
 * the extent; else a table. */
struct th_axis_form {
    const int64_t *lo, *hi;      /* [n], monotonic */
    int64_t n, extent;
    int64_t lo_a, lo_b, hi_a, hi_b;
    bool lo_clips, hi_clips, may_be_empty, table;
};
struct th_operand_form {
    struct th_axis_form rows, cols;
    bool empties;                /* this read may have to empty the maker's tail */
};
struct th_emit_tiles {
    struct th_emit *e;
    struct th_str *s;
    const struct th_graph *owner;
    struct th_tile t;
    const char *name;            /* "kws_graph3" */
    const char *cursor;          /* struct name */
    struct th_operand_form **forms;      /* [node][operand] */
    bool *reached;               /* some output of the body needs the node */
};

/* tile_axis.c */
enum th_status th_axis_forms(struct th_emit_tiles *k);
void th_axis_tables(struct th_emit_tiles *k);
/* Expression for the first wanted index (the end: one behind the last) when the output runs from
 * (to) `index`, a C expression; index NULL: its first (last) one. */
void th_axis_lo(struct th_emit_tiles *k, uint32_t i, uint32_t p, bool rows, const char *index);
void th_axis_hi(struct th_emit_tiles *k, uint32_t i, uint32_t p, bool rows, const char *index);

/* Text for the row of the map, h rows high, that `row` of the walk is. */
const char *th_emit_tile_row(struct th_emit_tiles *k, int64_t h, const char *row);

/* tile_run.c */
void th_emit_tile_run(struct th_emit_tiles *k, uint32_t i);
/* Address of a value of the body, as `const unsigned char *` or `unsigned char *`. */
void th_emit_tile_address(struct th_emit_tiles *k, th_value v);
bool th_emit_tile_has_tail(const struct th_tile_node *n);
/* All runs of the node have the same width; they are whole rows, without a tail. */
bool th_emit_tile_equal_runs(const struct th_emit_tiles *k, const struct th_tile_node *n);
bool th_emit_tile_by_rows(const struct th_emit_tiles *k, const struct th_tile_node *n);

/* tile_strips.c */
void th_emit_tile_strips(struct th_emit_tiles *k);

/* steps.c */
void th_emit_node_comment(struct th_str *s, const struct th_graph *g, th_node n);

#endif
