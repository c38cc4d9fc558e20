"""Amazon SNS's own host on loopback, with TLS: it gives the signing certificate and takes confirmations.

The product is not told of it. A process that starts with `environ` lives on a machine where the host's name leads here
and where the authority that vouches for it is trusted, as /etc/hosts and a store of certificates would have it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import support.mail.sns_signing as sns_signing

REGION = "us-east-1"
HOST = f"sns.{REGION}.amazonaws.com"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:ses-events"
CERTIFICATE = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
_NAMES = """
import socket

_asked = socket.getaddrinfo


def getaddrinfo(host, port, *more, **most):
    if host == {host!r}:
        host, port = "127.0.0.1", {port}
    return _asked(host, port, *more, **most)


socket.getaddrinfo = getaddrinfo
"""


@dataclass
class SnsHost:
    """The host, and the certificate that it signs with. `asked` keeps the path of every request."""

    certificate: bytes
    environ: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def envelope(self, message: Any = "", version: str = "2", **changes: Any) -> dict[str, Any]:
        """A message of our topic, signed now; `changes` are made before that."""
        return sns_signing.envelope(message, version, **(_now() | changes))

    def confirmation(self, **changes: Any) -> dict[str, Any]:
        """A signed message that asks to confirm a subscription to our topic."""
        return sns_signing.confirmation(**(_now() | changes))


def _now() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"TopicArn": TOPIC, "Timestamp": now, "SigningCertURL": f"https://{HOST}{CERTIFICATE}"}


@contextmanager
def sns_host(folder: Path) -> Iterator[SnsHost]:
    """Serve the host; its files go to `folder`."""
    now = datetime.now(UTC)
    day = timedelta(days=1)
    made = SnsHost(sns_signing.certificate(begins=now - day, ends=now + day))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            content = (
                made.certificate if self.path == CERTIFICATE else b"<ConfirmSubscriptionResponse/>"
            )
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = _tls(folder, now).wrap_socket(server.socket, server_side=True)
    names = folder / "names"
    names.mkdir()
    (names / "sitecustomize.py").write_text(_NAMES.format(host=HOST, port=server.server_port))
    made.environ = {"PYTHONPATH": str(names), "SSL_CERT_FILE": str(folder / "authority.pem")}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _tls(folder: Path, now: datetime) -> ssl.SSLContext:
    """A context with a certificate for the host, from an authority that it leaves in `folder`."""
    theirs, ours = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = _named("An authority of the tests")
    root = _begun(name, name, theirs, now).add_extension(x509.BasicConstraints(True, None), True)
    signing = x509.KeyUsage(
        True, False, False, False, False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    root = root.add_extension(signing, True)
    leaf = _begun(_named(HOST), name, ours, now)
    leaf = leaf.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(theirs.public_key())
    leaf = leaf.add_extension(issuer, False)
    (folder / "authority.pem").write_bytes(root.sign(theirs, SHA256()).public_bytes(Encoding.PEM))
    pair = folder / "host.pem"
    pair.write_bytes(
        leaf.sign(theirs, SHA256()).public_bytes(Encoding.PEM)
        + ours.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return made.add_extension(identifier, False)
