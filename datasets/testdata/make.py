# Writes the other files here: python3 make.py, with any NumPy from 1.17 on.
import numpy as np
from numpy.lib import format

values = [[1, 2], [3, 100], [0, 7]]
types = {}
for kind in "u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8".split():
    for order in "<>":
        a = np.array(values).astype(order + kind)
        if kind[0] != "u":
            a[2, 0] = -5
        if kind[0] == "f":
            a[0, 0] = 0.5
        types[("little_" if order == "<" else "big_") + kind] = a
types["bools"] = np.array([[True, False]])
types["nan"] = np.array([[1, np.nan]], "f4")
types["complex"] = np.array([[1j]], "c8")
types["text"] = np.array([["a"]])
np.savez("types.npz", **types)

images = np.arange(3 * 4 * 5, dtype="u1").reshape(3, 4, 5)
labels = np.array([2, 0, 1])
np.savez_compressed("packed.npz", images=images, labels=labels)
np.savez("stored.npz", images=images, labels=labels)
np.save("images.npy", images)
np.save("labels.npy", labels)
np.save("fortran.npy", np.asfortranarray(images))
halves = np.arange(1 << 16, dtype="u2").view("f2")[: 31 << 10 : 67]  # up to 65,504
np.savez_compressed("halves.npz", halves=-halves, floats=-halves.astype("f4"))
for version in (1, 2, 3):
    with open("version%d.npy" % version, "wb") as f:
        format.write_array(f, np.arange(6, dtype="f4"), version=(version, 0))
