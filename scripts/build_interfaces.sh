#!/usr/bin/env bash
# Builds this package with colcon into build/, install/ and log/ of the repository, then `source install/setup.bash`.
# With a sourced ROS 2 (ROS_DISTRO set) against that one, else against the ROS wheels of the virtual environment
# that VIRTUAL_ENV names (default: .venv).
#
# usage: scripts/build_interfaces.sh [--tests]
#   --tests  also builds what the tests want in build/test_interfaces/, for `source build/test_interfaces/install/setup.bash`:
#            the few types of other packages that the nodes use (test/interfaces/), where these are not installed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -z "${ROS_DISTRO:-}" ]]; then
  venv=$(realpath "${VIRTUAL_ENV:-.venv}")
  export PATH="$venv/bin:$PATH" AMENT_PREFIX_PATH="$venv" CMAKE_PREFIX_PATH="$venv"
  python=$venv/bin/python
  python_only=ON
else
  python=$(command -v python3)
  python_only=OFF
fi

build() { # build OUTPUT_FOLDER BUILD_TYPE COLCON_ARGUMENT…
  colcon --log-base "$1/log" build --build-base "$1/build" --install-base "$1/install" "${@:3}" \
    --symlink-install --event-handlers console_direct- --cmake-clean-cache \
    --cmake-args -DPython3_EXECUTABLE="$python" -DCMAKE_BUILD_TYPE="$2" -DPYTHON_ONLY="$python_only" -Wno-dev
}

build . Release --base-paths .
if [[ "${1:-}" == --tests ]]; then
  missing=()
  for package in test/interfaces/*/; do
    package=$(basename "$package")
    "$python" -c "import $package.msg" 2>/dev/null || missing+=("$package")
  done
  # None: without optimisation, which takes the compiler longest.
  [[ ${#missing[@]} == 0 ]] || build build/test_interfaces None --base-paths test/interfaces --packages-select "${missing[@]}"
fi
