"""The provider over HTTP: what it says of itself, its page, its answer, its keys."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.util import find_spec
from threading import Lock, local
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from urllib3.exceptions import HTTPError

from todoke.model.address import Address, AddressError, parse_address
from todoke.model.errors import ConfigError
from todoke.model.loopback import is_loopback
from todoke.model.oidc import OidcSettings
from todoke.model.own_url import own_url
from todoke.model.settings import Secret, Settings
from todoke.ports.identity import IdentityRefused, IdentityUnavailable, SignIn, WhyNot
from todoke.services.http.deadline import hurried_pools

KNOWN_SECONDS = 3600.0
"""So long what a provider says of itself, and its keys, are believed without asking again."""
UNASKED_SECONDS = 30.0
"""After a failure, and after keys were fetched anew, so long nothing is asked: strangers cannot make us ask again and
again."""
BEGUN_WITHIN_SECONDS = 10.0
CONNECT_SECONDS, PATIENCE_SECONDS = 4.0, 5.0
"""To let somebody in takes up to five exchanges. None is begun after so long, and none takes longer than to connect
(to one address, or another), to write and to read: so all are over before a function on AWS is (docs/aws.md)."""
_WAIT_SECONDS = 3.0
"""So long whoever finds another asking waits for what that learns: many must not hold all threads."""
_MOST_BYTES = 262_144
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3; RP-Initiated Logout 1.0; RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    code_challenge_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str
    access_token: str = ""


class _Keys(msgspec.Struct, frozen=True, kw_only=True):
    keys: list[dict[str, Any]]


def open_identity(settings: Settings) -> OidcProvider | None:
    """The provider that the configuration names, if it names one. Raises ConfigError: if a library is missing."""
    if settings.desk.oidc is None:
        return None
    if find_spec("jwt") is None:
        raise ConfigError("[desk.oidc] needs PyJWT. Install it: pip install 'todoke[oidc]'")
    return OidcProvider(settings.desk.oidc, settings.oidc_secret, settings.site.door_url)


class OidcProvider:
    """See Identity. Safe to call from any thread."""

    def __init__(
        self,
        settings: OidcSettings,
        secret: Secret,
        door_url: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._back = own_url(door_url, "/desk/signed-in")
        self._home = own_url(door_url, "/desk")
        self._monotonic = monotonic
        self._pools = hurried_pools(
            connections=2, connect_seconds=CONNECT_SECONDS, patience_seconds=PATIENCE_SECONDS
        )
        self._begins = local()
        self._metadata = _Remembered(self._fetch_metadata, monotonic)
        self._keys = _Remembered(self._fetch_keys, monotonic)

    def way_in(self, sign_in: SignIn) -> str:
        """See Identity."""
        self._begin()
        challenge = urlsafe_b64encode(sha256(sign_in.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._back,
            "scope": "openid email",
            "state": sign_in.state,
            "nonce": sign_in.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return _with(self._metadata.get().authorization_endpoint, asked)

    def address(self, sign_in: SignIn, answer: Mapping[str, str]) -> Address:
        """See Identity."""
        self._begin()
        self._require_answer(sign_in, answer)
        tokens = self._exchange(answer["code"], sign_in.verifier)
        claims = self._claims(tokens.id_token, sign_in.nonce)
        if "email" not in claims and self._metadata.get().userinfo_endpoint:
            claims = self._told_of(tokens.access_token, str(claims["sub"]))
        return self._verified(claims)

    def way_out(self) -> str:
        """See Identity."""
        self._begin()
        endpoint = self._metadata.get().end_session_endpoint
        asked = {"client_id": self._settings.client_id, "post_logout_redirect_uri": self._home}
        return _with(endpoint, asked) if endpoint else ""

    def close(self) -> None:
        """See Identity."""
        self._pools.clear()

    def look(self) -> Metadata:
        """What it says of itself, asked anew, with its keys. Raises IdentityUnavailable."""
        self._begin()
        found = self._fetch_metadata()
        self._metadata.keep(found)
        self._fetch_keys()
        return found

    def _require_answer(self, sign_in: SignIn, answer: Mapping[str, str]) -> None:
        """It answers this browser (state), and comes from this provider (iss, RFC 9207)."""
        if not hmac.compare_digest(answer.get("state", "").encode(), sign_in.state.encode()):
            raise IdentityRefused(WhyNot.NOT_ASKED, "another state")
        metadata = self._metadata.get()
        needs_issuer = metadata.authorization_response_iss_parameter_supported
        if answer.get("iss", "" if needs_issuer else metadata.issuer) != metadata.issuer:
            raise IdentityRefused(WhyNot.NOT_ASKED, "another issuer")
        if "code" not in answer:
            raise IdentityRefused(WhyNot.DENIED)

    def _exchange(self, code: str, verifier: str) -> _Tokens:
        metadata, client = self._metadata.get(), self._settings.client_id
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            pair = f"{quote(client, safe='')}:{quote(self._secret.reveal(), safe='')}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            fields |= {"client_id": client, "client_secret": self._secret.reveal()}
        status, body = self._ask("POST", metadata.token_endpoint, headers, urlencode(fields))
        if 400 <= status < 500:
            raise IdentityRefused(WhyNot.NOT_PROVED, f"the code was answered with {status}")
        return _read(body, _Tokens, status, "its token endpoint")

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        from todoke.identity.id_token import KeyUnknown, claims_of  # noqa: PLC0415 - 70 ms

        def judge() -> dict[str, Any]:
            issuer = self._metadata.get().issuer
            keys, client = self._keys.get(), self._settings.client_id
            return claims_of(token, keys, issuer=issuer, client_id=client, nonce=nonce)

        try:
            return judge()
        except KeyUnknown:
            if not self._keys.forget():
                raise
            return judge()

    def _told_of(self, access_token: str, subject: str) -> dict[str, Any]:
        """What the provider tells of a person (UserInfo, Core 5.3), who must be the token's."""
        headers = {"authorization": f"Bearer {access_token}"}
        status, body = self._ask("GET", self._metadata.get().userinfo_endpoint, headers)
        told = _read(body, dict[str, Any], status, "its UserInfo endpoint")
        if told.get("sub") != subject:
            raise IdentityRefused(WhyNot.NOT_PROVED, "told of another person")
        return told

    def _verified(self, claims: Mapping[str, Any]) -> Address:
        """The address, if it is the person's own. Some providers write the flag as a text."""
        try:
            address = parse_address(str(claims.get("email", "")))
        except AddressError as error:
            raise IdentityRefused(WhyNot.NO_ADDRESS) from error
        stated = claims.get("email_verified")
        is_trusted = stated is None and self._settings.trusts_unstated
        if stated is not True and stated != "true" and not is_trusted:
            raise IdentityRefused(WhyNot.NOT_VERIFIED)
        return address

    def _fetch_metadata(self) -> Metadata:
        url = f"{self._settings.issuer}/.well-known/openid-configuration"
        status, body = self._ask("GET", url, {})
        found = _read(body, Metadata, status, url)
        # A slash at the end is part of an issuer's name (Discovery 4.3), and people leave it out.
        if found.issuer.rstrip("/") != self._settings.issuer.rstrip("/"):
            raise IdentityUnavailable(f"{url} speaks for another issuer.")
        for name in _ENDPOINTS:
            _require_secure(name, getattr(found, name))
        return found

    def _fetch_keys(self) -> list[dict[str, Any]]:
        status, body = self._ask("GET", self._metadata.get().jwks_uri, {})
        return _read(body, _Keys, status, "its keys").keys

    def _begin(self) -> None:
        """From now on the time of this thread's exchanges counts."""
        self._begins.until = self._monotonic() + BEGUN_WITHIN_SECONDS

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, bytes]:
        if self._monotonic() > self._begins.until:
            raise IdentityUnavailable(f"{_host(url)}: its answers take too long.")
        given = {"accept": "application/json", "user-agent": "todoke", **headers}
        try:
            answer = self._pools.request(
                method, url, body=body, headers=given, redirect=False, preload_content=False
            )
            try:
                return answer.status, answer.read(_MOST_BYTES)
            finally:
                answer.close()  # what is longer is not waited for
        except (HTTPError, OSError, ValueError) as error:
            raise IdentityUnavailable(f"{_host(url)}: {type(error).__name__}.") from error


