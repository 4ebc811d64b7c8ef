# SPDX-License-Identifier: MIT
"""Links that nobody has to write: the names of papers on arXiv (2206.00364), and names of the C and
the C++ interface where they stand as code, lead to what they name. A call, `quell_name()`, of what
there is not is a warning."""
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

PAPER = re.compile(r"\b(\d{4}\.\d{5})\b")
NAME = re.compile(r"^((?:quell|QUELL)_\w+(?:\.\w+)?|quell::[\w:]+)(\(.*\))?$", re.DOTALL)
log = logging.getLogger(__name__)


def inside(node, *kinds):
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


class Papers(SphinxPostTransform):
    default_priority = 700

    def run(self, **kwargs):
        for text in list(self.document.findall(nodes.Text)):
            if not PAPER.search(text) or inside(text, nodes.reference, nodes.FixedTextElement,
                                                nodes.literal, nodes.raw, nodes.title):
                continue
            parts = []
            for i, part in enumerate(PAPER.split(text)):
                if i % 2:
                    parts.append(nodes.reference("", part, internal=False,
                                                 refuri=f"https://arxiv.org/abs/{part}"))
                elif part:
                    parts.append(nodes.Text(part))
            text.parent.replace(text, parts)


class Names(SphinxPostTransform):
    default_priority = 710
    known = None  # what C and C++ have, the same for all pages: when they are resolved, all are read

    def of_c(self):
        if Names.known is None:
            Names.known = {}
            for domain in ("c", "cpp"):
                for name, _, _, page, anchor, _ in self.env.get_domain(domain).get_objects():
                    Names.known[name] = (page, anchor)
                    if ".QUELL_" in name:  # of an enum
                        Names.known[name.split(".")[-1]] = (page, anchor)
        return Names.known

    def run(self, **kwargs):
        objects = self.of_c()
        if "fortran" in self.env.docname:
            labels = self.env.get_domain("std").anonlabels
            objects = objects | {label.removeprefix("fortran-"): place[:2]
                                 for label, place in labels.items() if label.startswith("fortran-")}
        for node in list(self.document.findall(nodes.literal)):
            found = NAME.match(node.astext())
            if not found or inside(node, nodes.reference, nodes.title):
                continue
            name = found.group(1)
            page, anchor = objects.get(name, (None, None))
            if page is None:
                if found.group(2):
                    log.warning("there is no %s", name, location=node)
                continue
            node.replace_self(make_refnode(self.app.builder, self.env.docname, page, anchor,
                                           node.deepcopy(), name))


def setup(app):
    app.add_post_transform(Papers)
    app.add_post_transform(Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
