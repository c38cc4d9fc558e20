"""Answers about who sends: our address and domain, our client and its login, our quota. The recipient is not at fault.

A row here makes all mail wait, so what may be said of one mail alone has no place here.
"""

from __future__ import annotations

from todoke.model.answers.row import Row, Strength, rows
from todoke.model.delivery import Party, Permanence, Reason

NONE = Permanence.NONE
SETUP, POLICY = Reason.MISCONFIGURED, Reason.POLICY
MICROSOFT = "Microsoft: SMTP errors in Exchange Online"
GMAIL = "Google: Gmail SMTP errors and codes"
POSTFIX = "Postfix: access(5), smtpd"
EXIM = "Exim specification, access control lists"
CPANEL = "cPanel's Exim"

SENDER: tuple[Row, ...] = (
    *rows(
        Party.SENDER,
        ("X.1.7 X.1.8", "", SETUP, NONE, "RFC 3463 3.2: bad sender's address"),
        ("X.5.6 X.7.8 X.7.11", "", SETUP, NONE, "RFC 4954 6: authentication"),
        ("X.7.10", "", SETUP, NONE, "RFC 5248: encryption needed"),
        ("X.7.20 X.7.21 X.7.22", "", SETUP, NONE, "RFC 7372 3.1: DKIM"),
        ("X.7.23 X.7.24", "", SETUP, NONE, "RFC 7372 3.2: SPF"),
        ("X.7.25", "", SETUP, NONE, "RFC 7372 3.3: reverse DNS"),
        ("X.7.26", "", SETUP, NONE, "RFC 7372 3.4: several authentication checks failed"),
        ("X.7.27 X.7.29 X.7.30 X.7.32 X.7.40", "", SETUP, NONE, f"{GMAIL}: SPF, TLS, DKIM, DMARC"),
        ("X.7.28", "", POLICY, NONE, f"{GMAIL}: rate of our address or domain"),
        ("X.1.90", "", SETUP, NONE, f"{MICROSOFT}: our daily limit"),
        ("X.7.54 X.7.57 X.7.60 X.7.64", "", SETUP, NONE, f"{MICROSOFT}: relay, login, send as"),
        (
            "X.7.501 X.7.502 X.7.503 X.7.506",
            "",
            SETUP,
            NONE,
            f"{MICROSOFT}: banned sender, bad HELO",
        ),
        ("X.7.508 X.7.511", "", POLICY, NONE, f"{MICROSOFT}: our address"),
        ("X.7.509 X.7.515", "", SETUP, NONE, f"{MICROSOFT}: DMARC"),
        ("X.7.705 X.7.708 X.7.750", "", SETUP, NONE, f"{MICROSOFT}: our tenant"),
        strength=Strength.FIRM,
    ),
    *rows(
        Party.SENDER,
        (
            "X.2.0 X.2.2",
            r"submission ?quota|\byour mailbox\b.{0,60}\bsend",
            SETUP,
            NONE,
            f"{MICROSOFT}: our quota or our own mailbox, not the recipient's",
        ),
        (
            "553",
            r"^\W*(?:553\W+)?@ does ?n[o']t exist",
            SETUP,
            NONE,
            "SoftBank: our domain has no DNS",
        ),
        (
            "",
            (
                r"sender (?:e-?mail )?(?:address|domain|mailbox)|sender verif|sender id\b"
                r"|(?:domain|address) of (?:the )?sender"
                r"|sender(?:'s)? (?:is )?(?:invalid|unknown|denied|rejected)"
                r"|(?:invalid|unknown|bad|bogus|banned|unverified"
                r"|unauthorized) (?:outbound )?sender\b"
            ),
            SETUP,
            NONE,
            f"{POSTFIX}; {EXIM}; Sendmail cf/README",
        ),
        (
            "",
            (
                r"\bfrom (?:address|domain|header)|mail from:? (?:address|domain|command)"
                r"|return[- ]path .{0,40}(?:invalid|not)|resolv\w+ rfc.?532[12]"
                r"|rfc.?532[12].{0,9} (?:from )?domain"
            ),
            SETUP,
            NONE,
            "Yahoo: SMTP error codes, unresolvable from domain",
        ),
        (
            "",
            (
                r"not owned by (?:user|auth)|sendasdenied|send as this sender"
                r"|identit(?:y|ies)\b.{0,40}fail"
                r"|address is not verified"
                r"|(?:permi\w+|allowed|authori[sz]ed) to send (?:e?mail )?(?:as|from)\b"
                r"|not authori[sz]ed to perform"
            ),
            SETUP,
            NONE,
            f"{POSTFIX} (reject_sender_login_mismatch); {MICROSOFT}; Amazon: SMTP issues",
        ),
        (
            "",
            (
                r"sender signature|unconfigured sending domain|relaying disallowed as"
                r"|mail from must|(?:equal|same as) auth\w+ user|user has no permission"
                r"|domain\b.{0,60}\bnot allowed to send|domain is unverified"
                r"|mail from (?:this|your) (?:domain|host|server|ip)\b|accept mail from you\b"
            ),
            SETUP,
            NONE,
            "SparkPost, Zoho, NetEase, Mailgun and others: SMTP errors; our domain or address",
        ),
        (
            "",
            (
                r"\bspf\b|\bdkim\b|\bdmarc\b|sender policy framework|domainkeys"
                r"|(?:does not|doesn't) have authentication information"
            ),
            SETUP,
            NONE,
            f"{GMAIL}; Yahoo: authentication failures",
        ),
        (
            "",
            (
                r"relay(?:ing)?(?: access)? (?:is )?(?:denied|prohibited|disallowed|not (?:permitted|allowed))"
                r"|(?:unable|not (?:permitted|allowed|authori[sz]ed|configured)) to relay"
                r"|(?:do not|don't|does not|will not|cannot|not?) relay(?:ing)?\b"
                r"|allowed rcpthosts|delivery is not allowed to this address"
            ),
            SETUP,
            NONE,
            f"{POSTFIX}; {EXIM}; {MICROSOFT}: unable to relay; hMailServer: routes and IP ranges",
        ),
        (
            "",
            (
                r"\bauth(?:enticat\w+)? (?:is )?(?:required|first|failed|failure|unsuccessful|credentials|type)"
                r"|smtp authenticat|requires? (?:smtp )?authenticat|without authenticat"
                r"|sasl (?:user ?name|login)|(?:invalid|wrong) credentials|please authenticate"
                r"|unauthori[sz]ed ip|\baccount is not yet activ"
                r"|client (?:was |is )?not authenticated|must (?:be )?authenticat"
                r"|unauthenticated (?:e?mail|sender|command)"
                r"|sender is unauthenticated|(?:user ?name|login).{0,20} not accepted|bad credentials"
                r"|log ?in (?:failed|first)"
            ),
            SETUP,
            NONE,
            f"RFC 4954 6; {MICROSOFT}; {CPANEL}; Google: SMTP relay; Brevo: SMTP errors",
        ),
        (
            "",
            (
                r"issue a starttls|must use (?:ssl|tls|starttls)"
                r"|(?:starttls|\btls|encryption|secure connection)(?: is)? (?:required|needed)"
                r"|requires? (?:a )?(?:starttls|tls|encrypt)"
            ),
            SETUP,
            NONE,
            f"RFC 3207 4; {GMAIL}",
        ),
        (
            "",
            (
                r"(?:sending|submission|outbound|outgoing|daily|hourly|relay|sender|peak smtp"
                r"|your (?:account|mail)?) ?"
                r"(?:\w+ ){0,3}(?:quota|limit)s?\b[^.;]{0,30}(?:exceed|reached|full)"
                r"|(?:exceed\w*|reached)[^.;]{0,20} (?:sending|submission|outbound|daily|hourly"
                r"|relay)[^.;]{0,20}(?:quota|limit)"
                r"|tenant has exceeded|submission ?quota ?exceed"
                r"|exceeded the max\w* [^.;]{1,40} per (?:hour|day|minute)"
                r"|outgoing mail from .{0,60}suspended|(?:out of|insufficient|not enough) credits?\b"
                r"|\byour mailbox\b.{0,60}\bsend"
                r"|sending (?:is |has been )?(?:denied|disabled|suspended|paused)"
                r"|your account (?:is|has been) (?:blocked|disabled|suspended|locked)"
            ),
            SETUP,
            NONE,
            f"{GMAIL}: sending limits; {MICROSOFT}; {CPANEL}: mail limits",
        ),
        (
            "",
            (
                r"client host(?: \S+)? rejected"
                r"|(?:helo|ehlo)\b.{0,60}(?:reject|invalid|denied|need|required|argument)"
                r"|(?:bad|invalid) (?:helo|ehlo)|my name was rejected"
                r"|fully[- ]qualified (?:host|domain)|find your (?:reverse )?hostname"
                r"|reverse (?:dns|hostname)|\bptr\b"
            ),
            SETUP,
            NONE,
            f"{POSTFIX}; {GMAIL}: PTR records",
        ),
        (
            "",
            (
                r"client host(?: \S+)? blocked|host network not allowed|ip not in whitelist"
                r"|banned sending|sending ip|(?:from|of) (?:your|this) ip\b|\bdynamic ips?\b"
                r"|\bip address\b.{0,50}not allowed"
                r"|your (?:ip|server|mail server|network|netblock|host)\b"
                r"|(?:ip|netblock|domain)\b.{0,60}(?:rate.?limited|reputation)"
                r"|(?:poor|low|bad) reputation|unwanted messages (?:have been |were )?sent from"
            ),
            POLICY,
            NONE,
            f"{POSTFIX}; {GMAIL}; Yahoo: user complaints; Mimecast: SMTP errors",
        ),
        (
            "",
            r"(?<!ur[li] )(?:black|block) ?-?list|\bdnsbl\b|\brbl\b|spamhaus|spamcop|barracudacentral",
            POLICY,
            NONE,
            "RFC 6471; Spamhaus: DNSBL return codes",
        ),
        (
            "",
            (
                r"connection frequency|too many (?:concurrent |simultaneous )?connections"
                r"|too many login"
                r"|(?:unusual|unexpected) (?:sending )?(?:rate|volume|traffic|activity)"
                r"|messages from @ temporarily deferred"
            ),
            POLICY,
            NONE,
            f"{GMAIL}; Yahoo: TSS04; Postfix: anvil; Zoho: SMTP errors",
        ),
        (
            "",
            (
                r"送信(?:元|者)(?:の|メール)?(?:アドレス|ドメイン)?[^。]{0,10}(?:許可|拒否|認証|不正|存在し)"
                r"|(?:smtp|送信)認証|認証(?:が必要|に失敗|エラー)|送信(?:数|通数|件数)?(?:の)?(?:上限|制限)"
                r"|(?:中継|リレー)[^。]{0,10}(?:拒否|許可|でき|禁止)"
                r"|absender(?:adresse)?\b.{0,40}(?:nicht|abgelehnt|ungültig|unbekannt|verweigert|gesperrt)"
                r"|authentifizierung.{0,20}(?:erforderlich|fehlgeschlagen|notwendig)"
                r"|exp[ée]diteur.{0,30}(?:\bnon\b|\bpas\b|refus|inconnu|interdit|rejet)"
                r"|authentification.{0,20}(?:requise|n[ée]cessaire|obligatoire|[ée]chou)"
                r"|relais?\b.{0,20}(?:refus|interdit|non autoris|verweigert)"
            ),
            SETUP,
            NONE,
            "the same in Japanese, German and French, in providers' own words",
        ),
        ("X.3.5", "", SETUP, NONE, "RFC 3463 3.4: system incorrectly configured"),
        ("X.7.9", "", SETUP, NONE, "RFC 4954 6; with words about a policy it is Yahoo's"),
        ("530 534 535 538", "", SETUP, NONE, "RFC 4954 6: authentication"),
    ),
)
