"""Which process of a run gets which tests: whole files, and whole packages where a stack of their own serves them."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Their conftest.py starts a stack for the package.
WITH_A_STACK = ("virtual_time", "recovery", "chaos")
# What takes longest comes first: begun last, it would leave the other processes with nothing to do.
LONGEST_FIRST = (
    *WITH_A_STACK,
    *("tests/walk/test_console_pages.py", "tests/api/test_every_operation.py", "tests/e2e/test_portal_subscription.py"),
    *("tests/walk/test_portal_pages.py", "tests/e2e/test_record_system.py", "tests/e2e/test_outages.py"),
    *("tests/devstack/test_launcher.py", "tests/e2e/test_every_setting.py", "tests/e2e/test_picker.py"),
    *("tests/e2e/test_browser.py", "tests/e2e/test_client_batches.py", "tests/telemetry/test_doctor.py"),
)


class ByStack(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """As `--dist loadfile`, but a package's stack is started once, whatever else there is to do."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        package = PurePosixPath(file).parts[1]
        return package if package in WITH_A_STACK else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        for scope in reversed(LONGEST_FIRST):
            if scope in self.workqueue:
                self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)
