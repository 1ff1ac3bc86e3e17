#!/bin/sh
# Installs this bundle into .venv beside this file, then runs its golden vectors: sh install.sh
# Another Python: PYTHON=/usr/bin/python3.12 sh install.sh. To uninstall, remove .venv.
# With a camera: sh install.sh --camera, which lets .venv see the system's Picamera2.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv
wheels=$here/wheelhouse
needed_kb=400000

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 2
}

camera=''
case $#:${1:-} in
    0:) ;;
    1:--camera) camera=--system-site-packages ;;
    *) fail "this takes no such option: $*" "sh install.sh, or sh install.sh --camera" ;;
esac

# What stands in the way is said before anything is made.
[ "$(uname -s)" = Linux ] || fail "this bundle is for Linux, this is $(uname -s)" "Install it on the board."
machine=$(uname -m)
case $machine in
    aarch64 | x86_64) ;;
    arm64) machine=aarch64 ;;
    armv6l | armv7l | armv8l) fail "the runtime has no wheels for 32-bit ARM ($machine)" \
        "Install the 64-bit image of the board's system." ;;
    *) fail "the runtime has no wheels for $machine" "Use a board with a 64-bit ARM or x86 processor." ;;
esac
[ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] ||
    fail "the kernel is 64-bit ($machine), but the system is 32-bit" "Install the 64-bit image of the board's system."
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || echo none)
case $libc in
    "glibc "*.*)
        major=${libc#glibc }
        minor=${major#*.}
        minor=${minor%%[!0-9]*}
        major=${major%%.*}
        if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 34 ]; }; then
            fail "the system has $libc, the runtime needs 2.34" \
                "Upgrade: Raspberry Pi OS and Debian from version 12, Ubuntu from 22.04."
        fi
        ;;
    *) fail "the system's C library is not glibc" "Use a system with glibc 2.34 or newer, such as Debian 12." ;;
esac

# A wheelhouse is for one Python and one architecture; its runtime's file name says which.
wanted=''
if [ -d "$wheels" ]; then
    for wheel in "$wheels"/ai_edge_litert-*.whl; do
        [ -e "$wheel" ] || fail "the runtime is missing in $wheels" "Copy the folder of the bundle again, with all in it."
        name=${wheel##*/}
        tag=${name#*-*-cp3}
        wanted=3.${tag%%-*}
        case $name in
            *_"$machine".whl) ;;
            *) fail "the wheelhouse is for another machine than $machine: $name" \
                "Bundle again with --machine $machine." ;;
        esac
    done
fi
python=${PYTHON:-}
if [ -z "$python" ]; then
    python=python3
    if [ -n "$wanted" ] && command -v "python$wanted" >/dev/null; then python=python$wanted; fi
fi
command -v "$python" >/dev/null || fail "there is no $python" "sudo apt install python3 python3-venv"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
    fail "$python does not run" "Name another with PYTHON=/path/to/python3 sh install.sh"
case $version in
    3.10 | 3.11 | 3.12 | 3.13) ;;
    *) fail "$python is Python $version, the runtime has wheels for 3.10 to 3.13" \
        "Name another with PYTHON=/path/to/python3.13 sh install.sh" ;;
esac
if [ -n "$wanted" ] && [ "$wanted" != "$version" ]; then
    fail "the wheelhouse is for Python $wanted, $python is $version" "Bundle again with --python $version."
fi
[ "$("$python" -c 'import sys; print(sys.maxsize > 2**32)')" = True ] ||
    fail "$python is a 32-bit program" "Name a 64-bit one with PYTHON=/path/to/python3 sh install.sh"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments" "sudo apt install python3-venv"
if [ ! -d "$venv" ]; then
    free=$(df -Pk "$here" | awk 'END { print $4 }')
    if [ "$free" -lt "$needed_kb" ]; then
        fail "$((free / 1000)) MB are free here, $((needed_kb / 1000)) MB are needed" "Free some space, or move the folder."
    fi
fi

# An environment that cannot run, such as one copied from elsewhere, is made anew; one that fails is removed.
made=''
cleanup() {
    if [ -n "$made" ]; then rm -rf -- "$venv"; fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if ! "$venv/bin/python" -c 'import pip' 2>/dev/null ||
    { [ -n "$camera" ] && ! grep -q 'include-system-site-packages = true' "$venv/pyvenv.cfg"; }; then
    made=yes
    printf 'making %s with Python %s\n' "$venv" "$version"
    "$python" -m venv --clear ${camera:+"$camera"} "$venv"
fi
# What is imported is compiled when check.py imports it; the rest, which is most of it, never is.
set -- --no-compile --require-hashes --only-binary=:all: -r "$here/requirements.txt"
if [ -n "$wanted" ]; then
    set -- --no-index --find-links "$wheels" "$@"
fi
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "$@" ||
    fail "the packages could not be installed" "See pip's message above. Without a network, bundle with --wheelhouse."
made=''
"$venv/bin/python" -I "$here/check.py"
