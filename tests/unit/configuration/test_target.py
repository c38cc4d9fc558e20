"""Where a page's form posts, beside where the door is."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import ERROR, check

SECRET = {"TODOKE_SECRET": "ab" * 32}
FILE = """\
[site]
name = "Garden"
{site}
[mail]
service = "smtp"
from = "Garden <forms@garden.jp>"
[forms.contact]
page = "contact.html"
managers = ["office@garden.jp"]
confirmation = false
{form}
"""
SITE = 'url = "https://www.garden.jp"\ndoor_url = "https://forms.garden.jp"'
BELOW = 'url = "https://www.garden.jp"\ndoor_url = "https://www.garden.jp/todoke"'
HERE = 'url = "https://www.garden.jp"\ndoor_url = "http://127.0.0.1:8025"'
DEVELOPED = 'url = "http://localhost:8000"\ndoor_url = "http://127.0.0.1:8025"'
NO_URL = 'door_url = "https://forms.garden.jp"\norigins = ["https://www.garden.jp"]'
DOOR = "https://forms.garden.jp/f/contact"


def told(
    folder: Path, html: str, site: str = SITE, form: str = "", name: str = "contact.html"
) -> list[str]:
    """What check says of the page, as `severity line message`, notes included."""
    (folder / name).write_text(f"<meta charset=utf-8>\n{html}", "utf-8")
    path = folder / "todoke.toml"
    path.write_text(FILE.format(site=site, form=form).replace("contact.html", name), "utf-8")
    found = [f for f in check(path, SECRET, notes=True) if f.key == "forms.contact.page"]
    assert all(Path(f.file).name == name for f in found if f.severity != ERROR)
    return [f"{f.severity} {f.line} {f.message} {f.hint}".strip() for f in found]


def posted(action: str) -> str:
    """A page whose form posts there."""
    return f'<form method=post\n action="{action}"><input name=message></form>'


@pytest.mark.parametrize(
    ("site", "action", "form"),
    [
        (SITE, DOOR, ""),
        (SITE, DOOR + "/", ""),
        (SITE, DOOR + "?from=footer#form", ""),
        (SITE, "HTTPS://FORMS.garden.jp:443/f/%63ontact", ""),
        (SITE, "//forms.garden.jp/f/contact", ""),
        (BELOW, "/todoke/f/contact", ""),
        (BELOW, "todoke/f/contact", ""),
        (BELOW, "../todoke/f/contact", 'page_url = "https://www.garden.jp/en/contact.html"'),
        (BELOW, "https://www.garden.jp/todoke/f/contact/", ""),
        (HERE, "http://localhost:8025/f/contact", ""),
        (HERE, "/f/contact", 'page_url = "http://127.0.0.1:8025/contact.html"'),
        (NO_URL, DOOR, ""),
        ('url = "https://例え.jp"\ndoor_url = "https://例え.jp/届け"', "/届け/f/contact", ""),
    ],
)
def test_what_leads_to_the_door_is_good(tmp_path: Path, site: str, action: str, form: str) -> None:
    """However it is written: as browsers read it, it is the form's address."""
    assert told(tmp_path, posted(action), site, form) == []


