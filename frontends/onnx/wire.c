/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-scan of the wire format, and unpacking on a budget. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the pre-scan ---------------------------------------------------------------------------- */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct scan {
    const unsigned char *bytes;
    struct onx_damage *damage;
};

static bool damaged(struct scan *s, size_t at, const char *what)
{
    s->damage->offset = at;
    snprintf(s->damage->text, sizeof s->damage->text, "%s", what);
    return false;
}

static bool varint(struct scan *s, size_t *at, size_t end, uint64_t *v)
{
    size_t start = *at;

    *v = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        unsigned char b = s->bytes[(*at)++];
        if (shift < 64)
            *v |= (uint64_t)(b & 127) << shift;
        if (b < 128)
            return true;
    }
    return damaged(s, start, *at == end ? "a number runs beyond the end of its message"
                                        : "a number has more than ten bytes");
}

static bool packable(ProtobufCType type)
{
    return type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES &&
           type != PROTOBUF_C_TYPE_MESSAGE;
}

static unsigned wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return WIRE_32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    default:
        return WIRE_VARINT;
    }
}

/* A run of numbers without tags between them. */
static bool scan_packed(struct scan *s, ProtobufCType type, size_t at, size_t end)
{
    unsigned wire = wire_of(type);
    uint64_t v;

    if (wire == WIRE_32 || wire == WIRE_64)
        return (end - at) % (wire == WIRE_32 ? 4 : 8) == 0 ||
               damaged(s, at, "a list of numbers has a length that is no multiple of theirs");
    while (at < end)
        if (!varint(s, &at, end, &v))
            return false;
    return true;
}

/* Moves *at beyond one value; *body is where a value with a length begins. */
static bool skip_value(struct scan *s, unsigned wire, size_t *at, size_t end, size_t *body)
{
    uint64_t v;
    size_t start = *at;

    switch (wire) {
    case WIRE_VARINT:
        return varint(s, at, end, &v);
    case WIRE_64:
    case WIRE_32:
        v = wire == WIRE_64 ? 8 : 4;
        break;
    case WIRE_BYTES:
        if (!varint(s, at, end, &v))
            return false;
        break;
    default:
        return damaged(s, start, "a field has a wire type that the format does not use");
    }
    *body = *at;
    if (v > end - *at)
        return damaged(s, start, "a field is longer than its message");
    *at += (size_t)v;
    return true;
}

static bool scan_message(struct scan *s, const ProtobufCMessageDescriptor *type, size_t at,
                         size_t end, unsigned depth)
{
    uint64_t seen = 0;

    if (depth > ONX_MAX_DEPTH)
        return damaged(s, at, "messages are nested too deeply");
    while (at < end) {
        size_t start = at, body = 0;
        uint64_t tag;
        if (!varint(s, &at, end, &tag))
            return false;
        if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
            return damaged(s, start, "a field has an impossible number");
        unsigned wire = tag & 7;
        if (!skip_value(s, wire, &at, end, &body))
            return false;
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
        if (f == NULL)
            continue;
        bool list = f->label == PROTOBUF_C_LABEL_REPEATED;
        bool packed = list && wire == WIRE_BYTES && packable(f->type);
        if (wire != wire_of(f->type) && !packed)
            return damaged(s, start, "a field has the wire type of another kind of value");
        if (packed && !scan_packed(s, f->type, body, at))
            return false;
        if (f->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        /* Parts of one message in several places are legal, written by nobody, and merged by
         * code that is hardly ever run. */
        unsigned index = (unsigned)(f - type->fields);
        if (!list && index < 64 && seen >> index & 1)
            return damaged(s, start, "a field occurs twice that can occur once only");
        seen |= list || index >= 64 ? 0 : UINT64_C(1) << index;
        if (!scan_message(s, f->descriptor, body, at, depth + 1))
            return false;
    }
    return true;
}

bool onx_scan(const ProtobufCMessageDescriptor *type, const unsigned char *bytes, size_t len,
              struct onx_damage *damage)
{
    struct scan s = {bytes, damage};

    return scan_message(&s, type, 0, len, 1);
}

/* ---- unpacking ------------------------------------------------------------------------------- */

/* The size of a piece stands before it, so that freeing gives back to the budget. */
union head {
    size_t bytes;
    max_align_t align;
};

struct onx_file {
    ProtobufCAllocator allocator;
    size_t left;
    size_t references;
    Onnx__ModelProto *model;
};

static void *take(void *user, size_t bytes)
{
    struct onx_file *f = user;
    size_t whole;
    union head *h;

    if (!th_add_size(bytes, sizeof *h, &whole) || whole > f->left)
        return NULL;
    h = malloc(whole);
    if (h == NULL)
        return NULL;
    h->bytes = whole;
    f->left -= whole;
    return h + 1;
}

static void give_back(void *user, void *p)
{
    struct onx_file *f = user;
    union head *h = p;

    if (p == NULL)
        return;
    h--;
    f->left += h->bytes;
    free(h);
}

struct onx_file *onx_file_open(const unsigned char *bytes, size_t len, struct onx_damage *damage)
{
    struct onx_file *f;

    if (!onx_scan(&onnx__model_proto__descriptor, bytes, len, damage))
        return NULL;
    damage->offset = 0;
    f = calloc(1, sizeof *f);
    if (f == NULL || len > (SIZE_MAX - ONX_BUDGET_BYTES) / ONX_BUDGET_PER_BYTE) {
        snprintf(damage->text, sizeof damage->text, "out of memory");
        free(f);
        return NULL;
    }
    f->left = ONX_BUDGET_BYTES + len * ONX_BUDGET_PER_BYTE;
    f->references = 1;
    f->allocator = (ProtobufCAllocator){take, give_back, f};
    f->model = onnx__model_proto__unpack(&f->allocator, len, bytes);
    if (f->model == NULL) {
        snprintf(damage->text, sizeof damage->text,
                 "the messages of this file do not unpack within %d times its size",
                 (int)ONX_BUDGET_PER_BYTE);
        free(f);
        return NULL;
    }
    return f;
}

const Onnx__ModelProto *onx_file_model(const struct onx_file *f)
{
    return f->model;
}

void onx_file_unref(struct onx_file *f)
{
    if (f == NULL || --f->references != 0)
        return;
    onnx__model_proto__free_unpacked(f->model, &f->allocator);
    free(f);
}

static void release(void *user)
{
    onx_file_unref(user);
}

struct th_blob *onx_file_blob(struct onx_file *f, const void *data, size_t bytes)
{
    struct th_blob *b = th_blob_wrap(data, bytes, release, f);

    if (b != NULL)
        f->references++;
    return b;
}
