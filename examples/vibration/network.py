# SPDX-License-Identifier: Apache-2.0
"""A small convolutional network with hand-written gradients, float32 numpy.

Values are [batch, time, channels]. A layer keeps in forward() what backward() needs; backward()
takes the gradient of its output, leaves the gradients of its parameters in `grads` and returns
the gradient of its input.
"""
import numpy as np


def same_padding(size, kernel, stride):
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return out, total // 2, total - total // 2


class Layer:
    """Parameters and their gradients have the same keys. `seen` is the range of the output."""

    def __init__(self):
        self.params, self.grads = {}, {}
        self.seen = None

    def watch(self, y, percent):
        self.seen = tuple(float(v) for v in np.percentile(y, [100 - percent, percent]))
        return y

    def leaves(self):
        return [self]


class Conv(Layer):
    """Convolution along time; weights [out, kernel * in]."""

    def __init__(self, rng, cin, cout, kernel=1, stride=1, relu=True, gain=1.0):
        super().__init__()
        self.cin, self.cout, self.kernel, self.stride, self.relu = cin, cout, kernel, stride, relu
        spread = gain * np.sqrt(2.0 / (kernel * cin))
        self.params = {'w': rng.normal(0, spread, (cout, kernel * cin)).astype(np.float32),
                       'b': np.zeros(cout, np.float32)}

    def forward(self, x):
        out, before, after = same_padding(x.shape[1], self.kernel, self.stride)
        self.pads, self.size = (before, after), x.shape[1]
        if self.kernel > 1:
            x = np.ascontiguousarray(np.pad(x, ((0, 0), self.pads, (0, 0))))
            step = x.strides
            x = np.lib.stride_tricks.as_strided(
                x, (x.shape[0], out, self.kernel * self.cin),
                (step[0], step[1] * self.stride, step[2]))
        self.shape = (x.shape[0], out)
        self.x = np.ascontiguousarray(x).reshape(-1, self.kernel * self.cin)
        y = self.x @ self.params['w'].T + self.params['b']
        if self.relu:
            np.maximum(y, 0, out=y)
            self.y = y
        return y.reshape(self.shape + (self.cout,))

    def backward(self, dy, need_input=True):
        dy = dy.reshape(-1, self.cout)
        if self.relu:
            dy = dy * (self.y > 0)
        self.grads = {'w': dy.T @ self.x, 'b': dy.sum(axis=0)}
        if not need_input:
            return None
        dx = (dy @ self.params['w']).reshape(self.shape + (self.kernel, self.cin))
        if self.kernel == 1:
            return dx[:, :, 0, :]
        full = np.zeros((self.shape[0], self.size + sum(self.pads), self.cin), np.float32)
        last = (self.shape[1] - 1) * self.stride + 1
        for k in range(self.kernel):
            full[:, k:k + last:self.stride] += dx[:, :, k]
        return full[:, self.pads[0]:self.pads[0] + self.size]


class Depthwise(Layer):
    """One filter per channel along time; weights [kernel, channels]."""

    def __init__(self, rng, channels, kernel, stride=1):
        super().__init__()
        self.channels, self.kernel, self.stride = channels, kernel, stride
        self.relu = True
        spread = np.sqrt(2.0 / kernel)
        self.params = {'w': rng.normal(0, spread, (kernel, channels)).astype(np.float32),
                       'b': np.zeros(channels, np.float32)}

    def _tap(self, x, k):
        return x[:, k:k + (self.out - 1) * self.stride + 1:self.stride]

    def forward(self, x):
        self.out, before, after = same_padding(x.shape[1], self.kernel, self.stride)
        self.before, self.size = before, x.shape[1]
        self.x = np.pad(x, ((0, 0), (before, after), (0, 0)))
        y = self._tap(self.x, 0) * self.params['w'][0]
        for k in range(1, self.kernel):
            y += self._tap(self.x, k) * self.params['w'][k]
        y += self.params['b']
        np.maximum(y, 0, out=y)
        self.y = y
        return y

    def backward(self, dy):
        dy = dy * (self.y > 0)
        dw = np.empty_like(self.params['w'])
        dx = np.zeros_like(self.x)
        for k in range(self.kernel):
            dw[k] = np.einsum('btc,btc->c', dy, self._tap(self.x, k))
            self._tap(dx, k)[...] += dy * self.params['w'][k]
        self.grads = {'w': dw, 'b': dy.sum(axis=(0, 1))}
        return dx[:, self.before:self.before + self.size]


class AveragePool(Layer):
    """Mean of each two neighbours in time."""

    def forward(self, x):
        return (x[:, 0::2] + x[:, 1::2]) * np.float32(0.5)

    def backward(self, dy):
        return np.repeat(dy * np.float32(0.5), 2, axis=1)


class Mean(Layer):
    """Mean over all time; a time of 1 remains, on which a 1x1 convolution is a dense layer."""

    def forward(self, x):
        self.size = x.shape[1]
        return x.mean(axis=1, keepdims=True)

    def backward(self, dy):
        return np.repeat(dy / np.float32(self.size), self.size, axis=1)


class Residual(Layer):
    """relu(x + body(x))"""

    def __init__(self, *body):
        super().__init__()
        self.body = body

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer.forward(y)
        y = y + x
        np.maximum(y, 0, out=y)
        self.y = y
        return y

    def backward(self, dy):
        dy = dy * (self.y > 0)
        dx = dy
        for layer in reversed(self.body):
            dx = layer.backward(dx)
        return dx + dy

    def leaves(self):
        return list(self.body) + [self]


class Network:
    def __init__(self, layers):
        self.layers = layers

    def leaves(self):
        return [leaf for layer in self.layers for leaf in layer.leaves()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers[1:]):
            dy = layer.backward(dy)
        self.layers[0].backward(dy, need_input=False)

    def calibrate(self, x, percent):
        """Record the range of every layer's output that holds all but the rarest values."""
        last = self.layers[-1]
        for layer in self.layers:
            if isinstance(layer, Residual):
                y = x
                for inner in layer.body:
                    y = inner.watch(inner.forward(y), percent)
            x = layer.watch(layer.forward(x), 100 if layer is last else percent)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Adam:
    def __init__(self, layers, decay):
        self.layers, self.decay, self.step_number = layers, decay, 0
        self.m = [{k: np.zeros_like(p) for k, p in la.params.items()} for la in layers]
        self.v = [{k: np.zeros_like(p) for k, p in la.params.items()} for la in layers]

    def step(self, rate):
        self.step_number += 1
        fix1, fix2 = 1 - 0.9 ** self.step_number, 1 - 0.999 ** self.step_number
        for layer, m, v in zip(self.layers, self.m, self.v):
            for key, p in layer.params.items():
                g = layer.grads[key]
                m[key] += np.float32(0.1) * (g - m[key])
                v[key] += np.float32(0.001) * (g * g - v[key])
                p -= np.float32(rate) * ((m[key] / np.float32(fix1)) /
                                         (np.sqrt(v[key] / np.float32(fix2)) + np.float32(1e-7)))
                if key == 'w':
                    p -= np.float32(rate * self.decay) * p
