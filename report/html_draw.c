/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of the page: the arena over time, bars by step, the Pareto front. */
#include "report/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Units of the drawings' own coordinates; the page scales them to its width. */
#define WIDTH 1000.0
#define LEFT 64.0            /* room for the labels of the vertical axis */
#define RIGHT 12.0
#define TOP 10.0
#define LETTER 6.2           /* mean width of a letter at the labels' size */
#define MOST_BLOCKS 4000     /* a drawing of more is not readable */

struct plot {
    struct th_page *p;
    double height;           /* of the drawing area */
    double per_x, per_y;
    double first;            /* at the left edge */
    bool upwards;            /* values grow upwards; addresses downwards */
};

static double at_x(const struct plot *d, double v)
{
    return LEFT + (v - d->first) * d->per_x;
}

static double at_y(const struct plot *d, double v)
{
    return d->upwards ? TOP + d->height - v * d->per_y : TOP + v * d->per_y;
}

static void label(struct plot *d, double x, double y, const char *anchor, const char *s)
{
    th_page_open(d->p, "text");
    th_page_attr_real(d->p, "x", x);
    th_page_attr_real(d->p, "y", y);
    if (anchor)
        th_page_attr(d->p, "text-anchor", anchor);
    th_page_text(d->p, s);
    th_page_close(d->p);
}

static void line(struct plot *d, const char *klass, double x0, double y0, double x1, double y1)
{
    th_page_open(d->p, "line");
    th_page_attr(d->p, "class", klass);
    th_page_attr_real(d->p, "x1", x0);
    th_page_attr_real(d->p, "y1", y0);
    th_page_attr_real(d->p, "x2", x1);
    th_page_attr_real(d->p, "y2", y1);
    th_page_close(d->p);
}

static void bar(struct plot *d, const char *klass, double x, double y, double w, double h,
                const char *title)
{
    th_page_open(d->p, "rect");
    th_page_attr(d->p, "class", klass);
    th_page_attr_real(d->p, "x", x);
    th_page_attr_real(d->p, "y", y);
    th_page_attr_real(d->p, "width", w);
    th_page_attr_real(d->p, "height", h);
    th_page_element(d->p, "title", NULL, title);
    th_page_close(d->p);
}

/* Largest of 1, 2, 5 times a power of ten that gives at least four steps up to `most`. */
static double tick(double most)
{
    double t = 1;
    while (t * 10 * 4 <= most)
        t *= 10;
    return t * 5 * 4 <= most ? t * 5 : t * 2 * 4 <= most ? t * 2 : t;
}

static void short_number(char s[24], double v)
{
    if (v >= 1e6)
        snprintf(s, 24, "%gM", v / 1e6);
    else if (v >= 1e4)
        snprintf(s, 24, "%gk", v / 1e3);
    else
        snprintf(s, 24, "%g", v);
}

static void begin(struct plot *d, const char *what, double most)
{
    char s[64];
    th_page_open(d->p, "div");
    th_page_attr(d->p, "class", "wide");
    th_page_open(d->p, "svg");
    th_page_attr(d->p, "xmlns", "http://www.w3.org/2000/svg");
    snprintf(s, sizeof s, "0 0 %g %g", WIDTH, d->height + TOP + 22);
    th_page_attr(d->p, "viewBox", s);
    th_page_attr(d->p, "role", "img");
    th_page_attr(d->p, "aria-label", what);
    d->per_y = most > 0 ? d->height / most : 0;
    const double step = tick(most);
    for (double v = 0; v <= most; v += step) {
        short_number(s, v);
        line(d, "grid", LEFT, at_y(d, v), WIDTH - RIGHT, at_y(d, v));
        label(d, LEFT - 6, at_y(d, v) + 4, "end", s);
    }
}

static void end(struct plot *d)
{
    th_page_close(d->p);
    th_page_close(d->p);
}

static void step_axis(struct plot *d, uint32_t first, uint32_t n)
{
    char s[24];
    const double every = tick(n);
    d->first = first;
    d->per_x = (WIDTH - LEFT - RIGHT) / n;
    for (double i = 0; i < n; i += every) {
        snprintf(s, sizeof s, "%g", first + i);
        label(d, at_x(d, first + i + 0.5), TOP + d->height + 16, "middle", s);
    }
}

