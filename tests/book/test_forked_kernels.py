"""The kernels that nbval uses: forks that behave as fresh kernels do, and are never left behind."""

import os
import signal
import subprocess
import sys
import time

import nbval.kernel
import pytest
from book import ROOT

pytest.importorskip("_posixshmem", reason="Windows has no fork server")


@pytest.fixture
def kernel(tmp_path):
    running = nbval.kernel.RunningKernel("python", cwd=str(tmp_path))
    yield running
    running.stop()


def say(kernel, source):
    """Return what the kernel prints when it executes this."""
    message = kernel.execute_cell_input(source)
    kernel.await_reply(message, timeout=30)
    text = ""
    while True:
        got = kernel.get_message("iopub", timeout=5)
        if got["parent_header"].get("msg_id") != message:
            continue
        if got["msg_type"] == "stream":
            text += got["content"]["text"]
        elif got["msg_type"] == "error":
            text += got["content"]["ename"]
        elif got["content"].get("execution_state") == "idle":
            return text.strip()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def within_seconds(seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_nbval_starts_forks(kernel):
    assert nbval.kernel.start_new_kernel.__module__ == "forked_kernels"
    assert say(kernel, "import sys; print('torch' in sys.modules)") == "True"


def test_each_kernel_is_new(kernel, tmp_path):
    say(kernel, "import torch; torch.manual_seed(1); x = 5")
    other = nbval.kernel.RunningKernel("python", cwd=str(tmp_path))
    assert say(other, "print('x' in globals(), torch.__name__)") == "NameError"
    assert say(other, "import os, torch; print(torch.initial_seed() == 1, os.getcwd())") == (
        f"False {tmp_path}"
    )
    other.stop()
    assert say(kernel, "print(x)") == "5"


def test_a_cell_that_takes_too_long_is_interrupted(kernel):
    message = kernel.execute_cell_input("import time; time.sleep(60)")
    time.sleep(0.5)
    kernel.interrupt()
    kernel.await_reply(message, timeout=5)
    assert say(kernel, "print('alive')") == "alive"


def test_a_kernel_that_dies_is_not_alive(kernel):
    kernel.execute_cell_input("import os; os._exit(3)")
    assert within_seconds(10, lambda: not kernel.is_alive())


def test_none_is_left_when_the_parent_is_killed(tmp_path):
    start = (
        "import forked_kernels, time\n"
        "forked_kernels.IMPORTED = ['ipykernel.kernelapp']\n"
        "if __name__ == '__main__':\n"
        f"    manager, _ = forked_kernels.start_new_kernel(cwd={str(tmp_path)!r})\n"
        "    print(manager.process.pid, manager.private.name, flush=True)\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "start.py").write_text(start)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "start.py"],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests' / 'plugins'}{os.pathsep}{ROOT / 'src'}"},
    )
    kernel, private = parent.stdout.readline().decode().split()
    assert is_running(int(kernel)) and os.path.exists(private)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert within_seconds(10, lambda: not is_running(int(kernel)))
    assert not os.path.exists(private)
