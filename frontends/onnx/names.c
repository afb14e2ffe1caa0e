/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <string.h>

struct onx_name {
    const char *name;
    void *value;
};

/* FNV-1a. */
static uint64_t hash(const char *s)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return h;
}

static struct onx_name *find(struct onx_name *slots, size_t cap, const char *name)
{
    size_t i = (size_t)hash(name) & (cap - 1);

    while (slots[i].name != NULL && strcmp(slots[i].name, name) != 0)
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

void onx_names_init(struct onx_names *m, struct th_arena *arena)
{
    *m = (struct onx_names){.arena = arena};
}

void *onx_names_get(const struct onx_names *m, const char *name)
{
    return m->cap != 0 ? find(m->slots, m->cap, name)->value : NULL;
}

static bool grow(struct onx_names *m)
{
    size_t cap = m->cap != 0 ? m->cap * 2 : 8;
    struct onx_name *slots = TH_NEW_ARRAY(m->arena, struct onx_name, cap);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].name != NULL)
            *find(slots, cap, m->slots[i].name) = m->slots[i];
    m->slots = slots;
    m->cap = cap;
    return true;
}

bool onx_names_set(struct onx_names *m, const char *name, void *value)
{
    struct onx_name *slot;

    if (m->n * 2 >= m->cap && !grow(m))
        return false;
    slot = find(m->slots, m->cap, name);
    m->n += slot->name == NULL;
    *slot = (struct onx_name){name, value};
    return true;
}

void *onx_names_at(const struct onx_names *m, size_t i)
{
    return m->slots[i].name != NULL ? m->slots[i].value : NULL;
}
