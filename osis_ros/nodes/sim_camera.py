"""`camera`: a simulated RGB-D camera over cluttered tables, which also publishes the true masks and boxes."""

import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from geometry_msgs.msg import TransformStamped
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from osis_ros.messages.camera import BODY_FROM_OPTICAL, depth_to_message, intrinsics_to_message, pose_to_message
from osis_ros.messages.images import image_to_message, rgb_to_jpeg_message
from osis_ros.messages.instances import instances_to_message
from osis_ros.messages.objects import objects_to_message
from osis_ros.msg import InstanceArray, ObjectArray
from osis_ros.nodes.support.qos import LATCHED, RESULTS
from osis_ros.nodes.support.running import StartError, run
from osis_ros.nodes.support.unused_parameters import warn_of_unused

WORLD, BODY, OPTICAL = "world", "camera_link", "camera_color_optical_frame"
PARAMETERS = {
    "rate": (10.0, "Images per second, 0.1..60. If rendering is slower, an image is sent again with a new stamp."),
    "width": (640, "Width of the images in pixels."),
    "height": (480, "Height of the images in pixels."),
    "seed": (0, "Seed of the first scene; each following scene has the next one."),
    "objects_seed": (
        -1,
        "Seed of the scene whose objects all scenes show, each time in other places; -1 for new objects in each scene.",
    ),
    "split": (
        "demo",
        "Split that objects and textures are drawn from: demo, train (known objects only), outliers, val or test.",
    ),
    "objects": (0, "Number of objects in a scene, 1..20; 0 for a random number."),
    "scene_seconds": (5.0, "Seconds after which the next scene is shown, 0.1 or more."),
    "depth_noise": (
        "none",
        "The depth camera's noise: none, stereo (as a D435) or structured (structured light). It scatters, has holes, "
        "shadows at edges and flying pixels.",
    ),
    "orbit": (True, "Whether the camera circles the scene. Near a wall it always stands still."),
}


