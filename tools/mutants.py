"""Mutants of a module: its source with one small mistake in one of its functions.

What is mutated: comparisons, arithmetic, and/or, numbers, conditions, slices, keyword arguments,
results, and statements that are left out. What is not: docstrings, annotations, the text of errors,
and code outside functions.
"""

import ast
import copy
from types import ModuleType

OTHER = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.And: ast.Or, ast.Or: ast.And,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NOT_CODE = ("annotation", "returns", "decorator_list", "type_params", "ctx", "op", "ops")


def changed(node, **fields):
    """Return a copy of a node with other fields."""
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def without(values, index):
    """Return a list without one of its values."""
    return values[:index] + values[index + 1 :]


def alternatives(node):
    """Yield what could stand in the place of a node by mistake."""
    match node:
        case ast.BinOp() | ast.BoolOp():
            yield changed(node, op=OTHER[type(node.op)]())
        case ast.AugAssign():
            yield changed(node, op=OTHER[type(node.op)]())
            yield ast.Pass()
        case ast.Compare():
            for i, op in enumerate(node.ops):
                yield changed(node, ops=[*node.ops[:i], OTHER[type(op)](), *node.ops[i + 1 :]])
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
                yield changed(node, keywords=without(node.keywords, i))
        case ast.comprehension(ifs=[_, *_]):
            yield changed(node, ifs=[])
        case ast.Return(value=ast.expr()) if ast.unparse(node) != "return None":
            yield changed(node, value=None)
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Delete() | ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


def places(node):
    """Yield each node below this one, with a function that puts another in its place."""
    for field, value in ast.iter_fields(node):
        if field in NOT_CODE:
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for i, child in children:
            if isinstance(child, ast.AST):

                def put(new, field=field, value=value, i=i):
                    if i is None:
                        setattr(node, field, new)
                    else:
                        value[i] = new

                yield child, put
                if not isinstance(child, ast.Raise):  # what stands in it is the text of an error
                    yield from places(child)


def mutations(source):
    """Yield (name, lines, tree) for each mutant of a source; lines are those of its function.

    The tree is one and the same, changed while it is looked at and changed back after that. A name
    says the function and what replaces what, and stays the same if other code moves.
    """
    tree, seen = ast.parse(source), {}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for owner, body in [("", tree.body), *((f"{c.name}.", c.body) for c in classes)]:
        for function in (node for node in body if isinstance(node, FUNCTIONS)):
            for node, put in places(function):
                for new in alternatives(node):
                    name = f"{owner}{function.name}: {first(node)}  →  {first(new)}"
                    seen[name] = seen.get(name, 0) + 1
                    name += f"  ({seen[name]})" if seen[name] > 1 else ""
                    new = ast.copy_location(copy.copy(new), node)
                    put(ast.fix_missing_locations(new))
                    yield name, (function.lineno, function.end_lineno), tree
                    put(node)


def first(node):
    """Return the first line of a node's source."""
    if isinstance(node, ast.Slice):
        node = ast.Subscript(ast.Name(""), node)
    return ast.unparse(node).split("\n")[0]


def functions(values, module):
    """Yield (key, function) for each function of a module: bare, wrapped, in a class or a dict."""
    for name, value in list(values.items()):
        if isinstance(value, property):
            value = value.fget
        if isinstance(value, type) and value.__module__ == module:
            yield from ((f"{name}.{key}", f) for key, f in functions(vars(value), module))
        elif isinstance(value, dict) and not name.startswith("__"):
            yield from ((f"{name}[{key}]", f) for key, f in functions(value, module))
        while getattr(value, "__module__", None) == module and hasattr(value, "__code__"):
            yield name, value
            name, value = f"{name}.__wrapped__", getattr(value, "__wrapped__", None)


def transplant(module, tree):
    """Make the functions of an imported module do what this tree says; return how many changed."""
    fresh = ModuleType(module.__name__)
    vars(fresh).update({key: vars(module)[key] for key in ("__file__", "__package__", "__spec__")})
    exec(compile(tree, module.__file__, "exec"), vars(fresh))
    old, new = (dict(functions(vars(m), module.__name__)) for m in (module, fresh))
    if set(old) != set(new):
        raise NameError("a function is gone")
    count = 0
    for name, function in new.items():
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            value = getattr(function, part)
            if value != getattr(old[name], part):
                setattr(old[name], part, value)
                count += 1
        for mine, its in zip(old[name].__closure__ or (), function.__closure__ or ()):
            if not callable(its.cell_contents):  # such as the signature that a decorator has read
                mine.cell_contents = its.cell_contents
    for name, value in vars(module).items():  # tables that functions have made
        if isinstance(value, dict) and not name.startswith("__"):
            made = vars(fresh)[name]
            if not dict(functions(value, module.__name__)) and value != made:
                value.update(made)
                count += 1
    return count
