#!/bin/sh
# Runs tests/unit with the lowest direct versions that pyproject.toml allows, in an environment of
# its own. Usage: sh requirements/lowest.sh PYTHON   (Python 3.11 or 3.12 with uv; older wheels
# are not made for later ones)
set -eu
cd "$(dirname "$0")/.."
python=$1
place=${python%/bin/python}/lowest
# Certificates as pip takes them: those of the system too, where a proxy has its own.
export UV_NATIVE_TLS=true UV_SYSTEM_CERTS=true

"$python" -m uv venv --quiet --clear --python "$python" "$place"
"$python" -m uv pip compile --quiet --resolution lowest-direct --python "$python" --no-header \
    --no-annotate --extra report pyproject.toml --output-file "$place/lowest.txt"
"$python" -m uv pip install --quiet --python "$place/bin/python" --no-deps --editable .
"$python" -m uv pip install --quiet --python "$place/bin/python" --only-binary :all: \
    --requirement "$place/lowest.txt" pytest pytest-timeout pytest-xdist hypothesis statsmodels
"$place/bin/python" -m pytest -n auto --dist worksteal \
    -p no:cacheprovider -W "ignore::DeprecationWarning" tests/unit
