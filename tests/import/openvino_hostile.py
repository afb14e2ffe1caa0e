# SPDX-License-Identifier: Apache-2.0
"""Files that must be refused, each with a message that says what is wrong."""
import os
import re
import subprocess

import openvino_detection
from openvino_model import Net, Tensor


def sample():
    """A parameter, a constant, their sum, a result."""
    net = Net()
    p = net.param(Tensor([1, 4], [0.0] * 4))
    c = net.const([1, 4], [1.0, 2.0, 3.0, 4.0])
    net.result(net.layer("Add", [p, c], [("f32", [1, 4])])[0])
    return net


def changed(a, b):
    net = sample()
    text = net.xml()
    assert a in text, a
    return text.replace(a, b, 1), bytes(net.weights)


def with_prefix(prefix):
    net = sample()
    return net.xml().replace('<?xml version="1.0"?>\n', '<?xml version="1.0"?>\n' + prefix), \
        bytes(net.weights)


def without_result():
    net = Net()
    net.param(Tensor([1, 4], [0.0] * 4))
    return net.xml(), b""


DEEP = "<a>" * 500 + "</a>" * 500
WIDE = "<net " + " ".join('a%d="1"' % i for i in range(200)) + ' version="11">'
ENTITY = '<!DOCTYPE net [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]>\n'

FILES = [
    ("doctype", with_prefix(ENTITY), "document types"),
    ("deep", changed("<rt_info>", "<rt_info>" + DEEP), "nested"),
    ("wide", changed('<net name="test" version="11">', WIDE), "attributes"),
    ("cut", (sample().xml()[:700], b"\0" * 16), "not well-formed"),
    ("old", changed('version="11"', 'version="7"'), "version 7"),
    ("no_version", changed('version="11"', ""), "no version"),
    ("huge_version", changed('version="11"', 'version="99999999999999999999"'), "no version"),
    ("no_layers", ('<net version="11"><layers/><edges/></net>', b""), "no layers"),
    ("no_id", changed('<layer id="1"', "<layer"), "no number"),
    ("same_id", changed('<layer id="1"', '<layer id="0"'), "two layers have number 0"),
    ("no_type", changed('type="Add"', ""), "no type"),
    ("unknown", changed('type="Add"', 'type="Frobnicate"'), "'Frobnicate' are not supported"),
    ("control", changed('type="Add"', 'type="A&#9;dd"'), "are not supported"),
    ("edge_layer", changed('from-layer="1"', 'from-layer="77"'), "layer 77"),
    ("edge_port", changed('from-port="0" to-layer="2" to-port="0"',
                          'from-port="5" to-layer="2" to-port="0"'), "port 5"),
    ("edge_twice", changed('to-layer="2" to-port="1"', 'to-layer="2" to-port="0"'), "two sources"),
    ("edge_missing", changed('<edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>', ""),
     "comes from nowhere"),
    ("cycle", changed('from-layer="0" from-port="0" to-layer="2"',
                      'from-layer="2" from-port="2" to-layer="2"'), "operand of itself"),
    ("offset", changed('offset="0"', 'offset="4"'), "16 bytes at 4 of the weights"),
    ("negative_offset", changed('offset="0"', 'offset="-4"'), "at -4 of the weights"),
    ("huge_offset", changed('offset="0"', 'offset="9223372036854775807"'), "of the weights"),
    ("size", changed('size="16"', 'size="12"'), "do not hold"),
    ("huge_size", changed('size="16"', 'size="9223372036854775807"'), "of the weights"),
    ("huge_shape", changed('element_type="f32" shape="1,4" offset',
                           'element_type="f32" shape="4294967296,4294967296" offset'),
     "do not hold"),
    ("const_open", changed('element_type="f32" shape="1,4" offset',
                           'element_type="f32" shape="?,4" offset'), "open"),
    ("const_rank", changed('element_type="f32" shape="1,4" offset',
                           'element_type="f32" shape="1,1,1,1,1,1,1,1,4" offset'), "is none"),
    ("const_type", changed('element_type="f32" shape="1,4" offset',
                           'element_type="f8e4m3" shape="1,4" offset'), "f8e4m3"),
    ("input_type", changed('shape="1,4" element_type="f32"', 'shape="1,4" element_type="string"'),
     "string"),
    ("input_huge", changed('shape="1,4" element_type="f32"',
                           'shape="1048576,1048576,1048576" element_type="f32"'), "too large"),
    ("input_open", changed('shape="1,4" element_type="f32"', 'shape="?,4" element_type="f32"'),
     "dimension 0 of input 'Parameter_0' is open; give it with --input-dim Parameter_0.0=N"),
    ("declared", changed('<port id="2" precision="FP32"><dim>1</dim><dim>4</dim>',
                         '<port id="2" precision="FP32"><dim>1</dim><dim>5</dim>'),
     "the file declares"),
    ("port_rank", changed('<port id="2" precision="FP32">',
                          '<port id="2" precision="FP32">' + "<dim>1</dim>" * 9), "more than 8"),
    ("port_dim", changed("<dim>4</dim>", "<dim>four</dim>"), "'four'"),
    ("port_twice", changed('<port id="1" precision="FP32">', '<port id="0" precision="FP32">'),
     "two ports"),
    ("no_result", without_result(), "no result"),
    ("short_weights", (sample().xml(), b"\0" * 15), "which have 15"),
    ("no_weights", (sample().xml(), None), "no file 'no_weights.bin'"),
] + openvino_detection.FILES


