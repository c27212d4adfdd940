"""The workflows, as far as they can be judged without the hosting service."""

import os
import re
import subprocess
import sys

import pytest
import release
import yaml
from book import ROOT, URL

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# The first major version of each action that runs on Node 24; runners drop the older ones.
NODE_24 = {
    "actions/checkout": 5,
    "actions/setup-python": 6,
    "actions/upload-artifact": 6,
    "actions/upload-pages-artifact": 5,
    "actions/deploy-pages": 5,
}


def steps():
    """Return every step of every workflow, with the name of the workflow."""
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
            yield from ((path.name, step) for step in job.get("steps", []))


def test_every_action_is_pinned_and_of_a_runtime_that_runners_have():
    used = []
    for path in WORKFLOWS:
        for line in re.findall(r"uses: (\S+/\S+@.*)", path.read_text("utf-8")):
            pinned = re.fullmatch(r"([\w/-]+)@[0-9a-f]{40} # v(\d+)\.\d+\.\d+", line)
            assert pinned, f"{path.name}: {line} names no commit and version"
            assert int(pinned[2]) >= NODE_24[pinned[1]], f"{path.name}: {line}"
            used.append(line)
    assert {line.split("@")[0] for line in used} == set(NODE_24)
    assert len(set(used)) == len(NODE_24), "one version of each"


def test_what_anybody_may_start_can_write_nothing_and_has_no_secret():
    for path in WORKFLOWS:
        text = path.read_text("utf-8")
        workflow = yaml.safe_load(text)
        assert "pull_request_target" not in text and "workflow_run" not in text, path.name
        assert "secrets." not in text, path.name
        if "pull_request" in workflow[True]:  # YAML reads `on` as a truth
            assert workflow["permissions"] == {"contents": "read"}, path.name
            assert all("permissions" not in job for job in workflow["jobs"].values()), path.name
    for name, step in steps():
        assert "${{" not in step.get("run", ""), f"{name}: through env, or a title can be a command"


@pytest.mark.parametrize(("url", "code"), [(URL, 0), (URL + "-fork", 1), (URL[:-1], 1)])
def test_nothing_is_published_from_another_repository(url, code):
    script = next(step["run"] for name, step in steps() if "HERE" in step.get("env", {}))
    environment = {**os.environ, "HERE": url}
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == code
    assert (f"Run: make repository URL={url}" in done.stdout) == bool(code)


def test_every_command_of_make_that_a_workflow_runs_exists():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    runs = "\n".join(step.get("run", "") for _, step in steps())
    named = set(re.findall(r"\bmake (\w+)\b", re.sub(r"Run: make.*", "", runs)))
    assert named and named <= targets
    assert "bash .github/preview.sh" in runs and (ROOT / ".github" / "preview.sh").exists()


def test_a_preview_names_pages_that_read_otherwise_and_nothing_else(tmp_path):
    page = '<link href="site.css?v={}"><main><nav>{}</nav><article>{}</article></main>'
    for name, stamp, menu in (("before", "1a", "one"), ("after", "2b", "two")):
        (tmp_path / name / "_static").mkdir(parents=True)
        (tmp_path / name / "same.html").write_text(page.format(stamp, menu, "word"))
        (tmp_path / name / "other.html").write_text(page.format(stamp, menu, menu))
        (tmp_path / name / "moved.html").write_text(f'<a href="x?v={stamp}">')
        (tmp_path / name / "_static" / "site.css").write_text(menu)
        (tmp_path / name / "_static" / "site.js").write_text("let x")
    (tmp_path / "after" / "new.html").write_text(page.format("", "", ""))
    command = [sys.executable, ROOT / ".github" / "changed.py", "before", "after"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    pages, assets = done.stdout.split("## Styles and scripts that changed")
    assert re.findall("- (.*)", pages) == ["new.html", "other.html"]
    assert re.findall("- (.*)", assets) == ["_static/site.css"]


def run(workflow, command, tag, cwd=ROOT):
    """Run the lines of a workflow that hold a command, as for this tag."""
    runs = [step.get("run", "") for name, step in steps() if name == workflow]
    lines = [line for text in runs for line in text.splitlines() if command in line]
    assert len(lines) == 1
    shell = ["bash", "-e", "-c", lines[0].replace("> notes.md", "")]
    environment = {**os.environ, "TAG": tag}
    return subprocess.run(
        shell, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def test_only_the_tag_of_the_present_version_is_released():
    version = release.current()["pyproject.toml"]
    assert run("release.yml", "grep -Fx", f"v{version}").returncode == 0
    assert run("release.yml", "grep -Fx", f"v{version}.1").returncode == 1


def test_the_notes_of_a_release_are_what_the_log_says_of_it(tmp_path):
    log = "# Changes\n\n## 0.3.0 · 2027-01-01\n\n- c\n- d\n\n## 0.2.0 · 2026-12-01\n\n- a\n\n- b\n"
    (tmp_path / "CHANGELOG.md").write_text(log, encoding="utf-8")
    for tag, notes in (("v0.3.0", ["- c", "- d"]), ("v0.2.0", ["- a", "- b"])):
        done = run("release.yml", "CHANGELOG.md > notes.md", tag, tmp_path)
        assert [line for line in done.stdout.splitlines() if line] == notes
