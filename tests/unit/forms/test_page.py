"""A form's page becomes its fields."""

from __future__ import annotations

import pytest

from todoke.forms.page.page import PageForm, read_page
from todoke.forms.page.targets import Target
from todoke.model.charset import Charset
from todoke.model.errors import ConfigError
from todoke.model.form import Field


def read(controls: str, around: str = "{}") -> PageForm:
    return read_page(around.format(f'<form method="post" action="/f/a">{controls}</form>'))


def only(controls: str) -> Field:
    (field,) = read(controls).fields
    return field


def names(page: PageForm) -> list[str]:
    return [field.name for field in page.fields]


def test_a_page_says_what_its_form_is() -> None:
    """Action, charset, title and language come from the page around the form."""
    page = read_page(
        '<!doctype html><html lang="ja"><title> お問い\n合わせ </title>'
        '<form method=post action=" https://door.example/f/a "><input name=x></form>',
        charset=Charset("shift_jis"),
    )
    assert page.targets == (Target("https://door.example/f/a", 2),)
    assert page.charset == "shift_jis"
    assert page.title == "お問い 合わせ"
    assert page.language == "ja"
    assert page.warnings == ()


@pytest.mark.parametrize(
    ("page", "attribute", "charset"),
    [
        ("utf-8", "", "utf-8"),
        ("euc-jp", "", "euc-jp"),
        ("utf-16le", "", "utf-8"),
        ("euc-jp", "accept-charset='UTF-8 shift_jis'", "utf-8"),
        ("utf-8", "accept-charset='nope,x-sjis euc-jp'", "shift_jis"),
        ("shift_jis", "accept-charset='us-ascii'", "windows-1252"),
        ("shift_jis", "accept-charset='utf-16'", "utf-8"),
        ("shift_jis", "accept-charset='UNKNOWN'", "shift_jis"),
        ("shift_jis", "accept-charset", "shift_jis"),
    ],
)
def test_the_charset_is_the_one_a_browser_picks(page: str, attribute: str, charset: str) -> None:
    """accept-charset wins over the page's encoding where it names one, and nothing is sent in UTF-16."""
    html = f"<form method=post {attribute}><input name=x></form>"
    assert read_page(html, charset=Charset(page)).charset == charset


def test_a_form_is_named_by_its_own_name_before_the_page() -> None:
    """A form with a name of its own gives that as the title."""
    html = "<title>Site</title><form method=post aria-label='Leave'><input name=x></form>"
    assert read_page(html).title == "Leave"


def test_several_forms_need_a_selector() -> None:
    """Without `select` the error names the candidates; with it, one form is read."""
    html = "<form action=/search><input name=q></form><form id=contact method=post><input name=x></form>"
    with pytest.raises(ConfigError, match=r"2 forms \(form\[action=\"/search\"\], form#contact\)"):
        read_page(html)
    assert names(read_page(html, select="#contact")) == ["x"]
    assert names(read_page(html, select="form[action='/search']")) == ["q"]


@pytest.mark.parametrize(
    ("html", "select", "fault"),
    [
        ("<p>no form", "", "no <form>"),
        ("", "", "no <form>"),
        ("<form id=a></form>", "", "form#a has no control with a name"),
        ("<form><button name=b>Go</button></form>", "", "no control with a name"),
        ("<form id=a><input name=x></form>", "#b", "finds no form; the page has form#a"),
        ("<form id=a><input name=x></form>", "form[", "is not a CSS selector"),
        ("<form><input name=x></form><form><input name=y></form>", "form", "finds 2 forms"),
        ("<form><input name=x id=x></form>", "#x", "finds no form"),
    ],
)
def test_what_is_wrong_with_a_page_is_said(html: str, select: str, fault: str) -> None:
    """A page without a form that can be read stops the start with the reason."""
    with pytest.raises(ConfigError, match=fault.replace("[", r"\[").replace("(", r"\(")):
        read_page(html, select=select)


