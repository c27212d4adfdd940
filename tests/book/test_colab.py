"""A chapter run the way Colab does: without the package, from the public address alone.

The environment has everything that this one has but the package, d2l and drawsvg. Git is told that
the public address is a local clone; so the first cell of the chapter installs what is committed.
"""

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import repository
from book import CHAPTERS, ROOT, URL, skip_or_fail

MISSING = ("convbook", "__editable__", "d2l", "drawsvg")
FIRST = ROOT / "chapters" / "corr2d.md"
CHOSEN = CHAPTERS if os.environ.get("CHAPTERS") == "all" else [FIRST]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


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
    for package in Path(site.getsitepackages()[0]).iterdir():
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


@pytest.mark.parametrize("chapter", CHOSEN, ids=lambda path: path.stem)
def test_chapter_runs_in_colab(colab, chapter, tmp_path):
    """Every output is the committed one, and neither torch nor NumPy has been touched."""
    python, environment = colab
    shutil.copy(chapter.with_suffix(".ipynb"), tmp_path)
    if chapter == CHOSEN[0]:
        found = run(python, "-c", "import convbook", env=environment, cwd=tmp_path)
        assert "No module named 'convbook'" in found.stderr

    compare = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-p", "no:xdist")
    done = run(
        python, "-m", "pytest", *compare, "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path,
        env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]

    mine = next(python.parent.parent.glob("lib/*/site-packages"))
    installed = {p.name.split("-")[0] for p in mine.glob("*.dist-info") if not p.is_symlink()}
    assert installed == {"convbook", "d2l", "drawsvg"}
    for package in ("torch", "numpy", "matplotlib"):
        assert (mine / package).is_symlink()
