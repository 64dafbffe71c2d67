#!/usr/bin/env bash
# Builds this package with colcon into build/, install/ and log/ of the repository, then `source install/setup.bash`.
# With a sourced ROS 2 (ROS_DISTRO set) against that one, else against the ROS wheels of the virtual environment
# that VIRTUAL_ENV names (default: .venv).
#
# usage: scripts/build_interfaces.sh [--tests]
#   --tests  also builds what the tests want in build/test_interfaces/, for `source build/test_interfaces/install/setup.bash`:
#            the few types of vision_msgs, visualization_msgs, tf2_msgs and moveit_msgs that the nodes use, where these are
#            not installed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -z "${ROS_DISTRO:-}" ]]; then
  venv=$(realpath "${VIRTUAL_ENV:-.venv}")
  export PATH="$venv/bin:$PATH" AMENT_PREFIX_PATH="$venv" CMAKE_PREFIX_PATH="$venv"
  python=$venv/bin/python
else
  python=$(command -v python3)
fi

build() { # build BASE_PATH OUTPUT_FOLDER BUILD_TYPE (None: without optimisation, which takes the compiler longest)
  colcon --log-base "$2/log" build --base-paths "$1" --build-base "$2/build" --install-base "$2/install" \
    --symlink-install --executor sequential --event-handlers console_direct- \
    --cmake-args -DPython3_EXECUTABLE="$python" -DCMAKE_BUILD_TYPE="$3" -Wno-dev
}

build . . Release
if [[ "${1:-}" == --tests ]]; then
  for package in vision_msgs tf2_msgs visualization_msgs moveit_msgs; do
    "$python" -c "import $package.msg" 2>/dev/null || build "test/interfaces/$package" build/test_interfaces None
  done
fi
