"""No template chooses by a setting: what is compiled with one value is what is compiled with any other.

The nets read SQL that was compiled with some settings, and the run may have others. So a setting (`var`) may be
written into the SQL as it is, alone or as a part of a text, and nothing else may be made of it: no condition, no
comparison, no index, no loop, no filter. It is followed through assignments, arguments of macros and what they give
back. The macros that choose all the same are listed with what they choose, and are proved in every one of their ways.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from jinja2 import nodes

from gp_level_data.nets import Finding

NET = "names"
MACRO = "dbt_macro__"
# Macros that choose by a setting, and between what.
CHOOSES = {
    "release_extract": "the day of a release: one that is not allowed on it is no SQL at all",
    "refuse_release": "the same",
    "release_refusal": "the same",
}
# What only puts texts together, lists and their like.
KEEPS = (nodes.Concat, nodes.Add, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Getattr)
KEEP = {"namespace", "dict", "return"}


def branches(templates: dict[str, nodes.Template | None]) -> list[Finding]:
    """Where a template makes more of a setting than text; by file."""
    flow = Flow(templates)
    while flow.grew:
        flow.grew = False
        flow.problems.clear()
        for where, tree in templates.items():
            if tree is not None:
                flow.where = where
                flow.body(tree.body, set(), "")
    return [Finding(NET, where, what) for where, what in sorted(flow.problems)]


class Flow:
    """Which names hold a setting, in which macro, and what is made of it."""

    def __init__(self, templates: dict[str, nodes.Template | None]) -> None:
        self.macros = {
            macro.name.removeprefix(MACRO): macro
            for tree in templates.values()
            if tree is not None
            for macro in tree.find_all(nodes.Macro)
        }
        # Parameters that are given a setting, and macros whose text holds one.
        self.given: dict[str, set[str]] = defaultdict(set)
        self.gives: set[str] = set()
        self.problems: set[tuple[str, str]] = set()
        self.where, self.is_given, self.grew = "", True, True

    def body(self, parts: list[nodes.Node], held: set[str], macro: str) -> None:
        """Statements in their order; `held` are the names that hold a setting."""
        for part in parts:
            self.statement(part, held, macro)

    def statement(self, node: nodes.Node, held: set[str], macro: str) -> None:
        if isinstance(node, nodes.Macro):
            name = node.name.removeprefix(MACRO)
            of_itself = {
                argument.name
                for argument, default in zip(reversed(node.args), reversed(node.defaults))
                if self.holds(default, held, macro)
            }
            # What it gives back whatever it is given, and then what it makes of what it is given.
            self.is_given = False
            self.body(node.body, set(of_itself), name)
            self.is_given = True
            self.body(node.body, of_itself | self.given[name], name)
        elif isinstance(node, nodes.Output):
            if self.one_holds(node.nodes, held, macro):
                self.give(macro)
        elif isinstance(node, nodes.Assign):
            if self.holds(node.node, held, macro):
                held |= {name.name for name in names_in(node.target)}
        elif isinstance(node, nodes.AssignBlock):
            # A text put together here is given back only where it is written out.
            self.body([part for part in node.body if not isinstance(part, nodes.Output)], held, macro)
            written = [part for out in node.find_all(nodes.Output) for part in out.nodes]
            if self.one_holds(written, held, macro):
                held |= {name.name for name in names_in(node.target)}
        elif isinstance(node, nodes.If):
            self.chooses(node.test, held, macro, "a condition")
            for part in (*node.body, *node.elif_, *node.else_):
                self.statement(part, held, macro)
        elif isinstance(node, nodes.For):
            if self.holds(node.iter, held, macro):
                held |= {name.name for name in names_in(node.target)}
            if node.test is not None:
                self.chooses(node.test, held, macro, "a condition")
            self.body([*node.body, *node.else_], held, macro)
        elif isinstance(node, nodes.CallBlock):
            self.holds(node.call, held, macro)
            self.body(node.body, held, macro)
        elif isinstance(node, nodes.Expr):
            self.holds(node, held, macro)
        else:
            for part in node.iter_child_nodes():
                self.holds(part, held, macro) if isinstance(part, nodes.Expr) else self.statement(part, held, macro)

    def chooses(self, node: nodes.Node, held: set[str], macro: str, what: str) -> None:
        if self.holds(node, held, macro):
            self.found(macro, what)

    def one_holds(self, parts: Sequence[nodes.Node], held: set[str], macro: str) -> bool:
        """Whether one of some values has a setting in it; all of them are looked at."""
        holding = [self.holds(part, held, macro) for part in parts]
        return any(holding)

    def holds(self, node: nodes.Node, held: set[str], macro: str) -> bool:
        """Whether a value has a setting in it; notes where more than text is made of one."""
        if isinstance(node, nodes.Name):
            return node.name in held
        if isinstance(node, nodes.Call):
            return self.call(node, held, macro)
        parts = [self.holds(part, held, macro) for part in node.iter_child_nodes()]
        if any(parts) and not isinstance(node, KEEPS):
            self.found(macro, f"a {type(node).__name__.lower()}")
        return any(parts)

    def call(self, node: nodes.Call, held: set[str], macro: str) -> bool:
        """What a macro gives back; what any other function makes of a setting is more than text."""
        name = node.node.name if isinstance(node.node, nodes.Name) else None
        if isinstance(node.node, nodes.Call) and is_dispatch(node.node.node):
            # Whichever engine's, they all are given the same.
            known = [name for name in of_engines(dispatched(node.node)) if name in self.macros]
            given_back = [self.call_of(name, node, held, macro) for name in known]
            return any(given_back)
        return self.call_of(name, node, held, macro)

    def call_of(self, name: str | None, node: nodes.Call, held: set[str], macro: str) -> bool:
        """The same, of a macro or function by its name."""
        arguments = [*node.args, *(keyword.value for keyword in node.kwargs)]
        holding = [self.holds(argument, held, macro) for argument in arguments]
        if name == "var":
            return True
        called = None if name is None else self.macros.get(name)
        if name is None or called is None:
            is_held = any([*holding, self.holds(node.node, held, macro)])
            if is_held and name not in KEEP:
                self.found(macro, "a function")
            if is_held and name == "return":
                self.give(macro)
            return is_held
        parameters = [argument.name for argument in called.args]
        keys = [*parameters[: len(node.args)], *(keyword.key for keyword in node.kwargs)]
        # Whoever is given more than he names is given all.
        keys += parameters * (len(keys) < len(holding)) or []
        for key, is_held in zip(keys, holding):
            if is_held and key not in self.given[name]:
                self.given[name].add(key)
                self.grew = True
        return name in self.gives or any(holding)

    def give(self, macro: str) -> None:
        if macro and not self.is_given and macro not in self.gives:
            self.gives.add(macro)
            self.grew = True

    def found(self, macro: str, what: str) -> None:
        if macro not in CHOOSES:
            self.problems.add((self.where, f"makes more of a setting than text: {what}"))


def is_dispatch(node: nodes.Node) -> bool:
    """Whether this is `adapter.dispatch`."""
    return (
        isinstance(node, nodes.Getattr)
        and node.attr == "dispatch"
        and isinstance(node.node, nodes.Name)
        and node.node.name == "adapter"
    )


def dispatched(node: nodes.Call) -> str | None:
    """The name that `adapter.dispatch(...)` is given, where that is one name and nothing else."""
    if len(node.args) != 1 or node.kwargs:
        return None
    [name] = node.args
    return name.value if isinstance(name, nodes.Const) and isinstance(name.value, str) else None


def of_engines(name: str | None) -> tuple[str, ...]:
    """The macros among which a dispatch chooses."""
    return tuple(f"{engine}__{name}" for engine in ("default", "duckdb", "spark"))


def names_in(target: nodes.Node) -> Iterator[nodes.Name | nodes.NSRef]:
    """The names to which something is assigned."""
    if isinstance(target, (nodes.Name, nodes.NSRef)):
        yield target
    yield from target.find_all(nodes.Name)
    yield from target.find_all(nodes.NSRef)
