""" "This was not me", for whoever was sent a confirmation. Documented in docs/receipt.md.

GET shows a page and changes nothing; POST tells the managers. Nothing of the submission is ever on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from todoke.model.errors import RequestError, StoreError
from todoke.model.language import N_, translator
from todoke.walk.app import App
from todoke.walk.disown import Mailed, disown, find_mailed
from todoke.web.http.asked import base_path, language_of
from todoke.web.http.errors import RETRY_AFTER_SECONDS
from todoke.web.http.small_form import require_same_origin
from todoke.web.pages import pages


@dataclass(frozen=True, slots=True)
class _Disown:
    """Its handlers."""

    app: App

    async def show(self, request: Request) -> Response:
        """GET /s/{token}/not-me.

        200 the page, which says whether it was told. 404 for any token that is not good, always the same. 503 with
        Retry-After when the store cannot be read.
        """
        try:
            mailed = await self._find(request)
        except StoreError:
            return self._unavailable(request)
        return self._page(request, mailed) if mailed else self._not_found(request)

    async def tell(self, request: Request) -> Response:
        """POST /s/{token}/not-me: 303 to the page, the first time and each other. 403 from another origin; as above."""
        try:
            require_same_origin(request, self.app.settings.site.door_url)
            mailed = await self._find(request)
            if mailed is None:
                return self._not_found(request)
            await run_in_threadpool(disown, self.app, mailed)
        except RequestError as error:
            title = N_("This cannot be done")
            text = N_("Please open the link in the mail again, and press the button there.")
            return self._fault(request, error.status, title, text)
        except StoreError:
            return self._unavailable(request)
        token = quote(request.path_params["token"], safe="")
        to = f"{base_path(request.scope)}/s/{token}/not-me"
        return RedirectResponse(to, 303, headers=pages.security_headers())

    async def _find(self, request: Request) -> Mailed | None:
        return await run_in_threadpool(find_mailed, self.app, request.path_params["token"])

    def _page(self, request: Request, mailed: Mailed) -> Response:
        say = translator("pages", mailed.language).gettext
        title = N_("Thank you for telling us") if mailed.is_disowned else N_("This was not you?")
        return pages.render(
            "disown.html",
            language=mailed.language,
            base=base_path(request.scope),
            site=self.app.settings.site,
            title=say(title),
            is_told=mailed.is_disowned,
            sends_no_more=bool(self.app.settings.max_confirmations),
        )

    def _not_found(self, request: Request) -> Response:
        title = N_("There is nothing here")
        text = N_("The address may be incomplete, or what it was about has been erased.")
        return self._fault(request, 404, title, text)

    def _unavailable(self, request: Request) -> Response:
        title = N_("Please try again in a moment")
        text = N_("This cannot be kept just now. Please open the link in the mail again later.")
        return self._fault(request, 503, title, text, {"retry-after": str(RETRY_AFTER_SECONDS)})

    def _fault(
        self,
        request: Request,
        status: int,
        title: str,
        text: str,
        headers: dict[str, str] | None = None,
    ) -> Response:
        site = self.app.settings.site
        language = language_of(request.scope, site.language)
        say = translator("pages", language).gettext
        return pages.error_page(
            status,
            say(title),
            say(text),
            language,
            headers=headers,
            base=base_path(request.scope),
            site=site,
        )


def routes(app: App) -> list[Route]:
    """Its routes."""
    handlers = _Disown(app)
    return [
        Route("/s/{token}/not-me", handlers.show, methods=["GET"]),
        Route("/s/{token}/not-me", handlers.tell, methods=["POST"]),
    ]
