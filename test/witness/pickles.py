"""Pickles of plain values in all protocols, and damaged ones with the verdict of pickletools.

    python3 test/witness/pickles.py > pickles.json

values: [protocol, pickle in hex, the value as `plain` writes it]
damaged: [pickle in hex, where STOP ends in pickletools.genops; -1 where it refuses]
"""
import collections
import json
import pickle
import pickletools
import random

random.seed(7)


def value(depth=0):
    kinds = ["none", "bool", "int", "long", "float", "text", "bytes"]
    if depth < 4:
        kinds += ["list", "tuple", "dict", "ordered", "set", "shared"] * 2
    kind = random.choice(kinds)
    if kind == "none":
        return None
    if kind == "bool":
        return random.random() < 0.5
    if kind == "int":
        return random.choice([0, 1, 255, 256, 65535, 65536, -1, 2**31 - 1, 2**31, -(2**31), 2**53 - 1])
    if kind == "long":
        return random.choice([1, -1]) * random.getrandbits(random.choice([60, 64, 200, 1000]))
    if kind == "float":
        return random.choice([0.5, -1e300, 3.141592653589793, float("inf"), 1e-310])
    if kind == "text":
        return "".join(random.choice("ab\n\t'\"\\é温😀\x00\u0308") for _ in range(random.choice([0, 1, 5, 300])))
    if kind == "bytes":
        return bytes(random.randrange(256) for _ in range(random.choice([0, 1, 7, 300])))
    size = random.choice([0, 1, 2, 3, 5])
    if kind == "list":
        return [value(depth + 1) for _ in range(size)]
    if kind == "tuple":
        return tuple(value(depth + 1) for _ in range(size))
    if kind == "set":
        return {random.randrange(1000) for _ in range(size)}
    if kind == "shared":
        one = [random.randrange(10)]
        return [one, one, [one]]
    pairs = [(f"k{i}", value(depth + 1)) for i in range(size)]
    return dict(pairs) if kind == "dict" else collections.OrderedDict(pairs)


def plain(v):
    """The value as JSON that names its types."""
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, int):
        return {"int": str(v)}
    if isinstance(v, float):
        return {"float": v.hex()} if v == v and abs(v) != float("inf") else {"float": str(v)}
    if isinstance(v, bytes):
        return {"bytes": v.hex()}
    if isinstance(v, (list, tuple)):
        return [plain(item) for item in v]
    if isinstance(v, set):
        return {"set": sorted(v)}
    return {"dict": [[key, plain(item)] for key, item in v.items()]}


def verdict(data):
    end = -1
    try:
        for code, _, position in pickletools.genops(data):
            end = position + 1
    except UnicodeDecodeError:
        return None  # text of bytes that are no UTF-8 is read with signs of replacement here
    except Exception:
        return -1
    return end


values, damaged = [], []
for i in range(300):
    one = [value() for _ in range(3)]
    protocol = i % 6
    data = pickle.dumps(one, protocol)
    values.append([protocol, data.hex(), plain(one)])
    for _ in range(10):
        copy = bytearray(data)
        for _ in range(random.choice([1, 1, 2])):
            at = random.randrange(len(copy))
            how = random.randrange(4)
            if how == 0:
                copy[at] = random.randrange(256)
            elif how == 1:
                del copy[at]
            elif how == 2:
                copy.insert(at, random.randrange(256))
            else:
                del copy[at:]
            if not copy:
                break
        end = verdict(bytes(copy))
        if end is not None:
            damaged.append([copy.hex(), end])
print(json.dumps({"values": values, "damaged": damaged}))
