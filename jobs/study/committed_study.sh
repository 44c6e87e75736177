#!/usr/bin/env bash
# Reproduces the study of docs/developers/study.md: its records, and the figures from them. The records are files of JSON
# lines (measured.jsonl, predicted.jsonl, ...) in docs/developers/study/records.tar.gz, which this script unpacks first.
#
# Usage: jobs/study/committed_study.sh measured|counted|simulated|planned|figures...
#   measured    1 and 2 cores of this machine, ranks and threads, and the planner's predictions from the throughput
#               measured here (predicted.jsonl); needs an otherwise idle machine
#   counted     plans of 64, 128 and 256 ranks, all of them examined
#   simulated   the same runs under SimGrid
#   planned     64 to 100,000 cores, in samples of ranks; many minutes, 18 GB of memory
#   figures     the report docs/developers/study/report.md with its figures, from all records
# Each part replaces its own records in the archive.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=jobs/lib/steps.sh
. jobs/lib/steps.sh
# shellcheck source=jobs/lib/mpi_environment.sh
. jobs/lib/mpi_environment.sh

shapes=(cube sphere ellipsoid)
small=1000          # points per rank of simulated runs
small_ranks=(64 128 256)
ranks_per_node=16   # of simulated runs, so that most messages cross the network
study=docs/developers/study
archive=$study/records.tar.gz
scratch=$(mktemp -d)
trap 'octopole_ended; rm -rf "$scratch"' EXIT
records=$scratch/records  # the archive, unpacked
mkdir "$records"
[ ! -e "$archive" ] || tar -xzf "$archive" -C "$records"
program=$(octopole_program)

# keep NAME FILE...: stores the files' records, without the fields of one host, as NAME.jsonl of the archive. Equal records
# make an archive of equal bytes.
keep() {
  local name=$1
  shift
  python3 - "$@" >"$scratch/kept" <<'PYTHON'
import json, sys

DROPPED = ("launcher", "scheduler", "binding", "input", "output", "cloud", "tree", "operators_note", "octopole", "points")
for path in sys.argv[1:]:
    for line in open(path, encoding="utf-8"):
        record = {name: value for name, value in json.loads(line).items() if name not in DROPPED}
        record.get("communication", {}).pop("by_rank", None)
        machine = record.get("machine", {})
        for name in ("host", "hosts"):
            machine.pop(name, None)
        print(json.dumps(record, separators=(",", ":")))
PYTHON
  mv "$scratch/kept" "$records/$name.jsonl"
  (cd "$records" && tar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -cf - -- *.jsonl) | gzip -9n >"$scratch/archive"
  cp "$scratch/archive" "$archive"
  echo "$archive, $name.jsonl: $(wc -l <"$records/$name.jsonl") records"
}

plan() {
  run "$program" plan --callers "${callers:-owners}" --digits 6 --quiet --record "$scratch/planned.jsonl" "$@"
}

