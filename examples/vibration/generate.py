# SPDX-License-Identifier: Apache-2.0
"""Synthesise what a 3-axis accelerometer on the bearing housing of a small machine measures.

usage: generate.py OUT.npz [WINDOWS [SEED]]

Every window is a machine of its own: speed, load, mounting, resonances, noise and the severity
of its fault are drawn anew. Axes of the machine: x horizontal, y vertical (gravity), z along the
shaft. Accelerations are in g. The output holds `raw` (int16, as the sensor delivers it), `x`
(int8, after the front end that firmware would run) and `label`.
"""
import sys

import numpy as np

CLASSES = ['healthy', 'imbalance', 'misalignment', 'looseness', 'bearing']
RATE = 3332.0                 # samples per second
WINDOW = 1024                 # samples, about 0.31 s
RAW_PER_G = 8192              # +-4 g in 16 bits
INPUT_SCALE = 1.0 / 64        # g per step of the int8 network input: raw >> 7

_T = np.arange(WINDOW) / RATE


def _speed(rng):
    """Shaft speed in Hz and the shaft angle over the window, with drift and torque ripple."""
    speed = rng.uniform(25.0, 50.0)
    drift = rng.uniform(-0.01, 0.01)
    ripple = rng.uniform(0, 0.003)
    angle = 2 * np.pi * speed * (_T + drift * _T ** 2 / (2 * _T[-1]))
    angle = angle + rng.uniform(0, 2 * np.pi)
    return speed, angle + ripple * np.sin(angle * 2 + rng.uniform(0, 2 * np.pi))


def _ringing(impulses, frequency, damping):
    """Impulses (time, strength) exciting one resonance: decaying sines, acceleration in g."""
    y = np.zeros(WINDOW)
    w = 2 * np.pi * frequency
    for time, strength in impulses:
        t = _T - time
        first = int(np.searchsorted(t, 0.0))
        last = min(WINDOW, first + int(7.0 / (damping * w) * RATE) + 1)
        t = t[first:last]
        y[first:last] += strength * np.exp(-damping * w * t) * np.sin(w * t)
    return y


def _direction(rng, axial):
    """Unit vector, mostly radial; `axial` is the largest share along the shaft."""
    a = rng.uniform(0, 2 * np.pi)
    v = np.array([np.cos(a), np.sin(a), rng.uniform(-axial, axial)])
    return v / np.linalg.norm(v)


