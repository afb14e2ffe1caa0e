# SPDX-License-Identifier: Apache-2.0
"""TFLite models as JSON text, for flatc and our schema to turn into files."""
import json
import struct

FORMATS = {
    "FLOAT32": "f", "INT8": "b", "UINT8": "B", "INT16": "h", "INT32": "i", "INT64": "q",
    "BOOL": "B", "FLOAT16": "e", "INT4": "b", "UINT16": "H", "UINT32": "I", "FLOAT64": "d",
}


def packed(kind, values):
    return list(struct.pack("<%d%s" % (len(values), FORMATS[kind]), *values))


def flexmap(options):
    """A flexbuffer map from names to integers and reals, every number 4 bytes wide."""
    names, data, at = sorted(options), bytearray(), {}
    for n in names:
        at[n] = len(data)
        data += n.encode() + b"\0"
    data += b"\0" * (-len(data) % 4)
    data += struct.pack("<I", len(names))
    keys = len(data)
    for n in names:
        data += struct.pack("<I", len(data) - at[n])
    data += struct.pack("<III", len(data) - keys, 4, len(names))
    values = len(data)
    for n in names:
        data += struct.pack("<f" if isinstance(options[n], float) else "<i", options[n])
    data += bytes((3 if isinstance(options[n], float) else 1) << 2 | 2 for n in names)
    data += b"\0" * (-len(data) % 4)
    data += struct.pack("<I", len(data) - values)
    return list(data + bytes([9 << 2 | 2, 4]))


class Graph:
    """One subgraph. Tensors are named by their index, which the adders return."""

    def __init__(self, model, name):
        self.model, self.name = model, name
        self.tensors, self.operators, self.inputs, self.outputs = [], [], [], []

    def tensor(self, shape, kind="FLOAT32", data=None, scale=None, zero=0, axis=0, **more):
        t = {"shape": list(shape), "type": kind, "name": "t%d" % len(self.tensors)}
        if data is not None:
            t["buffer"] = self.model.buffer(packed(kind, data))
        if scale is not None:
            scales = scale if isinstance(scale, list) else [scale]
            zeros = zero if isinstance(zero, list) else [zero] * len(scales)
            t["quantization"] = {"scale": scales, "zero_point": zeros,
                                 "quantized_dimension": axis}
        t.update(more)
        self.tensors.append(t)
        return len(self.tensors) - 1

    def input(self, shape, kind="FLOAT32", **more):
        t = self.tensor(shape, kind, **more)
        self.inputs.append(t)
        return t

    def output(self, shape, kind="FLOAT32", **more):
        t = self.tensor(shape, kind, **more)
        self.outputs.append(t)
        return t

    def ints(self, values, kind="INT32", shape=None):
        return self.tensor([len(values)] if shape is None else shape, kind, data=values)

    def op(self, name, inputs, outputs, table=None, second=False, **options):
        o = {"opcode_index": self.model.code(name), "inputs": inputs, "outputs": outputs}
        if table:
            field = "builtin_options_2" if second else "builtin_options"
            o[field + "_type"] = table
            o[field] = options
        self.operators.append(o)
        return o


class Model:
    def __init__(self):
        self.buffers, self.codes, self.graphs = [{}], [], []
        self.more = {}

    def graph(self, name="main"):
        g = Graph(self, name)
        self.graphs.append(g)
        return g

    def buffer(self, data):
        self.buffers.append({"data": data} if data else {})
        return len(self.buffers) - 1

    def code(self, name):
        """Operator code by builtin name; "custom:NAME" for custom ones."""
        if name.startswith("custom:"):
            c = {"deprecated_builtin_code": 32, "builtin_code": "CUSTOM",
                 "custom_code": name[7:]}
        else:
            c = {"builtin_code": name}
        if c not in self.codes:
            self.codes.append(c)
        return self.codes.index(c)

    def tree(self):
        graphs = [{"name": g.name, "tensors": g.tensors, "operators": g.operators,
                   "inputs": g.inputs, "outputs": g.outputs} for g in self.graphs]
        tree = {"version": 3, "operator_codes": self.codes, "subgraphs": graphs,
                "buffers": self.buffers, "description": "made by a test"}
        tree.update(self.more)
        return tree

    def json(self):
        return json.dumps(self.tree())
