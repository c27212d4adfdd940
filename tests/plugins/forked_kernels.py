"""A pytest plugin: the kernels of nbval are forks of one process that has imported torch already.

A kernel started afresh spends two seconds on imports, a fork a tenth of one. Each worker of pytest
has one such process; the standard library's fork server is all that it needs. A fork ends when the
worker ends, even if that is killed.

The plain way, a fresh kernel for each notebook: `pytest -p no:forked_kernels`, or nbval alone.
"""

import gc
import os
import shutil
import signal
import time
from contextlib import suppress
from multiprocessing import get_all_start_methods, get_context, parent_process
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from threading import Thread
from types import SimpleNamespace

import nbval.kernel
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file

# Slow to import and without effect until used; what an optimizer and a figure import, too.
IMPORTED = [
    *("ipykernel.kernelapp", "torch", "torch._dynamo", "matplotlib.pyplot"),
    *("matplotlib.backends.backend_svg", "scipy.signal", "sklearn.datasets", "convbook.d2l"),
]


def run_kernel(connection_file, folder):
    """Be a kernel: the body of the forked process."""
    from ipykernel.kernelapp import IPKernelApp

    gc.freeze()  # what all kernels share stays shared: no collection writes into it
    Thread(target=end_with_parent, args=(Path(connection_file).parent,), daemon=True).start()
    os.chdir(folder)
    app = IPKernelApp.instance(connection_file=connection_file, parent_handle=os.getppid())
    app.initialize([])
    app.start()


def end_with_parent(private):
    """Wait for the end of pytest, however it comes, and end too."""
    parent_process().join()
    shutil.rmtree(private, ignore_errors=True)
    os._exit(1)


class ForkedKernel:
    """What nbval asks of a kernel's manager."""

    kernel_spec = SimpleNamespace(language="python")

    def __init__(self, folder):
        """Start the kernel in this folder."""
        self.private = TemporaryDirectory(prefix="kernel-")  # only we may read it
        place = f"{self.private.name}/connection"
        self.connection_file, _ = write_connection_file(f"{place}.json", transport="ipc", ip=place)
        server = get_context("forkserver")
        server.set_forkserver_preload(IMPORTED)
        self.process = server.Process(target=run_kernel, args=(self.connection_file, folder))
        self.process.start()

    def client(self):
        """Return a client that is connected to the kernel."""
        client = BlockingKernelClient(connection_file=self.connection_file)
        client.load_connection_file()
        return client

    def is_alive(self):
        """Tell whether the process is running."""
        return self.process.is_alive()

    def interrupt_kernel(self):
        """Stop the cell that is running."""
        os.kill(self.process.pid, signal.SIGINT)

    def shutdown_kernel(self, now=True):
        """End the process, and leave nothing behind."""
        self.process.kill()
        self.process.join()
        self.private.cleanup()


def start_new_kernel(startup_timeout=60, kernel_name="python", cwd=".", **options):
    """Start a kernel as nbval's function of this name does: return its manager and a client."""
    manager = ForkedKernel(cwd)
    client = manager.client()
    client.start_channels()
    end = time.monotonic() + startup_timeout
    while time.monotonic() < end:  # wait_for_ready would sleep for a third of a second
        client.kernel_info()
        with suppress(Empty):
            client.get_iopub_msg(timeout=0.02)
            return manager, client
    raise RuntimeError(f"the kernel did not answer within {startup_timeout} seconds")


if "forkserver" in get_all_start_methods():  # not on Windows
    nbval.kernel.start_new_kernel = start_new_kernel
