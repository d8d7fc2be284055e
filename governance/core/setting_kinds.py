"""The closed sets of words that settings take."""

from enum import StrEnum


class Mode(StrEnum):
    """How strictly the start-up checks look."""

    DEMO = "demo"
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SecondFor(StrEnum):
    """Whom `officer_mfa` asks for a second factor."""

    EVERYBODY = "everybody"
    OPENING = "opening"  # whose roles open personal data or hold grave acts


class MailKind(StrEnum):
    """Where letters by e-mail go."""

    FOLDER = "folder"
    SMTP = "smtp"


class SmsKind(StrEnum):
    """Where short messages go."""

    FOLDER = "folder"
    WEBHOOK = "webhook"  # of the operator's provider


class SmtpEncryption(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"  # a relay on this machine


class KeyProviderKind(StrEnum):
    """Who keeps the epoch keys."""

    FILE = "file"
    ENVIRONMENT = "environment"
    VAULT = "vault"
    AWS_KMS = "aws_kms"
    PKCS11 = "pkcs11"


class KmsEpochKeys(StrEnum):
    """What stands for an epoch in AWS KMS."""

    WRAPPED = "wrapped"  # a secret in key_dir that one KMS key wraps; ends at once
    OWN = "own"  # a KMS key of its own; ends 7 to 30 days after
