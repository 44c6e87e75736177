#!/usr/bin/env python3
"""Makes a report with figures and tables of records of runs (docs/cluster.md).

    jobs/study/plot_scaling.py FILE.jsonl|DIRECTORY... -o report.html     one file, figures inside
    jobs/study/plot_scaling.py FILE.jsonl|DIRECTORY... -o report.md       Markdown, figures beside it

Needs matplotlib (Debian: python3-matplotlib). Without it jobs/study/records.py still prints the records as a table.
"""
import argparse
import base64
import collections
import html
import io
import pathlib
import sys

import records as rec

CAPTIONS = {
    "scaling": "Dotted: ideal, from the fewest cores of each curve. Where a number of cores was run in several ways "
               "(ranks x threads) the fastest is shown; of repeated runs, the one with the median time.",
    "phases": "Core time per point is cores x seconds / points, constant in ideal scaling. Means over ranks; waiting is the "
              "time of the slowest rank beyond them.",
    "costs": "Of one evaluation: bytes that the worst rank sends and the number of its peers, largest over mean counted "
             "work, and the peak of resident memory.",
    "node": "The same points on every division of cores into ranks and threads."}


def studies(records):
    """{study: records}, weak and strong first."""
    groups = collections.defaultdict(list)
    for record in records:
        groups[record["study"] or ""].append(record)
    order = ["weak", "strong", "node"]
    return {name: groups[name] for name in sorted(groups, key=lambda s: (order.index(s) if s in order else 3, s))}


def figures(study, records):
    """(name, figure) of all figures for which the records of one study have the data."""
    import scaling_figures as draw

    curves = rec.series(records)
    if study == "node":
        groups = collections.defaultdict(list)
        for record in records:
            groups[rec.series_key(record)].append(record)
        made = [("node", draw.node(groups))]
    else:
        made = [("scaling", draw.scaling(curves)), ("phases", draw.phases(curves))]
    made.append(("costs", draw.costs(curves)))
    return [(name, figure) for name, figure in made if figure is not None]


def origins(records):
    """Origins of the records: rows of kind, version, flags, host and launch, without repetition, with their counts."""
    rows = collections.Counter()
    for record in records:
        binding = rec.value_at(record, "binding.groups") or []
        bound = f"{len(binding)} kinds of ranks, first: cpus {binding[0]['cpus']}" if binding else ""
        if len(binding) == 1:
            bound = f"every rank on cpus {binding[0]['cpus']}"
        rows[(record["kind"], rec.value_at(record, "build.git", ""), rec.value_at(record, "build.compiler", ""),
              rec.value_at(record, "build.flags", ""), rec.value_at(record, "machine.host", ""),
              rec.value_at(record, "machine.simd", ""), f"{record['ranks']} x {record['threads']}", bound)] += 1
    return [(*row, str(count)) for row, count in sorted(rows.items())]


ORIGIN_COLUMNS = ("kind", "version", "compiler", "flags", "host", "simd", "ranks x threads", "binding", "records")


class Markdown:
    """Writes report.md and its figures beside it, in <name>-<study>-<figure>.<format>."""

    def __init__(self, place, picture_format):
        self.place, self.format, self.parts = place, picture_format, []

    def heading(self, text, level):
        self.parts.append(f"{'#' * level} {text}")

    def text(self, text):
        self.parts.append(text)

    def table(self, columns, rows):
        line = lambda cells: "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        self.parts.append("\n".join([line(columns), "|" + "---|" * len(columns), *map(line, rows)]))

    def picture(self, name, figure, caption):
        file = self.place.with_name(f"{self.place.stem}-{name}.{self.format}")
        file.write_bytes(rendered(figure, self.format))
        self.parts.append(f"![{name}]({file.name})\n\n{caption}")

    def finish(self):
        self.place.write_text("\n\n".join(self.parts) + "\n", encoding="utf-8")


class Html:
    """Writes one self-contained file."""

    STYLE = ("body{font:15px/1.45 sans-serif;max-width:1300px;margin:2em auto;padding:0 1em;color:#222}"
             "img{max-width:100%}table{border-collapse:collapse;font-size:12.5px;display:block;overflow-x:auto}"
             "th,td{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}"
             "h2{margin-top:2em;border-bottom:1px solid #bbb}p.caption{color:#555;margin-top:0}")

    def __init__(self, place, picture_format):
        self.place, self.format = place, picture_format
        self.parts = ["<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>octopole: scaling</title>"
                      f"<style>{self.STYLE}</style></head><body>"]

    def heading(self, text, level):
        self.parts.append(f"<h{level}>{html.escape(text)}</h{level}>")

    def text(self, text):
        self.parts.append(f"<p>{html.escape(text)}</p>")

    def table(self, columns, rows):
        cells = lambda kind, row: "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in row)
        self.parts.append("<table><tr>" + cells("th", columns) + "</tr>"
                          + "".join(f"<tr>{cells('td', row)}</tr>" for row in rows) + "</table>")

    def picture(self, name, figure, caption):
        media = {"svg": "image/svg+xml", "png": "image/png"}[self.format]
        data = base64.b64encode(rendered(figure, self.format)).decode()
        self.parts.append(f"<img alt='{html.escape(name)}' src='data:{media};base64,{data}'>"
                          f"<p class='caption'>{html.escape(caption)}</p>")

    def finish(self):
        self.place.write_text("\n".join([*self.parts, "</body></html>", ""]), encoding="utf-8")


def rendered(figure, picture_format):
    buffer = io.BytesIO()
    # Without the date the same records give the same bytes.
    figure.savefig(buffer, format=picture_format, metadata={"Date": None} if picture_format == "svg" else None)
    return buffer.getvalue()


def write(report, records):
    report.heading("Scaling of octopole", 1)
    counts = collections.Counter(record["kind"] for record in records)
    report.text(f"{len(records)} records: " + ", ".join(f"{counts[kind]} {kind}" for kind in rec.KINDS if counts[kind])
                + ".")
    for study, group in studies(records).items():
        report.heading(f"Study: {study or 'runs of no study'}", 2)
        for name, figure in figures(study, group):
            report.picture(f"{study or 'runs'}-{name}", figure, CAPTIONS[name])
        report.table(rec.COLUMNS, rec.table(group))
        if any(rec.value_at(record, "binding.oversubscribed") for record in group):
            report.text("* more threads than cores: no measure of scaling.")
    report.heading("Where the records come from", 2)
    report.table(ORIGIN_COLUMNS, origins(records))
    report.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", metavar="FILE", help="files of records, or directories of them")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("scaling.html"),
                        help="report to write, .html or .md (default: scaling.html)")
    parser.add_argument("--format", choices=("svg", "png"), default="svg", help="of the figures (default: svg)")
    arguments = parser.parse_args()
    writers = {".html": Html, ".md": Markdown}
    if arguments.output.suffix not in writers:
        parser.error(f"{arguments.output}: a report ends in .html or .md")
    records, problems = rec.read(arguments.places)
    for problem in problems:
        print(f"plot_scaling.py: warning: {problem}", file=sys.stderr)
    if not records:
        print("plot_scaling.py: error: no records", file=sys.stderr)
        return 1
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print("plot_scaling.py: error: needs matplotlib (Debian: python3-matplotlib; or pip install matplotlib); "
              "jobs/study/records.py prints the records without it", file=sys.stderr)
        return 1
    try:
        write(writers[arguments.output.suffix](arguments.output, arguments.format), records)
    except OSError as error:
        print(f"plot_scaling.py: error: cannot write the report: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.output}: {len(records)} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
