"""The topics that the segmenter's results go out on, a file each; `publishers.OUTPUTS` lists them.

May import message packages, `osis_ros.messages` and `osis_ros.inference`.
"""
