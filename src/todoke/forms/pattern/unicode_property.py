"""The Unicode properties that `\\p{...}` may name in JavaScript (ECMA-262 tables 67 to 69), as `regex` spells them.

JavaScript wants the exact names: `\\p{Katakana}` alone is an error there (it is `\\p{Script=Katakana}`), and a browser
then ignores the whole pattern. So the lists here are closed.
"""

from __future__ import annotations

import re
from functools import cache

import regex


class PatternError(ValueError):
    """The text is not a regular expression under the v flag; the message says why."""


class Untranslatable(ValueError):
    """A valid pattern that cannot be judged here; the message says why."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GENERAL_CATEGORIES = _words("""
    Cased_Letter LC Close_Punctuation Pe Connector_Punctuation Pc Control Cc cntrl Currency_Symbol Sc
    Dash_Punctuation Pd Decimal_Number Nd digit Enclosing_Mark Me Final_Punctuation Pf Format Cf
    Initial_Punctuation Pi Letter L Letter_Number Nl Line_Separator Zl Lowercase_Letter Ll Mark M Combining_Mark
    Math_Symbol Sm Modifier_Letter Lm Modifier_Symbol Sk Nonspacing_Mark Mn Number N Open_Punctuation Ps Other C
    Other_Letter Lo Other_Number No Other_Punctuation Po Other_Symbol So Paragraph_Separator Zp Private_Use Co
    Punctuation P punct Separator Z Space_Separator Zs Spacing_Mark Mc Surrogate Cs Symbol S Titlecase_Letter Lt
    Unassigned Cn Uppercase_Letter Lu
""")
BINARY = _words("""
    ASCII ASCII_Hex_Digit AHex Alphabetic Alpha Any Assigned Bidi_Control Bidi_C Bidi_Mirrored Bidi_M Case_Ignorable
    CI Cased Changes_When_Casefolded CWCF Changes_When_Casemapped CWCM Changes_When_Lowercased CWL
    Changes_When_NFKC_Casefolded CWKCF Changes_When_Titlecased CWT Changes_When_Uppercased CWU Dash
    Default_Ignorable_Code_Point DI Deprecated Dep Diacritic Dia Emoji Emoji_Component EComp Emoji_Modifier EMod
    Emoji_Modifier_Base EBase Emoji_Presentation EPres Extended_Pictographic ExtPict Extender Ext Grapheme_Base
    Gr_Base Grapheme_Extend Gr_Ext Hex_Digit Hex IDS_Binary_Operator IDSB IDS_Trinary_Operator IDST ID_Continue IDC
    ID_Start IDS Ideographic Ideo Join_Control Join_C Logical_Order_Exception LOE Lowercase Lower Math
    Noncharacter_Code_Point NChar Pattern_Syntax Pat_Syn Pattern_White_Space Pat_WS Quotation_Mark QMark Radical
    Regional_Indicator RI Sentence_Terminal STerm Soft_Dotted SD Terminal_Punctuation Term Unified_Ideograph UIdeo
    Uppercase Upper Variation_Selector VS White_Space space XID_Continue XIDC XID_Start XIDS
""")
OF_STRINGS = _words("""
    Basic_Emoji Emoji_Keycap_Sequence RGI_Modifier_Sequence RGI_Flag_Sequence RGI_Emoji_Modifier_Sequence
    RGI_Emoji_Flag_Sequence RGI_Emoji_Tag_Sequence RGI_Emoji_ZWJ_Sequence RGI_Emoji
""")
OURS = {"Any": r"\x00-\U0010ffff", "ASCII": r"\x00-\x7f", "Assigned": r"\P{Cn}"}
SCRIPT = re.compile(r"SignWriting|[A-Z][a-z]+(_[A-Z][a-z]+)*")


@cache
def property_source(name: str) -> str:
    """What `\\p{name}` is inside a set of the `regex` module.

    Raises PatternError: if JavaScript has no such property. Untranslatable: if `regex` has not.
    """
    key, equals, value = name.partition("=")
    if equals:
        return _valued(key, value)
    if name in OURS:
        return OURS[name]
    if name in GENERAL_CATEGORIES:
        return f"\\p{{gc={name}}}"
    if name in OF_STRINGS:
        raise Untranslatable(f"\\p{{{name}}} is a property of strings")
    if name not in BINARY:
        raise PatternError(f"there is no property {name}")
    return _known(name) or _untranslatable(name)


def _valued(key: str, value: str) -> str:
    if key in ("General_Category", "gc"):
        if value in GENERAL_CATEGORIES:
            return f"\\p{{gc={value}}}"
    elif key in ("Script", "sc", "Script_Extensions", "scx") and SCRIPT.fullmatch(value):
        found = _known(f"{'scx' if key.startswith(('Script_', 'scx')) else 'sc'}={value}")
        if found:
            return found
    raise PatternError(f"there is no property {key}={value}")


def _known(name: str) -> str:
    source = f"\\p{{{name}}}"
    try:
        regex.compile(source)
    except regex.error:
        return ""
    return source


def _untranslatable(name: str) -> str:
    raise Untranslatable(f"\\p{{{name}}} is not known here")