def _severity(rng, least, most):
    """Small faults are as frequent as large ones, on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _background(rng, speed, angle, load):
    """What a healthy machine does too."""
    y = np.zeros((3, WINDOW))
    residual = rng.uniform(0.01, 0.06) * (speed / 50.0) ** 2      # remaining imbalance
    start = rng.uniform(0, 2 * np.pi)
    y[0] += residual * np.cos(angle + start)
    y[1] += residual * rng.uniform(0.5, 1.0) * np.sin(angle + start)
    for order in (2, 3):
        size = rng.uniform(0.0, 0.02) * load
        y += size * np.outer(_direction(rng, 0.5), np.cos(order * angle + rng.uniform(0, 6.28)))
    blades = rng.integers(5, 9)                                   # fan or pump wheel
    y += rng.uniform(0.0, 0.05) * load * np.outer(_direction(rng, 0.7),
                                                  np.cos(blades * angle + rng.uniform(0, 6.28)))
    mains = rng.choice([100.0, 120.0])                            # motor field, twice the mains
    y += rng.uniform(0.0, 0.03) * np.outer(_direction(rng, 0.2),
                                           np.cos(2 * np.pi * mains * _T + rng.uniform(0, 6.28)))
    neighbour = rng.uniform(15.0, 60.0)                           # another machine on the floor
    y += rng.uniform(0.0, 0.02) * np.outer(_direction(rng, 1.0),
                                           np.cos(2 * np.pi * neighbour * _T + rng.uniform(0, 6)))
    rumble = rng.normal(size=(3, WINDOW + 64))                    # flow and rolling noise
    pole = rng.uniform(0.3, 0.9)
    kernel = pole ** np.arange(64)
    kernel /= np.sqrt((kernel ** 2).sum())
    level = rng.uniform(0.01, 0.05) * (0.5 + 0.5 * load)
    for axis in range(3):
        y[axis] += level * np.convolve(rumble[axis], kernel)[64:64 + WINDOW]
    if rng.random() < 0.2:                                        # somebody drops a tool
        knocks = [(rng.uniform(0, _T[-1]), rng.uniform(0.1, 0.8))
                  for _ in range(rng.integers(1, 3))]
        y += np.outer(_direction(rng, 1.0), _ringing(knocks, rng.uniform(150, 1300),
                                                     rng.uniform(0.03, 0.1)))
    return y


def _imbalance(rng, speed, angle, load):
    """A turning force: once per revolution, growing with the square of the speed."""
    y = np.zeros((3, WINDOW))
    size = _severity(rng, 0.12, 1.2) * (speed / 50.0) ** 2
    start = rng.uniform(0, 2 * np.pi)
    stiffness = rng.uniform(0.55, 1.0)
    first, second = (1.0, stiffness) if rng.random() < 0.5 else (stiffness, 1.0)
    y[0] += size * first * np.cos(angle + start)
    y[1] += size * second * np.sin(angle + start + rng.uniform(-0.3, 0.3))
    y[2] += size * rng.uniform(0.0, 0.15) * np.cos(angle + rng.uniform(0, 6.28))
    return y


def _misalignment(rng, speed, angle, load):
    """The coupling bends twice per revolution; strong along the shaft."""
    y = np.zeros((3, WINDOW))
    size = _severity(rng, 0.06, 0.7) * (0.5 + 0.5 * load)
    for order, share in ((1, rng.uniform(0.2, 0.8)), (2, 1.0), (3, rng.uniform(0.1, 0.45))):
        radial = _direction(rng, 0.0)
        radial[2] = rng.uniform(0.5, 1.2)
        for axis in range(3):
            y[axis] += size * share * radial[axis] * np.cos(order * angle + rng.uniform(0, 6.28))
    return y


def _looseness(rng, speed, angle, load):
    """A foot lifts and hits: many harmonics, half orders, short hits on a soft frame."""
    y = np.zeros((3, WINDOW))
    size = _severity(rng, 0.05, 0.5)
    half = rng.random() < 0.6                                     # hits every second turn harder
    direction = np.array([rng.uniform(-0.4, 0.4), 1.0, rng.uniform(-0.3, 0.3)])
    decay = rng.uniform(0.65, 0.85)
    for order in range(1, 11):
        y += size * decay ** order * rng.uniform(0.4, 1.0) * np.outer(
            direction, np.cos(order * angle + rng.uniform(0, 6.28)))
    if half:
        for order in (0.5, 1.5, 2.5, 3.5):
            y += size * rng.uniform(0.15, 0.5) * np.outer(
                direction, np.cos(order * angle + rng.uniform(0, 6.28)))
    turns = np.arange(angle[0], angle[-1] + 0.3, 2 * np.pi)[1:] + rng.uniform(-0.2, 0.2)
    times = np.interp(turns, angle, _T)
    strength = size * rng.uniform(0.8, 2.0) * rng.uniform(0.5, 1.3, len(times))
    if half:
        strength[::2] *= rng.uniform(0.2, 0.7)
    hits = list(zip(times + rng.normal(0, 0.0006, len(times)), strength))
    y += np.outer(direction, _ringing(hits, rng.uniform(90, 260), rng.uniform(0.08, 0.2)))
    return y


def _bearing(rng, speed, angle, load):
    """Balls run over a defect of a race: a train of impulses that rings a resonance."""
    balls = int(rng.integers(7, 13))
    ratio = rng.uniform(0.18, 0.32)                               # ball to pitch diameter
    inner = rng.random() < 0.5
    per_turn = balls / 2 * (1 + ratio if inner else 1 - ratio)
    steps = per_turn * (angle - angle[0]) / (2 * np.pi)
    hits = np.arange(rng.uniform(0, 1), steps[-1], 1.0)
    hits = hits + rng.normal(0, 0.015, len(hits))                 # balls slip a little
    times = np.interp(hits, steps, _T)
    strength = _severity(rng, 0.07, 1.2) * (0.4 + 0.6 * load)
    strength = strength * rng.uniform(0.7, 1.3, len(times))
    if inner:                                                     # passes through the load zone
        at = np.interp(times, _T, angle) + rng.uniform(0, 6.28)
        strength = strength * np.clip(0.45 + 0.75 * np.cos(at), 0.1, None)
    y = np.outer(_direction(rng, 0.4), _ringing(list(zip(times, strength)),
                                                rng.uniform(600, 1350), rng.uniform(0.025, 0.07)))
    return y + np.outer(_direction(rng, 0.4), _ringing(list(zip(times, 0.3 * strength)),
                                                       rng.uniform(300, 600), 0.06))


_FAULTS = {'imbalance': _imbalance, 'misalignment': _misalignment, 'looseness': _looseness,
           'bearing': _bearing}


def _mounting(rng):
    """Rotation of the sensor against the machine: a few degrees about every axis."""
    m = np.eye(3)
    for axis in range(3):
        a = np.radians(rng.uniform(-8, 8))
        i, j = (axis + 1) % 3, (axis + 2) % 3
        r = np.eye(3)
        r[i, i] = r[j, j] = np.cos(a)
        r[i, j], r[j, i] = -np.sin(a), np.sin(a)
        m = m @ r
    return m


def raw_window(rng, label):
    """One window as the sensor delivers it: int16 [WINDOW, 3]."""
    speed, angle = _speed(rng)
    load = rng.uniform(0.3, 1.0)
    y = _background(rng, speed, angle, load)
    if CLASSES[label] in _FAULTS:
        y = y + _FAULTS[CLASSES[label]](rng, speed, angle, load)
    y[1] -= 1.0                                                   # gravity
    y = _mounting(rng) @ y
    y = y * (1 + rng.uniform(-0.02, 0.02, (3, 1)))                # sensitivity and offset error
    y = y + rng.uniform(-0.03, 0.03, (3, 1))
    y = y + rng.normal(0, 0.004, y.shape)                         # sensor noise
    return np.clip(np.rint(y.T * RAW_PER_G), -32768, 32767).astype(np.int16)


def front_end(raw):
    """What firmware does before the network: subtract the mean of each axis, keep 8 bits."""
    raw = raw.astype(np.int32)
    mean = raw.sum(axis=0) >> 10                                  # WINDOW = 2^10
    return np.clip((raw - mean + 64) >> 7, -128, 127).astype(np.int8)


def dataset(count, seed):
    """(raw, x, label); labels go round, every window has a generator of its own."""
    raw = np.empty((count, WINDOW, 3), np.int16)
    x = np.empty((count, WINDOW, 3), np.int8)
    label = (np.arange(count) % len(CLASSES)).astype(np.int8)
    for i in range(count):
        raw[i] = raw_window(np.random.Generator(np.random.PCG64([seed, i])), label[i])
        x[i] = front_end(raw[i])
    return raw, x, label


def main(arguments):
    if not 1 <= len(arguments) <= 3:
        print(__doc__.split('\n\n')[1], file=sys.stderr)
        return 2
    count = int(arguments[1]) if len(arguments) > 1 else 1000
    seed = int(arguments[2]) if len(arguments) > 2 else 1
    raw, x, label = dataset(count, seed)
    np.savez_compressed(arguments[0], raw=raw, x=x, label=label, classes=np.array(CLASSES))
    print('%s: %d windows of %d samples, %d classes' % (arguments[0], count, WINDOW, len(CLASSES)))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
