"""Every call in these tests that succeeds is held to the annotations of the function it calls.

Types are checked by beartype, where an `int` is whatever counts as one; shapes here: axes of one
name are equally long, and an axis such as "h-kh+1" is as long as that says, where it is known.
What a function refuses was never within its annotations; nothing is checked then.
"""

import functools
import inspect
import sys
from typing import SupportsIndex

import torch

import convbook
import convbook.checkerboards
import convbook.explorer
import convbook.notebook
from convbook import signatures

try:
    from beartype import BeartypeConf, FrozenDict
    from beartype.door import is_bearable
except ModuleNotFoundError:  # an older environment: test_annotations.py says so, the others run

    def fits(value, annotation):
        """Say nothing against any type."""
        return True
else:
    CONF = BeartypeConf(hint_overrides=FrozenDict({int: SupportsIndex}))

    def fits(value, annotation):
        """Say whether a value is of the type that an annotation declares."""
        return is_bearable(value, annotation, conf=CONF)


HELD = [
    *(name for name in convbook.__all__ if name[0].islower()),
    *("pattern_period", "practice", "photograph", "show_timings", "check"),
]


def bind(sizes, note, shape, where):
    """Bind the names of the axes in a note; return those that are formulas."""
    optional, _, always = note.rpartition("]")
    names = always.split()
    if len(shape) > len(names):
        names = [*optional[1:].split(), *names]
    assert len(names) == len(shape), f"{where} has shape {tuple(shape)}, declared as {note!r}"
    formulas = []
    for name, size in zip(names, shape):
        if not name.isidentifier():
            formulas.append((name, size, where))
        else:
            known = sizes.setdefault(name, size)
            assert size == known, f"{where} has shape {tuple(shape)}; {name} is {known}"
    return formulas


def assert_shapes(signature, given, result):
    """Assert that the shapes of arguments and result are the declared ones."""
    sizes, formulas = {}, []
    if "groups" in given:
        sizes["groups"] = int(given["groups"])
    for name, parameter in signature.parameters.items():
        for note in signatures._notes(parameter.annotation):
            if isinstance(note, str) and given[name] is not None:
                formulas += bind(sizes, note, given[name].shape, name)
            elif isinstance(note, signatures.AtLeast) and given[name] is not None:
                sizes |= signatures._sizes_of_numbers(name, given[name], note)
    if sizes.get("c_in") == 0:
        return  # torch's rule: then there are no output channels either, whatever is declared
    for note in signatures._notes(signature.return_annotation):
        formulas += bind(sizes, note, result.shape, "the result")
    for formula, size, where in formulas:
        try:
            expected = max(eval(formula, {}, sizes), 0)  # of nothing, nothing is left
        except NameError:
            continue
        assert size == expected, f"an axis of {where} is {size}; {formula} is {expected}"


def held(function):
    """Return the function, held to its annotations."""
    signature = inspect.signature(function)
    per_axis = "formula" in function.__code__.co_freevars  # its arguments may be tuples

    @functools.wraps(function)
    def checked(*args, **kwargs):
        result = function(*args, **kwargs)
        if torch.compiler.is_compiling():
            return result
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        if per_axis and isinstance(next(iter(given.values())), (tuple, list)):
            return result
        for name, parameter in signature.parameters.items():
            assert fits(given[name], parameter.annotation), (
                f"{name}={given[name]!r} is not {parameter.annotation}"
            )
        assert fits(result, signature.return_annotation), (
            f"{result!r} is not {signature.return_annotation}"
        )
        assert_shapes(signature, given, result)
        return result

    checked.held = True
    return checked


def hold():
    """Put the held functions in the place of all of these names, in every module."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "convbook"]
    of = {}
    for module in modules:
        for name, function in list(vars(module).items()):
            if name in HELD and inspect.isfunction(function) and not hasattr(function, "held"):
                setattr(module, name, of.setdefault(function, held(function)))


hold()