measured() {
  step "Measuring on 1 and 2 cores"
  local kind
  for kind in weak strong node; do
    CORES="1 2" REPEAT=5 RECORDS="$scratch/measured" SHAPES="${shapes[*]}" N=1000000 DIGITS=6 VERIFY=1000 \
      SITE_OCTOPOLE="$program" bash jobs/study/study.sh "$kind"
  done
  keep measured "$scratch"/measured/*.jsonl
  local shape callers=scattered  # as in the runs above, which pass equal blocks of points
  for shape in "${shapes[@]}"; do
    plan --shape "$shape" -n 1000000 --ranks 1 --threads 1 --throughput measure --study node
    plan --shape "$shape" -n 1000000 --ranks 2 --threads 1 --throughput measure --study node
    plan --shape "$shape" -n 1000000 --ranks 1 --threads 2 --throughput measure --study node
  done
  keep predicted "$scratch/planned.jsonl"
  rm "$scratch/planned.jsonl"
  run python3 jobs/study/simulation.py compare "$records/measured.jsonl" "$records/predicted.jsonl"
}

counted() {
  step "Counting all ranks"
  local shape ranks
  for shape in "${shapes[@]}"; do
    for ranks in "${small_ranks[@]}"; do
      plan --shape "$shape" -n $((small * ranks)) --ranks "$ranks" --ranks-per-node "$ranks_per_node" --study weak
    done
  done
  keep counted "$scratch/planned.jsonl"
  rm "$scratch/planned.jsonl"
}

simulated() {
  step "Simulating"
  N=$small RANKS="${small_ranks[*]}" RANKS_PER_NODE=$ranks_per_node SHAPES="${shapes[*]}" RECORDS="$scratch/simulated.jsonl" \
    bash jobs/study/simulate.sh
  keep simulated "$scratch/simulated.jsonl"
  run python3 jobs/study/simulation.py compare "$records/simulated.jsonl" "$records/counted.jsonl"
}

planned() {
  step "Planning"
  local shape
  # Weak: 1,000,000 points per rank, ranks of 1, 8 and 16 threads.
  plan --shape cube -n 1000000 --sample-ranks 8 --curve weak --threads 1 --ranks-list 64,1024,65536,100000 --study weak-1-thread
  plan --shape cube -n 1000000 --sample-ranks 8 --curve weak --threads 8 --ranks-list 8,128,1024,8192,12500 --study weak-8-threads
  plan --shape cube -n 1000000 --sample-ranks 8 --curve weak --threads 16 --ranks-list 4,64,512,4096,6250 --study weak-16-threads
  for shape in sphere ellipsoid; do
    plan --shape "$shape" -n 100000 --sample-ranks 8 --curve weak --threads 8 --ranks-list 8,128,1024,12500 \
      --study weak-8-threads
  done
  # Strong: 1,000,000,000 points.
  plan --shape cube -n 1000000000 --sample-ranks 8 --curve strong --threads 1 --ranks-list 64,1024,16384 --study strong-1-thread
  plan --shape cube -n 1000000000 --sample-ranks 8 --curve strong --threads 16 --ranks-list 4,64,256,1024,6250 \
    --study strong-16-threads
  for shape in sphere ellipsoid; do
    plan --shape "$shape" -n 1000000000 --sample-ranks 8 --curve strong --threads 16 --ranks-list 256,1024,6250 \
      --study strong-16-threads
  done
  keep planned "$scratch/planned.jsonl"
  rm "$scratch/planned.jsonl"
}

# shrink FILE.svg...: makes matplotlib's files smaller without a visible change: coordinates have two digits, repeated
# styles become classes, metadata and comments go.
shrink() {
  python3 - "$@" <<'PYTHON'
import collections, pathlib, re, sys

for path in map(pathlib.Path, sys.argv[1:]):
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<!DOCTYPE.*?>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"(?<![\d.])[1-9]\d*\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), svg)
    svg = re.sub(r"\s+", " ", svg).replace("> <", "><")
    styles = collections.Counter(re.findall(r' style="([^"]*)"', svg))
    repeated = [style for style, count in styles.items() if count > 1]
    for i, style in enumerate(repeated):
        svg = svg.replace(f' style="{style}"', f' class="s{i}"')
    rules = "".join(f".s{i}{{{style}}}" for i, style in enumerate(repeated))
    path.write_text(svg.replace("</style>", rules + "</style>", 1) + "\n", encoding="utf-8")
PYTHON
}

figures() {
  step "Figures"
  echo "svg.fonttype: none" >"$scratch/matplotlibrc"
  MATPLOTLIBRC=$scratch run python3 jobs/study/plot_scaling.py "$records"/*.jsonl -o "$study/report.md"
  shrink "$study"/report-*.svg
}

[ $# -gt 0 ] || fail "which part? (see --help)"
for part in "$@"; do
  case $part in
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    measured | counted | simulated | planned | figures) ;;
    *) fail "unknown part $part (see --help)" ;;
  esac
done
[ -n "$program" ] || fail "there is no octopole: build it first (jobs/quickstart.sh)"
for part in "$@"; do "$part"; done
