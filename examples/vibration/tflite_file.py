# SPDX-License-Identifier: Apache-2.0
"""Read and write the part of a TFLite flatbuffer that one-subgraph networks need.

A model is plain data: tensors, ops in execution order, input and output tensor numbers. The
writer builds the flatbuffer back to front (children before parents), so every offset is known
when it is written. Positions are therefore counted from the end of the file.
"""
import struct
from dataclasses import dataclass, field

import numpy as np

DTYPES = {0: 'float32', 2: 'int32', 9: 'int8'}
PADDING = ['same', 'valid']
ACTIVATION = ['none', 'relu', 'relu_n1_to_1', 'relu6']

# Option tables: (name, field number, struct format, value that the schema gives an absent field).
# The record is (operator code, operator version for int8, union member, options).
_CONV = [('padding', 0, 'b', 0), ('stride_w', 1, 'i', 0), ('stride_h', 2, 'i', 0),
         ('activation', 3, 'b', 0), ('dilation_w', 4, 'i', 1), ('dilation_h', 5, 'i', 1)]
_DEPTHWISE = [('padding', 0, 'b', 0), ('stride_w', 1, 'i', 0), ('stride_h', 2, 'i', 0),
              ('multiplier', 3, 'i', 0), ('activation', 4, 'b', 0), ('dilation_w', 5, 'i', 1),
              ('dilation_h', 6, 'i', 1)]
_POOL = [('padding', 0, 'b', 0), ('stride_w', 1, 'i', 0), ('stride_h', 2, 'i', 0),
         ('filter_w', 3, 'i', 0), ('filter_h', 4, 'i', 0), ('activation', 5, 'b', 0)]
OPS = {
    'ADD': (0, 2, 11, [('activation', 0, 'b', 0)]),
    'AVERAGE_POOL_2D': (1, 2, 5, _POOL),
    'CONV_2D': (3, 3, 1, _CONV),
    'DEPTHWISE_CONV_2D': (4, 3, 2, _DEPTHWISE),
    'FULLY_CONNECTED': (9, 4, 8, [('activation', 0, 'b', 0)]),
    'RESHAPE': (22, 1, 17, []),
    'SOFTMAX': (25, 2, 9, [('beta', 0, 'f', 0.0)]),
    'MEAN': (40, 2, 27, [('keep_dims', 0, '?', False)]),
}
FILE_ID = b'TFL3'
SCHEMA_VERSION = 3


@dataclass
class Tensor:
    name: str
    shape: tuple
    dtype: str
    data: np.ndarray = None
    scale: np.ndarray = None          # float32, one entry or one per index of `axis`
    zero_point: np.ndarray = None
    axis: int = 0


@dataclass
class Op:
    kind: str
    inputs: list
    outputs: list
    options: dict = field(default_factory=dict)


@dataclass
class Model:
    tensors: list
    ops: list
    inputs: list
    outputs: list
    description: str = ''


# ---- writer ------------------------------------------------------------------------------------

