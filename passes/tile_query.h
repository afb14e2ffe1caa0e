/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes of a tile loop as kernel rows see them: which pieces a node is computed in, and the
 * query for one of them. Private to passes/.
 */
#ifndef TH_PASSES_TILE_QUERY_H
#define TH_PASSES_TILE_QUERY_H

#include "ir/tile.h"

#define TH_TILE_WIDTHS 6     /* more widths than this: pixel by pixel */

struct th_tile_pieces {
    uint32_t n;              /* numbers of columns that occur, the most frequent first */
    int64_t columns[TH_TILE_WIDTHS], rows[TH_TILE_WIDTHS];   /* rows: of all pieces this wide */
    int64_t most_rows, most_columns;
    bool single;             /* POINT: called for one pixel at a time, columns[0] is 1 */
};
/* One entry for each node of the loop. */
enum th_status th_tile_survey(const struct th_tile *t, struct th_arena *arena,
                              struct th_tile_pieces **out);
/*
 * The query for a piece of `columns` columns of node i: a smaller tensor (POINT), a box of the
 * whole one, or an operand that comes in pieces. *why: what is in the way (static text).
 */
enum th_status th_tile_query(const struct th_tile *t, uint32_t i, const struct th_tile_pieces *p,
                             int64_t columns, struct th_arena *arena, struct th_query *q,
                             const char **why);

#endif
