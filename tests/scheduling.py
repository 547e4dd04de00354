"""Which process of a run gets which tests: whole files, and whole packages where a stack of their own serves them."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Their conftest.py starts a stack for the package. They come first: the longest last would leave the others waiting.
WITH_A_STACK = ("virtual_time", "recovery", "chaos")


class ByStack(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """As `--dist loadfile`, but a package's stack is started once, whatever else there is to do."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        package = PurePosixPath(file).parts[1]
        return package if package in WITH_A_STACK else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        for package in reversed(WITH_A_STACK):
            if package in self.workqueue:
                self.workqueue.move_to_end(package, last=False)
        super()._assign_work_unit(node)
