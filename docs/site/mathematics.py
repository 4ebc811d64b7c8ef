# SPDX-License-Identifier: MIT
"""Formulas by KaTeX, set when the site is built: its pages need no network and no script, and a
formula that is wrong is a warning, which ends the build. It needs Debian's libjs-katex and
nodejs."""
import json
import os
import shutil
import subprocess

from docutils import nodes
from sphinx.util import logging

KATEX = os.environ["QUELL_KATEX"]
SET = """
const katex = require(process.argv[1]);
const formulas = JSON.parse(require("fs").readFileSync(0, "utf-8"));
console.log(JSON.stringify(formulas.map(([tex, displayMode]) => {
    try {
        const how = {displayMode, throwOnError: true, strict: "error"};
        return [true, katex.renderToString(tex, how)];
    } catch (problem) { return [false, problem.message]; }
})));
"""
log = logging.getLogger(__name__)


def set_all(formulas):
    """[(TeX, whether it stands by itself)] -> [(whether it is right, HTML or what is wrong)]"""
    done = subprocess.run(["node", "-e", SET, os.path.join(KATEX, "katex.min.js")],
                          input=json.dumps(formulas), check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def set_page(app, doctree, _name):
    """All the formulas of a page at once, before it is written."""
    found = list(doctree.findall(lambda node: isinstance(node, (nodes.math, nodes.math_block))))
    if not found:
        return
    results = set_all([(node.astext(), isinstance(node, nodes.math_block)) for node in found])
    for node, (right, result) in zip(found, results):
        if not right:
            log.warning("%s", result, location=node)
        block = isinstance(node, nodes.math_block)
        html = f'<div class="formula">{result}</div>' if block else result
        node.replace_self(nodes.raw("", html if right else "", format="html"))


def copy_fonts(app, problem):
    if problem or app.builder.format != "html":
        return
    to = os.path.join(app.outdir, "_static", "katex")
    os.makedirs(os.path.join(to, "fonts"), exist_ok=True)
    shutil.copy(os.path.join(KATEX, "katex.min.css"), to)
    fonts = os.path.join(KATEX, "fonts")
    for name in os.listdir(fonts):
        if name.endswith(".woff2"):
            shutil.copy(os.path.join(fonts, name), os.path.join(to, "fonts"))


def no_formula_is_left(_translator, _node):
    raise nodes.SkipNode


def setup(app):
    # Sphinx's own renderer has each page load a script from the network.
    app.add_html_math_renderer("katex", (no_formula_is_left, None), (no_formula_is_left, None))
    app.add_css_file("katex/katex.min.css")
    app.connect("doctree-resolved", set_page)
    app.connect("build-finished", copy_fonts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