def test_only_attributes_of_the_type_count() -> None:
    """An attribute that does not apply to a control's type is ignored, as in browsers."""
    rules = "required minlength=1 maxlength=9 min=1 max=9 step=2 pattern=a multiple accept=.x"
    text = only(f"<input name=x {rules}>")
    assert (text.required, text.minlength, text.maxlength, text.pattern) == (True, 1, 9, "a")
    assert (text.min, text.max, text.step, text.multiple, text.accept) == ("", "", "", False, ())
    number = only(f"<input name=x type=number {rules}>")
    assert (number.min, number.max, number.step) == ("1", "9", "2")
    assert (number.minlength, number.maxlength, number.pattern) == (None, None, "")
    area = only(f"<textarea name=x {rules}></textarea>")
    assert (area.required, area.maxlength, area.pattern) == (True, 9, "")
    assert only(f"<input name=x type=email {rules}>").multiple
    assert not only(f"<input name=x type=range {rules}>").required
    assert only(f"<input name=x type=file {rules}>").accept == (".x",)
    hidden = only(f"<input name=x type=hidden value=v {rules}>")
    assert hidden == Field(name="x", kind="hidden", value="v", presets=("v",))


def test_unknown_types_are_text() -> None:
    """A type that does not exist, in any case, is text; a known one is known in any case."""
    assert only("<input name=x type=phone>").kind == "text"
    assert only("<input name=x type=EMAIL>").kind == "email"
    assert only("<input name=x type>").kind == "text"


def test_what_a_browser_does_not_send_or_judge_is_out() -> None:
    """Disabled, nameless, nested in a disabled fieldset or datalist, and plain buttons are no fields."""
    page = read(
        "<input name=a disabled><input><input name=''>"
        "<fieldset disabled><legend><input name=b></legend><input name=c>"
        "<fieldset><legend><input name=d></legend></fieldset></fieldset>"
        "<datalist><input name=e></datalist><template><input name=f></template>"
        "<button name=g value=1>Go</button><input type=submit name=h><input type=image name=i>"
        "<input type=reset name=j><button type=button name=k></button><input name=_charset_ type=hidden>"
    )
    assert names(page) == ["b"]


def test_the_form_attribute_moves_a_control() -> None:
    """A control belongs to the form its `form` attribute names, wherever it stands."""
    html = (
        "<form id=a method=post><input name=x><input name=y form=b><input name=n form=none></form>"
        "<form id=b method=post></form><input name=z form=a><input name=loose>"
    )
    assert names(read_page(html, select="#a")) == ["x", "z"]
    assert names(read_page(html, select="#b")) == ["y"]


def test_a_form_torn_by_a_table_keeps_its_controls() -> None:
    """`<table><form><tr>`, as old pages have it, binds the controls in the table's cells."""
    html = "<table><form method=post action=/f/a><tr><td><input name=x></td></tr></form></table>"
    assert names(read_page(html)) == ["x"]


def test_a_read_only_control_has_no_rules() -> None:
    """A read-only control is barred from validation, and is still a field."""
    field = only("<input name=x type=number readonly required min=5 value=1>")
    assert field == Field(name="x", kind="text", value="1")


def test_select_options_are_values_with_labels() -> None:
    """Values come from value or text; disabled options and groups are out; the placeholder is no option."""
    field = only(
        "<select name=x required><option value=''>選択してください"
        "<optgroup label=関東><option>東京  都<option value=kn selected>神奈川</optgroup>"
        "<optgroup label=閉鎖 disabled><option>x</optgroup><option disabled>y"
        "<option value=o label=その他>ignored</select>"
    )
    assert field.options == (("東京 都", "東京 都"), ("kn", "神奈川"), ("o", "その他"))
    assert (field.placeholder, field.value, field.required) == ("選択してください", "kn", True)


def test_an_empty_option_is_an_answer_unless_it_is_the_placeholder() -> None:
    """Only the first, empty, direct option of a required one-line select is a placeholder."""
    assert only("<select name=x><option value=''>-<option>a</select>").options[0] == ("", "-")
    last = only("<select name=x required><option>a<option value=''>none</select>")
    assert last.options == (("a", "a"), ("", "none"))
    listed = only("<select name=x required size=3><option value=''>none<option>a</select>")
    assert listed.options[0] == ("", "none")
    barred = only("<select name=x required><option value=a disabled>-<option value=''>-</select>")
    assert (barred.options, barred.required) == ((("", "-"),), False)


