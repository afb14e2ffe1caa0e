/* SPDX-License-Identifier: Apache-2.0 */
/* Which pixel of which value each byte of the regions holds while a tile loop runs. */
#include "passes/check_tiles.h"

#include <stdlib.h>
#include <string.h>

/* 0: as it was before the loop; 1: scratch; 2: nobody may write it; else value << 32 | pixel + 3 */
#define NOTE_UNTOUCHED 0
#define NOTE_JUNK 1
#define NOTE_RESERVED 2

struct th_tile_bytes {
    struct th_arena *arena;
    uint32_t n_regions;
    uint64_t **notes;
    int64_t *bytes;
};

struct th_tile_bytes *th_tile_bytes_new(struct th_arena *arena, const struct th_plan_totals *plan)
{
    struct th_tile_bytes *b = TH_NEW(arena, struct th_tile_bytes);
    if (!b)
        return NULL;
    *b = (struct th_tile_bytes){arena, plan->n_regions,
                                TH_NEW_ARRAY(arena, uint64_t *, plan->n_regions + 1u),
                                TH_NEW_ARRAY(arena, int64_t, plan->n_regions + 1u)};
    if (!b->notes || !b->bytes)
        return NULL;
    for (uint32_t r = 0; r < b->n_regions; r++) {
        b->bytes[r] = plan->regions[r].bytes;
        b->notes[r] = calloc((size_t)b->bytes[r] + 1, sizeof(uint64_t));
        if (!b->notes[r]) {
            th_tile_bytes_free(b);
            return NULL;
        }
    }
    return b;
}

void th_tile_bytes_free(struct th_tile_bytes *b)
{
    for (uint32_t r = 0; b && r < b->n_regions; r++)
        free(b->notes[r]);
}

bool th_tile_bytes_inside(const struct th_tile_bytes *b, struct th_place at, int64_t bytes)
{
    return at.region >= 0 && (uint32_t)at.region < b->n_regions && at.offset >= 0 &&
           bytes <= b->bytes[at.region] && at.offset <= b->bytes[at.region] - bytes;
}

void th_tile_bytes_reserve(struct th_tile_bytes *b, struct th_place at, int64_t bytes)
{
    for (int64_t i = 0; i < bytes; i++)
        b->notes[at.region][at.offset + i] = NOTE_RESERVED;
}

static uint64_t note_of(const struct th_kept_value *v, int64_t y, int64_t x)
{
    return ((uint64_t)v->value << 32 | (uint64_t)(y * v->w + x)) + 3;
}

/* Row that the tail of a line holds now: the one in work, or the one just completed. */
static bool in_tail(const struct th_kept_value *v, int64_t y)
{
    return v->cols > 0 && y == v->y && v->x > 0;
}

static int64_t first_in_tail(const struct th_kept_value *v, int64_t x)
{
    return x > v->cols ? x - v->cols : 0;
}

static int64_t in_map(const struct th_kept_value *v, int64_t y)
{
    return v->up ? v->h - 1 - y : y;
}

int64_t th_tile_pixel_at(const struct th_kept_value *v, int64_t y, int64_t x)
{
    const int64_t at = in_map(v, y);
    const int64_t row = v->w * v->pixel, slot = v->slots > 0 ? at % v->slots : 0;
    switch (v->how) {
    case TH_KEPT_LINE:
        if (in_tail(v, y) || v->slots == 0)
            return v->place.offset + v->slots * row + (x - first_in_tail(v, v->x)) * v->pixel;
        return v->place.offset + slot * row + x * v->pixel;
    case TH_KEPT_RING:
        return v->place.offset + slot * row + x * v->pixel;
    case TH_KEPT_STRIP:
        return v->place.offset + ((at - v->y) * v->cols + x - v->t0) * v->pixel;
    default:
        return v->place.offset + at * row + x * v->pixel;
    }
}

static const char *outside(const struct th_tile_bytes *b, int64_t y, int64_t x)
{
    return th_arena_printf(b->arena, "pixel (%lld, %lld) lies outside of what is kept",
                           (long long)y, (long long)x);
}

static bool in_buffer(const struct th_kept_value *v, int64_t at)
{
    return at >= v->place.offset && at + v->pixel <= v->place.offset + v->bytes;
}

const char *th_tile_bytes_read(struct th_tile_bytes *b, const struct th_piece_read *r)
{
    const struct th_kept_value *v = r->value;
    const uint64_t *notes = b->notes[v->place.region];
    for (int64_t y = r->at.y0; y < r->at.y1; y++)
        for (int64_t x = r->at.x0; x < r->at.x1; x++) {
            const int64_t at = th_tile_pixel_at(v, y, x);
            const uint64_t want = v->maker < 0 ? NOTE_UNTOUCHED : note_of(v, y, x);
            uint64_t wrong = 0;
            if (!in_buffer(v, at))
                return outside(b, y, x);
            for (int64_t i = 0; i < v->pixel; i++)
                wrong |= notes[at + i] ^ want;
            if (wrong)
                return th_arena_printf(b->arena, "pixel (%lld, %lld) at %lld is wanted here, but "
                                       "something else was written there", (long long)y,
                                       (long long)x, (long long)at);
        }
    return NULL;
}

/* False where nobody may write. */
static bool set(struct th_tile_bytes *b, int32_t region, int64_t at, int64_t bytes, uint64_t note)
{
    uint64_t *notes = b->notes[region];
    bool ok = true;
    for (int64_t i = at; i < at + bytes; i++) {
        ok &= notes[i] != NOTE_RESERVED;
        notes[i] = note;
    }
    return ok;
}

