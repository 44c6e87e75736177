#!/usr/bin/env bash
# clang-tidy, by the committed .clang-tidy, on sources and tests; every finding is an error. Usage: tidy.sh SOURCE BUILD
#   TIDY=EXPRESSION   only files whose path, from the source folder on, matches
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || skip "not found: clang-tidy"
compiler=$(command -v clang++-14 || command -v clang++) || skip "not found: clang++"
configure -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" -DOCTOPOLE_TESTS=ON
make_targets octopole_build_info
cd "$source"
# Headers are most of the time. Files of one folder and equal options are looked at as one file, their headers once; where
# they cannot be compiled as one, and where something is found, each by itself.
python3 - "$build" "$source" "${TIDY:-.}" <<'PYTHON'
import collections, json, os, re, shutil, shlex, sys

build, source, wanted = sys.argv[1:]
groups, seen = collections.defaultdict(list), set()
for entry in json.load(open(f"{build}/compile_commands.json")):
    file = entry["file"]
    path = os.path.relpath(file, source)
    if not re.match("(src|tests)/", path) or not re.search(wanted, path) or path in seen:
        continue
    seen.add(path)
    words = shlex.split(entry["command"])
    words = words[:words.index("-o")]
    groups[os.path.dirname(path), entry["directory"], tuple(words)].append(file)
if not groups:
    sys.exit("no file to look at")
shutil.rmtree(f"{build}/groups", ignore_errors=True)
os.makedirs(f"{build}/groups")
commands = []
for number, ((folder, directory, words), files) in enumerate(sorted(groups.items())):
    together = f"{build}/groups/{folder.replace('/', '_')}_{number}.cpp"
    with open(together, "w") as file:
        file.writelines(f'#include "{name}"  // NOLINT(bugprone-suspicious-include)\n' for name in files)
    with open(f"{together}.files", "w") as file:
        file.writelines(f"{name}\n" for name in files)
    commands.append({"directory": directory, "file": together, "arguments": [*words, "-c", together]})
json.dump(commands, open(f"{build}/groups/compile_commands.json", "w"))
print(f"{len(seen)} files in {len(groups)} groups")
PYTHON
export tidy build
# look_at GROUP
look_at() {
  if ! "$tidy" -p "$build/groups" --config-file=.clang-tidy --quiet --warnings-as-errors='*' \
    --header-filter='/(include/octopole|src|tests)/.*\.[ch]pp$' "$1" >"$1.log" 2>&1; then
    echo "each by itself: $(tr '\n' ' ' <"$1.files")"
    xargs -n 1 "$tidy" -p "$build" --quiet --warnings-as-errors='*' <"$1.files" 2> >(grep -v "warnings\{0,1\} generated" >&2)
  fi
}
export -f look_at
printf '%s\0' "$build"/groups/*.cpp | xargs -0 -n 1 -P "$cores" bash -c 'look_at "$1"' bash
verdict "clang-tidy has nothing to say on $(cat "$build"/groups/*.files | wc -l) files"
