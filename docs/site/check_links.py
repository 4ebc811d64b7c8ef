#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every link of a site leads to something, and no page needs the network.

    check_links.py HTML
"""
import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.places, self.links, self.needs = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.places.update(attrs[name] for name in ("id", "name") if attrs.get(name))
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        elif tag in ("img", "script", "object", "iframe", "source"):
            self.needs += [attrs[name] for name in ("src", "data") if attrs.get(name)]
        elif tag == "link" and attrs.get("rel") in ("stylesheet", "icon", "preload"):
            self.needs.append(attrs.get("href", ""))


def main():
    root = pathlib.Path(sys.argv[1])
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in root.rglob("*.html")}
    problems, count = [], 0
    for path, page in pages.items():
        where = path.relative_to(root)
        for link in page.links + page.needs:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.needs and parts.scheme != "data":
                    problems.append(f"{where}: it needs {link}")
                continue
            count += 1
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() \
                if parts.path else path.resolve()
            place = urllib.parse.unquote(parts.fragment)
            if not target.exists():
                problems.append(f"{where}: there is no {link}")
            elif place and target.suffix == ".html" and place not in pages[
                    root / target.relative_to(root.resolve())].places:
                problems.append(f"{where}: nothing is at {link}")
    if not count:
        problems.append(f"no link in the {len(pages)} pages of {root}")
    if problems:
        sys.exit("\n".join(sorted(set(problems))))
    print(f"{count} links in {len(pages)} pages")


if __name__ == "__main__":
    main()