static const char *reserved(const struct th_tile_bytes *b, int64_t at)
{
    return th_arena_printf(b->arena, "bytes at %lld hold what the loop itself keeps",
                           (long long)at);
}

const char *th_tile_bytes_junk(struct th_tile_bytes *b, struct th_place at, int64_t bytes)
{
    return set(b, at.region, at.offset, bytes, NOTE_JUNK) ? NULL : reserved(b, at.offset);
}

/* Bytes move with what they hold; source and destination may overlap. */
static const char *move(struct th_tile_bytes *b, const struct th_kept_value *v, int64_t to,
                        int64_t from, int64_t bytes)
{
    uint64_t *notes = b->notes[v->place.region];
    const int64_t lo = v->place.offset, hi = lo + v->bytes;
    if (bytes <= 0)
        return NULL;
    if (to < lo || from < lo || to + bytes > hi || from + bytes > hi)
        return th_arena_printf(b->arena, "%lld bytes are moved from %lld to %lld, outside of what "
                               "is kept", (long long)bytes, (long long)from, (long long)to);
    for (int64_t i = 0; i < bytes; i++)
        if (notes[to + i] == NOTE_RESERVED)
            return reserved(b, to + i);
    memmove(notes + to, notes + from, (size_t)bytes * sizeof *notes);
    return NULL;
}

const char *th_tile_bytes_empty(struct th_tile_bytes *b, struct th_kept_value *v)
{
    const int64_t from = first_in_tail(v, v->w), row = v->w * v->pixel;
    const char *why = NULL;
    if (v->slots > 0)
        why = move(b, v, v->place.offset + in_map(v, v->y) % v->slots * row + from * v->pixel,
                   v->place.offset + v->slots * row, (v->w - from) * v->pixel);
    v->y++;
    v->x = 0;
    return why;
}

/* Room in the tail of row y for columns up to x1. */
static const char *line_slide(struct th_tile_bytes *b, const struct th_kept_value *v, int64_t x1)
{
    const int64_t from = first_in_tail(v, v->x), to = first_in_tail(v, x1);
    const int64_t tail = v->place.offset + v->slots * v->w * v->pixel;
    const int64_t leave = ((to < v->x ? to : v->x) - from) * v->pixel;
    const char *why = NULL;
    if (v->slots > 0)
        why = move(b, v, v->place.offset + (in_map(v, v->y) % v->slots * v->w + from) * v->pixel,
                   tail, leave);
    return why ? why : move(b, v, tail, tail + leave, (v->x - to) * v->pixel);
}

static const char *begin_line(struct th_tile_bytes *b, struct th_kept_value *v,
                              struct th_tile_range at)
{
    const char *why = NULL;
    if (v->cols > 0 && v->x == v->w && at.x0 == 0)
        why = th_tile_bytes_empty(b, v);
    if (v->cols == 0) {
        v->y = at.y0;
        v->x = at.x1;
        return NULL;
    }
    if (why || at.y0 != v->y || at.x0 != v->x)
        return why ? why : "a run does not go on where the last one ended";
    why = line_slide(b, v, at.x1);
    v->x = at.x1;
    return why;
}

const char *th_tile_bytes_slide(struct th_tile_bytes *b, struct th_kept_value *v, int64_t first)
{
    const char *why = NULL;
    const int64_t gone = first - v->t0;
    for (int64_t r = 0; r < v->rows && gone > 0 && gone < v->cols && !why; r++) {
        const int64_t row = v->place.offset + r * v->cols * v->pixel;
        why = move(b, v, row, row + gone * v->pixel, (v->cols - gone) * v->pixel);
    }
    v->t0 = first;
    return why;
}

const char *th_tile_bytes_write(struct th_tile_bytes *b, struct th_kept_value *v,
                                struct th_tile_range at)
{
    const char *why = v->how == TH_KEPT_LINE ? begin_line(b, v, at) : NULL;
    if (why)
        return why;
    for (int64_t y = at.y0; y < at.y1; y++)
        for (int64_t x = at.x0; x < at.x1; x++) {
            const int64_t p = th_tile_pixel_at(v, y, x);
            if (!in_buffer(v, p))
                return outside(b, y, x);
            if (!set(b, v->place.region, p, v->pixel, note_of(v, y, x)))
                return reserved(b, p);
        }
    return NULL;
}

enum th_status th_tile_bytes_written(const struct th_tile_bytes *b, struct th_tiles_check *k)
{
    uint32_t n = 0;
    for (int turn = 0; turn < 2; turn++) {
        if (turn && !(k->written = TH_NEW_ARRAY(k->arena, struct th_written, (size_t)n + 1)))
            return TH_ERR_INTERNAL;
        n = 0;
        for (uint32_t r = 0; r < b->n_regions; r++)
            for (int64_t i = 0; i < b->bytes[r]; i++) {
                if (b->notes[r][i] == NOTE_UNTOUCHED)
                    continue;
                const int64_t lo = i;
                while (i < b->bytes[r] && b->notes[r][i] != NOTE_UNTOUCHED)
                    i++;
                if (turn)
                    k->written[n] = (struct th_written){(int32_t)r, lo, i};
                n++;
            }
    }
    k->n_written = n;
    return TH_OK;
}
