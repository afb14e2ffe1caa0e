# SPDX-License-Identifier: Apache-2.0
"""Design and train the vibration classifier, quantize it, and write models and test cases.

usage: train.py [OUTPUT_FOLDER]        (default: the folder of this script)

Writes vibration_float.tflite, vibration.tflite (int8), case*.npy and cases.txt. Seeded: the same
numpy and BLAS give the same files.
"""
import os
import sys
import time

import numpy as np

import export
import generate
import reference
import tflite_file
from network import Adam, AveragePool, Conv, Depthwise, Mean, Network, Residual, softmax

TRAIN, TEST, POOL = 12000, 2000, 200
TRAIN_SEED, TEST_SEED, CASE_SEED, NET_SEED = 11, 22, 33, 44
EPOCHS, BATCH, RATE = 14, 40, 3e-3
SMOOTHING = 0.05          # of the labels: answers stay graded instead of all or nothing
CALIBRATION_PERCENT = 99.95   # loud windows may saturate, or quiet ones have no steps left
INPUT_GAIN = 8.0          # typical signals are 0.1 g; folded into the first weights afterwards


def design():
    rng = np.random.Generator(np.random.PCG64(NET_SEED))
    classes = len(generate.CLASSES)
    return Network([
        Conv(rng, 3, 16, kernel=16, stride=4),                              # 256 x 16
        Depthwise(rng, 16, 5), Conv(rng, 16, 24),                           # 256 x 24
        AveragePool(),                                                      # 128 x 24
        Residual(Depthwise(rng, 24, 7), Conv(rng, 24, 24, relu=False, gain=0.4)),
        Depthwise(rng, 24, 7, stride=2), Conv(rng, 24, 48),                 # 64 x 48
        Residual(Depthwise(rng, 48, 7), Conv(rng, 48, 48, relu=False, gain=0.4)),
        Depthwise(rng, 48, 7, stride=2), Conv(rng, 48, 64),                 # 32 x 64
        Residual(Depthwise(rng, 64, 7), Conv(rng, 64, 64, relu=False, gain=0.4)),
        Mean(),                                                             # 64
        Conv(rng, 64, 32), Conv(rng, 32, classes, relu=False)])


def to_float(x):
    return x.astype(np.float32) * np.float32(generate.INPUT_SCALE)


def logits(network, x):
    """x: float32 [count, time, 3]"""
    parts = [network.forward(x[i:i + 200])[:, 0, :] for i in range(0, len(x), 200)]
    return np.concatenate(parts)


