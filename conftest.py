"""For every pytest run here, the lessons' included.

PyTorch shares the machine, and pytest-xdist's workers share the cores. An expected failure counts as a failure: nbval marks
the cells after one that timed out as expected failures, and a run that ends in them would otherwise look greener than it is.
"""

import os
from pathlib import Path

import pytest

from styleclip_lib.threads import cores, share_the_machine
from tests.notebooks.lesson_claims import pytest_collection_modifyitems  # noqa: F401 (a hook: appends the claims to the lessons' cells)

WORKER_GB = 3
"""What one worker may need: the shipped domain, JupyterLab's kernel and a browser."""

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])))
share_the_machine()


def pytest_xdist_auto_num_workers(config):
    """``-n auto``: two workers where there are cores and memory for both, else none."""
    return 2 if cores() > 1 and available_gb() >= 2 * WORKER_GB else 0


def available_gb() -> float:
    """The memory that is free or can be freed at once; where the system does not tell, all that there is."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) / 1e6 for line in lines if line.startswith("MemAvailable"))
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9 if hasattr(os, "sysconf") else 0.0


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if hasattr(report, "wasxfail") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"counted as a failure: {report.wasxfail or 'expected to fail'}"
        del report.wasxfail
    return report
