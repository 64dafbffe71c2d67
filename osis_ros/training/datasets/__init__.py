"""The user's own copies of COCO 2017, GraspNet-1Billion or any COCO-format data -> open-set data sets, and their check.

Everything ends as COCO-format JSON whose categories are marked known, unknown or ignored: `osis train` and
`osis evaluate` read those. May import numpy, cv2 and `osis_ros.evaluation`. Never torch.
"""
