"""`~/label_image`: each pixel has the id of its instance, 0 for background."""

from sensor_msgs.msg import Image

from osis_ros.inference.label_image import label_image
from osis_ros.messages.images import image_to_message
from osis_ros.nodes.outputs.output import Output
from osis_ros.nodes.support.qos import PICTURES
from osis_ros.pipeline.setting import Setting

PUBLISH = Setting("publish.label_image", True, "Publish ~/label_image, while somebody subscribes.")
LABEL_IMAGE = Output(
    topic="label_image",
    message_type=Image,
    make=lambda frame, values: image_to_message(label_image(frame.instances), "16UC1", frame.header),
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH,),
    profile=PICTURES,
)
