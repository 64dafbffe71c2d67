"""The topics that the localizer's results go out on, a file each; `all_outputs` makes them.

May import message packages, `osis_ros.messages`, `osis_ros.inference` and `osis_ros.geometry`.
"""
