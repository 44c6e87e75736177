"""Figures of scaling reports: each function takes records and returns a matplotlib figure, or None if the records lack
its data. Used by plot_scaling.py."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter  # noqa: E402

import records as rec  # noqa: E402

plt.rcParams.update({
    "figure.dpi": 110, "savefig.dpi": 110, "font.size": 9, "axes.titlesize": 10, "axes.grid": True,
    "grid.color": "#dddddd", "grid.linewidth": 0.6, "axes.axisbelow": True, "axes.spines.top": False,
    "axes.spines.right": False, "legend.frameon": False, "svg.hashsalt": "octopole", "lines.linewidth": 1.5})

SHAPE_COLOURS = {"cube": "#0072b2", "sphere": "#d55e00", "ellipsoid": "#009e73", "plummer": "#cc79a7",
                 "line": "#8c6d31"}
OTHER_COLOURS = ("#56b4e9", "#7f7f7f", "#17becf", "#bcbd22")
# One colour per phase in all figures: far field blue, near field red, adaptive lists green, MPI yellow.
PHASE_COLOURS = {"p2m": "#c6dbef", "m2m": "#9ecae1", "m2l": "#2171b5", "l2l": "#6baed6", "l2p": "#deebf7",
                 "m2p": "#74c476", "p2l": "#c7e9c0", "p2p": "#cb181d", "exchange": "#fdae61"}
WAITING_COLOUR = "#bdbdbd"
# Line styles and marks distinguish the kinds.
KIND_STYLES = {"measured": {"linestyle": "-", "marker": "o", "markersize": 5.5},
               "simulated": {"linestyle": "-.", "marker": "s", "markersize": 5.5, "markerfacecolor": "white"},
               "planned": {"linestyle": "--", "marker": "^", "markersize": 4.5, "linewidth": 1.1}}
IDEAL = {"color": "#666666", "linestyle": ":", "linewidth": 1.2, "zorder": 1}


def short(value):
    """The number as text: 1024, but 65.5k for 65536."""
    if float(value).is_integer() and abs(value) < 1e4:
        return f"{value:.0f}"
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def colour(key, keys):
    """Colour of the shape; unknown shapes take the remaining colours in order of their names."""
    others = sorted({str(k[2]) for k in keys} - SHAPE_COLOURS.keys())
    return SHAPE_COLOURS.get(key[2]) or OTHER_COLOURS[others.index(str(key[2])) % len(OTHER_COLOURS)]


def variant(key, keys):
    """Digits and points, if they differ among the curves."""
    texts = []
    if len({k[4] for k in keys}) > 1:
        texts.append(f"{short(key[4])} points" + (" per core" if rec.is_weak(key[0]) else ""))
    if len({k[3] for k in keys}) > 1:
        texts.append(f"{key[3]} digits")
    return ", ".join(texts)


def label(key, keys):
    """Text that distinguishes this curve from the others."""
    return ", ".join(text for text in (str(key[2]), variant(key, keys), key[1]) if text)


def log_x(axes, values, name, most=9):
    """A logarithmic axis with a tick at each value, or at every k-th if there are more than `most`."""
    values = sorted(set(values))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(values[::-(-len(values) // most)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(values[0] / 1.3, values[-1] * 1.3)
    axes.set_xlabel(name)


def log_y(axes):
    """A logarithmic axis with readable numbers, also if the values span less than a decade."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high / low < 2:  # nearly constant: widen the range, so that noise does not fill it
        middle = (low * high) ** 0.5
        low, high = middle / 1.7, middle * 1.7
        axes.set_ylim(low, high)
    steps = (1,) if high / low > 1e3 else (1, 2, 5) if high / low > 8 else (1, 1.5, 2, 3, 4, 5, 6, 8)
    axes.yaxis.set_major_locator(FixedLocator([step * 10.0**d for d in range(-9, 16) for step in steps
                                               if low <= step * 10.0**d <= high]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value) if value >= 1000 else f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def legend(figure, handles):
    """A legend below the panels, which are made smaller."""
    figure.legend(handles=handles, loc="lower center", ncol=10)
    figure.tight_layout(rect=(0, 0.33 / figure.get_figheight(), 1, 1))


def curve_handles(keys):
    """Colours for shapes, marks for kinds."""
    shapes = {str(key[2]): colour(key, keys) for key in keys}
    kinds = [kind for kind in rec.KINDS if any(key[1] == kind for key in keys)]
    return ([Line2D([], [], color=shade, linewidth=3, label=shape) for shape, shade in shapes.items()]
            + [Line2D([], [], color="black", label=kind, **{"linewidth": 1.2, **KIND_STYLES[kind]}) for kind in kinds])


def draw(axes, curve, values, key, keys):
    """Draws a curve over cores, with crosses where threads shared cores, which does not measure scaling. Returns whether
    any did."""
    style = dict(KIND_STYLES[key[1]])
    axes.plot([record["cores"] for record in curve], values, color=colour(key, keys), **style)
    crowded = [(record["cores"], value) for record, value in zip(curve, values)
               if rec.value_at(record, "binding.oversubscribed")]
    if crowded:
        axes.plot(*zip(*crowded), linestyle="none", marker="x", color="black", markersize=8, zorder=5)
    return bool(crowded)


def scaling(curves):
    """Time, efficiency and speed per core over cores, compared with ideal scaling."""
    curves = {key: curve for key, curve in curves.items() if curve}
    if not curves:
        return None
    keys, crowded = list(curves), False
    cores = [record["cores"] for curve in curves.values() for record in curve]
    figure, (time, efficiency, speed) = plt.subplots(1, 3, figsize=(12.5, 3.9))
    for key, curve in curves.items():
        seconds = [rec.evaluate_seconds(record) for record in curve]
        crowded |= draw(time, curve, seconds, key, keys)
        draw(efficiency, curve, rec.efficiencies(curve), key, keys)
        draw(speed, curve, [rec.points_per_second_per_core(record) for record in curve], key, keys)
        band = [(rec.value_at(record, "seconds.evaluate_low"), rec.value_at(record, "seconds.evaluate_high"))
                for record in curve]
        if all(low and high for low, high in band):
            time.fill_between([record["cores"] for record in curve], *zip(*band), color=colour(key, keys), alpha=0.15,
                              linewidth=0)
        first, last = curve[0], curve[-1]
        if last["cores"] > first["cores"]:
            ideal = seconds[0] * (last["n"] / last["cores"]) / (first["n"] / first["cores"])
            time.plot([first["cores"], last["cores"]], [seconds[0], ideal], **IDEAL)
    for text in sorted({variant(key, keys) for key in keys} - {""}):  # written once, above the slowest of its curves
        curve = max((c for key, c in curves.items() if variant(key, keys) == text),
                    key=lambda c: rec.evaluate_seconds(c[0]))
        time.annotate(text, (curve[0]["cores"], rec.evaluate_seconds(curve[0])), xytext=(2, 7),
                      textcoords="offset points", fontsize=8)
    efficiency.axhline(1, **IDEAL)
    for axes, title in ((time, "Seconds of an evaluation"), (efficiency, "Efficiency"),
                        (speed, "Points per second per core")):
        log_x(axes, cores, "cores")
        axes.set_title(title, loc="left")
    log_y(time)
    log_y(speed)
    efficiency.yaxis.set_major_formatter(PercentFormatter(1))
    efficiency.set_ylim(0, max(1.1, 1.05 * max(max(rec.efficiencies(curve)) for curve in curves.values())))
    handles = [*curve_handles(keys), Line2D([], [], label="ideal", **IDEAL)]
    if crowded:
        handles.append(Line2D([], [], linestyle="none", marker="x", color="black", label="threads share cores"))
    legend(figure, handles)
    return figure


def bars(axes, curve, names):
    """Core time per point (µs) of each record, stacked by phase; constant in ideal scaling. Returns the phases shown."""
    places = range(len(curve))
    bottom = [0.0] * len(curve)
    scale = [1e6 * record["cores"] / record["n"] for record in curve]
    shown = set()
    for phase in (*reversed(rec.PHASES), "waiting"):
        if phase == "waiting":
            heights = [rec.waiting_seconds(record) * s for record, s in zip(curve, scale)]
            style = {"color": WAITING_COLOUR, "hatch": "////", "edgecolor": "white"}
        else:
            heights = [rec.phase_seconds(record).get(phase, 0) * s for record, s in zip(curve, scale)]
            style = {"color": PHASE_COLOURS[phase], "edgecolor": "white"}
        if any(heights):
            shown.add(phase)
        axes.bar(places, heights, bottom=bottom, width=0.8, linewidth=0.4, **style)
        bottom = [b + h for b, h in zip(bottom, heights)]
    axes.set_xticks(list(places), names, rotation=90 if max(map(len, names)) * len(names) > 45 else 0)
    axes.grid(axis="x", visible=False)
    return shown


def phase_legend(figure, shown):
    handles = [Patch(color=PHASE_COLOURS[phase], label=phase) for phase in rec.PHASES if phase in shown]
    if "waiting" in shown:
        handles.append(Patch(facecolor=WAITING_COLOUR, hatch="////", edgecolor="white", label="waiting"))
    legend(figure, handles)


def phases(curves):
    """Core time per point by phase: a panel for each curve, all with the same scale."""
    curves = {key: [r for r in curve if rec.phase_seconds(r)] for key, curve in curves.items()}
    curves = {key: curve for key, curve in curves.items() if curve}
    if not curves:
        return None
    keys = list(curves)
    columns = min(3, len(keys))
    rows = -(-len(keys) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(12.5 if columns > 1 else 7, 3.0 * rows + 0.6), sharey=True,
                                squeeze=False)
    shown = set()
    for axes, (key, curve) in zip(grid.flat, curves.items()):
        shown |= bars(axes, curve, [short(record["cores"]) for record in curve])
        axes.set_title(label(key, keys), loc="left")
        axes.set_xlabel("cores")
    for axes in list(grid.flat)[len(keys):]:
        axes.set_visible(False)
    for row in grid:
        row[0].set_ylabel("core time per point (µs)")
    phase_legend(figure, shown)
    return figure


# Title, value of a record, whether logarithmic.
COSTS = (("MB sent by the worst rank", lambda r: scaled(rec.value_at(r, "communication.bytes_sent_max"), 1e-6), True),
         ("Peers of the worst rank", lambda r: rec.value_at(r, "communication.peers_max"), True),
         ("Imbalance: largest / mean work of a rank", rec.imbalance, False),
         ("MB of memory, worst rank", lambda r: scaled(rec.value_at(r, "memory.peak_rss_bytes_max"), 1e-6), True))


def scaled(value, factor):
    return None if value is None else value * factor


def costs(curves):
    """Bytes sent, peers, imbalance and memory of the worst rank, over ranks."""
    panels = []
    for title, value, logarithmic in COSTS:
        lines = {}
        for key, curve in curves.items():
            points = [(record["ranks"], value(record)) for record in curve if record["ranks"] > 1 or not logarithmic
                      or title.startswith("MB of memory")]
            points = sorted((ranks, y) for ranks, y in points if y)
            if points:
                lines[key] = points
        if lines:
            panels.append((title, lines, logarithmic))
    if not panels:
        return None
    keys = [key for key in curves if any(key in lines for _, lines, _ in panels)]
    figure, grid = plt.subplots(1, len(panels), figsize=(max(3.6 * len(panels), 7), 3.7), squeeze=False)
    for axes, (title, lines, logarithmic) in zip(grid.flat, panels):
        for key, points in lines.items():
            axes.plot(*zip(*points), color=colour(key, keys), **KIND_STYLES[key[1]])
        log_x(axes, [ranks for points in lines.values() for ranks, _ in points], "ranks", most=6)
        axes.set_title(title, loc="left", fontsize=9)
        if logarithmic:
            log_y(axes)
        else:
            axes.axhline(1, **IDEAL)
            axes.set_ylim(0.95, max(1.25, 1.05 * max(y for points in lines.values() for _, y in points)))
    legend(figure, curve_handles(keys))
    return figure


def node(groups):
    """Ranks x threads on one node: {key: records}, a row for each; time over threads, and phases of each division."""
    groups = {key: rec.repeated(runs) for key, runs in groups.items() if runs}
    if not groups:
        return None
    keys = list(groups)
    figure, grid = plt.subplots(len(keys), 2, figsize=(12.5, 3.2 * len(keys) + 0.5), squeeze=False,
                                gridspec_kw={"width_ratios": (1, 1.7)})
    shades = plt.get_cmap("viridis")
    shown = set()
    for (lines, stack), key in zip(grid, keys):
        runs = groups[key]
        counts = sorted({record["cores"] for record in runs})
        for i, cores in enumerate(counts):
            ways = sorted((r["threads"], rec.evaluate_seconds(r)) for r in runs if r["cores"] == cores)
            lines.plot(*zip(*ways), color=shades(0.9 * i / max(1, len(counts) - 1)), marker="o",
                       label=f"{cores} core{'s' if cores > 1 else ''}")
        log_x(lines, [record["threads"] for record in runs], "threads per rank")
        log_y(lines)
        lines.set_ylabel("seconds")
        lines.set_title(f"{label(key, keys)}: an evaluation", loc="left")
        lines.legend(fontsize=8)
        if any(map(rec.phase_seconds, runs)):
            shown |= bars(stack, runs, [f"{record['ranks']}x{record['threads']}" for record in runs])
        stack.set_ylabel("core time per point (µs)")
        stack.set_xlabel("ranks x threads")
    phase_legend(figure, shown)
    return figure
