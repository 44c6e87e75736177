#!/usr/bin/env python3
"""Reads records of runs (docs/cluster.md) and prints them as a table.

    jobs/study/records.py FILE.jsonl|DIRECTORY...      directories are searched for *.jsonl

Needs Python 3.9 only. jobs/study/plot_scaling.py makes figures of the same records.
"""
import argparse
import json
import pathlib
import statistics
import sys

VERSION = 1
KINDS = ("measured", "simulated", "planned")
PHASES = ("p2m", "m2m", "m2l", "l2l", "l2p", "m2p", "p2l", "p2p", "exchange")
WHOLE = ("n", "ranks", "threads", "cores")


def defect_of(record):
    """Why this is not a valid record, or None."""
    if not isinstance(record, dict):
        return "not an object"
    if record.get("record") != VERSION:
        return f"not a record of version {VERSION}"
    if record.get("kind") not in KINDS:
        return f"kind is {record.get('kind')!r}, not one of {', '.join(KINDS)}"
    for name in WHOLE:
        value = record.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            return f"{name} is {value!r}, not a positive whole number"
    if record["cores"] != record["ranks"] * record["threads"]:
        return "cores are not ranks x threads"
    for name in ("study", "shape", "digits"):
        if name not in record:
            return f"{name} is missing"
    seconds = record.get("seconds")
    if not isinstance(seconds, dict):
        return "seconds are missing"
    for name in ("evaluate", "evaluate_median"):
        value = seconds.get(name)
        if value is None and name == "evaluate_median":
            continue
        if not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            return f"seconds.{name} is {value!r}, not a positive number"
    return None


def read(places):
    """(records, problems) of the files, and of those below the directories. A line that is no valid record (cut off by
    a killed run, for example) gives a problem, one sentence, and is skipped; a repeated line counts once."""
    records, problems, seen = [], [], set()
    for place in map(pathlib.Path, places):
        files = sorted(place.rglob("*.jsonl")) if place.is_dir() else [place]
        if not files:
            problems.append(f"{place}: no .jsonl files")
        for file in files:
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                problems.append(f"{file}: {error.strerror}")
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if not line.strip() or line in seen:
                    continue
                seen.add(line)
                try:
                    record = json.loads(line)
                    wrong = defect_of(record)
                except ValueError as error:
                    wrong = f"not JSON ({error})"
                if wrong:
                    problems.append(f"{file}:{number}: {wrong}")
                else:
                    records.append(record)
    return records, problems


def value_at(record, path, default=None):
    """The value at 'a.b.c', or the default if there is none."""
    for name in path.split("."):
        if not isinstance(record, dict) or record.get(name) is None:
            return default
        record = record[name]
    return record


def evaluate_seconds(record):
    return value_at(record, "seconds.evaluate_median") or record["seconds"]["evaluate"]


def points_per_second_per_core(record):
    return record["n"] / (evaluate_seconds(record) * record["cores"])


def phase_seconds(record):
    """Seconds by phase, means over ranks if known, else of the slowest rank; {} if unknown."""
    phases = value_at(record, "seconds.mean.phases") or value_at(record, "seconds.phases") or {}
    return {name: phases[name] for name in PHASES if isinstance(phases.get(name), (int, float))}


def waiting_seconds(record):
    """Time of the slowest rank's evaluation beyond the mean of all phases, in which ranks wait for one another."""
    if value_at(record, "seconds.mean.phases") is None:
        return 0.0
    return max(0.0, record["seconds"]["evaluate"] - sum(phase_seconds(record).values()))


def imbalance(record):
    """Largest over mean of the ranks' counted work; None if not reported."""
    for path in ("balance.imbalance_work.total", "imbalance.total", "imbalance"):
        value = value_at(record, path)
        if isinstance(value, (int, float)):
            return value
    return None


def is_weak(study):
    return study is not None and study.startswith("weak")


