/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tile_loop read: which piece of which value is made when, and where it is kept meanwhile.
 * Passes, emission and the evaluator's planned mode share this reading; check-plan has its own.
 *
 * The body computes whole tensors; the attributes say in which pieces. Two modes:
 *
 * stream   every pixel is computed once. Nodes run on demand: the last node makes its output in
 *          raster order, `run` columns of one row at a time, and before each run pulls from its
 *          operands' makers, in operand order, what the run's window wants; they do the same. When
 *          the last node is through, the other outputs of the body are pulled to their ends.
 * strips   the nodes are cut into stages, in order. A stage makes `strip_rows` rows of its last
 *          node at a time, the first strip strip_less rows less, so that strips end where their
 *          readers wait; rows that several strips want are computed in each. Before a strip, the
 *          stage pulls strips of the stages whose last values it reads, in the order of its nodes'
 *          operands. Within a strip columns either slide (strip_cols 0: on demand from left to
 *          right, `run` columns of all the strip's rows at a time, each column computed once), or
 *          the strip is cut into tiles of `strip_cols` columns whose halos are computed again,
 *          node after node.
 *
 * Where a value lies that another node of the body reads:
 *
 * line     (stream) `slots` rows of the whole width, then a tail of tail_cols columns of the
 *          newest row y. The tail holds columns from t0 on; columns that leave it move to slot
 *          y mod slots. Pixel (r, c) can be read if r == y and c >= t0, if y - slots < r < y, or
 *          if r == y - slots and c >= t0. The next row's first run empties the tail into the slot
 *          first; so does a read that wants columns before t0 of row y when that row is complete
 *          (y + 1 is then the newest row, with no columns yet). tail_cols 0: runs are whole rows,
 *          row r lies in slot r mod slots.
 * strip    (strips, inside a stage) tail_rows x tail_cols pixels: rows from the strip's first row
 *          of this value, columns from t0 on, moved to the left when the right end is reached.
 * ring     (strips, last value of a stage but the last) `slots` whole rows, row r at r mod slots.
 *
 * Outputs of the body lie whole in the owner's outputs and are read there.
 *
 * A loop walks down, or up: from the last row to the first, columns as ever. All rows in here count
 * in the direction of the walk, so what is said above holds for both. In memory everything lies as
 * it does in the map itself: row r of the walk is row th_tile_row(h, r) of the map, that decides
 * its slot, and rows of a strip follow each other as in the map.
 */
#ifndef IR_TILE_H
#define IR_TILE_H

#include "ir/notes.h"

enum th_tile_mode { TH_TILE_STREAM, TH_TILE_STRIPS };
enum th_tile_form {
    TH_TILE_POINT,      /* pixel (y, x) of the output from pixel (y, x) of every map it reads: a
                           kernel for a smaller tensor computes a piece */
    TH_TILE_WINDOW,     /* reads neighbours: its kernel computes boxes */
    TH_TILE_REDUCE      /* takes its first operand in pieces; the output is complete at the end.
                           Only the last node */
};
enum th_tile_store {
    TH_TILE_WHOLE, TH_TILE_LINE, TH_TILE_STRIP, TH_TILE_RING, TH_TILE_ACCUMULATOR
};

/* Rows (columns) of an operand wanted for each row (column) of the output: [lo, hi), clipped. */
struct th_tile_axis {
    int64_t n;
    const int64_t *lo, *hi;
};
struct th_tile_operand {
    th_value value;             /* of the body; 0: absent */
    int32_t maker;              /* index of the node that makes it, -1: comes from outside */
    bool whole;                 /* constant, or wanted entirely (a vector): no axes */
    int64_t h, w;
    struct th_tile_axis rows, cols;
};
struct th_tile_node {
    th_node node;
    enum th_tile_form form;
    th_value out;
    int64_t h, w;               /* raster it runs over: the output's, a REDUCE's operand's */
    int64_t pixel_bytes;        /* of the output */
    struct th_tile_operand *in;
    uint32_t n_in;
    int64_t run;                /* columns, 1..w */
    uint32_t stage;
    enum th_tile_store store;
    int64_t slots, tail_rows, tail_cols;
    int64_t bytes;              /* of the line, strip, ring or accumulator; 0: whole */
    bool fed;                   /* keeps rows that the application pushes: it has no kernel */
};
struct th_tile_stage {
    uint32_t first, last;       /* nodes, both included */
    int64_t rows, cols;
    int64_t less;               /* rows that the first strip has less, 0..rows-1 */
};
struct th_tile {
    struct th_graph *owner, *body;
    th_node loop;
    enum th_tile_mode mode;
    struct th_tile_node *nodes;
    uint32_t n_nodes;
    struct th_tile_stage *stages;   /* one in a stream */
    uint32_t n_stages;
    bool up;
    int32_t feed;               /* operand that is not stored but pushed row by row, or -1 */
};

/* Spatial axes of a value: rank 4 is NHWC, rank 3 is NWC with rows of one pixel, rank 2 and lower
 * one pixel. False when the batch is not 1 or elements are narrower than a byte. */
TH_API bool th_tile_shape(const struct th_type *t, int64_t *h, int64_t *w, int64_t *pixel_bytes);

/*
 * Form, raster and operand axes of one node of any graph, as if it stood in a tile loop (maker -1
 * everywhere). False when it cannot: *why says what is missing (static text). What candidates are,
 * is asked with this too.
 */
TH_API bool th_tile_describe(const struct th_graph *g, th_node n, struct th_arena *arena,
                             struct th_tile_node *out, const char **why);

/* Reads a tile_loop of `owner`. Reports what is wrong with it (TH_ERR_INPUT). */
TH_API enum th_status th_tile_read(struct th_graph *owner, th_node loop, struct th_arena *arena,
                                   struct th_tile *out);

/* The input of a function whose rows are pushed into a loop (*loop, may be NULL), or 0. */
TH_API th_value th_tile_fed_input(const struct th_graph *function, th_node *loop);

/* Row of the map that row r of the walk is, and the other way round. */
static inline int64_t th_tile_row(const struct th_tile *t, int64_t h, int64_t r)
{
    return t->up ? h - 1 - r : r;
}
/* The same loop, walked in the other direction; what is kept may not suffice then. */
TH_API enum th_status th_tile_turn(const struct th_tile *t, struct th_arena *arena,
                                   struct th_tile *out);

TH_API enum th_status th_tile_set_walk(struct th_graph *owner, th_node loop, bool up);

/* ---- running it on paper --------------------------------------------------------------------- */
/* One piece: rows [y0, y1) and columns [x0, x1) of node `node`'s raster. */
struct th_tile_run {
    uint32_t node;
    int64_t y0, y1, x0, x1;
    int64_t strip_row;          /* strips: first row of the node's strip */
};
/* Called for every piece in order, when what it reads has been made. Not TH_OK ends the replay. */
typedef enum th_status th_tile_visit(void *user, const struct th_tile_run *r);
TH_API enum th_status th_tile_replay(const struct th_tile *t, struct th_arena *arena,
                                     th_tile_visit *visit, void *user);
/* Rows [lo, hi) of node i that strip k of its stage makes (strips); k counts from 0. */
TH_API void th_tile_strip_rows(const struct th_tile *t, uint32_t i, int64_t k, int64_t *lo,
                               int64_t *hi);
TH_API int64_t th_tile_strip_count(const struct th_tile *t, uint32_t stage);
/* Rows of the stage's last node that its first k strips make. */
TH_API int64_t th_tile_strips_end(const struct th_tile *t, uint32_t stage, int64_t k);

/*
 * The least storage: fills slots, tail_rows, tail_cols and bytes of every node from a replay, given
 * mode, runs and stages. What patch-split writes into the attributes.
 */
TH_API enum th_status th_tile_fit(struct th_tile *t, struct th_arena *arena);
/* How the kernel of a node writes while it reads one piece, see enum th_write_order. */
struct th_tile_order {
    bool pixels;       /* the first pixels are written while later ones are read */
    int32_t group;     /* of pixels in work; negative: their operands may still be read; 0: element
                          by element, operand and result alike */
};
/*
 * Least distance at which the output `out` (an output of the body) may begin below the dying
 * operand `in` (a parameter of the body): see struct th_share. -1: cannot overlap. order: of the
 * node that makes `out`; pixels false is always right. Walked up, it is the least distance at which
 * the output may end behind the end of the operand, and order is not asked.
 */
TH_API int64_t th_tile_distance(const struct th_tile *t, th_value out, th_value in,
                                struct th_tile_order order, struct th_arena *arena);

/* Bytes of one place of the loop: two numbers of 16 bits, or of 32 where a map is larger. */
TH_API int64_t th_tile_cursor_bytes(const struct th_tile *t);

#endif
