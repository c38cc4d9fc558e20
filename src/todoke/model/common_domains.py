"""Mail domains that very many people have, in the world and in Japan, and real ones that look like them.

What people mean who mistype one of the first; what they may well mean when they type one of the second.
"""

from __future__ import annotations

_COMMON = """
gmail.com yahoo.co.jp docomo.ne.jp icloud.com ezweb.ne.jp softbank.ne.jp i.softbank.jp hotmail.com outlook.com
yahoo.com hotmail.co.jp outlook.jp live.jp au.com ymobile.ne.jp uqmobile.jp rakuten.jp vodafone.ne.jp me.com nifty.com
nifty.ne.jp biglobe.ne.jp ocn.ne.jp so-net.ne.jp plala.or.jp dion.ne.jp hi-ho.ne.jp asahi-net.or.jp jcom.home.ne.jp
jcom.zaq.ne.jp excite.co.jp infoseek.jp mail.goo.ne.jp goo.jp ybb.ne.jp odn.ne.jp googlemail.com live.com msn.com
mac.com aol.com aim.com rocketmail.com mail.com gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de
protonmail.com proton.me pm.me fastmail.com hey.com zoho.com yandex.com yandex.ru mail.ru yahoo.co.uk hotmail.co.uk
live.co.uk btinternet.com sky.com virginmedia.com yahoo.fr hotmail.fr orange.fr wanadoo.fr laposte.net free.fr sfr.fr
libero.it hotmail.it yahoo.it hotmail.es yahoo.es yahoo.de hotmail.de outlook.de comcast.net verizon.net att.net
sbcglobal.net bellsouth.net cox.net charter.net earthlink.net optonline.net shaw.ca rogers.com sympatico.ca telus.net
bigpond.com optusnet.com.au xtra.co.nz qq.com 163.com 126.com naver.com hanmail.net rediffmail.com
"""
COMMON = tuple(_COMMON.split())
"""The commonest first: where two are as near to what was typed, the first is asked after."""

_REAL = """
gmai.com gail.com grail.com ymail.com y7mail.com email.com e-mail.com emil.com hotmail.co.ug earthling.net
hanmail2.net ymobile1.ne.jp liberto.it prontomail.com proto2mail.com
"""
REAL = frozenset(_REAL.split())
"""Others that somebody has, although a slip of the finger would make them of a common one."""

ELSEWHERE = {
    "gmail.co.jp": "gmail.com",
    "gmail.ne.jp": "gmail.com",
    "gmail.jp": "gmail.com",
    "gmail.net": "gmail.com",
    "gmail.org": "gmail.com",
    "gmail.co.uk": "gmail.com",
    "icloud.co.jp": "icloud.com",
    "icloud.ne.jp": "icloud.com",
    "icloud.jp": "icloud.com",
    "icloud.net": "icloud.com",
    "yahoo.ne.jp": "yahoo.co.jp",
    "docomo.jp": "docomo.ne.jp",
    "ezweb.co.jp": "ezweb.ne.jp",
    "ezweb.jp": "ezweb.ne.jp",
    "hotmail.ne.jp": "hotmail.co.jp",
}
"""Names that their providers give out under another ending only."""

_SLIPS_OF_ENDINGS = {
    "com": "con cmo ocm cpm xom vom comm coom ccom cim clm conm comn ocom",
    "net": "ner nte ent nett nrt ney",
    "org": "ogr orgg prg rog orq",
    "jp": "jpp jjp jpn",
    "co.jp": "cojp",
    "ne.jp": "nejp",
    "or.jp": "orjp",
    "ac.jp": "acjp",
    "co.uk": "couk",
}
NO_ENDINGS = {slip: meant for meant, slips in _SLIPS_OF_ENDINGS.items() for slip in slips.split()}
"""What is no top-level domain (IANA's list), and the ending that it is a slip of."""