@pytest.mark.parametrize(
    ("site", "action", "fault"),
    [
        (SITE, "", "the form has no action, so browsers post to the page itself."),
        (SITE, "https://formspree.io/f/contact", "that is another host than door_url's, forms.garden.jp."),
        (SITE, "http://forms.garden.jp/f/contact", "that is http, and door_url is https."),
        (SITE, "/f/contact", "which is https://www.garden.jp/f/contact: that is another host"),
        (SITE, "https://forms.garden.jp/f/second", "that is the form 'second', and this is 'contact'."),
        (SITE, "https://forms.garden.jp//f/contact", "the door knows no address with two slashes"),
        (SITE, DOOR + "//", "the door knows no address with two slashes"),
        (SITE, "https://forms.garden.jp/contact", "that is another path than the form's."),
        (SITE, "https://forms.garden.jp/F/contact", "that is another path than the form's."),
        (SITE, "https://forms.garden.jp:8443/f/contact", "that is another port than door_url's."),
        (SITE, "http://127.0.0.1:8025/f/contact", "that is another host than door_url's, forms.garden.jp."),
        (SITE, "mailto:office@garden.jp", "which is no address of the web."),
        (SITE, "https://[", "which is no address."),
        (SITE, "formspree.io/f/contact", "which is https://www.garden.jp/formspree.io/f/contact:"),
        (BELOW, "/f/contact", "that is another path than the form's."),
        (HERE, "https://formspree.io/f/contact", "that is another host than door_url's, 127.0.0.1."),
        (HERE, "https://www.garden.jp/contact", "that is another host than door_url's, 127.0.0.1."),
        (HERE, "https://localhost:8025/f/contact", "that is https, and door_url is http."),
        (DEVELOPED, "/f/contact", "which is http://localhost:8000/f/contact: that is another port"),
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_told_with_the_line_to_write(
    tmp_path: Path, site: str, action: str, fault: str
) -> None:
    """At the attribute's own line in the page, with what should stand there."""
    (found,) = told(tmp_path, posted(action), site)
    door = site.partition("door_url = ")[2].strip('"') + "/f/contact"
    assert found.startswith("warning 3 the form ")
    assert fault in found
    assert found.endswith(f'Write action="{door}".')


@pytest.mark.parametrize(
    ("site", "action", "fault"),
    [
        (HERE, "https://forms.garden.jp/f/contact", "whether todoke answers there cannot be told"),
        (HERE, "/f/contact", "whether todoke answers there cannot be told from here."),
        (NO_URL, "/f/contact", f"it comes here only if that is {DOOR}."),
    ],
)
def test_what_cannot_be_compared_is_a_note(
    tmp_path: Path, site: str, action: str, fault: str
) -> None:
    """Where todoke is tried on this machine, or nothing says where the page is."""
    (found,) = told(tmp_path, posted(action), site)
    assert found.startswith("note 3 the form posts to ")
    assert fault in found


def test_a_base_element_counts(tmp_path: Path) -> None:
    """Relative addresses begin at it, an empty action does not (HTML 4.10.21.3)."""
    base = '<base target=x><base href="https://forms.garden.jp/"><base href="https://b.example/">\n'
    assert told(tmp_path, base + posted("f/contact")) == []
    assert told(tmp_path, base + posted("f/contact"), NO_URL) == []
    assert told(tmp_path, '<base href="/todoke/">\n' + posted("f/contact"), BELOW) == []
    (found,) = told(tmp_path, base + posted(""))
    assert "so browsers post to the page itself" in found


def test_each_button_has_a_way_of_its_own(tmp_path: Path) -> None:
    """`formaction` of what submits, wherever it stands; a button that makes no post is none."""
    html = f"""<!-- <form action="https://a.example/"> -->
<form method=post id=f action="{DOOR}"><input name=message>
<button formaction="https://a.example/x">Send <b>it</b></button>
<input type=submit value=Try formaction="{DOOR}">
<input type=image name=here
  formaction="/y">
<button formaction="/z" formmethod=get>Search</button><button type=button formaction="/z"></button>
<button formaction>Empty</button>
</form><button form=f formaction="/w" name=w></button>"""
    found = told(tmp_path, html)
    assert [fault.partition(" posts")[0].partition(" has")[0] for fault in found] == [
        "warning 4 the button 'Send it'",
        "warning 7 the button 'here'",
        "warning 9 the button 'Empty'",
        "warning 10 the button 'w'",
    ]
    assert all(fault.endswith(f'Write formaction="{DOOR}".') for fault in found)


def test_of_a_source_one_plain_reason_is_told(tmp_path: Path) -> None:
    """And nothing of what its tags seem to say."""
    html = "<form action='{{ door }}'>\n<input name=message pattern='['></form>"
    (found,) = told(tmp_path, html)
    assert found.startswith("warning 2 this is what a page is made of, not the page that visitors")
    assert "it has {{ door }}." in found
    (tmp_path / "contact.html").write_text(html)
    assert len([f for f in check(tmp_path / "todoke.toml", SECRET) if f.severity == "warning"]) == 1
    named = told(tmp_path, posted(DOOR), name="contact.njk")
    assert [fault.startswith("warning 0 ") for fault in named] == [True]


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("https://www.garden.jp/en/contact.html", "address of the web", '"en/contact.html"'),
        ("//www.garden.jp/contact.htm?x=1", "an address of the web", '"en/contact.html"'),
        ("www.garden.jp/about.html", "is an address of the web", '"index.html"'),
        ("/contact.html", "the root of this machine's disk, not of the site", '"en/contact.html"'),
        ("en", "is 'en', a folder", '"en/contact.html"'),
        ("./en/", "a folder", '"en/contact.html"'),
        (".", "a folder", '"index.html"'),
        ("*.html", "not several", '"index.html"'),
        ("en\\\\contact.html", "folders are parted by /", '"en/contact.html"'),
        ("kontact.html", "cannot be read: No such file", '"en/contact.html"'),
        ("about.html", "cannot be read: No such file", '"index.html"'),
    ],
)
def test_a_page_is_a_file(tmp_path: Path, name: str, said: str, hint: str) -> None:
    """What else people write there is told as what it is, with the file that may be meant."""
    for place in (
        "en/contact.html",
        "index.html",
        "node_modules/contact.html",
        ".git/contact.html",
    ):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(posted(DOOR))
    path = tmp_path / "todoke.toml"
    path.write_text(FILE.format(site=SITE, form="").replace("contact.html", name))
    (found,) = check(path, SECRET)
    assert (found.severity, found.line, found.key) == (ERROR, 9, "forms.contact.page")
    assert said in found.message
    assert f"Write for instance `page = {hint}`." in found.hint


