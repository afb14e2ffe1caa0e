/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving the memory of one tile loop: its pieces are replayed in their order and every byte keeps
 * a note of which pixel it holds. Rows count as the loop walks, down or up; the maps' own rows
 * decide where they lie. Nothing of ir/tile.h, plan/ or the planning passes is used here.
 * Private to passes/check_*.c.
 */
#ifndef TH_PASSES_CHECK_TILES_H
#define TH_PASSES_CHECK_TILES_H

#include "ir/call.h"
#include "ir/notes.h"

#include <thimble/thimble.h>

/* ---- the question ---------------------------------------------------------------------------- */
struct th_written {            /* bytes that the loop wrote */
    int32_t region;
    int64_t lo, hi;
};
struct th_tiles_check {
    const struct th_graph *owner;
    th_node loop;
    struct th_arena *arena;
    const struct th_plan_totals *plan;
    uint32_t align;            /* of every buffer, at least */
    void (*problem)(void *user, const struct th_graph *g, th_node n, const char *text);
    void *user;
    /* the answer */
    struct th_written *written;
    uint32_t n_written;
    bool failed;               /* problems were reported */
};
/* TH_ERR_INTERNAL: memory is exhausted. */
enum th_status th_check_tiles(struct th_tiles_check *k);

/* ---- between the two files ------------------------------------------------------------------- */
enum th_kept { TH_KEPT_WHOLE, TH_KEPT_LINE, TH_KEPT_STRIP, TH_KEPT_RING, TH_KEPT_SUM };

struct th_kept_value {
    th_value value;
    int32_t maker;             /* node, -1: from outside */
    enum th_kept how;
    struct th_place place;
    bool up;                   /* row y is row h - 1 - y of the map */
    int64_t h, w, pixel, bytes;
    int64_t slots, rows, cols;   /* line: cols of the tail; strip: its box */
    /* now: line: (y, x) is the next pixel, x == w: row y is complete and in the tail. strip: first
     * row (of the map) and column held, columns made */
    int64_t y, x, t0;
};
struct th_tile_range {         /* rows [y0, y1), columns [x0, x1) */
    int64_t y0, y1, x0, x1;
};
struct th_piece_read {
    struct th_kept_value *value;
    uint32_t port;
    struct th_tile_range at;
};

struct th_tile_bytes;          /* who holds each byte */
struct th_tile_bytes *th_tile_bytes_new(struct th_arena *arena, const struct th_plan_totals *plan);
void th_tile_bytes_free(struct th_tile_bytes *b);
/* Keeps [at, at + bytes) from everybody from now on. */
void th_tile_bytes_reserve(struct th_tile_bytes *b, struct th_place at, int64_t bytes);
bool th_tile_bytes_inside(const struct th_tile_bytes *b, struct th_place at, int64_t bytes);
/* NULL, or what is wrong (in the arena). */
const char *th_tile_bytes_read(struct th_tile_bytes *b, const struct th_piece_read *r);
const char *th_tile_bytes_junk(struct th_tile_bytes *b, struct th_place at, int64_t bytes);
/* Writes pixels; a line first slides to make room for them. */
const char *th_tile_bytes_write(struct th_tile_bytes *b, struct th_kept_value *v,
                                struct th_tile_range at);
/* A complete row leaves the tail. */
const char *th_tile_bytes_empty(struct th_tile_bytes *b, struct th_kept_value *v);
/* Columns before `first` of a strip are given up. */
const char *th_tile_bytes_slide(struct th_tile_bytes *b, struct th_kept_value *v, int64_t first);
/* Address of a pixel, in bytes of the value's region. */
int64_t th_tile_pixel_at(const struct th_kept_value *v, int64_t y, int64_t x);
enum th_status th_tile_bytes_written(const struct th_tile_bytes *b, struct th_tiles_check *k);

#endif
