#!/usr/bin/env bash
# Builds the documentation as a site of HTML pages: docs/_build/html/index.html. Warnings are errors.
#
# Usage: docs/build.sh
#
# Needs Doxygen and Sphinx with MyST, Breathe and the theme Furo: on Debian and Ubuntu
#   apt-get install doxygen python3-sphinx python3-myst-parser python3-breathe furo
# (jobs/install_dependencies.sh --docs).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for tool in doxygen sphinx-build; do
  command -v "$tool" >/dev/null || {
    echo "docs/build.sh: $tool is not there: run jobs/install_dependencies.sh --docs" >&2
    exit 1
  }
done
mkdir -p _build
doxygen Doxyfile
sphinx-build -q -W --keep-going -b html . _build/html
echo "docs/_build/html/index.html is built"
