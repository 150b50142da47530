#!/bin/sh
# Makes a virtual environment with the pinned packages: sh tools/setup.sh FOLDER
set -eu
venv=$1

fail() {
    echo "error: $1" >&2
    exit 2
}

# A name on the PATH may be a stub that does not run, so each is asked for its version.
find_python() {
    for name in "${PYTHON:-}" python3.11 python3.10 python3.9 python3 python; do
        [ -n "$name" ] || continue
        if "$name" -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))' \
            2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

python=$(find_python)
[ -n "$python" ] || fail "no Python 3.9, 3.10 or 3.11 found: install one (on Debian or Ubuntu: \
apt-get install python3.11 python3.11-venv), or name it as in make train PYTHON=/path/to/python3.11"
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail "$python has no venv module: install it \
(on Debian or Ubuntu: apt-get install python3-venv)"

packages=$(mktemp)
trap 'rm -f "$packages"' EXIT
# requirements.txt is the one list of pins; CUDA libraries are only for machines with a GPU.
if nvidia-smi -L >/dev/null 2>&1; then
    cat requirements.txt >"$packages"
else
    sed 's/\[and-cuda\]//' requirements.txt >"$packages"
fi

echo "installing into $venv with $("$python" --version)"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$packages" --requirement requirements-dev.txt --constraint constraints.txt
