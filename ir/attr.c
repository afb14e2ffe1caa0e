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

static struct th_attr *append(struct th_attr_list *a, const char *name, enum th_attr_kind kind)
{
    struct th_attr *attr = &a->at[a->n < TH_ATTR_LIST_MAX ? a->n++ : TH_ATTR_LIST_MAX - 1];

    *attr = (struct th_attr){.name = name, .kind = kind};
    return attr;
}

void th_attr_list_int(struct th_attr_list *a, const char *name, int64_t v)
{
    append(a, name, TH_ATTR_INT)->v.i = v;
}

void th_attr_list_bool(struct th_attr_list *a, const char *name, bool v)
{
    append(a, name, TH_ATTR_BOOL)->v.i = v;
}

void th_attr_list_enum(struct th_attr_list *a, const char *name, int64_t v)
{
    append(a, name, TH_ATTR_ENUM)->v.i = v;
}

void th_attr_list_state(struct th_attr_list *a, const char *name, uint32_t v)
{
    append(a, name, TH_ATTR_STATE)->v.i = v;
}

void th_attr_list_float(struct th_attr_list *a, const char *name, double v)
{
    append(a, name, TH_ATTR_FLOAT)->v.f = v;
}

void th_attr_list_ints(struct th_attr_list *a, const char *name, const int64_t *v, size_t n)
{
    struct th_attr *attr = append(a, name, TH_ATTR_INTS);

    attr->n = (uint32_t)n;
    attr->v.ints = v;
}

void th_attr_list_floats(struct th_attr_list *a, const char *name, const double *v, size_t n)
{
    struct th_attr *attr = append(a, name, TH_ATTR_FLOATS);

    attr->n = (uint32_t)n;
    attr->v.floats = v;
}
