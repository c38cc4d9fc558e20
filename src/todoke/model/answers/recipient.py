"""Answers about the recipient: no such mailbox or domain, full, disabled, closed to strangers."""

from __future__ import annotations

from todoke.model.answers.row import Row, Strength, rows
from todoke.model.answers.sender import EXIM, GMAIL, MICROSOFT, POSTFIX
from todoke.model.delivery import Party, Permanence, Reason

HARD, SOFT, NONE = Permanence.HARD, Permanence.SOFT, Permanence.NONE
NO_ADDRESS, NO_HOST, FULL = Reason.UNKNOWN_ADDRESS, Reason.UNKNOWN_HOST, Reason.MAILBOX_FULL

CLOSED: tuple[Row, ...] = rows(
    Party.RECIPIENT,
    (
        "X.7.13",
        r"account[^.;]{0,30}(?:disabled|suspended)",
        NO_ADDRESS,
        SOFT,  # it may be enabled again
        "RFC 5248: user account disabled",
    ),
    (
        "X.7.12 X.7.13 X.7.124 X.7.133 X.7.134 X.7.135 X.7.136 X.7.193 X.7.507",
        "",
        Reason.POLICY,
        NONE,
        f"{MICROSOFT}: takes mail of its own organisation, or of some senders, only",
    ),
    strength=Strength.FIRM,
) + rows(
    Party.RECIPIENT,
    (
        "",
        (
            r"sender (?:was |is )?not (?:authenticated|authori[sz]ed|allowed|permitted|in allowed)"
            r"|(?:not|n't) (?:allowed|permi\w+|authori[sz]ed) to (?:send|post|e?mail)(?: \w+)? (?:to"
            r"|messages to)\b"
            r"|restricted to (?:members|internal)|allowed-senders list|permission to post|not be open to posting"
        ),
        Reason.POLICY,
        NONE,
        f"{MICROSOFT}: RESOLVER.RST; {GMAIL}: groups",
    ),
)
"""Mailboxes and lists that take no mail from strangers. Before what is said of senders: all other mail may go."""

