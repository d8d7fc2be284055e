"""What the processes of `tests.forking` share: loaded once, before any of them begins."""

import tests.dsar.execution.worker
import tests.governance.custody.worker
import tests.installation  # noqa: F401
from policies.snapshot import default_snapshot

default_snapshot()  # compiled and compared with Casbin here
