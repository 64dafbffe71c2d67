"""Objects in space to vision_msgs, for tools that read those. Import it only where vision_msgs is installed."""

from vision_msgs.msg import BoundingBox3D, Detection3D, Detection3DArray, ObjectHypothesis, ObjectHypothesisWithPose

from osis_ros.msg import Object3D, ObjectArray


def objects_to_detections(message: ObjectArray) -> Detection3DArray:
    """Boxes in space, class names and scores; `id` is the instance's id in decimal, covariances are 0 for unknown."""
    return Detection3DArray(header=message.header, detections=[_detection(one, message) for one in message.objects])


def _detection(one: Object3D, message: ObjectArray) -> Detection3D:
    hypothesis = ObjectHypothesis(class_id=one.class_name, score=float(one.score))
    result = ObjectHypothesisWithPose(hypothesis=hypothesis)
    result.pose.pose = one.box_pose
    box = BoundingBox3D(center=one.box_pose, size=one.box_size)
    return Detection3D(header=message.header, results=[result], bbox=box, id=str(one.id))
