# Sphinx: the documentation as a site. Build it with docs/build.sh.
import pathlib
import re

source = pathlib.Path(__file__).resolve().parent
cmake = (source.parent / "CMakeLists.txt").read_text()

project = "octopole"
author = "the octopole developers"
copyright = author
release = re.search(r"project\(octopole VERSION ([\d.]+)", cmake).group(1)
version = release

extensions = ["myst_parser", "breathe", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]

breathe_projects = {"octopole": str(source / "_build/doxygen/xml")}
breathe_default_project = "octopole"
primary_domain = "cpp"
highlight_language = "cpp"
nitpicky = False

html_theme = "furo"
html_title = f"octopole {release}"
html_copy_source = False
