# shellcheck shell=bash disable=SC1091
# `source scripts/env.sh`: this shell then finds ROS 2, this package, its messages and the `osis` command, as
# `make demo` and `make test` do. VENV names the virtual environment (default: .venv of the repository).
_osis_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "${VENV:-$_osis_root/.venv}/bin/activate"
for _osis_prefix in "$_osis_root/install" "$_osis_root/build/test_interfaces/install"; do
  [ ! -f "$_osis_prefix/setup.bash" ] || source "$_osis_prefix/setup.bash"
done
# Before the installed copy: what is edited runs, without another build.
export PYTHONPATH="$_osis_root${PYTHONPATH:+:$PYTHONPATH}"
unset _osis_root _osis_prefix
