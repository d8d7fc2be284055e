"""A stand-in for Vault's transit engine on loopback, after its documented API.

It keeps what a client can see: paths, status codes, error bodies, derived keys bound to their
context, deletion only where it is allowed, sealing, namespaces, batches. Two habits that are
easy to forget are kept too: encrypting under an unknown key makes the key, and a refused
deletion is worded in the body.
"""

import base64
import json
import os
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Answer = tuple[int, dict[str, Any]]


@dataclass
class Key:
    """One transit key."""

    secret: bytes
    derived: bool
    exportable: bool = False
    plaintext_backup: bool = False
    deletion_allowed: bool = False

    def aead(self, context: bytes) -> AESGCM:
        if not self.derived:
            return AESGCM(self.secret)
        derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=context)
        return AESGCM(derive.derive(self.secret))


@dataclass
class Vault:
    """The state of the server, turned by tests."""

    token: str = "s.example"
    namespace: str | None = None
    sealed: bool = False
    silent: float = 0.0  # seconds before any answer
    redirect: str | None = None
    failing: int = 0  # so many next requests are answered 500 without words
    keys: dict[str, Key] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Answer:
        with self.lock:
            self.seen.append((method, path))
            if self.sealed:
                return 503, {"errors": ["Vault is sealed"]}
            if self.failing:
                self.failing -= 1
                return 500, {}
            wrong = headers.get("X-Vault-Token") != self.token
            if wrong or headers.get("X-Vault-Namespace") != self.namespace:
                return 403, {"errors": ["permission denied"]}
            parts = path.removeprefix("/v1/").split("/")
            if parts[0] != "transit":
                return 404, {"errors": [f'no handler for route "{path}"']}
            return self._route(method, parts[1:], body)

    def _route(self, method: str, parts: list[str], body: dict[str, Any]) -> Answer:
        match method, parts:
            case "LIST", ["keys"]:
                names = sorted(self.keys)
                return (200, {"data": {"keys": names}}) if names else (404, {"errors": []})
            case "POST" | "PUT", ["keys", name]:
                return self._create(name, body)
            case "GET", ["keys", name]:
                return self._read(name)
            case "POST" | "PUT", ["keys", name, "config"]:
                if name not in self.keys:
                    return 400, {"errors": [f"no existing key named {name} could be found"]}
                self.keys[name].deletion_allowed = body["deletion_allowed"]
                return self._read(name)
            case "DELETE", ["keys", name]:
                return self._delete(name)
            case "POST" | "PUT", ["encrypt" | "decrypt" as verb, name]:
                return self._batch(verb, name, body["batch_input"])
        return 405, {"errors": ["1 error occurred: unsupported operation"]}

    def _create(self, name: str, body: dict[str, Any]) -> Answer:
        if body.get("type", "aes256-gcm96") != "aes256-gcm96":
            return 400, {"errors": ["unknown key type"]}
        made = Key(
            secret=os.urandom(32),
            derived=body.get("derived", False),
            exportable=body.get("exportable", False),
            plaintext_backup=body.get("allow_plaintext_backup", False),
        )
        self.keys.setdefault(name, made)
        return self._read(name)

    def _read(self, name: str) -> Answer:
        if name not in self.keys:
            return 404, {"errors": []}
        key = self.keys[name]
        return 200, {
            "data": {
                "name": name,
                "type": "aes256-gcm96",
                "derived": key.derived,
                "exportable": key.exportable,
                "allow_plaintext_backup": key.plaintext_backup,
                "deletion_allowed": key.deletion_allowed,
                "latest_version": 1,
                "keys": {"1": 1_700_000_000},
            }
        }

    def _delete(self, name: str) -> Answer:
        refused = f"error deleting policy {name}: "
        if name not in self.keys:
            return 400, {"errors": [refused + "could not delete key; not found"]}
        if not self.keys[name].deletion_allowed:
            return 400, {"errors": [refused + "deletion is not allowed for this key"]}
        del self.keys[name]
        return 204, {}

    def _batch(self, verb: str, name: str, items: list[dict[str, str]]) -> Answer:
        if not items:
            return 400, {"errors": ["missing batch input to process"]}
        if name not in self.keys:
            if verb == "decrypt":
                return 400, {"errors": ["encryption key not found"]}
            self._create(name, {"derived": bool(items[0].get("context"))})  # Vault's upsert
        results = [self._one(verb, self.keys[name], item) for item in items]
        status = 400 if all("error" in result for result in results) else 200
        return status, {"data": {"batch_results": results}}

    def _one(self, verb: str, key: Key, item: dict[str, str]) -> dict[str, Any]:
        aead = key.aead(base64.b64decode(item.get("context", "")))
        if verb == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + aead.encrypt(nonce, base64.b64decode(item["plaintext"]), None)
            return {"ciphertext": "vault:v1:" + base64.b64encode(sealed).decode(), "key_version": 1}
        try:
            sealed = base64.b64decode(item["ciphertext"].removeprefix("vault:v1:"), validate=True)
        except ValueError:
            return {"error": "invalid ciphertext: could not decode base64"}
        try:
            plain = aead.decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError):
            return {"error": "cipher: message authentication failed"}
        return {"plaintext": base64.b64encode(plain).decode()}


class Server:
    """The server on a free port of loopback."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.vault = Vault()
        self._scheme = "http" if tls is None else "https"
        state = self.vault

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                if state.silent:
                    time.sleep(state.silent)
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                status, answer = state.answer(self.command, self.path, self.headers, body)
                if state.redirect is not None:
                    status, answer = 307, {}
                content = json.dumps(answer).encode() if answer else b""
                with suppress(OSError):  # the client may have stopped waiting
                    self.send_response(status)
                    if state.redirect is not None:
                        self.send_header("Location", state.redirect)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_LIST = _any  # noqa: N815 # http.server's

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
