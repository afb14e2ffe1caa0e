/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership of the bytes of a region, as a sorted list of intervals. */
#include "passes/check_plan.h"

#include <string.h>

static bool reserve(struct th_ownership *m, struct th_arena *a, uint32_t n)
{
    if (n <= m->cap)
        return true;
    uint32_t cap = n * 2 + 16;
    struct th_owned *list = TH_NEW_ARRAY(a, struct th_owned, cap);
    if (!list)
        return false;
    if (m->n)
        memcpy(list, m->list, m->n * sizeof *list);
    m->list = list;
    m->cap = cap;
    return true;
}

bool th_ownership_init(struct th_ownership *m, struct th_arena *a, int64_t bytes)
{
    *m = (struct th_ownership){NULL, 0, 0};
    if (!reserve(m, a, 1))
        return false;
    if (bytes > 0)
        m->list[m->n++] = (struct th_owned){0, bytes, 0};
    return true;
}

/* Index of the interval that holds byte `at`. */
static uint32_t find(const struct th_ownership *m, int64_t at)
{
    uint32_t lo = 0, hi = m->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (m->list[mid].hi <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool th_ownership_take(struct th_ownership *m, struct th_arena *a, int64_t lo, int64_t hi,
                       uint32_t owner)
{
    if (hi <= lo)
        return true;
    if (!reserve(m, a, m->n + 2))
        return false;
    uint32_t first = find(m, lo), last = find(m, hi - 1), n = 0;
    struct th_owned parts[3];
    if (m->list[first].lo < lo)
        parts[n++] = (struct th_owned){m->list[first].lo, lo, m->list[first].owner};
    parts[n++] = (struct th_owned){lo, hi, owner};
    if (m->list[last].hi > hi)
        parts[n++] = (struct th_owned){hi, m->list[last].hi, m->list[last].owner};
    memmove(m->list + first + n, m->list + last + 1, (m->n - last - 1) * sizeof *m->list);
    memcpy(m->list + first, parts, n * sizeof *parts);
    m->n = m->n - (last - first + 1) + n;
    return true;
}

bool th_ownership_holds(const struct th_ownership *m, int64_t lo, int64_t hi, uint32_t owner,
                        uint32_t *thief, int64_t *at)
{
    if (hi <= lo)
        return true;
    for (uint32_t i = find(m, lo); i < m->n && m->list[i].lo < hi; i++)
        if (m->list[i].owner != owner) {
            *thief = m->list[i].owner;
            *at = m->list[i].lo > lo ? m->list[i].lo : lo;
            return false;
        }
    return true;
}

bool th_ownership_copy(struct th_ownership *to, struct th_arena *a, const struct th_ownership *m)
{
    *to = (struct th_ownership){NULL, 0, 0};
    if (!reserve(to, a, m->n + 1))
        return false;
    memcpy(to->list, m->list, m->n * sizeof *m->list);
    to->n = m->n;
    return true;
}

bool th_ownership_meet(struct th_ownership *to, struct th_arena *a, const struct th_ownership *m)
{
    struct th_ownership old;
    if (!th_ownership_copy(&old, a, to))
        return false;
    for (uint32_t i = 0, k = 0; i < old.n && k < m->n;) {
        int64_t lo = old.list[i].lo > m->list[k].lo ? old.list[i].lo : m->list[k].lo;
        int64_t hi = old.list[i].hi < m->list[k].hi ? old.list[i].hi : m->list[k].hi;
        if (old.list[i].owner != m->list[k].owner && !th_ownership_take(to, a, lo, hi, 0))
            return false;
        i += old.list[i].hi == hi;
        k += m->list[k].hi == hi;
    }
    return true;
}