# What the specifications of the operations demand.
REQUIRED = {
    "AvgPool": "kernel strides exclude-pad pads_begin pads_end", "BatchNormInference": "epsilon",
    "Clamp": "min max", "Concat": "axis", "Convert": "destination_type",
    "Convolution": "strides dilations pads_begin pads_end",
    "ConvolutionBackpropData": "strides dilations pads_begin pads_end",
    "DeformableConvolution": "strides dilations pads_begin pads_end",
    "DetectionOutput": "num_classes keep_top_k nms_threshold", "Elu": "alpha",
    "FakeQuantize": "levels", "GRUCell": "hidden_size", "GRUSequence": "hidden_size direction",
    "GatherElements": "axis", "GroupConvolution": "strides dilations pads_begin pads_end",
    "GroupConvolutionBackpropData": "strides dilations pads_begin pads_end",
    "GroupNormalization": "num_groups epsilon", "LRN": "alpha beta bias size",
    "Interpolate": "mode shape_calculation_mode", "DepthToSpace": "mode", "SpaceToDepth": "mode",
    "LSTMCell": "hidden_size", "LSTMSequence": "hidden_size direction",
    "MVN": "eps normalize_variance eps_mode", "MaxPool": "kernel strides pads_begin pads_end",
    "NormalizeL2": "eps eps_mode", "OneHot": "axis", "Pad": "pad_mode", "PriorBox": "offset",
    "PriorBoxClustered": "offset",
    "ROIAlign": "pooled_h pooled_w sampling_ratio spatial_scale mode",
    "ROIPooling": "pooled_h pooled_w spatial_scale", "RMS": "epsilon",
    "RNNSequence": "hidden_size direction",
    "Range": "output_type", "Reshape": "special_zero", "Reverse": "mode", "Split": "num_splits",
    "StridedSlice": "begin_mask end_mask", "TopK": "axis mode sort",
}


def without_attributes(cases):
    """A network that is good but for one attribute, for each of them."""
    left = {(kind, name) for kind, names in REQUIRED.items() for name in names.split()}
    files = []
    for _, make in cases:
        net, _ = make()
        text = net.xml()
        for kind in set(re.findall(r'type="(\w+)"', text)):
            layer = re.search(r'<layer [^>]*type="%s"[^>]*><data [^>]*>' % kind, text)
            for name in REQUIRED.get(kind, "").split() if layer else ():
                short = re.sub(r'(?<=[ ])%s="[^"]*"' % name, "", layer.group())
                given = re.search(r'auto_pad="(?!explicit)', layer.group())
                if (kind, name) not in left or short == layer.group() or \
                        (given and name.startswith("pads")):
                    continue
                left.remove((kind, name))
                files.append(("without_%s_%s" % (kind, name),
                              (text.replace(layer.group(), short, 1), bytes(net.weights)),
                              "attribute '%s' is missing" % name))
    assert not left, left
    return files


def refused(thimble, path, want):
    p = subprocess.run([thimble, "analyze", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=60)
    err = p.stderr.decode("utf-8", "replace")
    if p.returncode == 1 and want in err and not any(ord(c) < 32 and c != "\n" for c in err):
        return 0
    print("FAIL: %s: exit code %d, '%s' is not in: %s" % (
        os.path.basename(path), p.returncode, want, err[:400]))
    return 1


def check(thimble, folder, cases):
    failed = 0
    files = FILES + without_attributes(cases)
    for name, (xml, weights), want in files:
        base = os.path.join(folder, name)
        with open(base + ".xml", "w") as f:
            f.write(xml)
        if weights is not None:
            with open(base + ".bin", "wb") as f:
                f.write(weights)
        failed += refused(thimble, base + ".xml", want)
    # weights that are a link to a file outside
    with open(os.path.join(folder, "outside"), "wb") as f:
        f.write(b"\0" * 16)
    inside = os.path.join(folder, "inside")
    os.makedirs(inside, exist_ok=True)
    with open(os.path.join(inside, "m.xml"), "w") as f:
        f.write(sample().xml())
    if not os.path.lexists(os.path.join(inside, "m.bin")):
        os.symlink("../outside", os.path.join(inside, "m.bin"))
    failed += refused(thimble, os.path.join(inside, "m.xml"), "out of the model's folder")
    print("%d damaged files, %d not refused as they should" % (len(files) + 1, failed))
    return failed
