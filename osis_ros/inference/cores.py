"""How many CPU cores this process may use. On a robot or in a container these are often fewer than the machine has."""

import math
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """The cores of the process's affinity (`taskset`, systemd's CPUAffinity, a cpuset), or fewer where a quota of CPU
    time (`docker run --cpus`, systemd's CPUQuota) is worth fewer; a part of a core counts as one. At least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    membership = Path("/proc/self/cgroup")
    quota = cpu_quota(membership.read_text(), CGROUPS) if membership.is_file() else math.inf
    return max(1, min(allowed, math.ceil(quota))) if math.isfinite(quota) else allowed


def cpu_quota(membership: str, root: Path) -> float:
    """The least quota of the process's control groups and of those above them, in cores; infinite where there is none.

    Args:
        membership: the content of /proc/self/cgroup: lines `number:controllers:path`, version 2 without controllers.
        root: where the control groups are mounted. In a container they begin at the container's own, whatever the path.
    """
    quotas = [math.inf]
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / controllers if controllers else root
        group = top / path.lstrip("/")
        for folder in (group, *(parent for parent in group.parents if parent.is_relative_to(top))):
            quotas.append(_quota(folder))
    return min(quotas)


def _quota(folder: Path) -> float:
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(quota) / int(period) if quota.strip() != "max" and int(quota) > 0 else math.inf
    except (OSError, ValueError):  # no such group here, or none that limits
        return math.inf
