"""The house rules that no other tool sees, as functions from a parsed module to findings."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from governance.core.logging import PERMITTED

MODULE_LINES, FUNCTION_LINES = 400, 50
WEB = ("governance.http", "governance.ui", "governance.console", "governance.portal",
       "governance.app", "governance.identity.middleware")  # fmt: skip
GUARDED = frozenset(
    {"value", "values", "payload", "plain", "secret", "password", "content", "cells", "sealed"}
)
HTTP_DOORS = frozenset(
    {
        "governance.outbound.client",  # the guard itself
        "governance.crypto.providers.vault_http",  # the key service that the settings name
        "consent.client.upstream",  # the SDK: runs at the caller and asks Sekisho alone
        "governance.app.demo.served",  # the demonstration asks its own server on loopback
    }
)
HTTP_CALLS = frozenset(
    {"Client", "AsyncClient", "get", "post", "put", "patch", "delete", "head", "options",
     "request", "stream"}
)  # fmt: skip
HTTP_LIBRARIES = ("urllib.request", "http.client", "aiohttp.", "requests.", "urllib3.",
                  "authlib.integrations.httpx_client",
                  "authlib.integrations.requests_client")  # fmt: skip


UNFINISHED = re.compile(r"#.*\b(TODO|FIXME|XXX)\b|NotImplementedError")


@dataclass(frozen=True)
class Module:
    """One source file, parsed."""

    name: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def lines(self) -> list[str]:
        return self.source.splitlines()


Finding = tuple[int, str]
Rule = Callable[[Module], Iterator[Finding]]


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return "?"


def _calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in module.nodes if isinstance(node, ast.Call))


def naive_clock(module: Module) -> Iterator[Finding]:
    """Only governance.core.clock reads the system's clock."""
    if module.name == "governance.core.clock":
        return
    forbidden = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time",
                 "time.time_ns", "datetime.datetime.now", "datetime.date.today")  # fmt: skip
    for call in _calls(module):
        if _dotted(call.func) in forbidden:
            yield call.lineno, f"reads the clock with {_dotted(call.func)}"


def commit_in_service(module: Module) -> Iterator[Finding]:
    """The caller owns the transaction; only the database layer and the way to others' commit."""
    if module.name.startswith("governance.db") or module.name == "governance.connectors.engines":
        return
    for call in _calls(module):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "begin"):
            yield call.lineno, f"calls .{call.func.attr}()"


def values_in_logs(module: Module) -> Iterator[Finding]:
    """A log call is one constant event and permitted keys; no f-string, no free argument."""
    for call in _calls(module):
        name = _dotted(call.func)
        head, _, verb = name.rpartition(".")
        if head not in ("log", "logger", "_log", "LOG") or verb not in (
            "debug", "info", "warning", "error", "exception", "critical",
        ):  # fmt: skip
            continue
        if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant):
            yield call.lineno, "logs something else than one constant event"
        for keyword in call.keywords:
            if keyword.arg not in PERMITTED and keyword.arg != "exc_info":
                yield call.lineno, f"logs the key {keyword.arg!r}, which is not permitted"
            if isinstance(keyword.value, ast.JoinedStr):
                yield call.lineno, "logs an f-string"


def values_in_reprs(module: Module) -> Iterator[Finding]:
    """A dataclass field that may hold a personal value is kept out of the repr."""
    for node in module.nodes:
        if not isinstance(node, ast.ClassDef) or not _is_dataclass(node):
            continue
        if any(isinstance(item, ast.FunctionDef) and item.name == "__repr__" for item in node.body):
            continue
        for item in node.body:
            if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
                continue
            if item.target.id in GUARDED and not _says_repr_false(item.value):
                yield item.lineno, f"shows the field {item.target.id!r} of {node.name} in its repr"


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any(
        _dotted(item.func if isinstance(item, ast.Call) else item).endswith("dataclass")
        for item in node.decorator_list
    )


def _says_repr_false(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        keyword.arg == "repr" and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
        for keyword in value.keywords
    )  # fmt: skip


def _imports(module: Module) -> Iterator[tuple[int, str, str]]:
    for node in module.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name


def orm_session(module: Module) -> Iterator[Finding]:
    """Statements are Core: an ORM session costs several times as much on every row."""
    for line, source, name in _imports(module):
        if source.startswith("sqlalchemy.orm") and name != "registry":
            yield line, "imports the ORM"
        ours = source.split(".")[0] not in ("sqlmodel", "sqlalchemy")
        if not ours and name in ("Session", "sessionmaker", "AsyncSession"):
            yield line, f"imports {name}"


def web_outside_edges(module: Module) -> Iterator[Finding]:
    """Only api and page modules, and the web's own packages, know the web framework."""
    if module.name.startswith(WEB) or {"api", "pages"} & {*module.name.split(".")[-2:]}:
        return
    for line, source, _ in _imports(module):
        if source.split(".")[0] in ("fastapi", "starlette"):
            yield line, f"imports {source}"


def http_elsewhere(module: Module) -> Iterator[Finding]:
    """What goes out over HTTP goes through the guard; every other door is named."""
    if module.name in HTTP_DOORS:
        return
    for call in _calls(module):
        name = _dotted(call.func)
        if name.startswith("httpx.") and name.split(".")[1] in HTTP_CALLS:
            yield call.lineno, f"calls {name}"
    for line, source, name in _imports(module):
        whole = f"{source}.{name}"
        if source.startswith(HTTP_LIBRARIES) or whole.startswith(HTTP_LIBRARIES):
            yield line, f"imports {whole}"
        if source == "httpx" and name in HTTP_CALLS:
            yield line, f"imports {whole}"


def assert_sizes(module: Module) -> Iterator[Finding]:
    """A module has at most 400 lines, a function at most 50."""
    if len(module.lines) > MODULE_LINES:
        yield 1, f"has {len(module.lines)} lines"
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {length} lines"


def unfinished(module: Module) -> Iterator[Finding]:
    """Nothing is left to do in the code: no stub, no note to self."""
    for number, line in enumerate(module.lines, 1):
        if UNFINISHED.search(line):
            yield number, "is unfinished"


def pages_on_the_loop(module: Module) -> Iterator[Finding]:
    """A page of the console asks the database for names: no coroutine makes one itself."""
    if module.name.startswith(("governance.portal.", "governance.app.")):  # they name no staff
        return
    plain = [node for node in module.nodes if isinstance(node, ast.FunctionDef)]
    makers = {node.name for node in plain if any(map(_renders, ast.walk(node)))}
    for node in module.nodes:
        if isinstance(node, ast.AsyncFunctionDef):
            for call in _own_calls(node):
                if _renders(call) or _dotted(call.func) in makers:
                    yield call.lineno, "a page is made on the event loop"


def _renders(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _dotted(node.func).endswith(".render")


def _own_calls(coroutine: ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """Calls of the coroutine itself; functions in it run where they are handed to."""
    left: list[ast.AST] = [*coroutine.body]
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        left += ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            yield node


RULES: dict[str, Rule] = {
    "naive_clock": naive_clock,
    "commit_in_service": commit_in_service,
    "values_in_logs": values_in_logs,
    "values_in_reprs": values_in_reprs,
    "orm_session": orm_session,
    "web_outside_edges": web_outside_edges,
    "http_elsewhere": http_elsewhere,
    "sizes": assert_sizes,
    "unfinished": unfinished,
    "pages_on_the_loop": pages_on_the_loop,
}
