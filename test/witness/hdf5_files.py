"""Writes HDF5 files with h5py in the forms that it has, each with the same content.

    python3 test/witness/hdf5_files.py FOLDER

Content: group `g` with the attributes text and names; in it groups `layer 0` to `layer N`, each with a
dataset `w` [rows, 7] of sin(0, 1, 2, ...) + the layer's number.
"""
import sys

import h5py
import numpy as np

FOLDER = sys.argv[1]


def write(name, layers=3, rows=11, dtype="<f4", track=False, texts="fixed", libver=None, attributes=0, **how):
    with h5py.File(f"{FOLDER}/{name}.h5", "w", libver=libver, track_order=track) as file:
        group = file.create_group("g", track_order=track)
        names = [f"layer {i}" for i in range(layers)]
        if texts == "fixed":
            group.attrs["text"] = np.bytes_("温度 of a text".encode())
            group.attrs["names"] = [name.encode() for name in names]
        else:
            group.attrs["text"] = "温度 of a text"
            group.attrs["names"] = names
        for i in range(attributes):
            group.attrs[f"number {i}"] = i
        for i, name in enumerate(names):
            values = np.sin(np.arange(rows * 7)).reshape(rows, 7) + i
            layer = group.create_group(name, track_order=track)
            if layers < 10:
                layer.attrs["ids"] = np.arange(5)
            layer.create_dataset("w", data=values.astype(dtype), **how)
        file["soft"] = h5py.SoftLink("/g")


write("plain")
write("many", layers=700, rows=2)
write("half", dtype="<f2")
write("double", dtype="<f8")
write("big-endian", dtype=">f4")
write("variable", texts="variable")
write("ordered", track=True)
write("ordered-dense", track=True, layers=30)
write("ordered-dense-many", track=True, layers=3000, rows=1)
write("attributes-dense", track=True, attributes=40, texts="variable")
write("latest-plain", libver="latest")
write("latest-dense", libver="latest", layers=2000, rows=1, track=True)
write("v108", libver=("earliest", "v108"), layers=20)
write("gzip", compression="gzip", chunks=(4, 3))
write("gzip-shuffle", compression="gzip", shuffle=True, chunks=(4, 7))
write("gzip-shuffle-checksum", compression="gzip", shuffle=True, fletcher32=True, chunks=(3, 2))
write("chunks", chunks=(5, 5))
write("chunks-many", chunks=(1, 1), rows=300)
write("latest-gzip", libver="latest", compression="gzip")
write("lzf", compression="lzf")
