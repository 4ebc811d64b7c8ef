# SPDX-License-Identifier: MIT
"""Sphinx's settings. `build.py` gathers the pages and runs Sphinx with this file."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

project = "quell"
author = "the authors of quell"
copyright = author
release = version = os.environ.get("QUELL_VERSION", "")

extensions = ["myst_parser", "mathematics", "links", "navigation"]
myst_update_mathjax = False
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4  # as on GitHub, so that links to headings work in both places
exclude_patterns = []
templates_path = []

html_math_renderer = "katex"
html_theme = "furo"
html_title = f"quell {release}"
html_static_path = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "static")]
html_css_files = ["quell.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
smartquotes = False  # options have two hyphens
highlight_language = "none"  # an indented block is commands or formulas: nothing to colour

# What the headers say between a return type and a name.
c_id_attributes = cpp_id_attributes = ["QUELL_API"]
