#!/usr/bin/env bash
# The documentation as a site; warnings are errors. Usage: docs.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
needs doxygen sphinx-build
rm -rf "$build/docs" "$build/include"  # pages that are gone
cp -R "$source/docs" "$source/include" "$source/CMakeLists.txt" "$build"
bash "$build/docs/build.sh"
verdict "docs/build.sh has no warnings, $(find "$build/docs/_build/html" -name '*.html' | wc -l) pages"
