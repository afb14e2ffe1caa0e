# SPDX-License-Identifier: Apache-2.0
"""int8 inference in plain integers: the arithmetic contract of TFLite's reference kernels
(double rounding), written from its rules and sharing nothing with the compiler.

Everything is int64 numpy or Python integers, so no intermediate can overflow unseen; the rules
say where a 32-bit implementation saturates. Slow and obvious on purpose.
"""
import math

import numpy as np

INT32_MIN, INT32_MAX = -2 ** 31, 2 ** 31 - 1


# ---- fixed point -------------------------------------------------------------------------------

def quantize_multiplier(real):
    """real -> (m, shift), real ~ m * 2^(shift - 31), m in [2^30, 2^31)."""
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    m = math.floor(fraction * 2 ** 31 + 0.5)          # fraction > 0: half away is half up
    if m == 2 ** 31:
        m, shift = m // 2, shift + 1
    if shift < -31:
        m, shift = 0, 0
    return m, shift


def high_mul(a, b):
    """Saturating rounding doubling high multiply."""
    a, b = np.int64(a) if np.isscalar(a) else a, np.int64(b) if np.isscalar(b) else b
    result = (a * b + 2 ** 30) >> 31
    return np.where((a == INT32_MIN) & (b == INT32_MIN), INT32_MAX, result)


def rounding_shift_right(x, e):
    """Divide by 2^e, ties away from zero."""
    mask = (np.int64(1) << e) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> e) + ((x & mask) > threshold)


def rescale(x, m, shift):
    """x * m * 2^(shift - 31), rounded twice."""
    x = np.asarray(x, np.int64)
    shift = np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    return rounding_shift_right(high_mul(x << left, np.asarray(m, np.int64)), right)


def saturating_shift_left(x, e):
    return min(max(x << e, INT32_MIN), INT32_MAX)


def exp_of_negative(a, integer_bits):
    """exp(a) for a <= 0 in Q(integer_bits).(31 - integer_bits); the result is Q0.31."""
    if a == 0:
        return INT32_MAX
    mul = lambda p, q: int(high_mul(p, q))
    div = lambda p, e: int(rounding_shift_right(np.int64(p), e))
    one_quarter = 1 << (31 - integer_bits - 2)
    rest = (a & (one_quarter - 1)) - one_quarter       # a = rest - remainder, rest in [-1/4, 0)
    remainder = rest - a
    x = (rest << integer_bits) + (1 << 28)
    x2 = mul(x, x)
    x3, x4 = mul(x2, x), mul(x2, x2)
    series = div(mul(div(x4, 2) + x3, 715827883) + x2, 1)
    result = 1895147668 + mul(1895147668, x + series)
    factors = [(-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308),
               (2, 39332535), (3, 720401), (4, 242)]
    for exponent, factor in factors:
        if exponent >= integer_bits:
            continue
        if remainder & (1 << (31 - integer_bits + exponent)):
            result = mul(result, factor)
    return result


def one_over_one_plus(x):
    """1 / (1 + x) for x in [0, 1], Q0.31, by three Newton steps."""
    mul = lambda p, q: int(high_mul(p, q))
    half = (x + INT32_MAX + 1) // 2
    y = 1515870810 + mul(half, -1010580540)
    for _ in range(3):
        y += saturating_shift_left(mul(y, (1 << 29) - mul(half, y)), 2)
    return saturating_shift_left(y, 1)


# ---- helpers of the ops ------------------------------------------------------------------------

def scale_of(t):
    return np.float32(t.scale[0])


def zero_of(t):
    return int(t.zero_point[0])


def activation_range(name, out):
    low, high = -128, 127
    at = lambda v: zero_of(out) + int(math.floor(float(np.float32(v) / scale_of(out)) + 0.5))
    if name in ('relu', 'relu6'):
        low = max(low, at(0.0))
    if name == 'relu6':
        high = min(high, at(6.0))
    if name not in ('none', 'relu', 'relu6'):
        raise ValueError('activation %s is not supported' % name)
    return low, high


