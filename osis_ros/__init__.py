"""Open-set instance segmentation for robot arms: image in, masks of known and unknown objects out.

The path is extended because colcon installs the generated `osis_ros.msg` and `osis_ros.srv` in a folder of
their own; with both on `sys.path`, one package name serves the source tree and the generated interfaces.
"""

import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)
__version__ = "0.1.0"
