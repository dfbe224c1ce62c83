"""Names customers where their ids must not stand: in logs, metrics and the list of who was erased.

A pseudonym is an HMAC (RFC 2104) under a secret of the shop: who has the list and not the secret can name nobody, and cannot try ids out.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import StateRefused

SECRET = "secret"  # noqa: S105  (the file's name)
_BYTES = 32
_DIGITS = 32


@dataclass(frozen=True)
class Pseudonyms:
    """Turns ids into pseudonyms.

    Attributes:
        secret: the key; whoever knows it can try ids out.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def open(cls, folder: Path) -> Pseudonyms:
        """Those of a state folder; its secret is made when it has none, and is then the same for every process.

        Raises:
            StateRefused: others may read the secret, or it is no secret that Keeprank made.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / SECRET
        if not file.exists():
            _make(file)
        return cls(_read(file))

    def of(self, customer_id: str) -> str:
        """A customer's pseudonym: the first 32 digits of HMAC-SHA256(secret, customer_id) in hexadecimal.

        >>> Pseudonyms(b"0" * 32).of("c1")
        'a8ae5c541185fb1c1430229e4139019c'
        """
        return hmac.digest(self.secret, customer_id.encode("utf-8", "surrogatepass"), "sha256").hex()[:_DIGITS]


def _make(file: Path) -> None:
    """The file appears whole, and the first of several processes wins: a link never replaces what is there."""
    descriptor, name = tempfile.mkstemp(prefix=f".{SECRET}.", dir=file.parent)  # 0600
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(secrets.token_hex(_BYTES) + "\n")
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(name, file)
        except FileExistsError:
            return
        _sync(file.parent)
    finally:
        Path(name).unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path) -> bytes:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise StateRefused(f"{file} may be read by others (mode {mode:04o})", expected="mode 0600", advice=f"chmod 600 {file}")
    text = file.read_text(encoding="ascii", errors="replace").strip()
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise StateRefused(
            f"{file} holds no secret of Keeprank",
            expected=f"{2 * _BYTES} hexadecimal digits",
            advice="bring it back from a backup: with another one nobody who was erased is recognised",
        )
    return secret
