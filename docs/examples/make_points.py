#!/usr/bin/env python3
"""Makes points.h5 for the tutorial: two spheres with the charges 1 and -1, and targets in the plane z = 0.

Writes 2,000 sources and 2,501 targets. Needs numpy and h5py.
"""
import h5py
import numpy as np

n = 1000  # points on each sphere: a spiral from pole to pole, of nearly equal areas
k = np.arange(n)
z = (k + 0.5) * 2 / n - 1
angle = np.pi * (1 + 5**0.5) * k
ball = 0.5 * np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)
sources = np.concatenate([ball - [1, 0, 0], ball + [1, 0, 0]])
charges = np.repeat([1 / n, -1 / n], n)  # the sums are 1 and -1

x, y = np.meshgrid(np.linspace(-2.5, 2.5, 61), np.linspace(-1.5, 1.5, 41))
targets = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)

with h5py.File("points.h5", "w") as file:
    file["sources/positions"] = sources
    file["sources/charges"] = charges
    file["targets/positions"] = targets
