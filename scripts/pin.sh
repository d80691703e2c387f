#!/bin/sh
# Fix the version and hashes of everything in requirements.in; what is pinned already stays unless UPGRADE=1.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null 2>&1 || {
    echo "pin: uv is missing: install it (pipx install uv)" >&2
    exit 2
}
uv pip compile requirements.in --output-file requirements.txt --excludes requirements.excludes --overrides requirements.overrides \
    --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
    ${UPGRADE:+--upgrade}
note='# Every package that the project is tested with, made by `make pin` from requirements.in. Hashes of all platforms.'
printf '%s\n%s\n' "$note" "$(cat requirements.txt)" >requirements.txt
