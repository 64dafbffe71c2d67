"""`Instances` to vision_msgs, for the tools that read those. Import this only where vision_msgs is installed."""

from collections.abc import Sequence

from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
)

from osis_ros.instances import UNKNOWN_NAME, Instances


def detection_array(instances: Instances, header: Header) -> Detection2DArray:
    """Boxes, class names (`unknown` for an unknown object) and scores; `id` is the instance's id in decimal."""
    detections = [_detection(instances, index, header) for index in range(len(instances))]
    return Detection2DArray(header=header, detections=detections)


def _detection(instances: Instances, index: int, header: Header) -> Detection2D:
    x0, y0, x1, y1 = instances.boxes[index].tolist()
    box = BoundingBox2D(size_x=x1 - x0, size_y=y1 - y0)
    box.center.position.x, box.center.position.y = (x0 + x1) / 2, (y0 + y1) / 2
    hypothesis = ObjectHypothesis(class_id=instances.class_name(index), score=float(instances.scores[index]))
    results = [ObjectHypothesisWithPose(hypothesis=hypothesis)]
    return Detection2D(header=header, results=results, bbox=box, id=str(instances.ids[index]))


def label_info(class_names: Sequence[str], score_threshold: float, header: Header) -> LabelInfo:
    """The names of the class ids: 0..K-1 known, K unknown. `threshold` is the lowest score that is published."""
    classes = [VisionClass(class_id=i, class_name=name) for i, name in enumerate((*class_names, UNKNOWN_NAME))]
    return LabelInfo(header=header, class_map=classes, threshold=score_threshold)
