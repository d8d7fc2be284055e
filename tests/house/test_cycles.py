"""No module imports itself by way of others."""

from graphlib import TopologicalSorter

import grimp

PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")


def test_imports_have_an_order() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(imports) > len(PACKAGES)
    TopologicalSorter(imports).prepare()  # a CycleError names the way round