def test_a_disabled_option_that_is_chosen_at_first_settles_its_list() -> None:
    """Browsers miss nothing then, though nothing is sent, unless it is the placeholder; the owner is told."""
    choice = "<select name=x required><option disabled selected{}>Choose<option>a</select>"
    assert only(choice.format(" value=''")).required
    page = read(choice.format(""))
    assert not page.fields[0].required
    assert 'Write <option value="" disabled selected>' in page.warnings[0]
    grouped = "<optgroup disabled><option selected>b</optgroup>"
    assert not only(f"<select name=x required><option>a{grouped}</select>").required
    assert only(f"<select name=x required>{grouped}<option selected>a</select>").required


def test_radio_buttons_are_one_field() -> None:
    """One required button makes the group required; the legend names it and labels name the options."""
    field = only(
        "<fieldset><legend>性別 <span>(任意)</span></legend>"
        "<label><input type=radio name=x value=f> 女性</label>"
        "<label><input type=radio name=x value=m required checked> 男性</label>"
        "<input type=radio name=x disabled value=z></fieldset>"
    )
    assert field == Field(
        name="x",
        kind="radio",
        label="性別",
        required=True,
        options=(("f", "女性"), ("m", "男性")),
        value="m",
        presets=("m",),
    )


def test_checkboxes_are_one_field_of_several_values() -> None:
    """Each required box must be ticked by itself; a lone box carries its own label."""
    group = only(
        "<input type=checkbox name=x value=a required><input type=checkbox name=x value=b>"
    )
    assert (group.multiple, group.required, group.required_values) == (True, True, ("a",))
    assert group.options == (("a", "a"), ("b", "b"))
    lone = only("<label><input type=checkbox name=x required> I agree *</label>")
    assert (lone.label, lone.multiple, lone.options) == ("I agree", False, (("on", "I agree"),))


def test_the_row_names_its_boxes() -> None:
    """A group without a legend is known by the words of its table row, and never one of its boxes."""
    row = "<table><tr><th>ご用件</th><td><input type=radio name=x value=a>A <input type=radio name=x value=b>B"
    assert (only(row).label, only(row).options) == ("ご用件", (("a", "a"), ("b", "b")))
    lone = "<dl><dt>Terms<dd><label><input type=checkbox name=x> I agree</label></dl>"
    assert only(lone).label == "I agree"


def test_a_hidden_twin_may_send_its_value_too() -> None:
    """The value of a hidden control or a button of the same name is not an answer, and not a fault."""
    field = only("<input type=hidden name=x value=0><input type=checkbox name=x value=1>")
    assert (field.kind, field.options, field.sent_anyway) == ("checkbox", (("1", "1"),), ("0",))


@pytest.mark.parametrize(
    ("html", "label"),
    [
        ("<label for=i>お名前<span class=r>必須</span></label><input id=i name=x>", "お名前"),
        ("<label>Name: <input name=x></label>", "Name"),
        ("<label>* Name <input name=x></label>", "Name"),
        ("<label>国<select name=x><option>日本</select></label>", "国"),
        ("<label for=i>A</label><label for=i>B</label><input id=i name=x>", "A B"),
        ("<label for=other>No<input name=x></label>", ""),
        ("<label>Name<b hidden>x</b><i aria-hidden=true>*</i><input name=x></label>", "Name"),
        ("<span id=l>電話</span><input name=x aria-labelledby='l m'>", "電話"),
        ("<input name=x aria-label='Your mail'>", "Your mail"),
        (
            "<table><tr><th>フリガナ（必須）<td><p><input name=x pattern='.' title=全角 placeholder=Ph>",
            "フリガナ",
        ),
        ("<table><tr><td>E-mail *</td><td><input name=x></td></tr></table>", "E-mail"),
        ("<table><tr><td><input name=a></td><td><input name=x placeholder=Ph>", "Ph"),
        ("<dl><dt>住所</dt><dd>〒<input name=x></dd></dl>", "住所"),
        (
            "<dl><dt>A</dt><dd><input name=y></dd><dt>B</dt><dd>※<span>Hint</span><p><input name=x>",
            "B",
        ),
        ("<p>Your <b>name</b>:<br><input name=x title=Tip></p>", "Your name"),
        ("<p>Call <input name=y> - <input name=x placeholder=Ph></p>", "Ph"),
        (f"<p>{'A long sentence. ' * 9}<input name=x placeholder=Ph></p>", "Ph"),
        ("<label for=i>Name</label> <p>Other</p><input id=i name=x>", "Name"),
        ("<input name=x pattern='.' title='One letter'>", ""),
        ("<input name=x title=Tip placeholder=Ph>", "Tip"),
        ("<input name=x placeholder=Ph>", "Ph"),
        ("<label for=i>*</label><input id=i name=x>", "*"),
        ("<input name=x>", ""),
    ],
)
def test_the_label_is_what_people_see(html: str, label: str) -> None:
    """A field's label is its visible label without marks, else ARIA, the words before it, title or placeholder."""
    assert read(html).fields[-1].label == label