class Builder:
    def __init__(self):
        self.parts = []
        self.size = 0

    def put(self, data):
        self.parts.append(bytes(data))
        self.size += len(data)

    def align(self, unit, upcoming):
        """Pad so that the position after `upcoming` more bytes is a multiple of `unit`."""
        self.put(bytes(-(self.size + upcoming) % unit))

    def vector(self, data, count, unit):
        self.align(max(unit, 4), len(data))
        self.put(data)
        self.put(struct.pack('<I', count))
        return self.size

    def numbers(self, values, fmt):
        data = struct.pack('<%d%s' % (len(values), fmt), *values)
        return self.vector(data, len(values), struct.calcsize('<' + fmt))

    def string(self, text):
        data = text.encode()
        pad = -(len(data) + 1) % 4
        return self.vector(data + bytes(1 + pad), len(data), 4)

    def tables(self, positions):
        self.align(4, 0)
        end = self.size
        refs = []
        for i, target in enumerate(positions):
            here = end + 4 * (len(positions) - i)
            refs.append(here - target)
        return self.vector(struct.pack('<%dI' % len(refs), *refs), len(refs), 4)

    def table(self, fields):
        """fields: (number, format, value); format 'ref' points to something already written."""
        width = {number: 4 if fmt == 'ref' else struct.calcsize('<' + fmt)
                 for number, fmt, _ in fields}
        at, length = {}, 4
        for number, _, _ in sorted(fields, key=lambda f: (-width[f[0]], f[0])):
            at[number] = length
            length += width[number]
        length += -length % 4
        self.align(4, 0)
        position = self.size + length
        body = bytearray(length)
        for number, fmt, value in fields:
            if fmt == 'ref':
                fmt, value = 'I', position - at[number] - value
            struct.pack_into('<' + fmt, body, at[number], value)
        slots = [at.get(i, 0) for i in range(1 + max(at, default=-1))]
        vtable = struct.pack('<%dH' % (2 + len(slots)), 4 + 2 * len(slots), length, *slots)
        struct.pack_into('<i', body, 0, len(vtable))
        self.put(body)
        self.put(vtable)
        return position

    def finish(self, root):
        self.align(16, 8)
        self.put(FILE_ID)
        self.put(struct.pack('<I', self.size + 4 - root))
        return b''.join(reversed(self.parts))


def _put_quant(b, t):
    if t.scale is None:
        return None
    scale = b.numbers([float(s) for s in t.scale], 'f')
    zero = b.numbers([int(z) for z in t.zero_point], 'q')
    fields = [(2, 'ref', scale), (3, 'ref', zero)]
    if len(t.scale) > 1:
        fields.append((6, 'i', t.axis))
    return b.table(fields)


def _put_tensor(b, t, buffer):
    code = next(k for k, v in DTYPES.items() if v == t.dtype)
    fields = [(0, 'ref', b.numbers(t.shape, 'i')), (1, 'b', code), (2, 'I', buffer),
              (3, 'ref', b.string(t.name))]
    quant = _put_quant(b, t)
    if quant is not None:
        fields.append((4, 'ref', quant))
    return b.table(fields)


def _put_op(b, op, code_index):
    _, _, member, known = OPS[op.kind]
    options = []
    for name, number, fmt, default in known:
        value = op.options.get(name, default)
        if name == 'padding' and isinstance(value, str):
            value = PADDING.index(value)
        if name == 'activation' and isinstance(value, str):
            value = ACTIVATION.index(value)
        options.append((number, fmt, value))
    table = b.table(options)
    return b.table([(0, 'I', code_index), (1, 'ref', b.numbers(op.inputs, 'i')),
                    (2, 'ref', b.numbers(op.outputs, 'i')), (3, 'B', member), (4, 'ref', table)])


def serialize(model):
    b = Builder()
    constants = [t for t in model.tensors if t.data is not None]
    buffers = [b.table([])]                       # buffer 0 is empty by convention
    number = {}
    for t in constants:
        raw = np.ascontiguousarray(t.data).astype(np.dtype(t.dtype).newbyteorder('<')).tobytes()
        number[id(t)] = len(buffers)
        buffers.append(b.table([(0, 'ref', b.vector(raw, len(raw), 16))]))
    buffers = b.tables(buffers)

    tensors = b.tables([_put_tensor(b, t, number.get(id(t), 0)) for t in model.tensors])
    kinds = sorted({op.kind for op in model.ops})
    ops = b.tables([_put_op(b, op, kinds.index(op.kind)) for op in model.ops])
    subgraph = b.table([(0, 'ref', tensors), (1, 'ref', b.numbers(model.inputs, 'i')),
                        (2, 'ref', b.numbers(model.outputs, 'i')), (3, 'ref', ops),
                        (4, 'ref', b.string('main'))])
    int8 = any(t.dtype == 'int8' for t in model.tensors)
    codes = b.tables([b.table([(0, 'b', OPS[k][0]), (2, 'i', OPS[k][1] if int8 else 1),
                               (3, 'i', OPS[k][0])]) for k in kinds])
    root = b.table([(0, 'I', SCHEMA_VERSION), (1, 'ref', codes), (2, 'ref', b.tables([subgraph])),
                    (3, 'ref', b.string(model.description)), (4, 'ref', buffers)])
    return b.finish(root)


