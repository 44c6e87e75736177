#!/usr/bin/env python3
"""Capacitances of known conductors by `octopole capacitance` on refined meshes, extrapolated, against known values.

    jobs/study/capacitance_series.py [--program PATH] [--launcher "mpirun -n 2"] [--rtol 1e-8] [CASE...]

Cases: sphere, cube, two-spheres, plates-0.1, plates-0.2, plates-0.5, plates-1 (two square sheets; the number is their
distance in sides), preconditioner (GMRES iterations with and without octopole_near). Default: all, about five minutes on
one core. Each case has three meshes or more; the last three give the limit c and the rate p of c_n = c + a n^-p. Exit
code 1 if the error of a limit exceeds that of the case, or if iterations are not halved.

Needs Python 3.9 only.
"""
import argparse
import json
import math
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile


def two_spheres(a, b, distance):
    """c11, c12, c22 over 4 pi eps0 by the series in bispherical coordinates."""
    u = math.acosh((distance**2 - a * a - b * b) / (2 * a * b))
    n = range(int(40 / u) + 1)
    scale = a * b * math.sinh(u)
    return (scale * sum(1 / (a * math.sinh(k * u) + b * math.sinh((k + 1) * u)) for k in n),
            -scale / distance * sum(1 / math.sinh((k + 1) * u) for k in n),
            scale * sum(1 / (b * math.sinh(k * u) + a * math.sinh((k + 1) * u)) for k in n))


def one(c):
    return {"C": c[0][0]}


def pair(c):
    return {"c11": c[0][0], "c12": c[0][1], "c21": c[1][0], "c22": c[1][1]}


def plates(gap):
    """C / (eps0 L^2 / d) between +1/2 V and -1/2 V."""
    return lambda c: {"C d / (eps0 L^2)": 4 * math.pi * gap * (c[0][0] - c[0][1] - c[1][0] + c[1][1]) / 4}


SPHERES = two_spheres(1, 0.5, 1.8)
# Square sheets: by jobs/study/plates_reference.py, which shares neither panels nor code with octopole.
PLATES = {0.1: 1.30570, 0.2: 1.55275, 0.5: 2.23642, 1: 3.34298}
# Name: arguments of generate mesh, refinements, entries of the matrix, known values, error allowed.
CASES = {
    "sphere": (["sphere"], (8, 16, 32), one, (1,), 1e-4),
    "cube": (["cube", "--grading", "3"], (12, 16, 24, 32), one, (0.6606782,), 1e-4),
    "two-spheres": (["two-spheres", "--radius", "1", "--radius2", "0.5", "--gap", "0.3"], (6, 12, 24), pair,
                    (SPHERES[0], SPHERES[1], SPHERES[1], SPHERES[2]), 1e-4),
    **{f"plates-{gap:g}": (["plates", "--gap", str(gap), "--grading", "3"], (16, 24, 36), plates(gap), (known,), 1e-4)
       for gap, known in PLATES.items()},
}
OPEN = {name for name in CASES if name.startswith("plates")}
MESHES = {"cube, even": ["cube", "-n", "30"], "cube, grading 2": ["cube", "-n", "30", "--grading", "2"],
          "cube, grading 3": ["cube", "-n", "30", "--grading", "3"], "bus": ["bus", "-n", "6"]}


def limit(n, c):
    """Limit and rate of c = limit + a n^-rate through the last three points."""
    wanted = (c[-2] - c[-3]) / (c[-1] - c[-2])
    ratio = lambda p: (n[-3]**-p - n[-2]**-p) / (n[-2]**-p - n[-1]**-p)  # grows with p
    low, high = 0.1, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if ratio(middle) < wanted else (low, middle)
    return c[-1] + (c[-1] - c[-2]) / ((n[-1] / n[-2])**low - 1), low


class Runs:
    def __init__(self, options, directory):
        self.options, self.directory = options, pathlib.Path(directory)

    def octopole(self, *arguments, launcher=""):
        command = shlex.split(launcher) + [self.options.program, *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{shlex.join(command)}\n{done.stderr}")

    def report(self, mesh, arguments=(), petsc=()):
        self.octopole("generate", "mesh", *mesh, "-o", self.directory / "mesh.msh")
        self.octopole("capacitance", self.directory / "mesh.msh", *arguments, "--report", self.directory / "report.json",
                      "-q", "--", *petsc, launcher=self.options.launcher)
        return json.loads((self.directory / "report.json").read_text())

    def series(self, name):
        """Whether all limits of a case equal the known values within the error allowed."""
        mesh, refinements, read, known, allowed = CASES[name]
        values = []
        for n in refinements:
            report = self.report([*mesh, "-n", n], ["--rtol", self.options.rtol] + ["--open"] * (name in OPEN))
            values.append(read(report["capacitance_over_4_pi_eps0_unit"]))
            print(f"{name:12} n {n:3} {report['panels']:7} panels  " +
                  "  ".join(f"{k} {v:.7f}" for k, v in values[-1].items()), flush=True)
        right = True
        for key, exact in zip(values[0], known):
            c, rate = limit(refinements, [v[key] for v in values])
            error = c / exact - 1
            right = right and abs(error) <= allowed
            print(f"{name:12} {key}: limit {c:.7f}, rate {rate:.2f}; known {exact:.7f}, error {error:+.1e} "
                  f"({'within' if abs(error) <= allowed else 'NOT within'} {allowed:g})", flush=True)
        return right

    def preconditioner(self):
        """Whether octopole_near halves the iterations of every solve."""
        right = True
        for name, mesh in MESHES.items():
            plain, near = (self.report(mesh, petsc=petsc) for petsc in (["-pc_type", "none"], []))
            counts = [max(s["iterations"] for s in r["solves"]) for r in (plain, near)]
            right = right and 2 * counts[1] <= counts[0]
            print(f"iterations   {name}, {near['panels']} panels, rtol 1e-5: {counts[0]} without, {counts[1]} with "
                  "octopole_near", flush=True)
        return right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="octopole")
    parser.add_argument("--launcher", default="")
    parser.add_argument("--rtol", default="1e-8")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES) - {"preconditioner"}:
        parser.error(f"no case {', '.join(sorted(unknown))}")
    if not shutil.which(options.program):
        parser.error(f"no program '{options.program}': name it by --program build/src/octopole")
    with tempfile.TemporaryDirectory() as directory:
        runs = Runs(options, directory)
        right = [runs.preconditioner() if name == "preconditioner" else runs.series(name)
                 for name in options.cases or [*CASES, "preconditioner"]]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