def test_a_textarea_keeps_its_text() -> None:
    """A textarea's value is its text, less the first newline."""
    assert only("<textarea name=x>\n a\n b</textarea>").value == " a\n b"


FILES = "<form method=post enctype=multipart/form-data><input type=file name=x accept='{}'></form>"


@pytest.mark.parametrize(
    ("controls", "warning"),
    [
        ("<input name=x pattern='[a-z-]'>", 'pattern of "x" is not enforced'),
        ("<input name=x pattern='\\p{RGI_Emoji}'>", 'pattern of "x" is not enforced'),
        ("<input name=x type=date min=tomorrow>", 'min of "x" is ignored: "tomorrow"'),
        ("<input name=x type=number step=-1>", 'step of "x" is ignored'),
        ("<input name=x required disabled><input name=y>", 'line 1: "x" is required, and disabled'),
        ("<input name=x required><input name=x required>", '2 controls are named "x"'),
        ("<input name=x><input name=x type=email>", "different rules"),
        (FILES.format("jpg,png"), '"jpg", "png", which browsers ignore: write .jpg, .png.'),
        (FILES.format("jpg,png"), "So any file is taken."),
        (FILES.format(".doc .docx,image,*.PDF"), "write .doc, .docx, image/*, .pdf."),
        (FILES.format("!"), "write .jpg, image/jpeg or image/*"),
        (FILES.format("image/*;capture=camera,.pdf"), 'has "image/*;capture=camera", which'),
    ],
)
def test_the_site_owner_is_told_what_is_not_enforced(controls: str, warning: str) -> None:
    """What browsers ignore and what we cannot enforce becomes a warning, not an error."""
    page = read_page(controls) if controls.startswith("<form") else read(controls)
    (found,) = page.warnings
    assert warning in found


def test_what_browsers_ignore_of_accept_is_no_rule() -> None:
    """A token that says nothing refuses nothing; the others hold."""
    (field,) = read_page(FILES.format("image/*;capture=camera, .PDF ,image")).fields
    assert field.accept == (".pdf",)


