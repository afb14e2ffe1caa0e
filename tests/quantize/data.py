#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a small model and calibration data for it, good and broken, into the current folder."""
import os
import struct
import zipfile
import zlib

MODEL = '''<?xml version="1.0" encoding="UTF-8"?>
<thimble-program version="1" source="image" format="xml" sha256="">
 <function name="run">
  <input id="1" name="picture"><type dtype="f32" dims="1 8 8 3"/></input>
  <node op="max_pool2d" contract="tflite">
   <in value="1"/>
   <attr name="filter" type="ints" value="2 2"/>
   <attr name="stride" type="ints" value="2 2"/>
   <out id="2" name="y"><type dtype="f32" dims="1 4 4 3"/></out>
  </node>
  <output name="y" value="2"/>
 </function>
 <weights bytes="0" check="cbf29ce484222325"/>
</thimble-program>
'''


def npy(descr, shape, data, order='False'):
    head = "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }" % (
        descr, order, ''.join('%d, ' % n for n in shape))
    head += ' ' * (-(len(head) + 11) % 64) + '\n'
    return b'\x93NUMPY\x01\0' + struct.pack('<H', len(head)) + head.encode() + data


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def chunk(kind, data):
    return (struct.pack('>I', len(data)) + kind + data +
            struct.pack('>I', zlib.crc32(kind + data) & 0xffffffff))


def png(width, height, pixel, declared=None):
    """RGB, a function of column and row; declared: a size that is not true."""
    rows = b''.join(b'\0' + b''.join(bytes(pixel(x, y)) for x in range(width))
                    for y in range(height))
    w, h = declared or (width, height)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 2, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def grey(x, y):
    return (0, 0, 0) if x < 8 else (255, 255, 255)


def main():
    write('image.xml', MODEL.encode())
    write('image.xml.weights', b'')
    pixels = bytes(i % 256 for i in range(4 * 192))
    write('plain.npy', npy('|u1', (4, 8, 8, 3), pixels))
    write('float.npy', npy('<f4', (4, 1, 8, 8, 3), struct.pack('<768f', *pixels)))
    write('one.npy', npy('|u1', (8, 8, 3), bytes([0] + [255] * 191)))
    write('wrong.npy', npy('|u1', (4, 8, 3, 8), pixels))
    with zipfile.ZipFile('plain.npz', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('arr_0.npy', npy('|u1', (4, 8, 8, 3), pixels))
    with zipfile.ZipFile('named.npz', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('label.npy', npy('|u1', (4,), bytes(4)))
        z.writestr('picture.npy', npy('|u1', (4, 8, 8, 3), pixels))
    good = open('plain.npz', 'rb').read()
    write('bad_cut.npz', good[:len(good) // 2])
    write('bad_bytes.npz', good[:60] + b'\xff' * 40 + good[100:])
    with zipfile.ZipFile('bad_inside.npz', 'w') as z:
        z.writestr('arr_0.npy', b'no array')
    with zipfile.ZipFile('bad_wrong.npz', 'w') as z:
        z.writestr('arr_0.npy', npy('|u1', (1 << 40, 8, 8, 3), pixels))
    array = npy('|u1', (4, 8, 8, 3), pixels)
    write('bad_cut.npy', array[:300])
    write('bad_order.npy', npy('|u1', (4, 8, 8, 3), pixels, 'True'))
    write('bad_kind.npy', npy('|S1', (4, 8, 8, 3), pixels))
    write('bad_shape.npy', npy('|u1', (4, 8, 8, 4), pixels))
    write('bad_huge.npy', npy('|u1', (1 << 62, 1 << 62), pixels))
    write('bad_empty.npy', b'')
    for folder in ('photos', 'photos/more', 'red', 'mixed', 'bad_images'):
        os.mkdir(folder)
    write('photos/b.png', png(16, 16, grey))
    write('photos/more/a.PNG', png(8, 8, lambda x, y: (255 * (x == 0), 0, 255)))
    write('photos/notes.txt', b'not a picture')
    write('red/red.png', png(8, 8, lambda x, y: (255, 0, 0)))
    picture = png(8, 8, grey)
    write('mixed/a.png', picture)
    write('mixed/b.png', picture[:-30])
    broken = {
        'cut': picture[:40], 'empty': b'', 'text': b'hello', 'head': picture[:8],
        'checksum': picture[:50] + bytes([picture[50] ^ 1]) + picture[51:],
        'large': png(8, 8, grey, (1 << 30, 1 << 30)), 'tall': png(1, 8, grey, (1, 40000)),
        'jpeg': b'\xff\xd8\xff\xe0\0\x10JFIF\0' + b'\0' * 20,
        'jpeg_size': b'\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x11\0\x02\x11\0\x03\x11\0',
    }
    for name, data in broken.items():
        os.mkdir('bad_images/' + name)
        ending = '.jpg' if name.startswith('jpeg') else '.png'
        write('bad_images/%s/x%s' % (name, ending), data)


if __name__ == '__main__':
    main()
