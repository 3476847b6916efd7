#!/usr/bin/env bash
# Runs the Python tests in an environment of another Python that has the wheel in dist/.
#
#   test_wheel.sh PYTHON [ARGUMENT OF PYTEST]...
#
# The environment is build/test-wheel/<version>, with the packages of requirements/.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$1
shift
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
folder=build/test-wheel/$version
[[ -d $folder ]] || "$python" -m venv "$folder"
export PATH=$PWD/$folder/bin:$PATH

locked() { python -m pip install -q --require-hashes "$@"; }
stamp=$folder/packages
if [[ ! -e $stamp || -n $(find requirements -newer "$stamp") ]]; then
  locked -r requirements/pip.txt
  locked -r requirements/build.txt -r requirements/test.txt -r requirements/wheel.txt
  locked --no-deps -r requirements/test-assets.txt
  touch "$stamp"
fi
python -m pip install -q --no-index --no-deps --force-reinstall --find-links dist usdparquet
exec python -m pytest "$@"
