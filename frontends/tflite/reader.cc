/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From file bytes to the structs of reader.h. The only C++ file: flatbuffers' verifier exists in
 * C++ alone. No exceptions, no RTTI, nothing of the C++ library that would need linking.
 */

/* All bytes are verified before use, and a compiler must not abort on a bad model. */
#define FLATBUFFERS_ASSERT(condition) static_cast<void>(sizeof(condition))

#include "schema_generated.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "flatbuffers/minireflect.h"
#include "reader.h"

#if !FLATBUFFERS_LITTLEENDIAN
#error "the C view points into the file, whose byte order is little-endian"
#endif

namespace fb = flatbuffers;
namespace wire = tfl::wire;

namespace {

struct chunk {
    chunk *next;
    alignas(16) uint8_t bytes[1];
};

/* References to one table or vector can be many, so what the view takes has a budget, too. */
enum : size_t { VIEW_BYTES = 16 << 20, VIEW_BYTES_PER_BYTE = 16 };

void *grab(tfl_model *model, size_t count, size_t size) {
    if (size != 0 && count > (SIZE_MAX - sizeof(chunk)) / size)
        return nullptr;
    if (sizeof(chunk) + count * size > model->left) {
        model->too_large = true;
        return nullptr;
    }
    model->left -= sizeof(chunk) + count * size;
    chunk *c = static_cast<chunk *>(std::calloc(1, sizeof(chunk) + count * size));
    if (c == nullptr)
        return nullptr;
    c->next = static_cast<chunk *>(model->chunks);
    model->chunks = c;
    return c->bytes;
}

template <typename T> bool grab_array(tfl_model *model, size_t count, T **out) {
    *out = static_cast<T *>(grab(model, count, sizeof(T)));
    return *out != nullptr;
}

const char *text(const fb::String *s) {
    return s != nullptr ? s->c_str() : "";
}

template <typename T> size_t length(const fb::Vector<T> *v) {
    return v != nullptr ? v->size() : 0;
}

const int32_t *ints(const fb::Vector<int32_t> *v, size_t *count) {
    *count = length(v);
    return *count != 0 ? v->data() : nullptr;
}

size_t offset_in(const tfl_model *model, const void *p) {
    return static_cast<size_t>(static_cast<const uint8_t *>(p) - model->file);
}

bool inside(const tfl_model *model, uint64_t offset, uint64_t size) {
    return offset <= model->file_size && size <= model->file_size - offset;
}

/* ---- options */

enum union_no { FIRST_UNION, SECOND_UNION };

struct expected {
    uint8_t which;
    uint8_t type;
};

expected expected_options(int code) {
    switch (code) {
#define TFL_OPTIONS_1(op, table) \
    case wire::BuiltinOperator_##op: \
        return {FIRST_UNION, wire::BuiltinOptions_##table};
#define TFL_OPTIONS_2(op, table) \
    case wire::BuiltinOperator_##op: \
        return {SECOND_UNION, wire::BuiltinOptions2_##table};
#include "options.def"
#undef TFL_OPTIONS_1
#undef TFL_OPTIONS_2
    default:
        return {FIRST_UNION, 0};
    }
}

const fb::TypeTable *member_table(const fb::TypeTable *members, unsigned type) {
    if (type >= members->num_elems)
        return nullptr;
    const int ref = members->type_codes[type].sequence_ref;
    return ref >= 0 ? members->type_refs[ref]() : nullptr;
}

void find_options(const wire::Operator *from, tfl_op *op) {
    const unsigned t1 = from->builtin_options_type();
    const unsigned t2 = from->builtin_options_2_type();
    const expected want = expected_options(op->code);
    op->options_match = (t1 == 0 || (want.which == FIRST_UNION && t1 == want.type)) &&
                        (t2 == 0 || (want.which == SECOND_UNION && t2 == want.type));
    if (t1 != 0) {
        op->options_name = wire::EnumNameBuiltinOptions(from->builtin_options_type());
        op->options = from->builtin_options();
        op->options_type = member_table(wire::BuiltinOptionsTypeTable(), t1);
    } else if (t2 != 0) {
        op->options_name = wire::EnumNameBuiltinOptions2(from->builtin_options_2_type());
        op->options = from->builtin_options_2();
        op->options_type = member_table(wire::BuiltinOptions2TypeTable(), t2);
    }
}

struct field {
    const fb::Table *table;
    fb::voffset_t slot;
    fb::ElementaryType type;
    bool repeating;
};

field field_at(const tfl_op *op, size_t i) {
    const fb::TypeTable *types = static_cast<const fb::TypeTable *>(op->options_type);
    return {static_cast<const fb::Table *>(op->options), fb::FieldIndexToOffset(
            static_cast<fb::voffset_t>(i)),
            static_cast<fb::ElementaryType>(types->type_codes[i].base_type),
            types->type_codes[i].is_repeating != 0};
}

bool has_options(const tfl_op *op) {
    return op->options != nullptr && op->options_type != nullptr;
}

bool find_field(const tfl_op *op, const char *name, field *out) {
    if (!has_options(op))
        return false;
    const fb::TypeTable *types = static_cast<const fb::TypeTable *>(op->options_type);
    for (size_t i = 0; i < types->num_elems; i++) {
        if (std::strcmp(types->names[i], name) == 0) {
            *out = field_at(op, i);
            return true;
        }
    }
    return false;
}

int64_t scalar(const field &f, int64_t absent) {
    switch (f.type) {
    case fb::ET_BOOL:
    case fb::ET_UCHAR:
        return f.table->GetField<uint8_t>(f.slot, static_cast<uint8_t>(absent));
    case fb::ET_CHAR:
        return f.table->GetField<int8_t>(f.slot, static_cast<int8_t>(absent));
    case fb::ET_INT:
        return f.table->GetField<int32_t>(f.slot, static_cast<int32_t>(absent));
    case fb::ET_UINT:
        return f.table->GetField<uint32_t>(f.slot, static_cast<uint32_t>(absent));
    case fb::ET_LONG:
        return f.table->GetField<int64_t>(f.slot, absent);
    default:
        return absent;
    }
}

template <typename T>
const T *vector_field(const tfl_op *op, const char *name, fb::ElementaryType type, size_t *count) {
    field f;
    *count = 0;
    if (!find_field(op, name, &f) || !f.repeating || f.type != type)
        return nullptr;
    const fb::Vector<T> *v = f.table->GetPointer<const fb::Vector<T> *>(f.slot);
    *count = length(v);
    return *count != 0 ? v->data() : nullptr;
}

/* ---- building the view */

/* Data inside the flatbuffer, or behind it where the file is too big for 32-bit offsets. */
bool find_data(const tfl_model *model, const wire::Buffer *buffer, tfl_tensor *t) {
    if (buffer->offset() > 1) {
        if (!inside(model, buffer->offset(), buffer->size()))
            return false;
        t->data = model->file + buffer->offset();
        t->size = static_cast<size_t>(buffer->size());
    } else if (length(buffer->data()) != 0) {
        t->data = buffer->data()->data();
        t->size = buffer->data()->size();
    }
    return true;
}

bool build_quant(tfl_model *model, const wire::QuantizationParameters *q, tfl_quant *out,
                 const char **wrong) {
    if (q == nullptr)
        return true;
    const size_t scales = length(q->scale()), zeros = length(q->zero_point());
    if (length(q->min()) != length(q->max())) {
        *wrong = "quantization has a minimum without a maximum";
    } else if (length(q->min()) != 0) {
        out->nrange = q->min()->size();
        out->min = q->min()->data();
        out->max = q->max()->data();
    }
    if (q->details_type() != wire::QuantizationDetails_NONE) {
        out->details = wire::EnumNameQuantizationDetails(q->details_type());
        out->details_table = q->details();
    }
    if (scales == 0)
        return true;
    if (zeros > 1 && zeros != scales) {
        *wrong = "quantization has different numbers of scales and zero points";
        return true;
    }
    int64_t *zero_point;
    if (!grab_array(model, scales, &zero_point))
        return false;
    /* The verifier does not look at the alignment of vectors of 8-byte numbers. */
    for (size_t i = 0; i < scales && zeros != 0; i++)
        std::memcpy(&zero_point[i], q->zero_point()->Data() + (zeros == 1 ? 0 : i) * 8, 8);
    out->count = scales;
    out->scale = q->scale()->data();
    out->zero_point = zero_point;
    out->axis = q->quantized_dimension();
    return true;
}

bool build_tensor(tfl_model *model, const wire::Model *root, const wire::Tensor *from,
                  tfl_tensor *t, tfl_place place, tfl_sink *sink) {
    size_t nsignature;
    const int32_t *signature = ints(from->shape_signature(), &nsignature);
    t->name = text(from->name());
    t->type = from->type();
    t->dims = ints(from->shape(), &t->rank);
    t->buffer = from->buffer();
    t->external_buffer = from->external_buffer();
    t->variable = from->is_variable();
    t->sparse = from->sparsity() != nullptr;
    t->offset = offset_in(model, from);
    place.name = t->name;
    place.offset = t->offset;
    if (nsignature == t->rank)
        t->signature = signature;
    else if (nsignature != 0)
        tfl_problem(sink, &place, "shape has %zu dimensions, its signature %zu", t->rank,
                    nsignature);
    if (t->buffer >= model->nbuffers)
        tfl_problem(sink, &place, "buffer %u does not exist, the file has %zu", t->buffer,
                    model->nbuffers);
    else if (!find_data(model, root->buffers()->Get(t->buffer), t))
        tfl_problem(sink, &place, "buffer %u lies outside the file of %zu bytes", t->buffer,
                    model->file_size);
    const char *wrong = nullptr;
    if (!build_quant(model, from->quantization(), &t->quant, &wrong))
        return false;
    /* A bias may name the axis of its weights; a vector has no other axis than its own. */
    if (t->rank == 1)
        t->quant.axis = 0;
    if (wrong != nullptr)
        tfl_problem(sink, &place, "%s", wrong);
    return true;
}

bool name_op(tfl_model *model, const wire::OperatorCode *code, tfl_op *op) {
    op->version = code->version();
    op->code = code->builtin_code();
    if (op->code < code->deprecated_builtin_code())
        op->code = code->deprecated_builtin_code();
    if (op->code == wire::BuiltinOperator_CUSTOM) {
        op->name = text(code->custom_code());
        return true;
    }
    op->name = wire::EnumNameBuiltinOperator(static_cast<wire::BuiltinOperator>(op->code));
    if (op->name[0] != '\0')
        return true;
    char *name;
    if (!grab_array(model, 32, &name))
        return false;
    std::snprintf(name, 32, "BUILTIN_%d", op->code);
    op->name = name;
    return true;
}

bool build_op(tfl_model *model, const wire::Model *root, const wire::Operator *from, tfl_op *op,
              tfl_place place, tfl_sink *sink) {
    op->offset = offset_in(model, from);
    op->code = -1;
    op->name = "";
    place.offset = op->offset;
    const size_t ncodes = length(root->operator_codes());
    if (from->opcode_index() >= ncodes)
        tfl_problem(sink, &place, "operator code %u does not exist, the file has %zu",
                    from->opcode_index(), ncodes);
    else if (!name_op(model, root->operator_codes()->Get(from->opcode_index()), op))
        return false;
    place.name = op->name;
    op->inputs = ints(from->inputs(), &op->ninputs);
    op->outputs = ints(from->outputs(), &op->noutputs);
    op->intermediates = ints(from->intermediates(), &op->nintermediates);
    find_options(from, op);
    if (from->large_custom_options_offset() > 1) {
        if (inside(model, from->large_custom_options_offset(),
                   from->large_custom_options_size())) {
            op->custom_options = model->file + from->large_custom_options_offset();
            op->custom_size = static_cast<size_t>(from->large_custom_options_size());
        } else {
            tfl_problem(sink, &place, "custom options lie outside the file");
        }
    } else if (length(from->custom_options()) != 0) {
        op->custom_options = from->custom_options()->data();
        op->custom_size = from->custom_options()->size();
    }
    return true;
}

bool build_subgraph(tfl_model *model, const wire::Model *root, size_t index, tfl_sink *sink) {
    const wire::SubGraph *from = root->subgraphs()->Get(static_cast<fb::uoffset_t>(index));
    tfl_subgraph *sg = &model->subgraphs[index];
    sg->name = text(from->name());
    sg->inputs = ints(from->inputs(), &sg->ninputs);
    sg->outputs = ints(from->outputs(), &sg->noutputs);
    const size_t ntensors = length(from->tensors()), nops = length(from->operators());
    if (!grab_array(model, ntensors, &sg->tensors) || !grab_array(model, nops, &sg->ops))
        return false;
    sg->ntensors = ntensors;
    sg->nops = nops;
    tfl_place place = {static_cast<int32_t>(index), -1, -1, "", 0};
    for (size_t i = 0; i < ntensors; i++) {
        place.tensor = static_cast<int32_t>(i);
        if (!build_tensor(model, root, from->tensors()->Get(static_cast<fb::uoffset_t>(i)),
                          &sg->tensors[i], place, sink))
            return false;
    }
    place.tensor = -1;
    for (size_t i = 0; i < nops; i++) {
        place.op = static_cast<int32_t>(i);
        if (!build_op(model, root, from->operators()->Get(static_cast<fb::uoffset_t>(i)),
                      &sg->ops[i], place, sink))
            return false;
    }
    return true;
}

bool build_ports(tfl_model *model, const fb::Vector<fb::Offset<wire::TensorMap>> *from,
                 tfl_port **ports, size_t *count) {
    if (!grab_array(model, length(from), ports))
        return false;
    *count = length(from);
    for (size_t i = 0; i < *count; i++) {
        const wire::TensorMap *map = from->Get(static_cast<fb::uoffset_t>(i));
        (*ports)[i].name = text(map->name());
        (*ports)[i].tensor = map->tensor_index();
    }
    return true;
}

bool build_signatures(tfl_model *model, const wire::Model *root) {
    if (!grab_array(model, length(root->signature_defs()), &model->signatures))
        return false;
    model->nsignatures = length(root->signature_defs());
    for (size_t i = 0; i < model->nsignatures; i++) {
        const wire::SignatureDef *from =
            root->signature_defs()->Get(static_cast<fb::uoffset_t>(i));
        tfl_signature *s = &model->signatures[i];
        s->key = text(from->signature_key());
        s->subgraph = from->subgraph_index();
        if (!build_ports(model, from->inputs(), &s->inputs, &s->ninputs) ||
            !build_ports(model, from->outputs(), &s->outputs, &s->noutputs))
            return false;
    }
    return true;
}

bool build(tfl_model *model, const wire::Model *root, tfl_sink *sink) {
    model->version = root->version();
    model->description = text(root->description());
    model->nbuffers = length(root->buffers());
    const size_t n = length(root->subgraphs());
    if (!grab_array(model, n, &model->subgraphs))
        return false;
    model->nsubgraphs = n;
    for (size_t i = 0; i < n; i++) {
        if (!build_subgraph(model, root, i, sink))
            return false;
    }
    return build_signatures(model, root);
}

bool verify(const uint8_t *file, size_t size, tfl_sink *sink) {
    const tfl_place nowhere = {-1, -1, -1, "", 0};
    /* Offsets have 32 bits: whatever lies beyond 2 GB is buffer data that is checked by itself. */
    const size_t limit = static_cast<size_t>(FLATBUFFERS_MAX_BUFFER_SIZE) - 1;
    const size_t head = size < limit ? size : limit;
    if (size < 8 || !wire::ModelBufferHasIdentifier(file)) {
        tfl_problem(sink, &nowhere, "not a TFLite model: no file identifier 'TFL3'");
        return false;
    }
    /* A table takes 4 bytes and a reference 4 more, so only a file that refers to the same table
       many times, which would multiply our memory, can exceed this count. */
    fb::Verifier::Options options;
    options.max_tables = static_cast<fb::uoffset_t>(head / 8 + 16);
    fb::Verifier verifier(file, head, options);
    if (!wire::VerifyModelBuffer(verifier)) {
        tfl_problem(sink, &nowhere, "damaged file: an offset or length leaves its %zu bytes", size);
        return false;
    }
    return true;
}

}  // namespace

/* ---- interface */

struct tfl_model *tfl_open(const uint8_t *file, size_t size, tfl_report_fn *report, void *user) {
    const tfl_place nowhere = {-1, -1, -1, "", 0};
    tfl_sink sink = {report, user, 0};
    if (!verify(file, size, &sink))
        return nullptr;
    tfl_model *model = static_cast<tfl_model *>(std::calloc(1, sizeof(*model)));
    if (model != nullptr) {
        model->file = file;
        model->file_size = size;
        model->left = VIEW_BYTES + size * VIEW_BYTES_PER_BYTE;
    }
    if (model == nullptr || !build(model, wire::GetModel(file), &sink))
        tfl_problem(&sink, &nowhere, model != nullptr && model->too_large
                    ? "its tables share so much that they take more than %zu times its size"
                    : "out of memory", static_cast<size_t>(VIEW_BYTES_PER_BYTE));
    else
        tfl_check(model, &sink);
    if (sink.count == 0)
        return model;
    tfl_close(model);
    return nullptr;
}

void tfl_close(struct tfl_model *model) {
    if (model == nullptr)
        return;
    for (chunk *c = static_cast<chunk *>(model->chunks), *next; c != nullptr; c = next) {
        next = c->next;
        std::free(c);
    }
    std::free(model);
}

void tfl_problem(struct tfl_sink *sink, const struct tfl_place *place, const char *format, ...) {
    if (sink->count++ >= TFL_MAX_PROBLEMS)
        return;
    char line[256];
    va_list args;
    va_start(args, format);
    std::vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    sink->report(sink->user, place, line);
}

int64_t tfl_option_int(const struct tfl_op *op, const char *name, int64_t absent) {
    field f;
    return find_field(op, name, &f) && !f.repeating ? scalar(f, absent) : absent;
}

float tfl_option_float(const struct tfl_op *op, const char *name, float absent) {
    field f;
    if (!find_field(op, name, &f) || f.repeating || f.type != fb::ET_FLOAT)
        return absent;
    return f.table->GetField<float>(f.slot, absent);
}

const char *tfl_option_string(const struct tfl_op *op, const char *name) {
    field f;
    if (!find_field(op, name, &f) || f.repeating || f.type != fb::ET_STRING)
        return "";
    return text(f.table->GetPointer<const fb::String *>(f.slot));
}

const int32_t *tfl_option_ints(const struct tfl_op *op, const char *name, size_t *count) {
    return vector_field<int32_t>(op, name, fb::ET_INT, count);
}

const float *tfl_option_floats(const struct tfl_op *op, const char *name, size_t *count) {
    return vector_field<float>(op, name, fb::ET_FLOAT, count);
}

bool tfl_option_subgraph(const struct tfl_op *op, size_t i, int64_t *index) {
    if (!has_options(op))
        return false;
    const fb::TypeTable *types = static_cast<const fb::TypeTable *>(op->options_type);
    for (size_t k = 0; k < types->num_elems; k++) {
        if (std::strstr(types->names[k], "subgraph") == nullptr &&
            std::strcmp(types->names[k], "called_computations") != 0)
            continue;
        const field f = field_at(op, k);
        if (!f.repeating) {
            if (i-- == 0) {
                *index = scalar(f, 0);
                return true;
            }
            continue;
        }
        const fb::Vector<int32_t> *v = f.table->GetPointer<const fb::Vector<int32_t> *>(f.slot);
        if (i < length(v)) {
            *index = v->Get(static_cast<fb::uoffset_t>(i));
            return true;
        }
        i -= length(v);
    }
    return false;
}

const char *tfl_type_name(int type) {
    return wire::EnumNameTensorType(static_cast<wire::TensorType>(type));
}
