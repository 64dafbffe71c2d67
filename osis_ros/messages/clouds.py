"""Point clouds to sensor_msgs PointCloud2, and back."""

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from osis_ros.geometry.objects import Objects
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.messages.errors import MessageError
from osis_ros.messages.images import byte_array

# rgb as PCL and RViz have it: 0x00RRGGBB in the bits of a float32.
COLOURED = np.dtype({"names": ["x", "y", "z", "rgb", "instance"],
                     "formats": ["<f4", "<f4", "<f4", "<u4", "<u2"],
                     "offsets": [0, 4, 8, 12, 16], "itemsize": 20})  # fmt: skip
OWNED = np.dtype({"names": ["x", "y", "z", "instance"], "formats": ["<f4", "<f4", "<f4", "<u2"],
                  "offsets": [0, 4, 8, 12], "itemsize": 16})  # fmt: skip
LARGEST_ID = 65535  # that `instance` holds
DATATYPES = {"x": PointField.FLOAT32, "y": PointField.FLOAT32, "z": PointField.FLOAT32, "rgb": PointField.FLOAT32,
             "instance": PointField.UINT16}  # fmt: skip


def organised_cloud(
    depth: np.ndarray, camera: Pinhole, rgb: np.ndarray, labels: np.ndarray, header: Header
) -> PointCloud2:
    """A cloud with one point a pixel, row by row; NaN where there is no depth.

    Args:
        depth: float32 [H, W] metres, NaN where there is none.
        rgb: uint8 [H, W, 3].
        labels: uint16 [H, W], the id of the instance at each pixel, 0 for none: the field `instance`.
        header: with the camera's optical frame, in which the points are.
    """
    height, width = depth.shape
    points = np.zeros((height, width), COLOURED)
    points["x"] = ((np.arange(width) - camera.cx) / camera.fx).astype(np.float32) * depth
    points["y"] = ((np.arange(height) - camera.cy) / camera.fy).astype(np.float32)[:, None] * depth
    points["z"] = depth
    red, green, blue = (rgb[..., channel].astype(np.uint32) for channel in range(3))
    points["rgb"] = red << 16 | green << 8 | blue
    points["instance"] = labels
    return _message(points, header)


def objects_cloud(objects: Objects, header: Header) -> PointCloud2:
    """The measured points of all objects in one row, each with the id of its object in `instance`."""
    points = np.zeros((1, sum(map(len, objects.points))), OWNED)
    if objects.points:
        points["x"], points["y"], points["z"] = np.concatenate(objects.points).T[:, None]
        points["instance"] = np.repeat(objects.ids, [len(cloud) for cloud in objects.points])
    return _message(points, header)


def cloud_from_message(message: PointCloud2) -> np.ndarray:
    """The points of one of these clouds: a structured array [height, width] with the fields by name.

    Raises:
        MessageError: other fields, or data that does not fit the sizes.
    """
    dtype = COLOURED if len(message.fields) == len(COLOURED.names) else OWNED
    if [field.name for field in message.fields] != list(dtype.names) or message.point_step != dtype.itemsize:
        raise MessageError(f"the cloud has the fields {', '.join(field.name for field in message.fields)}, expected "
                           f"{', '.join(COLOURED.names)} or {', '.join(OWNED.names)}")  # fmt: skip
    needed = message.height * message.width * dtype.itemsize
    if message.is_bigendian or len(message.data) != needed:
        raise MessageError(f"the cloud holds {len(message.data)} bytes, expected {needed} in little-endian order")
    return np.frombuffer(bytes(message.data), dtype).reshape(message.height, message.width)


def _message(points: np.ndarray, header: Header) -> PointCloud2:
    height, width = points.shape
    fields = [
        PointField(name=name, offset=points.dtype.fields[name][1], datatype=DATATYPES[name], count=1)
        for name in points.dtype.names
    ]
    step = points.dtype.itemsize
    return PointCloud2(
        header=header, height=height, width=width, fields=fields, is_bigendian=False, point_step=step,
        row_step=step * width, data=byte_array(points.tobytes()), is_dense=False,
    )  # fmt: skip