def geometry(size, kernel, stride, dilation, padding):
    """Output size and padding before, along one axis."""
    reach = (kernel - 1) * dilation + 1
    if padding == 'valid':
        return (size - reach) // stride + 1, 0
    out = -(-size // stride)
    return out, max((out - 1) * stride + reach - size, 0) // 2


def windows(x, kernel, options, fill):
    """Yield (dy, dx, view of x under tap (dy, dx) for all outputs); outside reads give `fill`."""
    _, height, width, _ = x.shape
    sy, sx = options['stride_h'], options['stride_w']
    ey, ex = options.get('dilation_h', 1), options.get('dilation_w', 1)
    oh, top = geometry(height, kernel[0], sy, ey, options['padding'])
    ow, left = geometry(width, kernel[1], sx, ex, options['padding'])
    bottom = max((oh - 1) * sy + (kernel[0] - 1) * ey + 1 - height - top, 0)
    right = max((ow - 1) * sx + (kernel[1] - 1) * ex + 1 - width - left, 0)
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    for dy in range(kernel[0]):
        for dx in range(kernel[1]):
            y0, x0 = dy * ey, dx * ex
            yield dy, dx, x[:, y0:y0 + (oh - 1) * sy + 1:sy, x0:x0 + (ow - 1) * sx + 1:sx, :]


def per_channel_multipliers(x, w, out, channels):
    scales = np.broadcast_to(w.scale.astype(np.float64), (channels,))
    pairs = [quantize_multiplier(float(scale_of(x)) * float(s) / float(scale_of(out)))
             for s in scales]
    return np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.int64)


def finish(acc, m, shift, activation, out):
    low, high = activation_range(activation, out)
    return np.clip(rescale(acc, m, shift) + zero_of(out), low, high)


# ---- ops: (op options, tensors in, values in, tensor out) -> value -----------------------------

def conv_2d(options, ts, xs, out):
    x = xs[0] - zero_of(ts[0])
    w = xs[1]                                          # [out, height, width, in]
    acc = 0
    for dy, dx, view in windows(x, w.shape[1:3], options, 0):
        acc = acc + view @ w[:, dy, dx, :].T
    acc = acc + (xs[2] if len(xs) > 2 else 0)
    m, shift = per_channel_multipliers(ts[0], ts[1], out, w.shape[0])
    return finish(acc, m, shift, options['activation'], out)


def depthwise_conv_2d(options, ts, xs, out):
    x = np.repeat(xs[0] - zero_of(ts[0]), options['multiplier'], axis=3)
    w = xs[1]                                          # [1, height, width, out]
    acc = 0
    for dy, dx, view in windows(x, w.shape[1:3], options, 0):
        acc = acc + view * w[0, dy, dx, :]
    acc = acc + (xs[2] if len(xs) > 2 else 0)
    m, shift = per_channel_multipliers(ts[0], ts[1], out, w.shape[3])
    return finish(acc, m, shift, options['activation'], out)


def fully_connected(options, ts, xs, out):
    w = xs[1]                                          # [out, in]
    acc = (xs[0].reshape(-1, w.shape[1]) - zero_of(ts[0])) @ (w - zero_of(ts[1])).T
    acc = acc + (xs[2] if len(xs) > 2 else 0)
    if len(ts[1].scale) > 1:
        m, shift = per_channel_multipliers(ts[0], ts[1], out, w.shape[0])
    else:                                              # here the product is a float32 product
        product = float(scale_of(ts[0]) * scale_of(ts[1]))
        m, shift = quantize_multiplier(product / float(scale_of(out)))
    return finish(acc, m, shift, options['activation'], out)


