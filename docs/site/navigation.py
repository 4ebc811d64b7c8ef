# SPDX-License-Identifier: MIT
"""The list of all pages that stands beside each of them. Sphinx makes it anew for every page, from
copies of all that each page's own list has, and takes most of that away again; here this is done once,
for a quarter of the time that the site took."""
from sphinx import addnodes


def of_titles(env):
    """Each page's list, without its sections: its title and the lists of further pages in it."""
    lists = {}
    for name, whole in env.tocs.items():
        lists[name] = whole.deepcopy()
        for entry in lists[name]:
            if len(entry) > 1:
                further = list(entry.findall(addnodes.toctree))
                if further:
                    entry[1][:] = further
                else:
                    entry.pop(1)
    return lists


def make_quick(app, _name, _template, context, _doctree):
    pages = context.get("toctree")

    def toctree(**how):
        whole = app.env.tocs
        if how.get("titles_only"):
            if not hasattr(app, "quell_titles"):
                app.quell_titles = of_titles(app.env)
            app.env.tocs = app.quell_titles
        try:
            return pages(**how)
        finally:
            app.env.tocs = whole

    if pages:
        context["toctree"] = toctree


def setup(app):
    app.connect("html-page-context", make_quick, priority=100)  # before the theme's
    return {"parallel_read_safe": True, "parallel_write_safe": True}
