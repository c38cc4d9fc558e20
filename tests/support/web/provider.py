"""An honest OpenID provider on this machine, over real HTTP with real keys. A test may make it lie."""

from __future__ import annotations

import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "todoke client", "s&cret:%"
"""With what a form or a header field must escape (RFC 6749 2.3.1)."""
Sign = Callable[["Provider", dict[str, Any]], str]


@dataclass
class Pair:
    """A key pair, and the name that the provider gives it."""

    id: str
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def public(self) -> dict[str, Any]:
        """It as a JSON Web Key."""
        return {
            **RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True),
            "kid": self.id,
            "use": "sig",
            "alg": "RS256",
        }


def sign(provider: Provider, claims: dict[str, Any]) -> str:
    """Sign as an honest provider does."""
    key = provider.keys[-1]
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.id})


@dataclass
class Provider:
    """`person` is who sits before its page: the claims about them. `lies` are put over the ID token's own claims."""

    url: str
    person: dict[str, Any]
    keys: list[Pair] = field(default_factory=lambda: [Pair("one")])
    lies: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    """Put over what it says of itself."""
    sign: Sign = sign
    tells_in_userinfo: bool = False
    denies: bool = False
    at_its_page: Callable[[], object] = lambda: None
    """What happens while somebody sits before its page."""
    at_its_tokens: Callable[[], object] = lambda: None
    """And while it makes some."""
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    def app(self) -> Starlette:
        """It as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/keys", self.show_keys),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.userinfo),
                Route("/out", self.sign_out),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        """What it says of itself."""
        self.asked.append("discovery")
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/out",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(told | self.about)

    async def show_keys(self, _: Request) -> Response:
        """Its public keys."""
        self.asked.append("keys")
        return JSONResponse({"keys": [key.public for key in self.keys]})

    async def authorize(self, request: Request) -> Response:
        """Its page, where the person has signed in already: 303 back."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(asked["scope"].split())
        self.at_its_page()
        answer = {"state": asked["state"], "iss": self.url}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            code = answer["code"] = secrets.token_urlsafe(16)
            self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    async def token(self, request: Request) -> Response:
        """Gives tokens for a code, once, to the client that shows its secret and the verifier."""
        self.at_its_tokens()
        form = {k: str(v) for k, v in (await request.form()).items()}
        self.asked.append("token")
        pair = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        client, _, secret = pair.partition(":")
        asked = self._codes.pop(form["code"], None)
        if (unquote(client), unquote(secret)) != (CLIENT, SECRET) or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        proof = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            proof.decode() != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        self._tokens.add(access)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], "sub": self.person["sub"]}
        claims |= {} if self.tells_in_userinfo else self.person
        told = self.sign(self, {k: v for k, v in (claims | self.lies).items() if v is not None})
        return JSONResponse({"id_token": told, "access_token": access, "token_type": "Bearer"})

    async def userinfo(self, request: Request) -> Response:
        """Tells of the person."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return JSONResponse(self.person if token in self._tokens else {}, 200 if token else 401)

    async def sign_out(self, request: Request) -> Response:
        """Signs out, and leads back."""
        self.asked.append("out")
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 303)
