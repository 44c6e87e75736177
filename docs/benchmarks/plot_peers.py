#!/usr/bin/env python3
"""Draws peers.svg from peers.json: seconds of an evaluation of the potential against its measured error, one panel per
cloud.

    docs/benchmarks/plot_peers.py                  writes peers.svg beside this file
    docs/benchmarks/plot_peers.py -o FILE.svg      writes another file (also .png, .pdf)
    docs/benchmarks/plot_peers.py --table          prints the seconds as Markdown tables, draws nothing

Needs matplotlib (Debian: python3-matplotlib). The same matplotlib gives the same bytes.
"""
import argparse
import io
import json
import math
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
GRADIENT = " (potential and gradient)"
# After the palette of Okabe and Ito, which all kinds of colour vision can distinguish; the marks differ as well.
STYLES = {
    "octopole": ("#0072b2", "o"),
    "exafmm-t": ("#d55e00", "s"),
    "PVFMM": ("#009e73", "^"),
    "DMK": ("#b05a92", "D"),
    "FMM3D": ("#555555", "v"),
}
END_LABELS, MIDDLE_LABELS = 5e-15, 6e-9  # errors at which names of lines begin: of long lines, of short ones


def curves(runs, cloud):
    """{name in the file: its runs on this cloud, by digits}, in the order of STYLES, potential first."""
    found = {}
    for run in runs:
        if run["cloud"] == cloud:
            found.setdefault(run["code"], []).append(run)
    order = list(STYLES)
    names = sorted(found, key=lambda name: (order.index(code_of(name)), has_gradient(name)))
    return {name: sorted(found[name], key=lambda run: run["digits"]) for name in names}


def code_of(name):
    return name.split(" (")[0]


def has_gradient(name):
    return name.endswith(GRADIENT)


def clouds_of(runs):
    return list(dict.fromkeys(run["cloud"] for run in runs))


def spread(wanted, gap):
    """Heights at least `gap` apart and as near to the wanted ones as their order allows."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups = []  # [indices, mean of (wanted - offset in the group)]
    for i in order:
        groups.append([[i], wanted[i]])
        while len(groups) > 1 and groups[-2][1] + gap * len(groups[-2][0]) > groups[-1][1]:
            last = groups.pop()
            n, m = len(groups[-1][0]), len(last[0])
            groups[-1] = [groups[-1][0] + last[0], (n * groups[-1][1] + m * (last[1] - gap * n)) / (n + m)]
    heights = list(wanted)
    for members, base in groups:
        for place, i in enumerate(members):
            heights[i] = base + gap * place
    return heights


def draw(data, output):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    plt.rcParams.update({
        "font.family": "DejaVu Sans", "font.size": 9.5, "axes.edgecolor": "#888888", "axes.linewidth": 0.8,
        "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "axes.grid": True,
        "grid.color": "#e4e4e4", "grid.linewidth": 0.7, "xtick.color": "#555555", "ytick.color": "#555555",
        "xtick.labelcolor": "#333333", "ytick.labelcolor": "#333333", "axes.labelcolor": "#333333",
        "text.color": "#222222", "legend.frameon": False,
        "svg.hashsalt": "octopole", "svg.fonttype": "path"})

    runs = data["runs"]
    clouds = clouds_of(runs)
    figure, panels = plt.subplots(1, len(clouds), figsize=(4.5 * len(clouds), 4), sharex=True, sharey=True)
    for axes, cloud in zip(panels, clouds):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(3e-3, 1.2e-14)
        axes.set_ylim(0.08, 36)
        axes.xaxis.set_major_locator(FixedLocator([1e-3, 1e-6, 1e-9, 1e-12]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(FixedLocator([0.1, 0.3, 1, 3, 10, 30]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.tick_params(length=3)
        points = {run["n"] for run in runs if run["cloud"] == cloud}
        axes.set_title(f"{cloud}, {'/'.join(f'{n:,}' for n in sorted(points))} points", loc="left", fontsize=11, pad=8)
        axes.set_xlabel("measured relative L2 error (more accurate \N{RIGHTWARDS ARROW})", labelpad=6)

        ends = []
        for name, points in curves(runs, cloud).items():
            if has_gradient(name):
                continue
            colour, mark = STYLES[code_of(name)]
            ours = code_of(name) == "octopole"
            x, y = [p["error"] for p in points], [p["evaluate_s"] for p in points]
            axes.plot(x, y, color=colour, marker=mark, markersize=5.5 if ours else 5, zorder=4 if ours else 3,
                      linewidth=2.6 if ours else 1.4, markeredgewidth=1.1)
            ends.append((code_of(name), colour, x[-1], y[-1]))
        label(axes, ends)
    panels[0].set_ylabel("seconds of one evaluation")
    figure.tight_layout(w_pad=2, rect=(0, 0, 0.985, 1))
    if output.suffix == ".svg":
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        # Without indentation, and to a thousandth of a point: a quarter smaller.
        output.write_text(re.sub(r"(\.\d{3})\d+", r"\1", re.sub(r"\n +", "\n", text.getvalue())))
    else:
        figure.savefig(output, dpi=150)


def label(axes, ends):
    """Writes each code's name to the right of its last point, names that would touch moved apart."""
    low, high = axes.get_ylim()
    for names_at in (END_LABELS, MIDDLE_LABELS):
        column = [end for end in ends if (end[2] > 1e-9) == (names_at == MIDDLE_LABELS)]
        own = [math.log(y / low) / math.log(high / low) for _, _, _, y in column]
        for (code, colour, x, y), height in zip(column, spread(own, 0.057)):
            axes.annotate(code, (x, y), (names_at, low * (high / low)**height), color=colour, va="center", ha="left",
                          annotation_clip=False, fontsize=10, fontweight="bold" if code == "octopole" else "normal",
                          arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6,
                                      "shrinkA": 1, "shrinkB": 5, "relpos": (0, 0.5)})


def table(data):
    """A Markdown table for each cloud: a row for each code, a column for each number of digits."""
    for cloud in clouds_of(data["runs"]):
        found = curves(data["runs"], cloud)
        digits = sorted({run["digits"] for points in found.values() for run in points})
        print(f"| {cloud} | " + " | ".join(f"{d} digits" for d in digits) + " |")
        print("|---|" + "---|" * len(digits))
        for name, points in found.items():
            seconds = {p["digits"]: p["evaluate_s"] for p in points}
            print(f"| {name} | " + " | ".join(f"{seconds[d]:.2f}" if d in seconds else "" for d in digits) + " |")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=HERE / "peers.svg")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    data = json.loads((HERE / "peers.json").read_text())
    if options.table:
        table(data)
    else:
        draw(data, options.output)


if __name__ == "__main__":
    main()
