"""Tell a page as visitors get it from what a generator or a server makes one of.

Its form cannot be read: what stands in `<option value="{{ o }}">` no browser will send. Marks count only where they
would be read, in the form and in the page's title and language, so that a page may write about such things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# fmt: off
_SUFFIXES = {
    ".njk": "Nunjucks", ".liquid": "Liquid", ".j2": "Jinja", ".jinja": "Jinja", ".jinja2": "Jinja", ".twig": "Twig",
    ".hbs": "Handlebars", ".mustache": "Mustache", ".gohtml": "Go", ".tmpl": "Go", ".php": "PHP", ".phtml": "PHP",
    ".erb": "ERB", ".ejs": "EJS", ".jsp": "JSP", ".cshtml": "Razor", ".aspx": "ASP.NET", ".jsx": "JSX", ".tsx": "JSX",
    ".vue": "Vue", ".svelte": "Svelte", ".astro": "Astro", ".md": "Markdown", ".mdx": "Markdown", ".pug": "Pug",
    ".haml": "Haml", ".slim": "Slim",
}
# fmt: on
_FRONT_MATTER = re.compile(r"\ufeff?(?:---|\+\+\+)[ \t]*\r?\n")
MARK = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|<\?(?:php\b|=).*?\?>|<%.*?%>|\{#(?:each|if)\b.*?\}"
    r"|\s(?:v-for|\*ngFor)\s*=\s*[\"'][^\"']*[\"']"
    r"|<[A-Za-z](?:[^>\"']|\"[^\"]*\"|'[^']*')*?\s(?P<jsx>[A-Za-z:]+=\{[^}]*\}?)",
    re.DOTALL,
)
_UNREAD = re.compile(r"<!--(?!\[).*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_READ = re.compile(
    r"<html\b[^>]*>|<title\b.*?</title\s*>|<form\b.*?(?:</form\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_FORM = re.compile(r"<form\b", re.IGNORECASE)
_SHOWN = 40


def source_sign(html: str, suffix: str) -> tuple[int, str] | None:
    """By what a text shows that it is no page yet, in words, and the line (0 for the file as a whole); else None.

    `suffix` is that of the file's name.
    """
    if language := _SUFFIXES.get(suffix.lower()):
        return 0, f"it is written in {language} ({suffix})"
    if _FRONT_MATTER.match(html):
        return 1, "it begins with front matter"
    return next(_marks(html), None)


def _marks(html: str) -> Iterator[tuple[int, str]]:
    text = _UNREAD.sub(lambda unread: "\n" * unread[0].count("\n"), html)
    whole = [(0, len(text))]  # a template that is put together of others
    spans = [read.span() for read in _READ.finditer(text)] if _FORM.search(text) else whole
    for start, end in spans:
        if mark := MARK.search(text, start, end):
            said = mark["jsx"] or mark[0].strip()
            shown = " ".join(said.split())
            cut = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
            yield text.count("\n", 0, text.index(said, mark.start())) + 1, f"it has {cut}"
