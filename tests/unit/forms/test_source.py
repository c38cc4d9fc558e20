"""Telling a page from what one is made of."""

from __future__ import annotations

import pytest

from todoke.forms.page.source import source_sign

FORM = "<form method=post action=/f/a>\n{}</form>"


@pytest.mark.parametrize(
    ("controls", "sign"),
    [
        ('<option value="{{ o }}">', "{{ o }}"),
        ("{% for o in options %}", "{% for o in options %}"),
        ("{{ form.email }}", "{{ form.email }}"),
        ("<input value=<?= $x ?>>", "<?= $x ?>"),
        ("<?php echo $x ?>", "<?php echo $x ?>"),
        ('<input value="<%= x %>">', "<%= x %>"),
        ("{#each options as o}", "{#each options as o}"),
        ("<option v-for='o in options'>", "v-for='o in options'"),
        ('<option\n *ngFor="let o of options">', '*ngFor="let o of options"'),
        ("<input required value={o} />", "value={o}"),
        ("{{ '" + "x" * 60, None),
        ("{{ '" + "x" * 60 + "' }}", "{{ '" + "x" * 36 + "…"),
    ],
)
def test_the_marks_of_generators_are_found_with_their_line(controls: str, sign: str | None) -> None:
    """Each family of template languages leaves a mark in the form."""
    found = source_sign("<p>\n" + FORM.format(controls), ".html")
    line = 3 + controls.startswith("<option\n")
    assert found == (sign and (line, f"it has {sign}"))


@pytest.mark.parametrize(
    ("html", "sign"),
    [
        ("---\ntitle: x\n---\n" + FORM, (1, "it begins with front matter")),
        ('<html lang="{{ lang }}">' + FORM, (1, "it has {{ lang }}")),
        ("<title>{{ page.title }}</title>" + FORM, (1, "it has {{ page.title }}")),
        ("{% include 'form.html' %}", (1, "it has {% include 'form.html' %}")),
    ],
)
def test_what_stands_around_the_form_counts_where_it_is_read(
    html: str, sign: tuple[int, str]
) -> None:
    """The title and the language of the page are read, and a file without a form is put together of others."""
    assert source_sign(html, ".html") == sign


@pytest.mark.parametrize(
    "html",
    [
        FORM.format('<input pattern="[0-9]{2}" title="{x}" name=a>'),
        FORM.format("<input onclick=\"let a={}; it's(a)\" x-data='{ v={} }'>"),
        FORM.format("<script>`{{ x }}`</script><!-- {% x %} --><p>it's 100 %"),
        "<pre>{{ o }} {% for %} &lt;?php</pre>" + FORM,
        "<style>a{b:c}</style><p>---</p>" + FORM,
        "",
    ],
)
def test_a_page_that_is_one_is_not_taken_for_a_source(html: str) -> None:
    """Braces of scripts, patterns and texts about templates are no marks."""
    assert source_sign(html, ".html") is None


def test_the_file_s_name_tells() -> None:
    """Of a template language that looks like HTML."""
    assert source_sign(FORM, ".NJK") == (0, "it is written in Nunjucks (.NJK)")
    assert source_sign(FORM, ".htm") is None
