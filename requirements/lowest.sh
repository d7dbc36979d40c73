#!/bin/sh
# Runs tests/unit with the lowest direct versions that pyproject.toml allows, in an environment of
# its own. Usage: sh requirements/lowest.sh PYTHON   (a Python with uv)
set -eu
cd "$(dirname "$0")/.."
python=$1
place=${python%/bin/python}/lowest
# Certificates as pip takes them: those of the system too, where a proxy has its own.
export UV_NATIVE_TLS=true UV_SYSTEM_CERTS=true UV_PYTHON_DOWNLOADS=never

# For later ones there are no wheels of such old packages.
is_old='import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))'
old=
for candidate in "$python" python3.11 python3.12; do
    if "$candidate" -c "$is_old" 2>/dev/null; then old=$candidate; break; fi
done
if [ -z "$old" ]; then
    echo "make: the lowest versions have wheels for Python 3.11 and 3.12 alone, and none is found." >&2
    echo "make: Install one, so that python3.11 or python3.12 is on the PATH." >&2
    exit 1
fi

"$python" -m uv venv --quiet --clear --python "$old" "$place"
"$python" -m uv pip compile --quiet --resolution lowest-direct --python "$old" --no-header \
    --no-annotate --extra report pyproject.toml --output-file "$place/lowest.txt"
"$python" -m uv pip install --quiet --python "$place/bin/python" --no-deps --editable .
"$python" -m uv pip install --quiet --python "$place/bin/python" --only-binary :all: \
    --requirement "$place/lowest.txt" pytest pytest-timeout pytest-xdist hypothesis statsmodels
"$place/bin/python" -m pytest -n auto --dist worksteal \
    -p no:cacheprovider -W "ignore::DeprecationWarning" tests/unit