RECIPIENT: tuple[Row, ...] = (
    *rows(
        Party.RECIPIENT,
        ("X.2.2", "", FULL, SOFT, "RFC 3463 3.3: mailbox full; its size limit, not the message's"),
        ("X.1.10", r"null mx|no mx\b", NO_HOST, HARD, "RFC 7505 4.2: null MX"),
        ("X.2.121 X.2.122", "", Reason.OTHER, SOFT, f"{MICROSOFT}: takes no more in this hour"),
        strength=Strength.FIRM,
    ),
    *rows(
        Party.RECIPIENT,
        (
            "X.4.1 X.7.504 X.7.505",
            r"recipient address rejected|banned recipient",
            NO_ADDRESS,
            SOFT,  # the page on edge blocking names addresses that exist and are blocked: not in the directory yet
            f"{MICROSOFT}: no such recipient (directory-based edge blocking)",
        ),
        (
            "X.5.0",
            r"mailbox unavailable",
            NO_ADDRESS,
            SOFT,
            f"{MICROSOFT}: outlook.com, no such recipient",
        ),
        (
            "X.1.0",
            r"address rejected",
            NO_ADDRESS,
            SOFT,
            "Cisco Secure Email Gateway: recipient access table",
        ),
        (
            "X.2.1",
            r"receiving (?:e?mail )?(?:at a rate|too quickly)",
            Reason.OTHER,
            SOFT,
            f"{GMAIL}: rate",
        ),
        (
            "",
            (
                r"mailbox[^.;]{0,60} (?:is )?(?:full|over)\b|over ?quota"
                r"|(?:exceed\w*|over|out of)[^.;]{0,40}\bquota"
                r"|quota[^.;]{0,20} (?:is )?(?:exceed|full|reached)|mailbox (?:size|storage)"
                r"|mailbox.{0,20}exceed"
                r"|out of (?:storage|disk)|not enough (?:disk )?(?:space|storage)"
                r"|too much mail data"
                r"|(?:メールボックス|受信箱|容量)[^。]{0,20}(?:一杯|いっぱい|満杯|超過|超えて|オーバー)"
            ),
            FULL,
            SOFT,
            f"{GMAIL}: out of storage; {MICROSOFT}; docomo: too much mail data",
        ),
        (
            "",
            (
                r"(?:account|mailbox|user|address|recipient)\b[^.;]{0,60}"
                r" (?:disabled|suspended|inactive|inactivity|deactivated|locked|frozen|closed|not active)\b"
            ),
            NO_ADDRESS,
            SOFT,  # it may be enabled again
            f"RFC 3463 3.3; {GMAIL}: disabled, inactive",
        ),
        (
            "",
            (
                r"(?:host|domain)(?: \S+)? (?:name )?(?:is )?(?:not found|unknown"
                r"|does ?n[o']t exist)"
                r"|unknown (?:host|domain)|null mx|no mx\b|invalid domain|indicated no smtp service"
                r"|(?:find|found) (?:a |any |no )?(?:mail exchanger|host)\b"
            ),
            NO_HOST,
            HARD,
            f"{POSTFIX}; Sendmail cf/README: host unknown",
        ),
        (
            "",
            (
                r"(?:user|recipient|mailbox|account|address|alias)(?: \S+)? (?:is )?(?:unknown|invalid"
                r"|not (?:known|valid))"
                r"|(?:unknown|invalid|no such) (?:or \w+ )?(?:user|recipient|mailbox|account|address|alias"
                r"|local part|person)"
                r"|(?:user|recipient|mailbox|account|address)[^.;]{0,60}"
                r"(?:not found|not exist|n't exist|no longer (?:exist|valid|available|in use"
                r"|active))"
                r"|does ?n[o']t have an? (?:\S+ )?account|no mailbox (?:here )?by that name"
                r"|not our customer"
                r"|not a valid (?:user|recipient|mailbox|address|account)"
                r"|(?:no|not a) (?:known |local )?user (?:here|by that name)"
            ),
            NO_ADDRESS,
            HARD,
            f"{POSTFIX}; Yahoo: no such account; docomo, au, SoftBank: unknown user; {MICROSOFT}",
        ),
        (
            "",
            r"(?:宛先|ユーザ|アカウント|アドレス)[^。]{0,30}(?:存在しません|存在しない|存在せず|存在しなかった|見つかりません|不明)",
            NO_ADDRESS,
            SOFT,
            "Japanese providers, in their own words",
        ),
    ),
    *rows(
        Party.RECIPIENT,
        ("X.1.1", "", NO_ADDRESS, HARD, "RFC 3463 3.2: bad destination mailbox address"),
        ("X.1.2", "", NO_HOST, HARD, "RFC 3463 3.2: bad destination system address"),
        ("X.1.3", "", NO_ADDRESS, HARD, "RFC 3463 3.2: bad destination mailbox address syntax"),
        ("X.1.4", "", Reason.OTHER, SOFT, "RFC 3463 3.2: destination mailbox address ambiguous"),
        ("X.1.6", "", NO_ADDRESS, HARD, "RFC 3463 3.2: destination mailbox has moved"),
        ("X.1.10", "", NO_HOST, HARD, "RFC 7505 4.2: null MX"),
        ("X.2.0", "", Reason.OTHER, SOFT, "RFC 3463 3.3: mailbox status"),
        ("X.2.1", "", NO_ADDRESS, SOFT, "RFC 3463 3.3: mailbox disabled; it may be enabled again"),
        ("X.2.4", "", Reason.FORWARDING, SOFT, "RFC 3463 3.3: mailing list expansion"),
        ("X.4.4", "", NO_HOST, HARD, "RFC 3463 3.5: unable to route"),
        ("X.7.13", "", NO_ADDRESS, SOFT, "RFC 5248: user account disabled"),
        ("X.7.17", "", NO_ADDRESS, HARD, "RFC 7293 6: mailbox owner has changed"),
        ("X.7.18", "", NO_HOST, HARD, "RFC 7293 6: domain owner has changed"),
    ),
    *rows(
        Party.RECIPIENT,
        ("", r"unroute?able address", NO_ADDRESS, SOFT, f"{EXIM}: no router takes it"),
        strength=Strength.WEAK,
    ),
    *rows(
        Party.RECIPIENT,
        ("552", "", FULL, SOFT, "RFC 5321 4.2.3: exceeded storage allocation"),
        ("521 556", "", NO_HOST, HARD, "RFC 7504: host or domain takes no mail"),
    ),
)
