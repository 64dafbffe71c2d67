"""Let objects fall and come to rest, in a bounded number of steps."""

import mujoco
import numpy as np

_CHECK_EVERY = 20  # steps
_STILL = 0.03  # m/s and rad/s below which everything counts as at rest


def settle(model: mujoco.MjModel, max_steps: int, count: int | None = None) -> mujoco.MjData:
    """Simulate until nothing moves or `max_steps` have passed; the last poses are the scene's.

    Rolling and sliding are damped as felt or friction in air would, so that round things stop.

    Args:
        count: of the objects, bodies 1..count; every body by default.
    """
    count = model.nbody - 1 if count is None else count
    for body in range(1, count + 1):
        start = model.body_dofadr[body]
        model.dof_damping[start : start + 3] = 1.0 * model.body_mass[body]
        model.dof_damping[start + 3 : start + 6] = 8.0 * model.body_inertia[body].max()
    data = mujoco.MjData(model)
    for _ in range(0, max_steps, _CHECK_EVERY):
        mujoco.mj_step(model, data, _CHECK_EVERY)
        if data.time > 0.15 and np.abs(data.qvel[: 6 * count]).max(initial=0) < _STILL:
            break
    mujoco.mj_forward(model, data)
    return data


def hide_lost(
    model: mujoco.MjModel, data: mujoco.MjData, reach: tuple[float, float], count: int | None = None
) -> np.ndarray:
    """Remove objects that fell off: below the table top, or further out than `reach` metres.

    Args:
        count: of the objects, bodies 1..count; every body by default.

    Returns:
        [N] bool, objects (bodies 1..N) that remain.
    """
    position = data.xpos[1:] if count is None else data.xpos[1 : count + 1]
    kept = (position[:, 2] > -0.03) & (np.abs(position[:, 0]) < reach[0]) & (np.abs(position[:, 1]) < reach[1])
    kept &= np.isfinite(position).all(1)
    for body in np.flatnonzero(~kept) + 1:
        start = model.jnt_qposadr[model.body_jntadr[body]]
        data.qpos[start : start + 7] = (50, 50, -50, 1, 0, 0, 0)
    data.qvel[:] = 0
    mujoco.mj_forward(model, data)
    return kept
