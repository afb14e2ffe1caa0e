/* SPDX-License-Identifier: Apache-2.0 */
#include <thimble/ir.h>

#include <string.h>

const struct th_attr *th_attr_find(const struct th_attrs *as, const char *name)
{
    for (uint32_t i = 0; as && i < as->n; i++)
        if (!strcmp(as->list[i].name, name))
            return &as->list[i];
    return NULL;
}

int64_t th_attr_int(const struct th_attrs *as, const char *name, int64_t fallback)
{
    const struct th_attr *a = th_attr_find(as, name);
    return a ? a->v.i : fallback;
}

double th_attr_float(const struct th_attrs *as, const char *name, double fallback)
{
    const struct th_attr *a = th_attr_find(as, name);
    return a ? a->v.f : fallback;
}

const char *th_attr_string(const struct th_attrs *as, const char *name, const char *fallback)
{
    const struct th_attr *a = th_attr_find(as, name);
    return a ? a->v.s : fallback;
}

int64_t th_attr_ints(const struct th_attrs *as, const char *name, uint32_t i, int64_t fallback)
{
    const struct th_attr *a = th_attr_find(as, name);
    return a && i < a->n ? a->v.ints[i] : fallback;
}

uint32_t th_attr_len(const struct th_attrs *as, const char *name)
{
    const struct th_attr *a = th_attr_find(as, name);
    return a ? a->n : 0;
}
