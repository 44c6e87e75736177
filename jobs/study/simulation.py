#!/usr/bin/env python3
"""Describes a cluster to SimGrid, and prints tables of simulated runs. Used by jobs/study/simulate.sh.

simulation.py platform --machine FILE --ranks P [--ranks-per-node R] --directory DIR
    Writes platform.xml, hosts (one line per rank, filling node after node), throughput.json if the machine file has a
    throughput, and machine.json (repeated in the report) into DIR, and prints smpirun's options, one per line.
simulation.py table FILE...
    Prints a table of records (JSON lines) that octopole_simulate wrote.
simulation.py compare FOUND PLANNED
    Matches records of two files by shape, n, ranks and threads, and prints planned beside simulated or measured times,
    and whether the worst rank's bytes, messages and peers are equal.
"""
import argparse
import json
import pathlib
import sys

SPEED = 1e9  # flop/s of a simulated core; any number will do, since seconds are charged, not operations


def read_machine(path):
    """The numbers of a machine file that SimGrid needs, in seconds, bytes and bytes per second."""
    with open(path, encoding="utf-8") as file:
        machine = json.load(file)
    try:
        network, node = machine["network"], machine["node"]
        found = {
            "name": machine["name"],
            "latency": float(network["latency"]),
            "overhead": float(network["overhead"]),
            "bandwidth": float(network["bandwidth"]),
            "cores": int(node["cores"]),
            "copy_bandwidth": float(network["copy_bandwidth"]),
            # Within a node as between nodes, unless the file states them; the planner makes no difference.
            "node_latency": float(node.get("latency", network["latency"])),
            "node_bandwidth": float(node.get("bandwidth", network["bandwidth"])),
            "nics": int(node.get("nics", 1)),
        }
    except (KeyError, TypeError, ValueError) as error:
        sys.exit(f"{path} is not a machine file: {error!r}")
    return found, machine.get("throughput", machine.get("rates"))  # rates: in older files


def platform(arguments):
    machine, throughput = read_machine(arguments.machine)
    per_node = arguments.ranks_per_node or machine["cores"]
    if arguments.ranks < 1 or per_node < 1:
        sys.exit("--ranks and --ranks-per-node must be positive")
    nodes = -(-arguments.ranks // per_node)
    directory = pathlib.Path(arguments.directory)
    directory.mkdir(parents=True, exist_ok=True)
    # Every node has one link up and one down, and the fabric between nodes is never the bottleneck: a fat tree of full
    # bisection. A message crosses two links, so each has half the latency.
    (directory / "platform.xml").write_text(
        f"""<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <!-- {machine["name"]} -->
  <cluster id="cluster" prefix="node-" suffix="" radical="0-{nodes - 1}" speed="{SPEED:.0f}f" core="{per_node}"
           bw="{machine["nics"] * machine["bandwidth"]:.0f}Bps" lat="{machine["latency"] / 2:.4e}s" sharing_policy="SPLITDUPLEX"
           loopback_bw="{machine["node_bandwidth"]:.0f}Bps" loopback_lat="{machine["node_latency"]:.4e}s"/>
</platform>
""",
        encoding="utf-8",
    )
    (directory / "hosts").write_text(
        "".join(f"node-{rank // per_node}\n" for rank in range(arguments.ranks)), encoding="utf-8"
    )
    if throughput:
        (directory / "throughput.json").write_text(json.dumps(throughput, indent=1) + "\n", encoding="utf-8")
    (directory / "machine.json").write_text(
        json.dumps(dict(machine, nodes=nodes, ranks_a_node=min(per_node, arguments.ranks))), encoding="utf-8"
    )
    overhead = f"0:{machine['overhead']:.4e}:0"
    options = [
        "smpi/simulate-computation:no",  # computing time of this machine does not count
        "smpi/lat-factor:0:1",  # SMPI's correction factors, of a cluster of 2010, are off
        "smpi/bw-factor:0:1",
        "network/weight-S:0",
        "network/crosstraffic:0",
        "smpi/coll-selector:ompi",  # collectives by the algorithms that Open MPI chooses
        f"smpi/os:{overhead}",
        f"smpi/or:{overhead}",
        f"smpi/ois:{overhead}",
    ]
    print("\n".join(f"--cfg={option}" for option in options))


def read_records(paths):
    records = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            records += [json.loads(line) for line in file if line.strip()]
    return records


def table(arguments):
    row = "{:<10} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6} {:>9} {:>6} {:>9} {:>9}"
    print("milliseconds of the slowest rank, mean: of all ranks; MB and messages of one evaluation, worst rank")
    print(row.format("shape", "ranks", "points", "evaluate", "computed", "mean", "exchange", "eff.", "MB sent", "msgs",
                     "1 rank", "error"))
    for r in read_records(arguments.files):
        simulation, seconds = r["simulation"], r["seconds"]
        alone = simulation.get("one_rank")
        communication, error = r["communication"], r["error"]
        print(row.format(
            r["shape"], r["ranks"], r["n"], f"{1e3 * seconds['evaluate']:.3f}",
            f"{1e3 * simulation['computed']['max']:.3f}", f"{1e3 * simulation['computed']['mean']:.3f}",
            f"{1e3 * seconds['phases']['exchange']:.3f}", f"{alone['efficiency']:.2f}" if alone else "-",
            f"{1e-6 * communication['bytes_sent_max']:.3f}", communication["messages_max"],
            f"{alone['difference_l2']:.1e}" if alone else "-", f"{error['relative_l2']:.1e}" if error else "-"))


def compare(arguments):
    key = lambda r: (r["shape"], r["n"], r["ranks"], r["threads"])
    traffic = lambda r: [r["communication"][name] for name in ("bytes_sent_max", "messages_max", "peers_max")]
    planned = {key(r): r for r in read_records([arguments.planned])}
    row = "{:<10} {:<10} {:>12} {:>9} {:>12} {:>12} {:>9} {:>9}"
    print(row.format("kind", "shape", "ranks x thr.", "points", "found ms", "planned ms", "ratio", "traffic"))
    matched = 0
    for r in read_records([arguments.found]):
        if key(r) not in planned:
            continue
        matched += 1
        here = r["seconds"].get("evaluate_median") or r["seconds"]["evaluate"]
        there = planned[key(r)]["seconds"]["evaluate"]
        print(row.format(r["kind"], r["shape"], f"{r['ranks']} x {r['threads']}", r["n"], f"{1e3 * here:.3f}",
                         f"{1e3 * there:.3f}", f"{there / here:.3f}",
                         "same" if traffic(r) == traffic(planned[key(r)]) else "differs"))
    if not matched:
        sys.exit("no record of one file has its shape, n, ranks and threads in the other")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("platform")
    command.add_argument("--machine", required=True)
    command.add_argument("--ranks", type=int, required=True)
    command.add_argument("--ranks-per-node", "--ranks-per-node", type=int)
    command.add_argument("--directory", required=True)
    command.set_defaults(run=platform)
    command = commands.add_parser("table")
    command.add_argument("files", nargs="+")
    command.set_defaults(run=table)
    command = commands.add_parser("compare")
    command.add_argument("found")
    command.add_argument("planned")
    command.set_defaults(run=compare)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
