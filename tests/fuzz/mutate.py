# SPDX-License-Identifier: Apache-2.0
"""
mutate.py SEED COUNT OUT FILE...: writes COUNT damaged copies of the files to the folder OUT.
Truncations, flipped bits, offsets and counts set to extremes, runs copied elsewhere. The same
seed makes the same files.
"""
import os
import random
import sys

EXTREMES = [0, 1, 2, 4, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
            0xfffffffe, 0xffffffff]


def truncate(data, r):
    return data[:r.randrange(len(data))]


def flip(data, r):
    for _ in range(r.choice([1, 1, 2, 4, 16])):
        i = r.randrange(len(data))
        data[i] ^= 1 << r.randrange(8)
    return data


def extreme(data, r):
    for _ in range(r.choice([1, 1, 1, 3])):
        at = r.randrange(max(1, len(data) // 4)) * 4
        data[at:at + 4] = (r.choice(EXTREMES) & 0xffffffff).to_bytes(4, "little")
    return data


def near(data, r):
    """An offset or count that is nearly right."""
    at = r.randrange(max(1, len(data) // 4)) * 4
    value = int.from_bytes(data[at:at + 4], "little") + r.choice([-4, -2, -1, 1, 2, 4, 8])
    data[at:at + 4] = (value & 0xffffffff).to_bytes(4, "little")
    return data


def copy(data, r):
    size = r.randrange(1, min(64, len(data)))
    a, b = r.randrange(len(data) - size + 1), r.randrange(len(data) - size + 1)
    data[b:b + size] = data[a:a + size]
    return data


def byte(data, r):
    data[r.randrange(len(data))] = r.randrange(256)
    return data


def main():
    seed, count, out, files = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    os.makedirs(out, exist_ok=True)
    r = random.Random(seed)
    for i in range(count):
        name = files[i % len(files)]
        with open(name, "rb") as f:
            data = bytearray(f.read())
        change = r.choice([truncate, flip, flip, extreme, extreme, near, near, copy, byte])
        with open(os.path.join(out, "%05d_%s" % (i, os.path.basename(name))), "wb") as f:
            f.write(change(data, r))


if __name__ == "__main__":
    main()