def train(network, x, label):
    rng = np.random.Generator(np.random.PCG64(NET_SEED + 1))
    adam = Adam([la for la in network.leaves() if la.params], decay=0.01)
    steps, done = EPOCHS * (len(x) // BATCH), 0
    start = time.time()
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        loss = hits = 0
        for first in range(0, len(x) - BATCH + 1, BATCH):
            pick = order[first:first + BATCH]
            p = softmax(network.forward(to_float(x[pick]) * np.float32(INPUT_GAIN))[:, 0, :])
            rows = np.arange(BATCH)
            loss -= np.log(p[rows, label[pick]] + 1e-12).sum()
            hits += (p.argmax(axis=1) == label[pick]).sum()
            p[rows, label[pick]] -= np.float32(1 - SMOOTHING)
            p -= np.float32(SMOOTHING / p.shape[1])
            network.backward((p / np.float32(BATCH))[:, None, :])
            warm = min(1.0, (done + 1) / 200)
            adam.step(RATE * warm * 0.5 * (1 + np.cos(np.pi * done / steps)) + 1e-5)
            done += 1
        print('epoch %2d  cross entropy %.4f  training accuracy %.4f  %.0f s' %
              (epoch + 1, loss / len(x), hits / len(x), time.time() - start), flush=True)
    network.layers[0].params['w'] *= np.float32(INPUT_GAIN)


def check_gradients():
    """Finite differences on a tiny network with every kind of layer, in double precision."""
    rng = np.random.Generator(np.random.PCG64(5))
    net = Network([Conv(rng, 3, 4, kernel=4, stride=2), Depthwise(rng, 4, 3, stride=2),
                   Conv(rng, 4, 6, kernel=3), AveragePool(),
                   Residual(Depthwise(rng, 6, 3), Conv(rng, 6, 6, relu=False)), Mean(),
                   Conv(rng, 6, 5, relu=False)])
    for layer in net.leaves():
        layer.params = {k: v.astype(np.float64) + rng.normal(0, 0.1, v.shape)
                        for k, v in layer.params.items()}
    x, label = rng.normal(size=(3, 32, 3)), np.array([0, 2, 4])
    rows = np.arange(3)

    def loss():
        return -np.log(softmax(net.forward(x)[:, 0, :])[rows, label]).sum()

    loss()
    p = softmax(net.forward(x)[:, 0, :])
    p[rows, label] -= 1
    net.backward(p[:, None, :])
    worst = 0.0
    for layer in net.leaves():
        for key, value in layer.params.items():
            gradient = layer.grads[key].copy()
            for _ in range(6):
                at = tuple(rng.integers(0, n) for n in value.shape)
                kept, h = value[at], 1e-6
                value[at] = kept + h
                up = loss()
                value[at] = kept - h
                down = loss()
                value[at] = kept
                error = abs((up - down) / (2 * h) - gradient[at])
                worst = max(worst, error / (1e-3 + abs(gradient[at])))
    return worst


def confusion(label, guess):
    table = np.zeros((len(generate.CLASSES),) * 2, int)
    np.add.at(table, (label, guess), 1)
    width = max(len(c) for c in generate.CLASSES) + 2
    lines = [' ' * width + ''.join(c.rjust(width) for c in generate.CLASSES)]
    for c, row in zip(generate.CLASSES, table):
        lines.append(c.ljust(width) + ''.join(str(n).rjust(width) for n in row))
    return '\n'.join(lines)


def pick_cases(model):
    """Of windows that nothing else has used: the first of each class, and the one of each class
    on which the int8 model is least certain, because saturated answers hide small errors."""
    _, x, label = generate.dataset(POOL, CASE_SEED)
    out = np.sort(reference.run(model, [x.reshape(POOL, generate.WINDOW, 1, 3)])[0], axis=1)
    clear = out[:, -1] > out[:, -2]                   # a tie names no class
    classes = range(len(generate.CLASSES))
    first = [np.flatnonzero((label == c) & clear)[0] for c in classes]
    unsure = [min(np.flatnonzero((label == c) & clear), key=lambda i: (out[i, -1], i))
              for c in classes]
    return [(x[i], generate.CLASSES[label[i]]) for i in first + unsure]


def write_cases(folder, float_model, int8_model):
    lines = ['# case, class of the window, class according to the expected int8 output']
    for i, (x, truth) in enumerate(pick_cases(int8_model)):
        window = x.reshape(1, generate.WINDOW, 1, 3)
        out = reference.run(int8_model, [window])[0]
        np.save(os.path.join(folder, 'case%d_in.npy' % i), window)
        np.save(os.path.join(folder, 'case%d_out.npy' % i), out)
        lines.append('case%d %s %s' % (i, truth, generate.CLASSES[int(out.argmax())]))
    np.save(os.path.join(folder, 'case_float_in.npy'), to_float(window))
    np.save(os.path.join(folder, 'case_float_out.npy'),
            reference.run_float(float_model, [to_float(window)])[0].astype(np.float32))
    with open(os.path.join(folder, 'cases.txt'), 'w') as f:
        f.write('\n'.join(lines) + '\n')


def main(arguments):
    folder = arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__))
    worst = check_gradients()
    print('gradients against finite differences: worst relative error %.1e' % worst)
    if worst > 1e-4:
        return 1
    _, x, label = generate.dataset(TRAIN, TRAIN_SEED)
    _, test_x, test_label = generate.dataset(TEST, TEST_SEED)
    network = design()
    train(network, x, label)

    network.calibrate(to_float(x[:1000]), CALIBRATION_PERCENT)
    float_model, ranges = export.float_model(network, generate.WINDOW, 3)
    int8_model = export.quantize(float_model, ranges, generate.INPUT_SCALE)
    float_path = os.path.join(folder, 'vibration_float.tflite')
    int8_path = os.path.join(folder, 'vibration.tflite')
    tflite_file.write(float_model, float_path)
    tflite_file.write(int8_model, int8_path)
    # What counts is what the files say: everything below reads them back.
    float_model, int8_model = tflite_file.read(float_path), tflite_file.read(int8_path)

    z = logits(network, to_float(test_x))
    images = test_x.reshape(TEST, generate.WINDOW, 1, 3)
    guess_float = z.argmax(axis=1)
    guess_int8 = np.concatenate([reference.run(int8_model, [images[i:i + 100]])[0].argmax(axis=1)
                                 for i in range(0, TEST, 100)])
    some = to_float(images[:50])
    drift = np.abs(reference.run_float(float_model, [some])[0] - softmax(z[:50])).max()
    print('float file against the trained network: largest difference %.1e' % drift)
    if drift > 1e-4:
        return 1
    print('held-out accuracy: float %.4f, int8 %.4f, %d windows; same class %.4f' %
          ((guess_float == test_label).mean(), (guess_int8 == test_label).mean(), TEST,
           (guess_float == guess_int8).mean()))
    print('int8, rows: truth, columns: answer\n' + confusion(test_label, guess_int8))
    print('%d MACs, %d weights; %s %d bytes, %s %d bytes' %
          (export.macs(int8_model), export.weights(int8_model),
           os.path.basename(int8_path), os.path.getsize(int8_path),
           os.path.basename(float_path), os.path.getsize(float_path)))
    write_cases(folder, float_model, int8_model)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