static void open_details(struct th_page *p, const char *summary)
{
    th_page_open(p, "details");
    th_page_element(p, "summary", NULL, summary);
}

/* ---- the arena ------------------------------------------------------------------------------- */
/* State is there during all steps of every entry point. */
static bool of_function(const struct th_report *r, uint32_t i, uint32_t f,
                        struct th_report_block *b)
{
    const struct th_report_function *fn = &r->functions[f];
    *b = r->blocks[i];
    if (b->region == TH_REGION_STATE) {
        b->first = fn->first_step;
        b->last = fn->first_step + fn->n_steps - 1;
        return true;
    }
    return b->function == f;
}

static void block_name(struct th_str *s, const struct th_report_block *b)
{
    th_str_addf(s, "%s%s", b->scratch ? "scratch of " : "", b->name);
}

/* The name inside its box, cut to what fits; upright boxes get it along their height. */
static void write_inside(struct plot *d, const char *name, double x, double y, double w, double h)
{
    const double along = w >= h ? w : h, across = w >= h ? h : w;
    const size_t fits = (size_t)(along / LETTER);
    char cut[64], turn[64];
    if (across < 13 || fits < 4)
        return;
    snprintf(cut, sizeof cut, "%.*s", (int)(fits < sizeof cut ? fits : sizeof cut - 1), name);
    th_page_open(d->p, "text");
    th_page_attr(d->p, "class", "in");
    th_page_attr(d->p, "text-anchor", "middle");
    if (w >= h) {
        th_page_attr_real(d->p, "x", x + w / 2);
        th_page_attr_real(d->p, "y", y + h / 2 + 4);
    } else {
        snprintf(turn, sizeof turn, "translate(%.2f %.2f) rotate(-90)", x + w / 2 + 4, y + h / 2);
        th_page_attr(d->p, "transform", turn);
    }
    th_page_text(d->p, cut);
    th_page_close(d->p);
}

static void write_block(struct plot *d, const struct th_report_block *b, int64_t start)
{
    const double x = at_x(d, b->first), w = (b->last - b->first + 1) * d->per_x;
    const double y = at_y(d, (double)(start + b->offset)), h = (double)b->bytes * d->per_y;
    struct th_str s;
    th_str_init(&s);
    block_name(&s, b);
    th_str_addf(&s, ": %" PRId64 " bytes at %" PRId64 ", steps %u to %u", b->bytes, b->offset,
                b->first, b->last);
    bar(d, b->scratch ? "k" : b->region == TH_REGION_STATE ? "s" : "v", x, y, w, h, s.s);
    th_str_release(&s);
    write_inside(d, b->name, x, y, w, h);
}

static void arena_table(struct th_page *p, const struct th_report *r, uint32_t f)
{
    static const char *const titles[] = {"what", "region", "#offset", "#bytes", "#first step",
                                         "#last step", NULL};
    static const char *const why[] = {"what", "region", "#offset", "#bytes", "#first step",
                                      "#last step", "#reads per byte", NULL};
    open_details(p, "The same as a table");
    th_page_table(p, NULL, r->spread ? why : titles);
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        struct th_report_block b;
        struct th_str s;
        if (!of_function(r, i, f, &b))
            continue;
        th_str_init(&s);
        block_name(&s, &b);
        th_page_open(p, "tr");
        th_page_element(p, "td", NULL, s.s);
        th_page_element(p, "td", NULL, r->regions[b.region].name);
        th_page_number(p, "td", b.offset);
        th_page_number(p, "td", b.bytes);
        th_page_number(p, "td", b.first);
        th_page_number(p, "td", b.last);
        if (r->spread)
            th_page_number(p, "td", (int64_t)(b.heat + 0.5));
        th_page_close(p);
        th_str_release(&s);
    }
    th_page_table_end(p);
    th_page_close(p);
}

