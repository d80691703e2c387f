#!/bin/sh
# Make the virtual environment that requirements.txt pins; does nothing when it is there already.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.11}
venv=.venv

stop() {
    echo "setup: $1" >&2
    exit 2
}

command -v "$python" >/dev/null 2>&1 ||
    stop "Python 3.11 is missing: install it (Debian, Ubuntu: python3.11 and python3.11-venv), or name another with PYTHON=..."
digest() {
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}
fresh() { # whether the stamp of this file is the file's own digest
    [ -f "$venv/$1.sha256" ] && [ "$(cat "$venv/$1.sha256")" = "$(digest "$1")" ]
}
fresh requirements.txt && fresh pyproject.toml && [ -x $venv/bin/sluicegate ] && exit 0

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$("$python" --version) is too old: install Python 3.11, or name it with PYTHON=..."
[ -x $venv/bin/python ] || "$python" -m venv $venv ||
    stop "$python can't make a virtual environment: install its venv module (Debian, Ubuntu: python3.11-venv)"
pip="$venv/bin/python -m pip install --disable-pip-version-check --no-deps"
if ! fresh requirements.txt; then
    echo "setup: installing what requirements.txt pins (with CUDA's libraries some gigabytes, the first time)"
    $pip --require-hashes -r requirements.txt ||
        stop "the packages could not be installed (see above): is the network there, and some 10 GB of disk?"
    digest requirements.txt >$venv/requirements.txt.sha256
fi
# the build tools are pinned too, so this fetches nothing
$pip --quiet --no-build-isolation --editable . || stop "the project itself could not be installed (see above)"
digest pyproject.toml >$venv/pyproject.toml.sha256
