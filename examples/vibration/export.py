# SPDX-License-Identifier: Apache-2.0
"""From a trained network to TFLite models: float, and int8 by post-training quantization.

The int8 model follows the TFLite 8-bit specification: weights symmetric in [-127, 127], per output
channel (per tensor in dense layers); activations asymmetric; bias int32 with scale input * weight
and zero point 0; softmax output 1/256 with zero point -128.
"""
import numpy as np

import generate
from network import AveragePool, Conv, Depthwise, Mean, Residual
from tflite_file import Model, Op, Tensor


class _Emitter:
    def __init__(self):
        self.tensors, self.ops, self.ranges = [], [], {}

    def tensor(self, name, shape, data=None, dtype='float32'):
        self.tensors.append(Tensor(name, tuple(int(n) for n in shape), dtype, data))
        return len(self.tensors) - 1

    def op(self, kind, inputs, name, shape, seen, **options):
        out = self.tensor(name, shape)
        self.ops.append(Op(kind, inputs, [out], options))
        self.ranges[out] = seen
        return out

    def constants(self, name, weights, bias):
        return [self.tensor(name + '/weights', weights.shape, weights),
                self.tensor(name + '/bias', bias.shape, bias)]

    def conv(self, layer, x, name):
        time = -(-self.tensors[x].shape[1] // layer.stride)
        w = layer.params['w'].reshape(layer.cout, layer.kernel, 1, layer.cin)
        return self.op('CONV_2D', [x] + self.constants(name, w, layer.params['b']), name,
                       (1, time, 1, layer.cout), layer.seen, padding='same',
                       stride_h=layer.stride, stride_w=layer.stride,
                       activation='relu' if layer.relu else 'none')

    def dense(self, layer, x, name):
        return self.op('FULLY_CONNECTED',
                       [x] + self.constants(name, layer.params['w'], layer.params['b']), name,
                       (1, layer.cout), layer.seen, activation='relu' if layer.relu else 'none')

    def depthwise(self, layer, x, name):
        time = -(-self.tensors[x].shape[1] // layer.stride)
        w = layer.params['w'].reshape(1, layer.kernel, 1, layer.channels)
        return self.op('DEPTHWISE_CONV_2D', [x] + self.constants(name, w, layer.params['b']),
                       name, (1, time, 1, layer.channels), layer.seen, padding='same',
                       stride_h=layer.stride, stride_w=layer.stride, multiplier=1,
                       activation='relu')

    def layer(self, layer, x, name):
        _, time, _, channels = (self.tensors[x].shape + (1, 1))[:4]
        if isinstance(layer, Residual):
            y = x
            for i, inner in enumerate(layer.body):
                y = self.layer(inner, y, '%s/%s' % (name, 'ab'[i]))
            return self.op('ADD', [x, y], name + '/add', self.tensors[x].shape, layer.seen,
                           activation='relu')
        if isinstance(layer, Depthwise):
            return self.depthwise(layer, x, name + '/depthwise')
        if isinstance(layer, Conv) and len(self.tensors[x].shape) == 2:
            return self.dense(layer, x, name + '/dense')
        if isinstance(layer, Conv):
            return self.conv(layer, x, name + '/conv')
        if isinstance(layer, AveragePool):
            return self.op('AVERAGE_POOL_2D', [x], name + '/pool', (1, time // 2, 1, channels),
                           None, padding='valid', stride_h=2, stride_w=1, filter_h=2, filter_w=1)
        if isinstance(layer, Mean):
            axes = self.tensor(name + '/axes', (2,), np.array([1, 2], np.int32), 'int32')
            return self.op('MEAN', [x, axes], name + '/mean', (1, channels), layer.seen,
                           keep_dims=False)
        raise TypeError(type(layer).__name__)


def float_model(network, window, channels):
    """The model, and the calibrated range of every activation (None: that of its input)."""
    e = _Emitter()
    first = x = e.tensor('acceleration', (1, window, 1, channels))
    for i, layer in enumerate(network.layers):
        x = e.layer(layer, x, 'block%d' % i)
    x = e.op('SOFTMAX', [x], 'probability', e.tensors[x].shape, None, beta=1.0)
    model = Model(e.tensors, e.ops, [first], [x],
                  'vibration classifier: ' + ' '.join(generate.CLASSES))
    return model, e.ranges


def activation_quant(low, high):
    """Scale and zero point so that 0 is exact and [low, high] fits."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32(max(high - low, 1e-6) / 255)
    zero = int(np.clip(np.rint(-128 - low / float(scale)), -128, 127))
    return np.array([scale], np.float32), np.array([zero], np.int64)


def _quantize_weights(t, axis):
    """Symmetric, one scale per index of `axis`, or a single one (None)."""
    rest = tuple(i for i in range(t.data.ndim) if i != axis)
    largest = np.abs(t.data).max(axis=rest, keepdims=True)
    scale = (np.maximum(largest, 1e-8) / 127).astype(np.float32)
    t.data = np.clip(np.rint(t.data / scale), -127, 127).astype(np.int8)
    t.dtype, t.axis = 'int8', axis or 0
    t.scale = scale.ravel()
    t.zero_point = np.zeros(scale.size, np.int64)


def quantize(model, ranges, input_scale):
    tensors = [Tensor(t.name, t.shape, t.dtype, None if t.data is None else t.data.copy())
               for t in model.tensors]
    for i in model.inputs:
        tensors[i].dtype = 'int8'
        tensors[i].scale = np.array([input_scale], np.float32)
        tensors[i].zero_point = np.zeros(1, np.int64)
    for op in model.ops:
        x, out = tensors[op.inputs[0]], tensors[op.outputs[0]]
        out.dtype = 'int8'
        if op.kind == 'SOFTMAX':
            out.scale, out.zero_point = np.array([1 / 256], np.float32), np.array([-128])
        elif ranges[op.outputs[0]] is None:
            out.scale, out.zero_point = x.scale, x.zero_point
        else:
            out.scale, out.zero_point = activation_quant(*ranges[op.outputs[0]])
        axis = {'CONV_2D': 0, 'DEPTHWISE_CONV_2D': 3, 'FULLY_CONNECTED': None}
        if op.kind in axis:
            w, b = tensors[op.inputs[1]], tensors[op.inputs[2]]
            _quantize_weights(w, axis[op.kind])
            b.scale = (x.scale[0] * w.scale).astype(np.float32)
            b.zero_point = np.zeros(w.scale.size, np.int64)
            b.data = np.rint(b.data.astype(np.float64) / b.scale).astype(np.int32)
            b.dtype = 'int32'
    return Model(tensors, model.ops, model.inputs, model.outputs, model.description)


def macs(model):
    total = 0
    for op in model.ops:
        if op.kind in ('CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED'):
            out = model.tensors[op.outputs[0]].shape
            per_pixel = model.tensors[op.inputs[1]].data.size
            total += per_pixel * int(np.prod(out[:-1]))
    return total


def weights(model):
    return sum(t.data.size for t in model.tensors if t.data is not None and t.dtype == 'int8')
