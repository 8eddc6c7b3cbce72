"""Writes the .npy files of this folder with numpy, the independent reference for the format."""

import numpy as np

np.save("float16.npy", np.arange(6, dtype=np.float16).reshape(2, 3) / 4)
np.save("float32.npy", np.array([1.5, -2.25, np.inf], dtype=np.float32))
np.save("int64.npy", np.array([[[-1], [2**40]]], dtype=np.int64))
np.save("uint8.npy", np.array(7, dtype=np.uint8))
np.save("fortran.npy", np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))
np.save("float64.npy", np.zeros(2))