static void write_function(struct th_page *p, const struct th_report *r, uint32_t f)
{
    const struct th_report_function *fn = &r->functions[f];
    struct th_plan_totals t = {.regions = r->regions, .n_regions = r->n_regions};
    struct plot d = {.p = p, .height = 400};
    if (!fn->n_steps || !r->arena_bytes)
        return;
    th_page_element(p, "h3", NULL, fn->name);
    begin(&d, "the arena over time", (double)r->arena_bytes);
    step_axis(&d, fn->first_step, fn->n_steps);
    if (r->peak && r->peak->step >= fn->first_step &&
        r->peak->step < fn->first_step + fn->n_steps)
        bar(&d, "peak", at_x(&d, r->peak->step), TOP, d.per_x, d.height, "peak");
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        struct th_report_block b;
        if (of_function(r, i, f, &b))
            write_block(&d, &b, th_plan_region_start(&t, (uint32_t)b.region));
    }
    if (r->lower_bound > 0) {
        const double y = at_y(&d, (double)r->lower_bound);
        line(&d, "bound", LEFT, y, WIDTH - RIGHT, y);
        label(&d, WIDTH - RIGHT - 4, y - 4, "end", "lower bound");
    }
    end(&d);
    arena_table(p, r, f);
}

void th_page_arena(struct th_page *p, const struct th_report *r)
{
    if (!r->n_regions)
        return;
    th_page_element(p, "h2", NULL, "Arena");
    th_page_open(p, "p");
    th_page_text(p, "Steps from left to right, addresses downwards. ");
    th_page_element(p, "span", "key v", "values");
    th_page_element(p, "span", "key k", "scratch");
    th_page_element(p, "span", "key s", "state");
    th_page_text(p, " Darker where boxes overlap: a result that grows into an operand in place.");
    th_page_close(p);
    if (r->n_blocks > MOST_BLOCKS) {
        th_page_element(p, "p", NULL, "There are too many values for a drawing.");
        return;
    }
    for (uint32_t f = 0; f < r->n_functions; f++)
        write_function(p, r, f);
}

/* ---- bars by step ---------------------------------------------------------------------------- */
struct interval {
    int64_t lo, hi;
};

static int by_lo(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Bytes that are somebody's in a step, shared ones once. */
static int64_t bytes_in(const struct th_report *r, uint32_t f, uint32_t step, struct interval *list)
{
    struct th_plan_totals t = {.regions = r->regions, .n_regions = r->n_regions};
    uint32_t n = 0;
    int64_t sum = 0, upto = 0;
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        struct th_report_block b;
        if (!of_function(r, i, f, &b) || step < b.first || step > b.last)
            continue;
        const int64_t at = th_plan_region_start(&t, (uint32_t)b.region) + b.offset;
        list[n++] = (struct interval){at, at + b.bytes};
    }
    if (n)
        qsort(list, n, sizeof *list, by_lo);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t from = list[i].lo > upto ? list[i].lo : upto;
        sum += list[i].hi > from ? list[i].hi - from : 0;
        upto = list[i].hi > upto ? list[i].hi : upto;
    }
    return sum;
}

static void bars(struct th_page *p, const struct th_report *r, const char *what, const char *unit,
                 const int64_t *v)
{
    struct plot d = {.p = p, .height = 140, .upwards = true};
    int64_t most = 0;
    for (uint32_t i = 0; i < r->n_layers; i++)
        most = v[i] > most ? v[i] : most;
    if (!most)
        return;
    th_page_element(p, "h3", NULL, what);
    begin(&d, what, (double)most);
    step_axis(&d, 0, r->n_layers);
    for (uint32_t i = 0; i < r->n_layers; i++) {
        struct th_str s;
        th_str_init(&s);
        th_str_addf(&s, "step %u, %s %s: %" PRId64 " %s", i, r->layers[i].op, r->layers[i].name,
                    v[i], unit);
        bar(&d, &r->layers[i] == r->peak ? "w" : "m", at_x(&d, i), at_y(&d, (double)v[i]),
            d.per_x * 0.9, (double)v[i] * d.per_y, s.s);
        th_str_release(&s);
    }
    end(&d);
}

