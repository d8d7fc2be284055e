"""Response headers of every page: nothing runs, loads, frames or posts but what we serve."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
UNUSED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)
HSTS_SECONDS = 63_072_000  # two years, the least that the browsers' preload lists accept for long
COMMON = (
    ("Content-Security-Policy", CSP),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)),
)


def security_headers(*, https: bool) -> tuple[tuple[str, str], ...]:
    """Headers for every response; transport security only where the transport is https."""
    if not https:
        return COMMON
    return (*COMMON, ("Strict-Transport-Security", f"max-age={HSTS_SECONDS}; includeSubDomains"))


def page_headers(*, https: bool) -> tuple[tuple[str, str], ...]:
    """Headers for a page with somebody's view in it: as above, and no copy is kept on the way."""
    return (*security_headers(https=https), ("Cache-Control", "no-store"))