def series_key(record):
    """Records with the same key make one curve: (study, kind, shape, digits, size); size is points per core (weak) or
    in total, to three digits."""
    size = record["n"] / record["cores"] if is_weak(record["study"]) else record["n"]
    return (record["study"] or "", record["kind"], record["shape"] or value_at(record, "input", "points"),
            record["digits"], float(f"{size:.3g}"))


def repeated(records):
    """One record for each (ranks, threads): of repeated runs, the one with the median time."""
    ways = {}
    for record in records:
        ways.setdefault((record["cores"], record["ranks"], record["threads"]), []).append(record)
    return [sorted(runs, key=evaluate_seconds)[(len(runs) - 1) // 2] for _, runs in sorted(ways.items())]


def series(records):
    """{series_key: records by cores}, one record per number of cores: the fastest division into ranks and threads."""
    groups = {}
    for record in records:
        groups.setdefault(series_key(record), []).append(record)
    curves = {}
    for key in sorted(groups, key=lambda k: (k[0], KINDS.index(k[1]), str(k[2]), k[3] or 0, k[4])):
        best = {}
        for record in repeated(groups[key]):
            kept = best.get(record["cores"])
            if kept is None or evaluate_seconds(record) < evaluate_seconds(kept):
                best[record["cores"]] = record
        curves[key] = [best[cores] for cores in sorted(best)]
    return curves


def efficiencies(curve):
    """Speed per core over that of the fewest cores in the curve: both weak and strong efficiency."""
    if not curve:
        return []
    first = points_per_second_per_core(curve[0])
    return [points_per_second_per_core(record) / first for record in curve]


COLUMNS = ("study", "kind", "shape", "n", "digits", "ranks x threads", "runs", "evaluate s", "points/s/core", "efficiency",
           "set-up s", "sent MB", "peers", "imbalance", "MB per rank", "error")


def table(records):
    """Rows of text under COLUMNS: one for each point and (ranks, threads), efficiencies relative to the first of a series."""
    rows = []
    groups = {}
    for record in records:
        groups.setdefault(series_key(record), []).append(record)
    curves = series(records)
    for key, curve in curves.items():
        first = points_per_second_per_core(curve[0])
        for record in repeated(groups[key]):
            runs = sum(1 for other in groups[key] if all(other[name] == record[name] for name in WHOLE))
            shown = lambda value, form, scale=1: "" if value is None else format(value * scale, form)
            crowded = "*" if value_at(record, "binding.oversubscribed") else ""
            rows.append((key[0], key[1], str(key[2]), str(record["n"]), shown(record["digits"], "d"),
                         f"{record['ranks']} x {record['threads']}{crowded}", str(runs),
                         format(evaluate_seconds(record), ".4g"), format(points_per_second_per_core(record), ".3g"),
                         format(points_per_second_per_core(record) / first, ".1%"),
                         shown(value_at(record, "seconds.setup"), ".4g"),
                         shown(value_at(record, "communication.bytes_sent_max"), ".3g", 1e-6),
                         shown(value_at(record, "communication.peers_max"), "d"), shown(imbalance(record), ".3f"),
                         shown(value_at(record, "memory.peak_rss_bytes_max"), ".4g", 1e-6),
                         shown(value_at(record, "error.relative_l2"), ".1e")))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", metavar="FILE", help="files of records, or directories of them")
    records, problems = read(parser.parse_args().places)
    for problem in problems:
        print(f"records.py: warning: {problem}", file=sys.stderr)
    if not records:
        print("records.py: error: no records", file=sys.stderr)
        return 1
    rows = [COLUMNS, *table(records)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    errors = [value for value in (value_at(record, "error.relative_l2") for record in records) if value is not None]
    print(f"\n{len(records)} records; median speed "
          f"{statistics.median(map(points_per_second_per_core, records)):.3g} points/s/core"
          + (f"; largest error {max(errors):.1e}" if errors else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
