"""Which API keys there are: made, revoked, and kept in a file that holds no secret.

A key is `kr_<id>_<secret>`. Its secret is 256 random bits, so nobody can guess it, nor find it by hashing guesses: a salted HMAC-SHA256
protects it at rest as well as a slow hash would. Slow hashes (scrypt, Argon2) are for passwords, which people choose and others guess; here
they would only cost each request 50 ms, and give whoever sends wrong keys a way to keep the service busy.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hmac
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from domain.errors import KeysRefused

NAME = "keys.json"
"""Of the file, in the service's state folder."""

_ID_BYTES, _SALT_BYTES, _SECRET_BYTES = 6, 16, 32
_OTHERS_MAY = stat.S_IWGRP | stat.S_IWOTH | stat.S_IROTH | stat.S_IXOTH

_Hex12 = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z")]
_Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex64 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Scope(StrEnum):
    """What a key is for."""

    STOREFRONT = "storefront"
    """Rankings, recommendations, sizes, baskets, events, preferences, consents."""

    OPERATIONS = "operations"
    """Events, explanations, what is known of a customer, releases, metrics, the inspector."""

    ADMIN = "admin"
    """Everything, erasing a customer included."""


class Key(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One key, without its secret.

    Attributes:
        id: 12 hex digits; logs and metrics name the key by it.
        name: whose it is, in the shop's words.
        scopes: what it is for.
        salt: 32 hex digits.
        digest: HMAC-SHA256 of the secret under the salt, 64 hex digits.
        created_at: when it was made.
        revoked_at: since when it lets nobody in, or null.
    """

    id: _Hex12
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1)]
    salt: _Hex32
    digest: _Hex64
    created_at: Annotated[dt.datetime, Meta(tz=True)]
    revoked_at: Annotated[dt.datetime, Meta(tz=True)] | None = None


class _File(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    format: Literal[1]
    keys: tuple[Key, ...]


def digest(salt: bytes, secret: str) -> bytes:
    """What is kept of a secret: HMAC-SHA256(salt, secret)."""
    return hmac.digest(salt, secret.encode(), "sha256")


def read_keys(file: Path) -> tuple[Key, ...]:
    """All keys, revoked ones too.

    Raises:
        KeysRefused: there is no such file, it is damaged, or others than its owner may change it.
    """
    try:
        mode = file.stat().st_mode
        content = file.read_bytes()
    except OSError as error:
        raise KeysRefused(f"{file} cannot be read: {error.strerror}", advice="make a key: `keeprank keys create`") from error
    if mode & _OTHERS_MAY:
        raise KeysRefused(f"{file} is open to others ({stat.filemode(mode)})", expected="-rw-------", advice=f"chmod 600 {file}")
    try:
        return msgspec.json.decode(content, type=_File).keys
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KeysRefused(f"{file} is damaged: {error}", expected="what `keeprank keys` wrote") from error


def create_key(
    file: Path, name: str, scopes: Sequence[Scope], *, now: dt.datetime, draw: Callable[[int], str] = secrets.token_hex
) -> tuple[Key, str]:
    """Make a key and write it down; the file is made when there is none.

    Args:
        file: the keys' file.
        name: whose it is.
        scopes: what it is for.
        now: when.
        draw: hex digits of so many random bytes.

    Returns:
        The key, and the text to hand to its owner, which is told this once and cannot be found out again.

    Raises:
        KeysRefused: the file is damaged, or the name or the scopes are impossible.
    """
    identity, salt, secret = (draw(size) for size in (_ID_BYTES, _SALT_BYTES, _SECRET_BYTES))
    kept = digest(bytes.fromhex(salt), secret).hex()
    key = Key(id=identity, name=name, scopes=tuple(dict.fromkeys(scopes)), salt=salt, digest=kept, created_at=now)
    with _alone(file.parent):
        known = read_keys(file) if file.exists() else ()
        _write(file, (*known, key))
    return key, f"kr_{identity}_{secret}"


def revoke_key(file: Path, key_id: str, *, now: dt.datetime) -> Key:
    """Let nobody in with a key any more; it stays in the file, so that what it did can be told.

    Raises:
        KeysRefused: there is no such key, it is revoked already, or the file is damaged.
    """
    with _alone(file.parent):
        keys = {key.id: key for key in read_keys(file)}
        if key_id not in keys:
            raise KeysRefused(f"there is no key {key_id}", expected=f"one of: {', '.join(keys)}", advice="keeprank keys list")
        if keys[key_id].revoked_at is not None:
            raise KeysRefused(f"key {key_id} was revoked at {keys[key_id].revoked_at}")
        revoked = msgspec.structs.replace(keys[key_id], revoked_at=now)
        _write(file, tuple((keys | {key_id: revoked}).values()))
    return revoked


def _write(file: Path, keys: tuple[Key, ...]) -> None:
    """In one step: a reader sees the old file or the new one, and so does who starts after a power cut."""
    content = msgspec.json.format(msgspec.json.encode(_File(format=1, keys=keys)), indent=1) + b"\n"
    try:
        msgspec.json.decode(content, type=_File)
    except msgspec.ValidationError as error:
        raise KeysRefused(f"this is no key: {error}", expected="a name of 1 to 100 characters and a scope at least") from error
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)
    _sync(file.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Inside, no other command changes the keys."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