def write(model, path):
    with open(path, 'wb') as f:
        f.write(serialize(model))


# ---- reader ------------------------------------------------------------------------------------

class _Table:
    def __init__(self, data, position):
        self.data, self.position = data, position
        self.vtable = position - struct.unpack_from('<i', data, position)[0]
        self.size = struct.unpack_from('<H', data, self.vtable)[0]

    def _field(self, number):
        slot = 4 + 2 * number
        if slot >= self.size:
            return 0
        offset = struct.unpack_from('<H', self.data, self.vtable + slot)[0]
        return self.position + offset if offset else 0

    def _follow(self, at):
        return at + struct.unpack_from('<I', self.data, at)[0]

    def value(self, number, fmt, default=0):
        at = self._field(number)
        return struct.unpack_from('<' + fmt, self.data, at)[0] if at else default

    def numbers(self, number, fmt):
        at = self._field(number)
        if not at:
            return []
        at = self._follow(at)
        count = struct.unpack_from('<I', self.data, at)[0]
        return list(struct.unpack_from('<%d%s' % (count, fmt), self.data, at + 4))

    def bytes(self, number):
        return bytes(self.numbers(number, 'B'))

    def table(self, number):
        at = self._field(number)
        return _Table(self.data, self._follow(at)) if at else None

    def tables(self, number):
        at = self._field(number)
        if not at:
            return []
        at = self._follow(at)
        count = struct.unpack_from('<I', self.data, at)[0]
        return [_Table(self.data, self._follow(at + 4 + 4 * i)) for i in range(count)]


def _get_tensor(t, buffers):
    code = t.value(1, 'b')
    out = Tensor(t.bytes(3).decode(), tuple(t.numbers(0, 'i')),
                 DTYPES.get(code, 'type%d' % code))
    raw = buffers[t.value(2, 'I')].bytes(0)
    if raw and code in DTYPES:
        dtype = np.dtype(out.dtype).newbyteorder('<')
        out.data = np.frombuffer(raw, dtype).reshape(out.shape)
    quant = t.table(4)
    if quant is not None and quant.numbers(2, 'f'):
        out.scale = np.array(quant.numbers(2, 'f'), np.float32)
        out.zero_point = np.array(quant.numbers(3, 'q'), np.int64)
        out.axis = quant.value(6, 'i')
    return out


def _get_op(o, codes):
    code = codes[o.value(0, 'I')]
    kind = next((k for k, v in OPS.items() if v[0] == code), 'OPERATOR_%d' % code)
    op = Op(kind, o.numbers(1, 'i'), o.numbers(2, 'i'))
    if kind not in OPS:
        return op                                 # named by its number, without options
    table = o.table(4)
    for name, number, fmt, default in OPS[kind][3]:
        op.options[name] = table.value(number, fmt, default) if table else default
    for name, words in (('padding', PADDING), ('activation', ACTIVATION)):
        if name in op.options:
            op.options[name] = words[op.options[name]]
    return op


def read(path):
    with open(path, 'rb') as f:
        data = f.read()
    if data[4:8] != FILE_ID:
        raise ValueError('%s: not a TFLite file' % path)
    root = _Table(data, struct.unpack_from('<I', data, 0)[0])
    subgraphs = root.tables(2)
    if len(subgraphs) != 1:
        raise ValueError('%s: %d subgraphs, only one is supported' % (path, len(subgraphs)))
    codes = [max(c.value(0, 'b'), c.value(3, 'i')) for c in root.tables(1)]
    buffers = root.tables(4)
    g = subgraphs[0]
    return Model([_get_tensor(t, buffers) for t in g.tables(0)],
                 [_get_op(o, codes) for o in g.tables(3)],
                 g.numbers(1, 'i'), g.numbers(2, 'i'), root.bytes(3).decode())