class _Remembered(Generic[T]):
    """What a provider said, for an hour; after a failure nothing is asked for a while."""

    def __init__(self, fetch: Callable[[], T], monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = Lock()
        self._until = 0.0
        self._not_before = 0.0
        self._fault: IdentityUnavailable | None = None
        self.known: T | None = None

    def get(self) -> T:
        """It, fetched if need be. Raises IdentityUnavailable."""
        if not self._lock.acquire(timeout=_WAIT_SECONDS):
            raise IdentityUnavailable("It is being asked, and has not answered yet.")
        try:
            now = self._monotonic()
            if self.known is not None and now < self._until:
                return self.known
            if self._fault is not None and now < self._not_before:
                raise IdentityUnavailable(str(self._fault))
            try:
                self.known = self._fetch()
            except IdentityUnavailable as error:
                self._fault, self._not_before = error, now + UNASKED_SECONDS
                raise
            self._fault, self._until = None, now + KNOWN_SECONDS
            return self.known
        finally:
            self._lock.release()

    def keep(self, found: T) -> None:
        """Take what was fetched elsewhere."""
        with self._lock:
            self.known, self._until = found, self._monotonic() + KNOWN_SECONDS

    def forget(self) -> bool:
        """Ask again the next time; False where that was done just now."""
        with self._lock:
            now = self._monotonic()
            if now < self._not_before:
                return False
            self._until, self._not_before = 0.0, now + UNASKED_SECONDS
            return True


def _read(body: bytes, kind: type[T], status: int, what: str) -> T:
    if status != 200:
        raise IdentityUnavailable(f"{what} answered with {status}.")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise IdentityUnavailable(f"{what} answered with what is not understood.") from error


def _require_secure(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    ):
        raise IdentityUnavailable(f"Its {name} is not https.")


def _with(endpoint: str, asked: Mapping[str, str]) -> str:
    """An endpoint with a query; it may have one of its own (RFC 6749 3.1)."""
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"


def _host(url: str) -> str:
    return urlsplit(url).netloc
