"""Builds the MuJoCo model of a scene from shapes and surroundings: visible meshes, and primitives for collisions."""

from collections.abc import Callable

import mujoco
import numpy as np

from osis_ros.simulation.lights import LIGHT_COUNT
from osis_ros.simulation.materials import Material
from osis_ros.simulation.placement import Start
from osis_ros.simulation.shape import ObjectShape, Solid, Surface
from osis_ros.simulation.surroundings import STUFF, Surroundings

MAX_WIDTH, MAX_HEIGHT = 1920, 1200  # px of an image
NEAR, FAR = 0.05, 12.0  # m, clipping planes
_SEEN, _SOLID = 0, 3  # geom groups: what is drawn, what collides
_KINDS = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


def compile_scene(
    place: Surroundings,
    shapes: list[ObjectShape],
    starts: list[Start],
    more: Callable[[mujoco.MjSpec], None] | None = None,
) -> mujoco.MjModel:
    """One body with a free joint per object, in order, bodies 1..N; camera 0; LIGHT_COUNT lights; geom `table`.

    The other surfaces of the surroundings are geoms PART/0, PART/1, …; `stuff_of_geoms` reads their names.

    Args:
        more: adds whatever else the scene holds, after all of that.
    """
    writer = _Writer()
    world = writer.spec.worldbody
    for index, material in enumerate(place.table_materials):
        writer.material(material, f"table{index}")
    table = writer.surface(world, Surface(place.table, place.table_materials[0]))
    table.name = "table"
    for shape, start in zip(shapes, starts, strict=True):
        body = world.add_body(pos=start.position, quat=_quaternion(start.turn))
        body.add_freejoint()
        for surface in shape.surfaces:
            writer.surface(body, surface)
        for solid in shape.solids:
            writer.solid(body, solid, shape.density)
    for index, surface in enumerate(place.surfaces):
        writer.surface(world, surface).name = f"{surface.part}/{index}"
    for solid in place.solids:
        writer.solid(world, solid, 1000)
    world.add_camera(name="camera")
    for _ in range(LIGHT_COUNT):
        world.add_light(pos=(0, 0, 2), dir=(0, 0, -1))
    if more is not None:
        more(writer.spec)
    return writer.spec.compile()


def stuff_of_geoms(model: mujoco.MjModel) -> np.ndarray:
    """[ngeom] uint8: 1 + the index in `STUFF` of what each geom is a part of; 0 for objects and all else."""
    parts = (model.geom(i).name.partition("/")[0] for i in range(model.ngeom))
    return np.array([STUFF.index(part) + 1 if part in STUFF else 0 for part in parts], np.uint8)


class _Writer:
    """Collects meshes, textures and materials of one mjSpec, each once."""

    def __init__(self) -> None:
        self.spec = mujoco.MjSpec()
        self.names: dict[int, str] = {}
        self.kept: list[Material] = []  # so that no id() is reused
        spec = self.spec
        spec.option.timestep = 0.004
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        spec.option.iterations, spec.option.ls_iterations = 12, 8
        spec.visual.quality.shadowsize, spec.visual.quality.offsamples = 1024, 0
        spec.visual.map.znear, spec.visual.map.zfar = NEAR, FAR
        spec.visual.map.shadowclip, spec.visual.map.shadowscale = 0.8, 0.7
        spec.stat.extent = 1.0
        spec.stat.center = (0, 0, 0)

    def material(self, material: Material, name: str | None = None) -> str:
        """The name under which the material is in the model."""
        if id(material) in self.names:
            return self.names[id(material)]
        name = name or f"material{len(self.names)}"
        entry = self.spec.add_material(name=name, specular=material.specular, shininess=material.shininess)
        entry.rgba = [*np.clip(material.colour, 0, 1), material.alpha]
        if material.texture is not None:
            height, width = material.texture.shape[:2]
            texture = self.spec.add_texture(
                name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
            )
            texture.data = np.ascontiguousarray(material.texture).tobytes()
            entry.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        self.names[id(material)] = name
        self.kept.append(material)
        return name

    def surface(self, body: mujoco.MjsBody, surface: Surface) -> mujoco.MjsGeom:
        """A visible geom without mass."""
        mesh = surface.mesh
        name = f"mesh{len(self.spec.meshes)}"
        faces = mesh.faces.astype(np.int32).ravel()
        self.spec.add_mesh(
            name=name, uservert=mesh.vertices.astype(np.float32).ravel(), userface=faces,
            usernormal=mesh.normals.astype(np.float32).ravel(), userfacenormal=faces,
            usertexcoord=mesh.uv.astype(np.float32).ravel(), userfacetexcoord=faces,
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )  # fmt: skip
        return body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=self.material(surface.material), group=_SEEN,
            contype=0, conaffinity=0, density=0, mass=0,
        )  # fmt: skip

    def solid(self, body: mujoco.MjsBody, solid: Solid, density: float) -> None:
        """An invisible geom that collides."""
        size = [*solid.size, 0, 0][:3]
        body.add_geom(
            type=_KINDS[solid.kind], size=size, pos=solid.position, quat=_quaternion(solid.turn), group=_SOLID,
            density=density, condim=4, friction=(0.7, 0.01, 0.001),
        )  # fmt: skip


def _quaternion(turn: np.ndarray) -> np.ndarray:
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.asarray(turn, float).ravel())
    return quaternion
