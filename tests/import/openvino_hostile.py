# SPDX-License-Identifier: Apache-2.0
"""Files that must be refused, each with a message that says what is wrong."""
import os
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
     "is open"),
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


def refused(thimble, path, want):
    p = subprocess.run([thimble, "analyze", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=60)
    err = p.stderr.decode("utf-8", "replace")
    if p.returncode == 1 and want in err and not any(ord(c) < 32 and c != "\n" for c in err):
        return 0
    print("FAIL: %s: exit code %d, '%s' is not in: %s" % (
        os.path.basename(path), p.returncode, want, err[:400]))
    return 1


def check(thimble, folder):
    failed = 0
    for name, (xml, weights), want in FILES:
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
    print("%d damaged files, %d not refused as they should" % (len(FILES) + 1, failed))
    return failed
