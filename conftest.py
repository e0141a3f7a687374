"""For every pytest run here, the lessons' included: an expected failure counts as a failure.

nbval marks the cells after one that timed out as expected failures, and a run that ends in them
would otherwise look greener than it is.
"""

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if hasattr(report, "wasxfail") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"counted as a failure: {report.wasxfail or 'expected to fail'}"
        del report.wasxfail
    return report