@pytest.mark.parametrize(
    ("html", "method", "enctype"),
    [
        ("<form><input name=x></form>", "get", "application/x-www-form-urlencoded"),
        ("<form method=POST enctype=' Multipart/Form-Data '><input name=x>", "post", "multipart/form-data"),
        ("<form method=put enctype=text/plain><input name=x></form>", "get", "text/plain"),
        ("<form><input name=x><button type=button><button formmethod=post formenctype=text/plain></form>",
         "post", "text/plain"),
        ("<form method=post><input name=x><button formmethod=x disabled>", "post", "application/x-www-form-urlencoded"),
        ("<form method=post><input name=x><button></button><button formmethod=get>",
         "post", "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_how_a_form_is_sent(html: str, method: str, enctype: str) -> None:
    """By the form's attributes, or by those of its first button that is not disabled."""
    submit = read_page(html).submit
    assert (submit.method, submit.enctype, submit.scripted) == (method, enctype, False)


@pytest.mark.parametrize(
    ("script", "runs"),
    [("<script src=a.js></script>", True), ("<script type=module></script>", True),
     ("<script type=application/ld+json>{}</script>", False), ("<!-- <script></script> -->", False)],
)  # fmt: skip
def test_a_page_may_have_scripts(script: str, runs: bool) -> None:
    """Only what runs is one; nobody is told of a disabled control that it may enable."""
    page = read_page(
        f"{script}<form method=post><input name=x required disabled><input name=y></form>"
    )
    assert page.submit.scripted is runs
    assert bool(page.warnings) is not runs


def test_a_required_control_that_is_never_sent_is_told() -> None:
    """By itself or by a fieldset; not where another of its name is sent, nor in a datalist, which browsers do send."""
    page = read(
        "<input name=a><input type=radio name=b required disabled><input type=radio name=b disabled>"
        "<fieldset disabled>\n<select name=c required></select></fieldset><input name=a required disabled>"
        "<datalist><input name=d required></datalist>"
    )
    said = "is required, and disabled: browsers never send it, so the door does not ask for it."
    assert page.warnings == (f'line 1: "b" {said}', f'line 2: "c" {said}')


@pytest.mark.parametrize(
    ("controls", "presets"),
    [
        ("<select name=x><option>a<option>b</select>", ("a",)),
        ("<select name=x><option disabled>a<option>b</select>", ("b",)),
        ("<select name=x><option selected>a<option selected>b</select>", ("b",)),
        ("<select name=x><option disabled selected>a<option>b</select>", ()),
        ("<select name=x size=3><option>a<option>b</select>", ()),
        ("<select name=x multiple><option selected>a<option>b<option selected>c</select>", ("a", "c")),
        ("<select name=x required><option value=''>Choose<option>b</select>", ("",)),
        ("<input type=checkbox name=x value=a checked><input type=checkbox name=x value=b checked>", ("a", "b")),
        ("<input type=radio name=x value=a checked><input type=radio name=x value=b checked>", ("b",)),
        ("<input type=hidden name=x value=a><input type=hidden name=x value=b>", ("a", "b")),
    ],
)  # fmt: skip
def test_what_a_choice_sends_untouched(controls: str, presets: tuple[str, ...]) -> None:
    """What is chosen at first."""
    assert only(controls).presets == presets


def test_a_control_knows_its_line() -> None:
    """The first of its name in its own form; not what stands in comments, scripts, texts or other attributes."""
    html = """<!doctype html>
<form><input name=mail></form>
<!-- <input name="tel"> --><script>"<input name=tel>"</script>
<form id=b method=post><textarea name=text><input name=tel></textarea>
<input title="name=tel"
  NAME='a&amp;b'><input name=mail>
<input type=radio name=tel><input type=radio name=tel></form>"""
    fields = read_page(html, select="#b").fields
    assert {field.name: field.line for field in fields} == {
        "text": 4,
        "a&b": 6,
        "mail": 6,
        "tel": 7,
    }


def test_controls_that_share_a_name_take_several_values() -> None:
    """Equal controls keep their rules; different ones lose them."""
    same = only("<input name=x maxlength=3><input name=x maxlength=3>")
    assert (same.multiple, same.maxlength) == (True, 3)
    other = only("<input name=x maxlength=3><input name=x maxlength=4>")
    assert (other.multiple, other.maxlength) == (True, None)


def test_broken_pages_are_read_as_browsers_read_them() -> None:
    """Unclosed and crossing tags do not hide controls."""
    assert names(read_page("<form method=post><p><b><input name=x></p><div><input name=y")) == ["x"]
    deep = "<div>" * 400 + "<form method=post><input name=x></form>"
    assert names(read_page(deep)) == ["x"]


def test_a_control_field_that_visitors_see_is_named_with_its_line() -> None:
    """Two views of one name are told to the site owner; a comment before it does not mislead."""
    page = read(
        "<!-- name=_next\n-->\n<input name=_next>\n<input type=hidden name=_language value=ja>"
    )
    assert names(page) == ["_next", "_language"]
    (warning,) = page.warnings
    assert warning.startswith('line 3: "_next" is shown to visitors')


def test_a_key_that_every_visitor_would_send_is_named_with_its_line() -> None:
    """A fixed `_idempotency` is no key; an empty one may be filled in by a script."""
    (warning,) = read("\n<input type=hidden name='_idempotency' value=contact-1>").warnings
    assert warning.startswith('line 2: "_idempotency" has a fixed value')
    assert not read("<input type=hidden name=_idempotency>").warnings


def test_only_a_hidden_charset_field_is_none() -> None:
    """HTML 4.10.21.4: browsers fill in a hidden one, in any case; what is typed is a field."""
    assert names(read("<input type=hidden name=_CHARSET_><input name=a>")) == ["a"]
    assert names(read("<input name=_charset_>")) == ["_charset_"]


def test_what_stands_in_the_page_is_kept_as_such() -> None:
    """Texts of the page are known beside the rules that they may break."""
    assert only("<input name=x maxlength=2 value=' abc\n'>").presets == (" abc",)
    assert only("<textarea name=x minlength=9>\nA\n</textarea>").presets == ("A\n",)
    two = only("<input name=x maxlength=2 value=abc><input name=x maxlength=2 value=def>")
    assert (two.presets, two.maxlength) == (("abc", "def"), 2)
    assert only("<input name=x type=number value=5>").presets == ()


@pytest.mark.parametrize(
    "controls",
    [
        "<noscript><p><input name=x required></noscript>",
        "<noscript><input type=checkbox name=x required></noscript>",
        "<noscript><input type=radio name=x required value=a></noscript>",
        "<noscript><select name=x required><option>a</select></noscript>",
    ],
)
def test_nobody_is_held_to_what_is_for_visitors_without_scripts(controls: str) -> None:
    """With scripting a noscript is text: its controls keep their other rules, and the owner is told."""
    page = read(controls)
    (field,) = page.fields
    assert not field.required
    assert field.required_values == ()
    assert "<noscript>" in page.warnings[0]
    assert not read("<noscript><input name=x></noscript>").warnings


def test_a_form_for_visitors_without_scripts_keeps_its_rules() -> None:
    """Whoever sees a form that stands in a noscript sees all of it."""
    page = read_page("<noscript><form method=post><input name=x required></form></noscript>")
    assert page.fields[0].required


@pytest.mark.parametrize(
    ("controls", "repeats", "multiple"),
    [
        ("<input name=x data-todoke-repeat>", False, True),
        ("<input type=file name=x data-todoke-repeat>", False, True),
        ("<input type=file name=x webkitdirectory>", False, True),
        ("<input type=hidden name=x data-todoke-repeat>", False, True),
        ("<input type=email name=x data-todoke-repeat>", True, False),
        ("<select name=x data-todoke-repeat><option>a</select>", True, False),
        ("<input type=email name=x><input type=email name=x>", True, False),
        ("<input name=x><input type=hidden name=x>", False, True),
        ("<input name=x><input type=submit name=x>", False, True),
        ("<input name=x><input type=image>", False, True),
        ("<input name=x list=d><datalist id=d><select name=x></select></datalist>", False, True),
        ("<input name=x><fieldset disabled><input name=x></fieldset>", False, False),
        ("<input name=i.y><input type=image name=i>", False, True),
        ("<input name=x><input type=submit name=x value=a>", False, False),
        ("<input type=file name=x><input type=hidden name=x>", False, False),
        ("<input type=radio name=x data-todoke-repeat>", False, False),
        ("<input name=x><input type=image name=i>", False, False),
    ],
)
def test_of_what_more_may_come(controls: str, repeats: bool, multiple: bool) -> None:
    """The page says so by an attribute, by several controls, or by what browsers send beside one."""
    field = only(controls)
    assert (field.repeats, field.multiple) == (repeats, multiple)


def test_a_name_with_brackets_says_that_more_may_come() -> None:
    """By custom of PHP and what follows it."""
    page = read("<input name=a[]><input type=email name=b[]><input name=c[1]><input name=[]d>")
    assert [f.multiple or f.repeats for f in page.fields] == [True, True, False, False]


def test_a_disabled_button_may_settle_its_group() -> None:
    """Browsers miss nothing in a group of which one is checked, and send nothing of a disabled one."""
    choice = (
        "<input type=radio name=x value=a disabled {}><input type=radio name=x value=b required>"
    )
    assert only(choice.format("")).required
    assert not only(choice.format("checked")).required


def test_buttons_that_ask_for_no_validation_are_known() -> None:
    """Submit buttons with a name and `formnovalidate`, in whatever form."""
    page = read(
        "<input name=x><button name=a value=1 formnovalidate></button><button name=b formnovalidate>"
        "</button><input type=submit name=c formnovalidate><input type=submit name=d value='' formnovalidate>"
        "<button formnovalidate></button><button type=button name=e formnovalidate></button>"
        "<button name=f disabled formnovalidate></button><input type=text name=g formnovalidate>"
        "<button name=h></button>"
    )
    assert page.unchecked == (("a", "1"), ("b", ""), ("c", None), ("d", ""))
    assert "has no name" in page.warnings[0]
    assert not read("<input name=x><button name=a formnovalidate></button>").warnings
