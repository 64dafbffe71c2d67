"""A two-finger gripper that grasps objects by simulated contact, and a lift that tests whether it holds them.

A soft weld constraint pulls the hand after a moving target, as an arm would carry it. The hand stops where something is
in its way. Arm, reach and joint limits are not simulated.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from osis_ros.simulation.scene import Scene

PALM = (0.045, 0.016, 0.02)  # m, half extents: along the closing direction, across it, along the approach
FINGER = (0.006, 0.010, 0.0275)  # m, half extents of a finger
LENGTH = 0.055  # m, from palm to fingertip
OPENING = 0.085  # m, between the jaws when they are open
FORCE = 20.0  # N, of each jaw
AWAY = (0.0, 0.0, 5.0)  # where the hand waits
STANDOFF = 0.12  # m, before the grasp along the approach
LIFT = 0.25  # m, so far that a plate that is held at its rim and hangs down leaves the table
LIFTED = 0.10  # m, from which on an object counts as lifted
OFF_COURSE = 0.012  # m between hand and target, at which something is in the way


@dataclass(frozen=True)
class Outcome:
    """What came of one grasp.

    Attributes:
        body: of the object that was lifted, None where none was.
        why: `lifted`, `blocked` (something was in the hand's way), `slipped` (held at first), or `missed`.
    """

    body: int | None
    why: str


def add_gripper(spec: mujoco.MjSpec) -> None:
    """Put the hand into a scene's model: `make_scene(…, more=add_gripper)`. Hand frame: x closing, z approach; the
    origin is midway between the fingertips."""
    target = spec.worldbody.add_body(name="hand_target", mocap=True, pos=AWAY)
    target.gravcomp = 1
    hand = spec.worldbody.add_body(name="hand", pos=AWAY, gravcomp=1)
    hand.add_freejoint()
    # Hard contacts: with MuJoCo's soft ones the jaws would sink into things that weigh as little as these.
    solid = {"group": 3, "condim": 4, "friction": (1.0, 0.02, 0.001), "priority": 1, "solref": (0.008, 1),
             "solimp": (0.98, 0.999, 0.001, 0.5, 2)}  # fmt: skip
    hand.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=PALM, pos=(0, 0, -LENGTH - PALM[2]), mass=0.5, **solid)
    for side, name in ((1, "right"), (-1, "left")):
        finger = hand.add_body(name=f"{name}_finger", gravcomp=1, pos=(side * FINGER[0], 0, -FINGER[2]))
        finger.add_joint(name=f"{name}_jaw", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(side, 0, 0),
                         range=(0, OPENING / 2), limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=5)  # fmt: skip
        finger.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=FINGER, mass=0.05, **solid)
        spec.add_actuator(
            name=f"{name}_jaw", target=f"{name}_jaw", trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gainprm=[1500, *[0] * 9], biastype=mujoco.mjtBias.mjBIAS_AFFINE, biasprm=[0, -1500, -30, *[0] * 7],
            forcerange=(-FORCE, FORCE), forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        )  # fmt: skip
    weld = spec.add_equality(type=mujoco.mjtEq.mjEQ_WELD, objtype=mujoco.mjtObj.mjOBJ_BODY)
    weld.name1, weld.name2 = "hand_target", "hand"
    weld.data[:], weld.data[10] = 0, 1  # hand on target, turned alike; torque counts as much as force
    weld.solref = (0.008, 1)  # the stiffest that the time step allows
    spec.add_exclude(bodyname1="right_finger", bodyname2="left_finger")


class Gripper:
    """The hand of one scene that was made with `add_gripper`. Every grasp begins with the scene as it was at rest."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._model = scene, scene.model
        self._data = mujoco.MjData(scene.model)
        options = scene.model.opt  # finer than for falling: hard contacts, and what is held must not creep
        options.timestep, options.iterations, options.ls_iterations = 0.002, 40, 20
        options.cone, options.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 5
        self._target = scene.model.body("hand_target").mocapid[0]
        self._hand = scene.model.body("hand").id

    def grasp(self, position: np.ndarray, axes: np.ndarray, width: float) -> Outcome:
        """Open, go there along the approach, close, lift.

        Args:
            position: [3] metres in the world, midway between the fingertips.
            axes: [3, 3] rotation; columns x closing, y, z approach.
            width: metres, of the object between the jaws; they open that far and a little more.
        """
        data, rest = self._data, self._scene.data
        data.time, data.qpos[:], data.qvel[:] = 0.0, rest.qpos, 0.0
        data.qacc_warmstart[:] = 0
        opening = min(OPENING, width + 0.016)
        start = np.asarray(position) - STANDOFF * axes[:, 2]
        self._place(start, axes, opening)
        before = data.xpos[:, 2].copy()
        if not self._move(start, position, 0.7, opening):
            return Outcome(None, "blocked")
        self._close(opening, 0.4)
        gap = self._gap()
        self._move(position, np.add(position, (0, 0, LIFT)), 0.9, 0.0, stop=False)
        self._close(0.0, 0.25)
        risen = data.xpos[:, 2] - before
        bodies = [item.body for item in self._scene.objects]
        lifted = max(bodies, key=lambda body: risen[body])
        if risen[lifted] >= LIFTED:
            return Outcome(lifted, "lifted")
        return Outcome(None, "slipped" if gap > 0.003 else "missed")

    def _place(self, position: np.ndarray, axes: np.ndarray, opening: float) -> None:
        data, model = self._data, self._model
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(axes, float).ravel())
        address = model.jnt_qposadr[model.body_jntadr[self._hand]]
        data.qpos[address : address + 3], data.qpos[address + 3 : address + 7] = position, quaternion
        for name in ("right_jaw", "left_jaw"):
            data.qpos[model.jnt_qposadr[model.joint(name).id]] = opening / 2
        data.mocap_pos[self._target], data.mocap_quat[self._target] = position, quaternion
        data.ctrl[:] = opening / 2
        mujoco.mj_forward(model, data)

    def _move(self, start: np.ndarray, end: np.ndarray, seconds: float, opening: float, stop: bool = True) -> bool:
        """Carry the hand in a straight line; False as soon as it is held up, if `stop`."""
        model, data = self._model, self._data
        steps = max(1, round(seconds / model.opt.timestep))
        data.ctrl[:] = opening / 2
        for step in range(1, steps + 1):
            share = step / steps
            share = share * share * (3 - 2 * share)  # starts and ends gently
            data.mocap_pos[self._target] = (1 - share) * np.asarray(start) + share * np.asarray(end)
            mujoco.mj_step(model, data)
            if stop and np.linalg.norm(data.xpos[self._hand] - data.mocap_pos[self._target]) > OFF_COURSE:
                return False
        return True

    def _close(self, opening: float, seconds: float) -> None:
        """Bring the jaws together in the first half of the time, and press for the rest."""
        steps = max(2, round(seconds / self._model.opt.timestep))
        for step in range(steps):
            self._data.ctrl[:] = opening / 2 * max(0.0, 1 - 2 * step / steps)
            mujoco.mj_step(self._model, self._data)

    def _gap(self) -> float:
        return float(sum(self._data.joint(name).qpos[0] for name in ("right_jaw", "left_jaw")))
