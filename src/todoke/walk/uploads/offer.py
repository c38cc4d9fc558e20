"""Files beyond what a request may hold: a browser puts them into the bucket by a link from here, then sends the form.

`offer` answers a page's script before the upload, `redeem` the form that comes after it. Nothing is written between the
two: what is known of a file travels in its ticket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
from msgspec.structs import replace as replaced

from todoke.forms.validate import validate_files
from todoke.model import ids
from todoke.model.errors import TooLarge
from todoke.model.form import Form
from todoke.model.submission import Entry, EntryList, FieldErrors, File, Source
from todoke.ports.bucket import INCOMING, Incoming, UploadLink
from todoke.walk.app import App
from todoke.walk.uploads.quota import take_room
from todoke.walk.uploads.tickets import PREFIX, Ticket, read_ticket, write_ticket

LINK_SECONDS = 3_600
MOST_AT_ONCE = 90
"""So many uploads one submission takes: a write to DynamoDB may have 100 items."""
TICKET_LIFE = timedelta(hours=24)
"""An object lies under INCOMING for a day at least, from when it was put there."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a page's script would upload for a field; `type` is what the browser takes it for."""

    field: str
    name: str
    size: int
    type: str = ""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """Where to put the file, and the value to send in its field afterwards."""

    url: str
    fields: dict[str, str]
    value: str


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to offers: what is wrong with them, or an upload for each, in order."""

    errors: FieldErrors = ()
    uploads: tuple[Upload, ...] = ()


def offer(
    app: App, bucket: Incoming, form: Form, offers: Sequence[Offer], language: str
) -> Offered:
    """Check what can be known before the upload (fields, sizes, counts, extensions) and make the links.

    Raises StoreUnavailable: if no link can be made now, or the day's room is used up.
    """
    entries = tuple(
        Entry(
            o.field,
            File(name=o.name, media_type=o.type, content=b"", size=o.size, source=Source("")),
        )
        for o in offers
    )
    errors = validate_files(form, entries, language)
    if errors:
        return Offered(errors=errors)
    take_room(app, (o.size for o in offers))
    return Offered(uploads=tuple(_upload(app, bucket, form, o) for o in offers))


def _upload(app: App, bucket: Incoming, form: Form, offered: Offer) -> Upload:
    key = INCOMING + ids.upload_key()
    link: UploadLink = bucket.upload_link(key, size=offered.size, seconds=LINK_SECONDS)
    ticket = Ticket(
        form=form.name,
        field=offered.field,
        key=key,
        name=offered.name,
        media_type=offered.type,
        size=offered.size,
        expires_at=int((app.clock() + TICKET_LIFE).timestamp()),
    )
    value = write_ticket(app.settings.secret, ticket)
    return Upload(url=link.url, fields=dict(link.fields), value=value)


def redeem(app: App, bucket: Incoming, form: Form, entries: EntryList) -> EntryList:
    """The entries with a File for each good ticket, after a look at its content in the bucket.

    What is no ticket of ours, of another form or field, too late, there twice, or for a file that did not arrive, stays
    the text it is: a file control's rule then asks for the file again. Files that are too many or too large together
    are not looked at, and refused by their rules. Raises StoreUnavailable: if the bucket cannot be read now. TooLarge:
    if there are more than one write can take.
    """
    named = [_named(app, form, entry) for entry in entries]
    files = [entry.value for entry in named if isinstance(entry.value, File) and entry.value.source]
    if len(files) > form.limits.files or sum(f.size for f in files) > form.limits.upload_bytes:
        return tuple(named)
    if len(files) > MOST_AT_ONCE:
        raise TooLarge(f"One form can bring {MOST_AT_ONCE} large files.")
    taken: set[str] = set()
    return tuple(
        _looked_at(bucket, entry, asked, taken) for entry, asked in zip(named, entries, strict=True)
    )


def _named(app: App, form: Form, entry: Entry) -> Entry:
    """The entry with the file that its ticket names; the entry itself if it is none."""
    if not isinstance(entry.value, str) or not entry.value.startswith(PREFIX):
        return entry
    ticket = read_ticket(app.settings.secret, entry.value, app.clock())
    if ticket is None or (ticket.form, ticket.field) != (form.name, entry.name):
        return entry
    file = File(
        name=ticket.name,
        media_type=ticket.media_type,
        content=b"",
        size=ticket.size,
        source=Source(ticket.key),
    )
    return replaced(entry, value=file)


def _looked_at(bucket: Incoming, named: Entry, asked: Entry, taken: set[str]) -> Entry:
    file = named.value
    if not isinstance(file, File) or file.source is None:
        return named
    key = file.source.key
    # Each entry would take a copy: one upload is one file, however often its ticket stands in the form.
    content = None if key in taken else bucket.look(key, size=file.size)
    taken.add(key)
    if content is None:
        return asked
    source = Source(key, content.version, content.sample)
    return replaced(named, value=replace(file, digest=content.digest, source=source))
