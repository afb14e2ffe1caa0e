/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to messages. protobuf-c has neither a limit of depth nor one of memory, so the wire
 * format is walked first, and unpacking gets an allocator with a budget.
 */
#ifndef ONX_WIRE_H
#define ONX_WIRE_H

#include <thimble/ir.h>

#include "onnx.pb-c.h"

/* Limits of a file. Honest ones stay far below: a graph inside of a graph is three messages deep,
 * an unpacked message is at most about 300 bytes for two of the file, and most bytes of a file are
 * weights, which unpack to themselves. */
enum {
    ONX_MAX_DEPTH = 64,
    ONX_BUDGET_BYTES = 16 << 20,
    ONX_BUDGET_PER_BYTE = 16
};

/* Unpacked file with a count of references: constants are parts of it. */
struct onx_file;

/* What the pre-scan found wrong. */
struct onx_damage {
    size_t offset;
    char text[160];
};
/* Checks that the bytes are one message of the type: nesting, lengths, wire types, fields that
 * occur once. False with *damage filled. */
bool onx_scan(const ProtobufCMessageDescriptor *type, const unsigned char *bytes, size_t len,
              struct onx_damage *damage);

/* Scans and unpacks a model. NULL with *damage filled. */
struct onx_file *onx_file_open(const unsigned char *bytes, size_t len, struct onx_damage *damage);
const Onnx__ModelProto *onx_file_model(const struct onx_file *f);
void onx_file_unref(struct onx_file *f);
/* A range of the unpacked file as a blob that keeps the file alive. */
struct th_blob *onx_file_blob(struct onx_file *f, const void *data, size_t bytes);

#endif
