#!/bin/sh
# Chooses exact versions: one lock file per use, the smaller ones within the largest.
# Usage: sh requirements/lock.sh PYTHON   (a Python with uv)
set -eu
cd "$(dirname "$0")/.."
python=$1
export UV_NATIVE_TLS=true UV_SYSTEM_CERTS=true  # as pip

lock() {
    name=$1
    shift
    "$python" -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
        --extra report "$@" pyproject.toml requirements/build.in --output-file "requirements/$name.lock"
}

lock dev --group dev --group docs
lock notebook --extra notebook --constraint requirements/dev.lock
lock run --constraint requirements/dev.lock
