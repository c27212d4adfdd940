"""A chapter run the way Colab does: without the package, from the public address alone.

The environment has everything that this one has but the package and d2l. Git is told that
the public address is a local clone; so the first cell of the chapter installs what is committed.

`make colab LIST=tests/colab.txt` installs the versions of that list instead, which is a
`pip-freeze.txt` as Colab publishes it: as far as they exist for this Python. Then what is printed
is compared, and no picture: each version of matplotlib draws in its own way.
"""

import os
import re
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import repository
from book import CHAPTERS, ROOT, URL, skip_or_fail

MISSING = ("convbook", "__editable__", "d2l")
NAMES = os.environ.get("CHAPTERS", "corr2d").split()
CHOSEN = [
    folder / path.relative_to(ROOT).with_suffix(".ipynb")
    for folder in (ROOT, ROOT / "zh")  # in both languages
    for path in CHAPTERS
    if path.stem in NAMES or NAMES == ["all"]
]
LIST = os.environ.get("LIST")
PRINTED = """
def pytest_collection_modifyitems(items):
    for file in {item.parent for item in items}:
        file.skip_compare += ("text/html", "image/svg+xml")
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def versions(path):
    """Return {name: version} of a list as `pip freeze` writes it."""
    lines = path.read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)(?:==| @ \S+/\w+-)([\d.]+)", lines, re.MULTILINE))


def test_every_line_of_the_list_names_a_version():
    path = ROOT / "tests" / "colab.txt"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert len(versions(path)) == len(lines)
    assert {"torch", "ipython", "d2l"} - versions(path).keys() == {"d2l"}  # d2l is installed


def install(python):
    """Install Colab's versions, and say which do not exist for this Python."""
    listed = versions(Path(LIST))
    wanted = {name: listed[name] for name in versions(ROOT / "tests" / "colab.txt")}
    uv = (Path(sys.executable).parent / "uv", "pip", "install", "--python", python)
    while True:
        pins = [f"{name}=={version}" for name, version in wanted.items()]
        done = run(*uv, "pip", "pytest==9.2.0", "nbval==0.11.0", *pins)
        if done.returncode == 0:
            break
        missing = [name for name in wanted if re.search(rf"\b{name}==", done.stderr)]
        assert missing, done.stderr
        print(f"not for Python {sys.version.split()[0]}: {missing}")
        for name in missing:
            del wanted[name]
    print("installed:", *pins)


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """Return the Python of such an environment, and the variables to run it with."""
    folder = tmp_path_factory.mktemp("colab")
    downloaded = run(
        sys.executable, "-m", "pip", "download", "--no-deps", "-d", folder, "d2l==0.17.0"
    )
    if downloaded.returncode:
        skip_or_fail("no network: pip does not reach its index")

    venv.create(folder / "env")
    python = folder / "env" / "bin" / "python"
    mine = next(folder.glob("env/lib/*/site-packages"))
    if LIST:
        install(python)
    for package in () if LIST else Path(site.getsitepackages()[0]).iterdir():
        if not package.name.startswith(MISSING) and not (mine / package.name).exists():
            (mine / package.name).symlink_to(package)

    public = folder / "public"
    for path in repository.files():
        copy = public / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    me = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "-A"), (*me, "commit", "-qm", "The book")):
        assert run("git", *command, cwd=public).returncode == 0

    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER"))}
    environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{public.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
        "PATH": f"{python.parent}{os.pathsep}{environment['PATH']}",
        "IPYTHONDIR": str(folder / "ipython"),
    }
    return python, environment


@pytest.mark.parametrize("chapter", CHOSEN, ids=lambda path: f"{path.relative_to(ROOT)}")
def test_chapter_runs_in_colab(colab, chapter, tmp_path):
    """Every output is the committed one, and neither torch nor NumPy has been touched."""
    python, environment = colab
    shutil.copy(chapter, tmp_path)
    if chapter == CHOSEN[0]:
        found = run(python, "-c", "import convbook", env=environment, cwd=tmp_path)
        assert "No module named 'convbook'" in found.stderr

    if LIST:
        (tmp_path / "conftest.py").write_text(PRINTED)
    compare = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-p", "no:xdist")
    done = run(
        python, "-m", "pytest", *compare, "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path,
        env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]

    mine = next(python.parent.parent.glob("lib/*/site-packages"))
    installed = {p.name.split("-")[0] for p in mine.glob("*.dist-info") if not p.is_symlink()}
    if LIST:
        assert {"convbook", "d2l"} <= installed
        return
    assert installed == {"convbook", "d2l"}
    for package in ("torch", "numpy", "matplotlib"):
        assert (mine / package).is_symlink()
