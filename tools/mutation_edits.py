"""The small changes of a Python source that a test should notice, each an edit of its text."""

import ast
import re
from typing import NamedTuple

OPERATORS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in",
    "not in": "in", "+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*", "&": "|", "|": "&",
    "^": "&", "<<": ">>", ">>": "<<", "and": "or", "or": "and",
}  # fmt: skip
NAMES = {
    "min": "max", "minimum": "maximum", "argmin": "argmax", "floor": "ceil", "round": "floor", "any": "all",
    "INTER_AREA": "INTER_LINEAR", "INTER_LINEAR": "INTER_NEAREST",
}  # fmt: skip
SYMMETRIC = {"min", "max", "minimum", "maximum", "isclose", "allclose", "array_equal"}
NAMES |= {new: old for old, new in NAMES.items() if new not in NAMES}


class Edit(NamedTuple):
    """Characters start..end of a source become `text`."""

    start: int
    end: int
    text: str

    def of(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


def edits(source: str) -> list[Edit]:
    """The mutants of a source, in the order of their places. Annotations, docstrings and sentences stay as they are."""
    return [edit for edit in sorted(set(_Edits(source).found)) if _parses(edit.of(source))]


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


class _Edits(ast.NodeVisitor):
    def __init__(self, source: str) -> None:
        self.source, self.found = source, []
        lines = source.splitlines(keepends=True)
        self.lines, self.offsets = lines, [sum(map(len, lines[:i])) for i in range(len(lines))]
        self.visit(ast.parse(source))

    def at(self, line: int, column: int) -> int:
        return self.offsets[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.source[start:end]

    def replace(self, node: ast.AST, text: str) -> None:
        self.found.append(Edit(*self.span(node), text))

    def operator_between(self, left: ast.AST, right: ast.AST) -> None:
        start, end = self.span(left)[1], self.span(right)[0]
        for match in re.finditer(
            r"#.*|\bis\s+not\b|\bnot\s+in\b|\b(?:is|in|and|or)\b|[<>=!*/%&|^+-]+", self.source[start:end]
        ):
            if new := OPERATORS.get(" ".join(match[0].split())):
                self.found.append(Edit(start + match.start(), start + match.end(), new))

    def swap(self, a: ast.AST, b: ast.AST) -> None:
        if type(a) is type(b) and ast.dump(a) != ast.dump(b):
            between = self.source[self.span(a)[1] : self.span(b)[0]]
            self.found.append(Edit(self.span(a)[0], self.span(b)[1], self.text(b) + between + self.text(a)))

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, right in zip([node.left, *node.comparators], node.comparators):
            self.operator_between(left, right)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:]):
            self.operator_between(left, right)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not isinstance(node.left, ast.JoinedStr) and not isinstance(node.right, ast.JoinedStr):
            self.operator_between(node.left, node.right)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.replace(node, f"({self.text(node.operand)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.replace(node, str(not value))
        elif isinstance(value, int | float):
            self.replace(node, repr(value + 1 if isinstance(value, int) or not value else value * 2))
        elif isinstance(value, str) and re.fullmatch(r"\S+", value) and self.source[self.span(node)[0]] in "\"'":
            self.replace(node, repr(value + "X"))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pass

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in NAMES:
            self.replace(node, NAMES[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in NAMES:
            end = self.span(node)[1]
            self.found.append(Edit(end - len(node.attr), end, NAMES[node.attr]))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if len(node.args) > 1 and self.text(node.func).split(".")[-1] not in SYMMETRIC:
            self.swap(*node.args[:2])
        for keyword in node.keywords:
            if keyword.arg:
                start, end = self.span(keyword)
                comma = re.match(r"\s*,", self.source[end:])
                self.found.append(Edit(start, end + (comma.end() if comma else 0), ""))
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
            self.swap(*node.elts[:2])
        self.generic_visit(node)

    def _condition(self, node: ast.If | ast.IfExp | ast.While) -> None:
        if not isinstance(node.test, ast.Compare | ast.UnaryOp):  # whose operator is changed
            self.replace(node.test, f"(not ({self.text(node.test)}))")
        self.generic_visit(node)

    visit_If = visit_IfExp = visit_While = _condition  # noqa: N815

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.replace(node, "return None")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.replace(node, "pass")  # its sentence is for the tests that read it

    def visit_Continue(self, node: ast.Continue) -> None:
        self.replace(node, "break")

    def visit_Break(self, node: ast.Break) -> None:
        self.replace(node, "continue")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) or self.text(node).startswith(("log.info", "log.debug")):
            return  # a docstring, or what is for the developer alone
        if isinstance(node.value, ast.Call | ast.Await):
            self.replace(node, "pass")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(part)  # no annotations, no decorators

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in node.body:
            self.visit(part)

    def visit_Import(self, node: ast.AST) -> None:
        pass

    visit_ImportFrom = visit_Assert = visit_Import  # noqa: N815
