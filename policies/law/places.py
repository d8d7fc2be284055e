"""On which line of a law file a path stands, for the sentence that refuses the file."""

import re

import yaml

SEGMENT = re.compile(r"[^.\[\]]+|\[\d+\]")
IDENTITY = "id"  # by which the items of a list are also called


def line_of(text: str, path: str) -> int:
    """The line of the deepest part of the path that is there; 1 where nothing is."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return 1
    if root is None:
        return 1
    segments = tuple(SEGMENT.findall(path))
    sections = root.value if isinstance(root, yaml.MappingNode) else ()
    found = [_found(root, segments), *(_found(section, segments) for _, section in sections)]
    return max(found, key=lambda place: place[0])[1]  # a path may begin with an entry's own id


def _found(node: yaml.Node, segments: tuple[str, ...]) -> tuple[int, int]:
    """How many segments are there, and the line of the last of them."""
    line, depth = _first(node), 0
    for segment in segments:
        below = _below(node, segment)
        if below is None:
            break
        line, node = below
        depth += 1
    return depth, line


def _below(node: yaml.Node, segment: str) -> tuple[int, yaml.Node] | None:
    """The part of this name, with the line of its key."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == segment:
                return _first(key), value
    if isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            if segment in (f"[{place}]", _name(item)):
                return _first(item), item
    return None


def _name(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((str(value.value) for key, value in node.value if key.value == IDENTITY), None)


def _first(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
