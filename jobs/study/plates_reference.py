#!/usr/bin/env python3
"""Capacitance of two square sheets by an independent method: reference of the plates in jobs/study/capacitance_series.py.

    jobs/study/plates_reference.py [GAP...]            distances in sides of the squares; default: 0.1 0.2 0.5 1

Collocation at the centres of rectangles with nodes at 1/2 (1 - (1 - t)^3) from the middle, their potential in closed
form, the eight images of the symmetry, a dense solve: nothing is shared with octopole. Prints C / (eps0 L^2 / d) for
meshes of 24, 36, 48 and 72 cells per side, their extrapolated limit (errors ~ cells^-3), and the fit of Nishiyama and
Nakamura. Needs NumPy; takes about a minute.
"""
import sys

import numpy as np


def corner(x, y, z):
    r = np.sqrt(x * x + y * y + z * z)
    terms = x * np.log(np.maximum(y + r, 1e-300)) + y * np.log(np.maximum(x + r, 1e-300))
    return terms - z * np.arctan(x * y / (z * r)) if z else terms


def potential(x, y, z, x0, x1, y0, y1):
    """Potential of a rectangle with charge density 4 pi eps0."""
    return corner(x1 - x, y1 - y, z) - corner(x0 - x, y1 - y, z) - corner(x1 - x, y0 - y, z) + corner(x0 - x, y0 - y, z)


def capacitance(cells, gap):
    half = cells // 2
    nodes = 0.5 * (1 - (1 - np.arange(half + 1) / half)**3)
    centres, widths = (nodes[:-1] + nodes[1:]) / 2, np.diff(nodes)
    x, y = (v.ravel()[:, None] for v in np.meshgrid(centres, centres, indexing="ij"))
    x0, y0 = (v.ravel()[None, :] for v in np.meshgrid(nodes[:-1], nodes[:-1], indexing="ij"))
    x1, y1 = (v.ravel()[None, :] for v in np.meshgrid(nodes[1:], nodes[1:], indexing="ij"))
    matrix = sum(sign * potential(a * x, b * y, z, x0, x1, y0, y1)
                 for a in (1, -1) for b in (1, -1) for z, sign in ((0, 1), (gap, -1)))
    density = np.linalg.solve(matrix / (4 * np.pi), np.full(len(x), 0.5))
    return 4 * gap * np.sum(density * np.outer(widths, widths).ravel())


for gap in [float(g) for g in sys.argv[1:]] or (0.1, 0.2, 0.5, 1):
    c = [capacitance(cells, gap) for cells in (24, 36, 48, 72)]
    limit = c[3] + (c[3] - c[2]) / (1.5**3 - 1)
    print(f"d/L {gap:g}: " + " ".join(f"{value:.6f}" for value in c) +
          f", limit {limit:.5f}; 1 + 2.343 (d/L)^0.891 = {1 + 2.343 * gap**0.891:.5f}", flush=True)