def average_pool_2d(options, ts, xs, out):
    kernel = (options['filter_h'], options['filter_w'])
    total = sum(v for _, _, v in windows(xs[0], kernel, options, 0))
    count = sum(v for _, _, v in windows(np.ones_like(xs[0]), kernel, options, 0))
    rounded = np.where(total > 0, total + count // 2, total - count // 2)
    mean = np.sign(rounded) * (np.abs(rounded) // count)        # C division truncates
    return np.clip(mean, *activation_range(options['activation'], out))


def add(options, ts, xs, out):
    s1, s2, so = (float(scale_of(t)) for t in (ts[0], ts[1], out))
    twice = 2 * max(s1, s2)
    a = rescale((xs[0] - zero_of(ts[0])) << 20, *quantize_multiplier(s1 / twice))
    b = rescale((xs[1] - zero_of(ts[1])) << 20, *quantize_multiplier(s2 / twice))
    m, shift = quantize_multiplier(twice / (2 ** 20 * so))
    return finish(a + b, m, shift, options['activation'], out)


def mean(options, ts, xs, out):
    axes = tuple(int(a) for a in np.atleast_1d(xs[1]))
    total = xs[0].sum(axis=axes, keepdims=bool(options['keep_dims']))
    count = int(np.prod([xs[0].shape[a] for a in axes]))
    m, shift = quantize_multiplier(float(scale_of(ts[0])) / float(scale_of(out)))
    headroom = min(count.bit_length() - 1, 32, 31 + shift)
    m = (m << headroom) // count
    return finish(total - zero_of(ts[0]) * count, m, shift - headroom, 'none', out)


def softmax(options, ts, xs, out):
    if scale_of(out) != np.float32(1 / 256) or zero_of(out) != -128:
        raise ValueError('softmax: output must have scale 1/256 and zero point -128')
    real = min(float(options['beta']) * float(scale_of(ts[0])) * 2.0 ** 26, 2.0 ** 31 - 1)
    m, left = quantize_multiplier(real)
    diff_min = -math.floor(31 * 2.0 ** 26 / 2.0 ** left)
    rows = xs[0].reshape(-1, xs[0].shape[-1])
    y = np.full(rows.shape, -128, np.int64)
    for r, row in enumerate(rows):
        largest = int(row.max())
        exps = {}
        for c, q in enumerate(row):
            diff = int(q) - largest
            if diff >= diff_min:
                exps[c] = exp_of_negative(int(high_mul(diff << left, m)), 5)
        total = sum(int(rounding_shift_right(np.int64(e), 12)) for e in exps.values())
        zeros = 32 - total.bit_length()
        inverse = one_over_one_plus((total << zeros) - 2 ** 31)
        for c, e in exps.items():
            v = rounding_shift_right(high_mul(inverse, e), 12 - zeros + 23)
            y[r, c] = min(max(int(v) - 128, -128), 127)
    return y.reshape(xs[0].shape)


def reshape(options, ts, xs, out):
    return xs[0]


KERNELS = {'CONV_2D': conv_2d, 'DEPTHWISE_CONV_2D': depthwise_conv_2d, 'ADD': add, 'MEAN': mean,
           'FULLY_CONNECTED': fully_connected, 'AVERAGE_POOL_2D': average_pool_2d,
           'SOFTMAX': softmax, 'RESHAPE': reshape}


def run_float(model, inputs):
    """The same networks with float32 tensors, in double precision."""
    act = {'none': lambda v: v, 'relu': lambda v: np.maximum(v, 0),
           'relu6': lambda v: np.clip(v, 0, 6)}
    values = {i: t.data if t.dtype == 'int32' else t.data.astype(np.float64)
              for i, t in enumerate(model.tensors) if t.data is not None}
    values.update({i: x.astype(np.float64) for i, x in zip(model.inputs, inputs)})
    for op in model.ops:
        o, xs = op.options, [values[i] for i in op.inputs if i >= 0]
        x, w = xs[0], xs[1] if len(xs) > 1 else None
        if op.kind == 'CONV_2D':
            y = sum(v @ w[:, i, j, :].T for i, j, v in windows(x, w.shape[1:3], o, 0)) + xs[2]
        elif op.kind == 'DEPTHWISE_CONV_2D':
            x = np.repeat(x, o['multiplier'], axis=3)
            y = sum(v * w[0, i, j] for i, j, v in windows(x, w.shape[1:3], o, 0)) + xs[2]
        elif op.kind == 'FULLY_CONNECTED':
            y = x.reshape(-1, w.shape[1]) @ w.T + xs[2]
        elif op.kind == 'AVERAGE_POOL_2D':
            kernel = (o['filter_h'], o['filter_w'])
            y = (sum(v for _, _, v in windows(x, kernel, o, 0)) /
                 sum(v for _, _, v in windows(np.ones_like(x), kernel, o, 0)))
        elif op.kind == 'ADD':
            y = x + w
        elif op.kind == 'MEAN':
            y = x.mean(axis=tuple(int(a) for a in w), keepdims=bool(o['keep_dims']))
        elif op.kind == 'SOFTMAX':
            y = np.exp(o['beta'] * (x - x.max(axis=-1, keepdims=True)))
            y = y / y.sum(axis=-1, keepdims=True)
        elif op.kind == 'RESHAPE':
            y = x
        else:
            raise ValueError('operator %s is not supported' % op.kind)
        shape = (inputs[0].shape[0],) + tuple(model.tensors[op.outputs[0]].shape[1:])
        values[op.outputs[0]] = act[o.get('activation', 'none')](y).reshape(shape)
    return [values[i] for i in model.outputs]


def run(model, inputs, keep_all=False):
    """Outputs (int8) of an int8 model for int8 inputs. The leading dimension may be larger than
    the model's: every op here treats it as a batch. With keep_all, the value of every tensor."""
    values = {i: t.data.astype(np.int64) for i, t in enumerate(model.tensors)
              if t.data is not None}
    for i, x in zip(model.inputs, inputs):
        if x.dtype != np.int8 or x.shape[1:] != model.tensors[i].shape[1:]:
            raise ValueError('input %r does not fit the model' % model.tensors[i].name)
        values[i] = x.astype(np.int64)
    for op in model.ops:
        present = [i for i in op.inputs if i >= 0]
        out = model.tensors[op.outputs[0]]
        y = KERNELS[op.kind](op.options, [model.tensors[i] for i in present],
                             [values[i] for i in present], out)
        batch = values[model.inputs[0]].shape[0]
        values[op.outputs[0]] = np.asarray(y).reshape((batch,) + tuple(out.shape[1:]))
    if keep_all:
        return {i: v for i, v in values.items() if model.tensors[i].data is None}
    return [values[i].astype(np.int8) for i in model.outputs]