class SimCamera(Node):
    """Publishes a colour image, the same as JPEG, registered depth, calibrations, true masks and true boxes. All
    messages of a frame have the same stamp. If tf2_msgs is installed, the camera's pose is published on /tf and
    /tf_static.

    A separate thread renders one frame ahead, so that the rate is kept.
    """

    def __init__(self, **options: object) -> None:
        """Render the first frame.

        Raises:
            StartError: a parameter out of range, MuJoCo or OpenGL missing.
        """
        super().__init__("camera", **options)
        for name, (default, description) in PARAMETERS.items():
            self.declare_parameter(name, default, ParameterDescriptor(description=description, read_only=True))
        warn_of_unused(self)
        self._film = None
        self._pool = ThreadPoolExecutor(1, "renderer")  # one thread, to which the OpenGL context belongs
        try:
            self._film = self._pool.submit(self._open_film).result()
            self._newest, self._scene, self._space = self._pool.submit(self._render, 0.0, False).result()
        except Exception as err:  # of MuJoCo and OpenGL, whatever kind they raise
            self.destroy_node()
            raise err if isinstance(err, StartError) else StartError(f"no scene can be rendered: {err}") from err
        self._next: Future | None = None
        self._started = time.monotonic()
        self._color = self.create_publisher(Image, "~/color/image_raw", RESULTS)
        self._jpeg = self.create_publisher(CompressedImage, "~/color/image_raw/compressed", RESULTS)
        self._color_info = self.create_publisher(CameraInfo, "~/color/camera_info", RESULTS)
        self._depth = self.create_publisher(Image, "~/depth/image_raw", RESULTS)
        self._depth_info = self.create_publisher(CameraInfo, "~/depth/camera_info", RESULTS)
        self._truth = self.create_publisher(InstanceArray, "~/ground_truth", RESULTS)
        self._true_objects = self.create_publisher(ObjectArray, "~/ground_truth_objects", RESULTS)
        self._transforms = self._start_transforms()
        # steady clocks: rate and scenes go on whatever the simulated time does; only stamps are of that time
        self.create_timer(1 / self._value("rate"), self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _open_film(self) -> object:
        try:  # not at the top: a robot that only runs the segmenter has no MuJoCo
            from osis_ros.simulation import film
            from osis_ros.simulation.depth_sensor import SENSORS
            from osis_ros.simulation.gl import RenderError
        except ImportError as err:
            raise StartError(
                f"the simulated camera needs MuJoCo: in the repository, pip install '.[sim]' ({err})"
            ) from err
        names = ("width", "height", "seed", "split", "objects", "scene_seconds", "orbit", "depth_noise", "objects_seed")
        width, height, seed, split, objects, scene_seconds, orbit, noise, same = (self._value(name) for name in names)
        if not 0.1 <= self._value("rate") <= 60:
            raise StartError(f"rate is {self._value('rate'):g}, expected 0.1..60")
        if not scene_seconds >= 0.1:
            raise StartError(f"scene_seconds is {scene_seconds:g}, expected 0.1 or more")
        if split not in ("demo", "train", "outliers", "val", "test"):
            raise StartError(f"split is '{split}', expected demo, train, outliers, val or test")
        if noise not in SENSORS:
            raise StartError(f"depth_noise is '{noise}', expected one of {', '.join(SENSORS)}")
        if seed < 0:
            raise StartError(f"seed is {seed}, expected 0 or more")
        if same < -1:
            raise StartError(f"objects_seed is {same}, expected 0 or more, or -1")
        if not 0 <= objects <= 20:
            raise StartError(f"objects is {objects}, expected 0..20")
        self._truth_of, self._space_of = film.truth, film.space
        try:
            same = None if same == -1 else same
            return film.Film(width, height, seed, split, objects or None, scene_seconds, orbit, noise, same)
        except (RenderError, ValueError) as err:
            raise StartError(str(err)) from err

    def _start_transforms(self) -> tuple[type, Publisher] | None:
        """Latch the camera's fixed transform; what is needed to publish the moving one, or None without tf2_msgs."""
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            self.get_logger().info("tf2_msgs is not installed: no transforms on /tf and /tf_static")
            return None
        self._static_transforms = self.create_publisher(TFMessage, "/tf_static", LATCHED)
        fixed = np.eye(4)
        fixed[:3, :3] = BODY_FROM_OPTICAL
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=BODY)
        self._static_transforms.publish(TFMessage(transforms=[pose_to_message(fixed, OPTICAL, header)]))
        return TFMessage, self.create_publisher(TFMessage, "/tf", 100)

    def _publish(self) -> None:
        """Send the newest frame and have the next one rendered; what nobody subscribes to is not made."""
        now = self.get_clock().now()
        self._advance()
        frame, header = self._newest, Header(stamp=now.to_msg(), frame_id=OPTICAL)
        if self._transforms is not None:
            message_type, publisher = self._transforms
            publisher.publish(message_type(transforms=[self._body_pose(frame.camera.pose, header)]))
        info = intrinsics_to_message(frame.camera.intrinsics, frame.camera.width, frame.camera.height, header)
        self._color_info.publish(info)
        self._depth_info.publish(info)
        boxes_wanted = self._true_objects.get_subscription_count() > 0
        if self._truth.get_subscription_count() or boxes_wanted:
            masks = instances_to_message(self._truth_of(frame), header, "ground truth")
            self._truth.publish(masks)
            if boxes_wanted:
                self._true_objects.publish(objects_to_message(self._true_boxes(), masks, header))
        if self._depth.get_subscription_count():
            self._depth.publish(depth_to_message(frame.depth, header))
        if self._jpeg.get_subscription_count():
            self._jpeg.publish(rgb_to_jpeg_message(frame.rgb, header))
        if self._color.get_subscription_count():
            self._color.publish(image_to_message(frame.rgb, "rgb8", header))

    def _advance(self) -> None:
        if self._next is not None and self._next.done():
            rendering, self._next = self._next, None
            try:
                self._newest, self._scene, self._space = rendering.result()
            except Exception as err:  # the next scene may do better; until then the last image is sent
                text = "".join(traceback.format_exception(err))
                self.get_logger().error(f"rendering failed: {text}", throttle_duration_sec=5.0)
        if self._next is None:
            wanted = self._true_objects.get_subscription_count() > 0
            self._next = self._pool.submit(self._render, time.monotonic() - self._started, wanted)

    def _render(self, seconds: float, with_space: bool) -> tuple[object, object, object]:
        """The frame of that moment, its scene, and the true boxes where they are wanted."""
        frame = self._film.frame(seconds)
        scene = self._film.scene
        return frame, scene, self._space_of(frame, scene) if with_space else None

    def _true_boxes(self) -> object:
        """Those of the newest frame, made now where nobody wanted them yet when it was rendered."""
        if self._space is None:
            self._space = self._space_of(self._newest, self._scene)
        return self._space

    def _body_pose(self, optical: np.ndarray, header: Header) -> TransformStamped:
        """Where the camera's body is in the world, from the pose of its optical frame."""
        pose = optical.copy()
        pose[:3, :3] = optical[:3, :3] @ BODY_FROM_OPTICAL.T
        return pose_to_message(pose, BODY, Header(stamp=header.stamp, frame_id=WORLD))

    def _value(self, name: str) -> object:
        return self.get_parameter(name).value

    def destroy_node(self) -> None:
        if self._film is not None:
            self._pool.submit(self._film.close).result()
            self._film = None
        self._pool.shutdown()
        super().destroy_node()


def main() -> None:
    """`ros2 run osis_ros sim_camera`."""
    run(SimCamera)


if __name__ == "__main__":
    main()
