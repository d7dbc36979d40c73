#!/bin/sh
# Makes an environment with JAX and Numba, which only `make bench` sets beside the simulator.
# Usage: sh requirements/others.sh PYTHON   (a Python with uv)
set -eu
cd "$(dirname "$0")/.."
python=$1
place=${python%/bin/python}/others
[ ! -x "$place/bin/python" ] || exit 0
# Certificates as pip takes them: those of the system too, where a proxy has its own.
export UV_NATIVE_TLS=true UV_SYSTEM_CERTS=true
"$python" -m uv venv --quiet --clear --python "$python" "$place"
"$python" -m uv pip install --quiet --python "$place/bin/python" --only-binary :all: jax numba
