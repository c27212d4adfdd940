"""Every mutant of a module in one compiled module, each behind a switch that is off.

A mutant is one small mistake: another comparison, operator, number or truth, a condition that
always or never holds, and a bound of a slice, a named argument, a result or a statement left out.
Not mutated: what is executed while the module is imported (defaults, decorators, code outside
functions), annotations, and the text of errors.
"""

import ast
import copy
from collections import Counter

SWITCH = "_this_mutant"  # a builtin: given a mutant's number, tells whether it is on
PAIRS = "Add Sub, Mult FloorDiv, BitOr BitAnd, And Or, Lt LtE, Gt GtE, Eq NotEq, In NotIn, Is IsNot"
OTHER = {"Div": "Mult", "Mod": "FloorDiv", "Pow": "Mult", "MatMult": "Mult"}
for pair in PAIRS.split(", "):
    OTHER |= {pair.split()[0]: pair.split()[1], pair.split()[1]: pair.split()[0]}


def another(op):
    """Return the operator that is written by mistake for this one."""
    return getattr(ast, OTHER[type(op).__name__])()


def changed(node, **fields):
    """Return a copy of a node with other fields."""
    return type(node)(**(dict(ast.iter_fields(node)) | fields))


def alternatives(node):
    """Yield what could stand in the place of a node by mistake."""
    match node:
        case ast.BinOp() | ast.BoolOp():
            yield changed(node, op=another(node.op))
        case ast.AugAssign():
            yield changed(node, op=another(node.op))
            yield ast.Pass()
        case ast.Compare():
            for i, op in enumerate(node.ops):
                yield changed(node, ops=[*node.ops[:i], another(op), *node.ops[i + 1 :]])
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(node.value + 1)
        case ast.Slice():
            for part in ("lower", "upper", "step"):
                if getattr(node, part) is not None:
                    yield changed(node, **{part: None})
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.If():
            yield from (changed(node, test=ast.Constant(value)) for value in (True, False))
        case ast.While():
            yield changed(node, test=ast.Constant(False))
        case ast.Call():
            for i in range(len(node.keywords)):
                yield changed(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])
        case ast.comprehension(ifs=[_, *_]):
            yield changed(node, ifs=[])
        case ast.Return(value=ast.expr()) if ast.unparse(node) != "return None":
            yield changed(node, value=None)
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Delete() | ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


class Switches(ast.NodeTransformer):
    """The mutants of modules: `names` has one entry each, and its place is the mutant's number.

    A name says the function and what replaces what, and stays the same if other code moves.
    """

    def __init__(self):
        """Begin without mutants."""
        self.names = []

    def build_in(self, source, module):
        """Return the tree of a module's source, all its mutants in it."""
        tree = ast.parse(source)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for owner, node in [(module, tree), *((f"{module}.{c.name}", c) for c in classes)]:
            for function in node.body:
                if isinstance(function, ast.FunctionDef):
                    self.where, self.seen = f"{owner}.{function.name}", Counter()
                    function.body = [self.visit(statement) for statement in function.body]
        return ast.fix_missing_locations(tree)

    def visit(self, node):
        """Return a node with its mutants in it and around it."""
        others = [(self.number(node, other), copy.deepcopy(other)) for other in alternatives(node)]
        if isinstance(node, ast.AnnAssign):
            node.value = node.value and self.visit(node.value)
        elif not isinstance(node, ast.Raise | ast.arg):
            self.generic_visit(node)
        for number, other in others:
            node = choice(number, other, node)
        return node

    def number(self, node, other):
        """Enter a mutant and return its number."""
        name = f"{self.where}: {first_line(node)}  →  {first_line(other)}"
        self.seen[name] += 1
        self.names.append(f"{name}  ({self.seen[name]})" if self.seen[name] > 1 else name)
        return len(self.names) - 1


def choice(number, other, node):
    """Return a node that is `other` if the mutant of this number is on."""
    on = ast.Call(ast.Name(SWITCH, ast.Load()), [ast.Constant(number)], [])
    if isinstance(node, ast.comprehension):
        return changed(node, ifs=[ast.IfExp(on, ast.Constant(True), test) for test in node.ifs])
    if isinstance(node, ast.stmt):
        return ast.If(on, [other], [node])
    return ast.IfExp(on, as_call(other), as_call(node))


def as_call(node):
    """Return a slice as a call of `slice`, which may stand where an expression may."""
    if not isinstance(node, ast.Slice):
        return node
    bounds = [part or ast.Constant(None) for part in (node.lower, node.upper, node.step)]
    return ast.Call(ast.Name("slice", ast.Load()), bounds, [])


def first_line(node):
    """Return the first line of a node's source."""
    if isinstance(node, ast.Slice):
        node = ast.Subscript(ast.Name(""), node)
    return ast.unparse(node).split("\n")[0]
