"""Google's signature: a key made at the start, identity tokens signed with it, certificates to check them by."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, cached_property
from threading import Lock
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from backend.kit.clock import Clock

ISSUER = "https://accounts.google.com"
_KEY_BITS = 2048


_making = Lock()


class Signer:
    """Signs with RS256: with the given key, or with the process's own, made when first needed, for it takes a while."""

    def __init__(self, clock: Clock, key: rsa.RSAPrivateKey | None = None) -> None:
        self._clock = clock
        self._given = key

    @property
    def _key(self) -> rsa.RSAPrivateKey:
        with _making:  # two threads must not make two keys
            return self._given or _process_key()

    @cached_property
    def key_id(self) -> str:
        """Return the name under which the certificates have the key."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self._number(self._key.public_key().public_numbers().n).encode())
        return digest.finalize().hex()[:40]

    def identity_token(
        self,
        *,
        audience: str,
        email: str,
        subject: str,
        lifetime: timedelta = timedelta(hours=1),
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Return an identity token as Google issues it: at sign-in, for an add-on's calls, for a Pub/Sub push."""
        issued = int(self._clock.now().timestamp())
        whole = {
            "iss": ISSUER,
            "aud": audience,
            "azp": audience,
            "sub": subject,
            "email": email,
            "email_verified": True,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
        }
        return self.sign({**whole, **(claims or {})})

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a JWT of these claims."""
        head = {"alg": "RS256", "kid": self.key_id, "typ": "JWT"}
        signed = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(dict(claims)).encode())}"
        signature = self._key.sign(signed.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"

    def keys_as_jwk(self) -> dict[str, Any]:
        """Return the public key as /oauth2/v3/certs has it."""
        numbers = self._key.public_key().public_numbers()
        shown = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.key_id}
        return {"keys": [{**shown, "n": self._number(numbers.n), "e": self._number(numbers.e)}]}

    def keys_as_certificates(self) -> dict[str, str]:
        """Return the key's certificate in PEM, by key id, as /oauth2/v1/certs has it."""
        return {self.key_id: self._certificate}

    @cached_property
    def _certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulator.google.test")])
        now = self._clock.now()
        builder = x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
        dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=3650))
        return dated.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")

    @staticmethod
    def _number(value: int) -> str:
        return _encoded(value.to_bytes((value.bit_length() + 7) // 8))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


@cache
def _process_key() -> rsa.RSAPrivateKey:
    return make_key()


def make_key() -> rsa.RSAPrivateKey:
    """Return a key that nobody knows yet."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
