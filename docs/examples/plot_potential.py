#!/usr/bin/env python3
"""Plots a slice of the potential that `octopole run` has computed.

    plot_potential.py POINTS.h5 FIELD.h5 SLICE.png

POINTS.h5 is the input of the run, FIELD.h5 its output; the ending of the third name chooses the format (png, svg,
pdf). Drawn are the targets (without targets: the sources) in a layer around the plane `axis = at`, and the
potential between them by linear interpolation. Needs numpy, h5py and matplotlib.
"""
import argparse

import h5py
import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt
import numpy as np


def arguments():
    parser = argparse.ArgumentParser(description="Plots a slice of the potential that octopole run has computed.")
    parser.add_argument("points", help="input of octopole run (HDF5)")
    parser.add_argument("field", help="output of octopole run (HDF5)")
    parser.add_argument("picture", help="file to write: .png, .svg or .pdf")
    parser.add_argument("--axis", choices="xyz", default="z", help="normal of the plane")
    parser.add_argument("--at", type=float, default=0.0, help="place of the plane on the axis")
    parser.add_argument("--thickness", type=float, help="of the layer (default: 1/50 of the points' extent)")
    return parser.parse_args()


def read(points_name, field_name):
    """Positions (n, 3) and potentials (n) of the targets."""
    with h5py.File(points_name) as points, h5py.File(field_name) as field:
        group = "targets" if "targets" in points else "sources"
        positions, potential = points[group + "/positions"][:], field["targets/potential"][:]
        if not field.attrs.get("digits_reached", 1):
            print("warning: the run's self-check has missed the digits")
    if len(positions) != len(potential):
        raise SystemExit(f"{field_name} has {len(potential)} values for {len(positions)} points of {points_name}")
    return positions, potential


def main():
    wanted = arguments()
    positions, potential = read(wanted.points, wanted.field)
    normal = "xyz".index(wanted.axis)
    across, up = (axis for axis in range(3) if axis != normal)
    thickness = wanted.thickness or np.ptp(positions, axis=0).max() / 50
    layer = np.abs(positions[:, normal] - wanted.at) <= thickness / 2
    if np.count_nonzero(layer) < 3:
        raise SystemExit(f"{np.count_nonzero(layer)} points in the layer are too few: choose --at or --thickness")

    values = potential[layer]
    if values.min() < 0 < values.max():  # both signs: white is 0
        colours = dict(cmap="RdBu_r", vmin=-np.abs(values).max(), vmax=np.abs(values).max())
    else:
        colours = dict(cmap="viridis")
    figure, axes = plt.subplots(figsize=(7, 5))
    drawn = axes.tripcolor(positions[layer, across], positions[layer, up], values, shading="gouraud", rasterized=True,
                           **colours)
    figure.colorbar(drawn, ax=axes, label="potential")
    axes.set_aspect("equal")
    axes.set_xlabel("xyz"[across])
    axes.set_ylabel("xyz"[up])
    axes.set_title(f"{len(values)} points near {wanted.axis} = {wanted.at:g}")
    figure.savefig(wanted.picture, dpi=150, bbox_inches="tight")
    print(f"{wanted.picture}: {len(values)} points, potential from {values.min():.4g} to {values.max():.4g}")


if __name__ == "__main__":
    main()
