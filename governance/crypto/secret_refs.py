"""Secrets by reference: settings hold `env:NAME` or `file:/path`, never the secret itself."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from governance.core.errors import GovernanceError

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SecretRefError(GovernanceError):
    """A reference to a secret has no known form, or leads nowhere."""

    code, status, exit_code = "secret_ref", 503, 3


class SecretPermissionError(GovernanceError):
    """A file or folder of secrets can be read by others, or belongs to someone else."""

    code, status, exit_code = "secret_permission", 503, 3


def assert_private(status: os.stat_result, name: str) -> None:
    """Fails closed: nobody but this process's user may look into what holds a secret."""
    if status.st_uid != os.geteuid():
        raise SecretPermissionError(path=name, reason="owner")
    if status.st_mode & OTHERS:
        raise SecretPermissionError(path=name, reason="mode", mode=f"{status.st_mode & 0o777:o}")


def read_private(path: Path) -> bytes:
    """The content of a private file; a link is not followed, and its mode is that of the read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        assert_private(os.fstat(stream.fileno()), path.name)
        return stream.read()


def write_private(path: Path, content: bytes) -> None:
    """The file holds this secret, readable by this user alone; whole and durable, or as before."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        raise SecretRefError(scheme="file", name=path.name) from None
    finally:
        temporary.unlink(missing_ok=True)


def read_secret(reference: str) -> bytes:
    """The secret behind a reference, without a final newline; the error never quotes it."""
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and rest:
        value = os.environ.get(rest)
        if not value:
            raise SecretRefError(scheme="env", name=rest)
        return os.fsencode(value)
    if scheme == "file" and rest:
        try:
            return read_private(Path(rest)).removesuffix(b"\n").removesuffix(b"\r")
        except OSError:
            raise SecretRefError(scheme="file", name=Path(rest).name) from None
    raise SecretRefError(scheme="unknown", name="")  # fails closed: it may be the secret itself