void th_page_bars(struct th_page *p, const struct th_report *r)
{
    int64_t *v = calloc((size_t)r->n_layers + 1, sizeof *v);
    struct interval *list = calloc((size_t)r->n_blocks + 1, sizeof *list);
    if (!v || !list) {
        p->failed = true;
    } else {
        th_page_element(p, "h2", NULL, "Step by step");
        for (uint32_t f = 0; f < r->n_functions && r->n_regions && r->n_blocks <= MOST_BLOCKS; f++)
            for (uint32_t i = 0; i < r->functions[f].n_steps; i++)
                v[r->functions[f].first_step + i] =
                    bytes_in(r, f, r->functions[f].first_step + i, list);
        bars(p, r, "RAM in use", "bytes", v);
        for (uint32_t i = 0; i < r->n_layers; i++)
            v[i] = r->layers[i].macs;
        bars(p, r, "Multiply-accumulates", "MACs", v);
    }
    free(v);
    free(list);
}

/* ---- the front ------------------------------------------------------------------------------- */
static void front_table(struct th_page *p, const struct th_report *r, double base)
{
    static const char *const titles[] = {"#bytes", "#MACs", "#x", "", "how to force it", NULL};
    char s[32];
    th_page_table(p, NULL, titles);
    for (uint32_t i = 0; i < r->n_front; i++) {
        const struct th_front_point *f = &r->front[i];
        th_page_open(p, "tr");
        if (f->chosen)
            th_page_attr(p, "class", "peak");
        th_page_number(p, "td", f->bytes);
        th_page_number(p, "td", f->macs);
        snprintf(s, sizeof s, "%.3f", base > 0 ? (double)f->macs / base : 1);
        th_page_element(p, "td", "n", s);
        th_page_element(p, "td", NULL, f->chosen ? "taken" : "");
        th_page_open(p, "td");
        th_page_element(p, "code", NULL, f->spelling ? f->spelling : "");
        th_page_close(p);
        th_page_close(p);
    }
    th_page_table_end(p);
}

void th_page_front(struct th_page *p, const struct th_report *r)
{
    struct plot d = {.p = p, .height = 240, .upwards = true};
    int64_t bytes = 0, least = INT64_MAX, most = 0;
    if (!r->n_front)
        return;
    for (uint32_t i = 0; i < r->n_front; i++) {
        bytes = r->front[i].bytes > bytes ? r->front[i].bytes : bytes;
        least = r->front[i].macs < least ? r->front[i].macs : least;
        most = r->front[i].macs > most ? r->front[i].macs : most;
    }
    th_page_element(p, "h2", NULL, "Memory against work");
    th_page_element(p, "p", NULL,
                    "Every point is a way to run this model: bytes of the arena upwards, "
                    "multiply-accumulates to the right, relative to the least.");
    begin(&d, "Pareto front", (double)bytes);
    d.first = (double)least;
    d.per_x = (WIDTH - LEFT - RIGHT - 40) / (most > least ? (double)(most - least) : 1);
    for (uint32_t i = 0; i < r->n_front; i++) {
        const struct th_front_point *f = &r->front[i];
        char s[96];
        snprintf(s, sizeof s, "%" PRId64 " bytes, %" PRId64 " MACs", f->bytes, f->macs);
        th_page_open(p, "circle");
        th_page_attr(p, "class", f->chosen ? "w" : "m");
        th_page_attr_real(p, "cx", at_x(&d, (double)f->macs) + 20);
        th_page_attr_real(p, "cy", at_y(&d, (double)f->bytes));
        th_page_attr_real(p, "r", f->chosen ? 7 : 5);
        th_page_element(p, "title", NULL, s);
        th_page_close(p);
        snprintf(s, sizeof s, "%.2f", least > 0 ? (double)f->macs / (double)least : 1);
        if (i == 0 || i + 1 == r->n_front || f->chosen)
            label(&d, at_x(&d, (double)f->macs) + 20, TOP + d.height + 16, "middle", s);
    }
    end(&d);
    front_table(p, r, (double)least);
}
