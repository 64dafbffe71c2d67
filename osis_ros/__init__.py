"""Open-set instance segmentation for robot arms: image in, masks of known and unknown objects out.

The path is extended because colcon installs the generated `osis_ros.msg` and `osis_ros.srv` in a folder of
their own; with both on `sys.path`, one package name serves the source tree and the generated interfaces.
"""

import os
import pkgutil

# From 1.29 on, ONNX Runtime writes a device id into the user's cache and reports to Microsoft. It decides when it is
# first imported, by this variable; a user who wants that sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__path__ = pkgutil.extend_path(__path__, __name__)
__version__ = "0.1.0"
