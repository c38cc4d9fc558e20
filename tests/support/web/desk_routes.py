"""Every route of the desk, and whose it is."""

from __future__ import annotations

ALL, SOME, THEIRS = (
    "owner manager reader told other",
    "owner manager told",
    "owner manager reader told",
)
"""Everybody; whoever may work on s1; whoever may read s1."""

ROUTES = {
    "GET /desk": ALL,
    "GET /desk/news": ALL,
    "GET /desk/attention": ALL,
    "GET /desk/figures": ALL,
    "GET /desk/outage": ALL,
    "POST /desk/outage": ALL,  # of nothing; of what is another's see test_desk_attention.py
    "POST /desk/marks": ALL,  # of nothing; of what is another's see test_desk_list.py
    "GET /desk/sessions": ALL,
    "POST /desk/sessions": "",  # of what is no session nothing ends
    "GET /desk/trail": "owner",
    "GET /desk/orphans": "owner",
    "GET /desk/suppressions": "owner",
    "POST /desk/suppressions/read": "owner",
    "GET /desk/suppressions/{entry}/lift": "owner",
    "POST /desk/suppressions/{entry}/lift": "owner",
    "GET /desk/settings": "owner manager told other",
    "POST /desk/settings/test": "owner manager told other",
    "GET /desk/export": ALL,
    "GET /desk/export/progress": ALL,
    "POST /desk/export": ALL,  # each of what they may see
    "GET /desk/{id}": THEIRS,
    "GET /desk/{id}/json": THEIRS,
    "GET /desk/{id}/files": THEIRS,
    "GET /desk/{id}/files/{position}": THEIRS,
    "POST /desk/{id}/care": SOME,
    "POST /desk/{id}/verdict": SOME,
    "POST /desk/{id}/remarks": SOME,
    "POST /desk/{id}/remarks/{remark}/delete": "owner manager",  # the manager wrote it
    "GET /desk/{id}/messages/{message}/resend": SOME,
    "POST /desk/{id}/messages/{message}/resend": SOME,
    "GET /desk/{id}/messages/{message}/address": SOME,
    "POST /desk/{id}/messages/{message}/address": SOME,
    "GET /desk/{id}/erase": SOME,
    "POST /desk/{id}/erase": SOME,
    "POST /desk/leave": ALL,
}
"""Who is answered with 200 or 303; everybody else finds nothing there (404). A new route needs a line here."""
FIELDS = {
    "POST /desk/export": "&format=csv",
    "POST /desk/{id}/care": "&do=assign&to=boss%40shop.example&was=",
    "POST /desk/{id}/verdict": "&verdict=spam",
    "POST /desk/{id}/remarks": "&text=called+back",
    "POST /desk/{id}/messages/{message}/address": "&address=hana%40right.example",
    "POST /desk/{id}/erase": "&what=one",
}
"""What a form sends beside its token."""
OPEN = {"GET /desk/enter", "POST /desk/enter", "POST /desk/ask", "GET /desk/left"}
"""Those that strangers may ask."""


def path_of(
    name: str, id_: str, *, message: str, remark: str = "r1", file: int = 4, entry: str = "x"
) -> str:
    """The path that asks for a route about this submission."""
    values = {"id": id_, "message": message, "remark": remark, "position": file, "entry": entry}
    return name.partition(" ")[2].format(**values)