def test_without_any_page_the_hint_says_how_to_get_one(tmp_path: Path) -> None:
    """There is nothing to point to."""
    (tmp_path / "todoke.toml").write_text(FILE.format(site=SITE, form=""))
    (found,) = check(tmp_path / "todoke.toml", SECRET)
    assert found.hint.startswith("Copy the page as it is published beside todoke.toml")


def test_a_file_control_that_takes_anything_is_noted(tmp_path: Path) -> None:
    """At its line; not where its accept, or todoke.toml, says what it takes."""
    html = f"""<form method=post enctype=multipart/form-data action="{DOOR}">
<input type=file name=plan accept=.pdf>
<input type=file
  name=photo></form>"""
    (found,) = told(tmp_path, html)
    assert found.startswith('note 5 "photo" takes files of any kind: its accept says which')
    assert told(tmp_path, html, form='fields = [{name = "photo", accept = ["image/*"]}]') == []


def test_what_is_wrong_with_a_form_and_its_controls_has_a_line(tmp_path: Path) -> None:
    """As far as the page's text shows it."""
    html = f"""<form method=post
 action="{DOOR}">
<input type=file accept=pdf name=plan><input
  name=code pattern="["></form>"""
    found = [" ".join(fault.split()[:5]) for fault in told(tmp_path, html)]
    assert found == [
        "warning 4 The accept of",
        "warning 5 The pattern of",
    ]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("thanks.html", 'Write value="/thanks.html".'),
        ("?ok=1", 'Write value="/?ok=1".'),
        ("/a b", 'Write value="/a%20b".'),
        ("http://www.garden.jp/thanks", "http://www.garden.jp is not among the site's origins."),
        ("//www.garden.jp/thanks.html", 'Write value="/thanks.html".'),
        ("https://shop.garden.jp/a b", 'Write value="https://shop.garden.jp/a%20b".'),
        ("https://else.example/", "Add it to site.origins, or leave the control out."),
        ("javascript:x", "it is no address of the web."),
    ],
)
def test_a_next_that_is_ignored_is_told(tmp_path: Path, value: str, fault: str) -> None:
    """It stands in the page, so each visitor would get the receipt instead; what to write is obeyed."""
    html = f"""<form method=post action="{DOOR}"><input type=hidden name=_next
  value="{{}}"><input name=message></form>"""
    site = SITE + '\norigins = ["https://www.garden.jp", "https://shop.garden.jp"]'
    (found,) = told(tmp_path, html.format(value), site)
    assert found.startswith(f'warning 3 "_next" has "{value}", which is ignored: ')
    assert found.endswith(fault) or fault in found
    written = found.partition('Write value="')[2].removesuffix('".')
    assert told(tmp_path, html.format(written), site) == []


@pytest.mark.parametrize("value", ["", "/thanks.html", "https://www.garden.jp/thanks?x=1#y"])
def test_a_next_that_is_obeyed_is_good(tmp_path: Path, value: str) -> None:
    """And one that is empty, for a script to fill in."""
    hidden = f"<input type=hidden name=_next value='{value}'>"
    html = f'<form method=post action="{DOOR}">{hidden}<input name=message></form>'
    assert told(tmp_path, html) == []


def test_a_next_that_is_a_path_needs_the_site_s_url(tmp_path: Path) -> None:
    """There is nothing it could be a path of."""
    hidden = "<input type=hidden name=_next value=/thanks.html>"
    (found,) = told(
        tmp_path, f'<form method=post action="{DOOR}">{hidden}<input name=message></form>', NO_URL
    )
    assert found.endswith("which is ignored: the site has no url. Set site.url.")
