/* SPDX-License-Identifier: Apache-2.0 */
/* Groups as text: what forces them is what is printed about them. */
#include "passes/patch_split/patch_split.h"

#include <stdlib.h>
#include <string.h>

struct scanner {
    const char *at;
    bool ok;
};

static bool accept(struct scanner *s, char c)
{
    if (*s->at != c)
        return false;
    s->at++;
    return true;
}

static void expect(struct scanner *s, char c)
{
    s->ok &= accept(s, c);
}

static int64_t number(struct scanner *s)
{
    int64_t v = 0;
    if (*s->at < '0' || *s->at > '9')
        s->ok = false;
    while (*s->at >= '0' && *s->at <= '9') {
        v = v * 10 + (*s->at++ - '0');
        if (v > 1000000000) {
            s->ok = false;
            v = 0;
        }
    }
    return v;
}

static bool word(struct scanner *s, const char *w)
{
    const size_t n = strlen(w);
    if (strncmp(s->at, w, n) != 0)
        return false;
    s->at += n;
    return true;
}

bool th_split_add(struct th_split_list *l, struct th_arena *arena, const struct th_split_group *g)
{
    if (l->n == l->cap) {
        const uint32_t cap = l->cap ? l->cap * 2 : 8;
        struct th_split_group *more = TH_NEW_ARRAY(arena, struct th_split_group, cap);
        if (!more)
            return false;
        if (l->n)
            memcpy(more, l->groups, l->n * sizeof *more);
        l->groups = more;
        l->cap = cap;
    }
    l->groups[l->n++] = *g;
    return true;
}

bool th_split_add_twice(struct th_split_list *l, struct th_arena *arena, uint32_t function,
                        uint32_t node)
{
    if (l->n_twice == l->cap_twice) {
        const uint32_t cap = l->cap_twice ? l->cap_twice * 2 : 8;
        struct th_split_again *more = TH_NEW_ARRAY(arena, struct th_split_again, cap);
        if (!more)
            return false;
        if (l->n_twice)
            memcpy(more, l->twice, l->n_twice * sizeof *more);
        l->twice = more;
        l->cap_twice = cap;
    }
    l->twice[l->n_twice++] = (struct th_split_again){function, node};
    return true;
}

/* Behind "strips": an optional run, then the stages. */
static bool scan_stages(struct scanner *s, struct th_arena *arena, struct th_split_group *g)
{
    const size_t most = strlen(s->at) / 5 + 1;
    g->stages = TH_NEW_ARRAY(arena, struct th_split_stage, most);
    if (!g->stages)
        return false;
    g->run = 1;
    while (s->ok && accept(s, ':')) {
        struct th_split_stage st = {0};
        st.rows = number(s);
        if (!g->n_stages && *s->at == ':') {
            g->run = st.rows;
            continue;
        }
        if (accept(s, '-'))
            st.less = number(s);
        expect(s, 'x');
        st.cols = number(s);
        expect(s, '@');
        st.last = (uint32_t)number(s);
        if (s->ok && g->n_stages < most)
            g->stages[g->n_stages++] = st;
    }
    s->ok &= g->n_stages > 0;
    return true;
}

static bool scan_group(struct scanner *s, struct th_arena *arena, struct th_split_group *g)
{
    int64_t v = number(s);
    *g = (struct th_split_group){0};
    if (accept(s, '/')) {
        g->function = (uint32_t)v;
        v = number(s);
    }
    g->first = (uint32_t)v;
    g->last = accept(s, '-') ? (uint32_t)number(s) : g->first;
    expect(s, ':');
    if (word(s, "stream")) {
        expect(s, ':');
        g->run = number(s);
    } else if (word(s, "strips")) {
        g->mode = TH_TILE_STRIPS;
        return scan_stages(s, arena, g);
    } else if (word(s, "planes") && g->first == g->last) {
        g->planes = true;
    } else if (word(s, "slices")) {
        g->slices = true;
    } else {
        s->ok = false;
    }
    return true;
}

static enum th_status parse_groups(struct th_pass_ctx *pc, const char *text,
                                   struct th_split_list *out)
{
    struct scanner s = {text, true};
    do {
        const char *begin = s.at;
        struct th_split_group g;
        if (!scan_group(&s, th_pass_arena(pc), &g))
            return TH_ERR_INTERNAL;
        if (!s.ok || (*s.at && *s.at != '+')) {
            th_error(th_pass_ctx(pc), NULL, 3101, "patch-split: '%.*s' in 'groups' is no group",
                     (int)strcspn(begin, "+"), begin);
            th_help(th_pass_ctx(pc), 0, "write FIRST-LAST:stream:COLUMNS or "
                    "FIRST-LAST:strips:ROWS[-LESS]xCOLUMNS@LAST, NODE:planes or FIRST-LAST:slices, "
                    "joined by '+'");
            return TH_ERR_USAGE;
        }
        if (!th_split_add(out, th_pass_arena(pc), &g))
            return TH_ERR_INTERNAL;
    } while (accept(&s, '+'));
    return TH_OK;
}

static enum th_status parse_twice(struct th_pass_ctx *pc, const char *text,
                                  struct th_split_list *out)
{
    struct scanner s = {text, true};
    do {
        uint32_t function = 0, node = (uint32_t)number(&s);
        if (accept(&s, '/')) {
            function = node;
            node = (uint32_t)number(&s);
        }
        if (!s.ok || (*s.at && *s.at != '+')) {
            th_error(th_pass_ctx(pc), NULL, 3101,
                     "patch-split: '%s' in 'twice' is no list of nodes", text);
            th_help(th_pass_ctx(pc), 0, "write the numbers of nodes in the order of the function, "
                    "joined by '+'");
            return TH_ERR_USAGE;
        }
        if (!th_split_add_twice(out, th_pass_arena(pc), function, node))
            return TH_ERR_INTERNAL;
    } while (accept(&s, '+'));
    return TH_OK;
}

enum th_status th_split_parse(struct th_pass_ctx *pc, const char *groups, const char *twice,
                              struct th_split_list *out)
{
    *out = (struct th_split_list){0};
    if (twice && *twice)
        TH_TRY(parse_twice(pc, twice, out));
    return groups && *groups ? parse_groups(pc, groups, out) : TH_OK;
}

void th_split_print(const struct th_split_group *g, struct th_str *out)
{
    if (g->function)
        th_str_addf(out, "%u/", g->function);
    if (g->planes) {
        th_str_addf(out, "%u:planes", g->first);
        return;
    }
    th_str_addf(out, "%u-%u:", g->first, g->last);
    if (g->slices) {
        th_str_add(out, "slices");
        return;
    }
    if (g->mode == TH_TILE_STREAM) {
        th_str_addf(out, "stream:%lld", (long long)g->run);
        return;
    }
    th_str_add(out, "strips");
    if (g->run != 1)
        th_str_addf(out, ":%lld", (long long)g->run);
    for (uint32_t i = 0; i < g->n_stages; i++) {
        th_str_addf(out, ":%lld", (long long)g->stages[i].rows);
        if (g->stages[i].less)
            th_str_addf(out, "-%lld", (long long)g->stages[i].less);
        th_str_addf(out, "x%lld@%u", (long long)g->stages[i].cols, g->stages[i].last);
    }
}
