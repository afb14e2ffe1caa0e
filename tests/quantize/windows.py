#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Windows of the vibration example as calibration and test data.

usage: windows.py EXAMPLE OUT COUNT SEED     OUT.npy, OUT_labels.npy: drawn windows (needs numpy)
       windows.py EXAMPLE OUT cases          OUT.npy: the example's ten cases, int8
"""
import os
import struct
import sys


def save(path, descr, shape, data):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (
        descr, ''.join('%d, ' % n for n in shape))
    head += ' ' * (-(len(head) + 11) % 64) + '\n'
    with open(path, 'wb') as f:
        f.write(b'\x93NUMPY\x01\0' + struct.pack('<H', len(head)) + head.encode() + data)


def body(path):
    with open(path, 'rb') as f:
        b = f.read()
    return b[10 + struct.unpack('<H', b[8:10])[0]:]


def main():
    example, out, count = sys.argv[1:4]
    if count == 'cases':
        parts = [body(os.path.join(example, 'case%d_in.npy' % i)) for i in range(10)]
        save(out + '.npy', '|i1', (10, 1024, 1, 3), b''.join(parts))
        return
    sys.path.insert(0, example)
    import generate
    import numpy as np
    x, label = generate.dataset(int(count), int(sys.argv[4]))[-2:]
    np.save(out + '.npy', x.reshape(-1, 1024, 1, 3))
    np.save(out + '_labels.npy', label)


if __name__ == '__main__':
    main()
