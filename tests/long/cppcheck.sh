#!/usr/bin/env bash
# cppcheck on the sources. Usage: cppcheck.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
needs cppcheck
cd "$source"
mkdir -p "$build/cache"
# Left out: what the compiler, clang-tidy and the tests see better than cppcheck's own reading of templates.
cppcheck --enable=warning,performance,portability --std=c++20 --language=c++ --inline-suppr --quiet --error-exitcode=1 \
  --suppressions-list=tests/long/cppcheck.txt --cppcheck-build-dir="$build/cache" -j "$cores" -I include -I src \
  -D_OPENMP=201511 -D__x86_64__ -DOCTOPOLE_ISA=baseline src include tests/ugly tests/support tests/fuzz
verdict "cppcheck $(cppcheck --version | awk '{ print $2 }') has nothing to say on $(find src include -name '*.?pp' | wc -l) files"
