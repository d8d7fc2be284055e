"""A time-stamping authority of openssl's making, with its own root."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
[tsa]
default_tsa = one
[one]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.crt
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, {usage}
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[req]
distinguished_name = dn
[dn]
"""


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True)
    return done.stdout


@dataclass(frozen=True)
class Authority:
    folder: Path

    @classmethod
    def founded(cls, folder: Path, *, usage: str = "timeStamping") -> "Authority":
        folder.mkdir()
        config = folder / "conf"
        config.write_text(CONFIG.format(folder=folder, usage=usage))
        (folder / "serial").write_text("01\n")
        common = ("-config", str(config), "-nodes", "-newkey", "rsa:2048")
        openssl(
            "req", "-x509", *common, "-subj", "/CN=Root of tests", "-days", "30",
            "-keyout", f"{folder}/root.key", "-out", f"{folder}/root.crt", "-extensions", "root",
        )  # fmt: skip
        openssl(
            "req", "-new", *common, "-subj", "/CN=TSA of tests",
            "-keyout", f"{folder}/tsa.key", "-out", f"{folder}/tsa.csr",
        )  # fmt: skip
        openssl(
            "x509", "-req", "-in", f"{folder}/tsa.csr", "-CA", f"{folder}/root.crt",
            "-CAkey", f"{folder}/root.key", "-CAcreateserial", "-days", "30",
            "-out", f"{folder}/tsa.crt", "-extfile", str(config), "-extensions", "leaf",
        )  # fmt: skip
        return cls(folder)

    @property
    def root(self) -> Path:
        return self.folder / "root.crt"

    def reply(self, request: bytes) -> bytes:
        (self.folder / "query").write_bytes(request)
        return openssl(
            "ts", "-reply", "-config", f"{self.folder}/conf", "-queryfile", f"{self.folder}/query"
        )
