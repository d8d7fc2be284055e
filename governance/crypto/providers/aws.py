"""The way to AWS KMS: one client with short timeouts, its refusals in our words.

Credentials come the ways AWS knows (role of the machine, environment, profile); none is a
setting. boto3 is the extra `kms` and is imported only when this provider is chosen.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    ProviderExtraError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from governance.crypto.wrap import KeyUnwrapError

TRIES: Final = 3
GONE: Final = "NotFoundException"
THERE: Final = "AlreadyExistsException"
UNFIT: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
BUSY: Final = frozenset(
    {
        "DependencyTimeoutException",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsPlace:
    """Where KMS is."""

    region: str | None = None
    endpoint: str | None = None  # of a VPC endpoint
    timeout: float = 5.0  # seconds for each try


class Kms:
    """Calls of KMS by name; safe to share between threads."""

    def __init__(self, place: KmsPlace) -> None:
        try:
            boto3: Any = importlib.import_module("boto3")
            config: Any = importlib.import_module("botocore.config")
            self._exceptions: Any = importlib.import_module("botocore.exceptions")
        except ModuleNotFoundError:
            raise ProviderExtraError(provider="aws-kms", extra="kms") from None
        try:
            self._client = boto3.session.Session().client(
                "kms",
                region_name=place.region,
                endpoint_url=place.endpoint,
                config=config.Config(
                    connect_timeout=place.timeout,
                    read_timeout=place.timeout,
                    retries={"mode": "standard", "total_max_attempts": TRIES},
                    user_agent_extra="sekisho",
                ),
            )
        except (self._exceptions.BotoCoreError, ValueError):
            raise ProviderRefusedError(provider="aws-kms", reason="configuration") from None

    def __repr__(self) -> str:
        return "Kms(...)"

    def call(self, operation: str, **arguments: object) -> Mapping[str, Any]:
        """What KMS answers; its refusals as errors of ours, without its words."""
        found = self.seek(operation, **arguments)
        if found is None:
            raise ProviderRefusedError(provider="aws-kms", reason=GONE)
        return found

    def seek(self, operation: str, **arguments: object) -> Mapping[str, Any] | None:
        """The same, but None where KMS has no such key."""
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(**arguments)
        except self._exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if code == GONE:
                return None
            raise _refusal(code) from None
        except self._exceptions.NoCredentialsError:
            raise ProviderRefusedError(provider="aws-kms", reason="credentials") from None
        except self._exceptions.BotoCoreError as error:  # connections, timeouts, configuration
            reason = type(error).__name__
            raise ProviderUnavailableError(provider="aws-kms", reason=reason) from None
        return answer


def _refusal(code: str) -> GovernanceError:
    if code in UNFIT:
        return KeyUnwrapError(reason="tag")
    if code in BUSY:
        return ProviderUnavailableError(provider="aws-kms", reason=code)
    return ProviderRefusedError(provider="aws-kms", reason=code)  # denied, disabled, pending
