"""Public functions are annotated, and what the annotations say holds (see conftest.py)."""

import inspect
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from importlib import import_module
from typing import Annotated

import pytest
import torch
from torch import Tensor

import convbook as cb
from conftest import HELD, held
from convbook import notebook


def public_functions():
    for module in pkgutil.walk_packages(cb.__path__, "convbook."):
        for name, one in vars(import_module(module.name)).items():
            defined_here = getattr(one, "__module__", None) == module.name
            if inspect.isfunction(one) and defined_here and not name.startswith("_"):
                yield pytest.param(one, id=f"{module.name.removeprefix('convbook.')}.{name}")


@pytest.mark.parametrize("function", [*public_functions()])
def test_every_public_function_is_annotated(function):
    signature = inspect.signature(function)
    assert signature.return_annotation is not signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not parameter.empty, parameter


def test_the_tests_hold_every_function_to_its_annotations():
    functions = [getattr(cb, name) for name in cb.__all__ if inspect.isfunction(getattr(cb, name))]
    assert len(functions) > 30
    assert all(function.held for function in [*functions, notebook.check])
    assert {function.__name__ for function in functions} <= set(HELD)


def test_what_contradicts_an_annotation_is_seen():
    def wider(X: Annotated[Tensor, "h w"], padding: int) -> Annotated[Tensor, "h w"]:
        return torch.ones(X.shape[0], X.shape[1] + padding)

    X = torch.ones(2, 3)
    held(wider)(X, 0)
    with pytest.raises(AssertionError, match=r"the result has shape \(2, 4\); w is 3"):
        held(wider)(X, 1)
    with pytest.raises(AssertionError, match="padding=True is not <class 'str'>"):
        wider.__annotations__["padding"] = str
        held(wider)(X[:, :2], True)
    with pytest.raises(AssertionError, match=r"X has shape \(2, 3, 1\), declared as 'h w'"):
        wider.__annotations__["padding"] = int
        held(wider)(X[..., None], 0)


def test_formulas_of_axes_are_computed():
    def half(X: Annotated[Tensor, "h"], groups: int) -> Annotated[Tensor, "h/groups"]:
        return X[: len(X) // 2]

    held(half)(torch.ones(4), 2)
    with pytest.raises(AssertionError, match="an axis of the result is 2; h/groups is 4"):
        held(half)(torch.ones(4), 1)


def test_the_wheel_says_that_it_is_typed_and_has_its_words(tmp_path, pytestconfig):
    root = pytestconfig.rootpath
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "src" / "convbook", tmp_path / "src" / "convbook")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run([*command, "-w", tmp_path, tmp_path], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "convbook/py.typed" in names
    assert "convbook/locale/zh_CN/LC_MESSAGES/convbook.mo" in names
