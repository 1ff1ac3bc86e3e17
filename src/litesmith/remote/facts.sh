# Prints what this machine is, one key=value a line. POSIX sh, no Python needed, changes nothing.
# A Python is one line: python=PATH TAB VERSION TAB BITS TAB VENV TAB NUMPY TAB RUNTIME TAB ERROR
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/opt/vc/bin # what a shell that nobody logged in to may lack

say() {
    printf '%s=' "$1"
    printf '%s' "$2" | tr '\n\r\000' '   '
    printf '\n'
}
content() { # a file of /proc or /sys; the model of a board ends with a NUL
    [ -r "$1" ] && tr -d '\000' <"$1" 2>/dev/null
}
limited() {
    if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift && "$@"; fi
}

say begin litesmith
say machine "$(uname -m)"
say kernel "$(uname -sr)"
say home "$HOME"
say bits "$(getconf LONG_BIT 2>/dev/null)"
shell=/bin/sh
say elf "$(od -An -t u1 -j 4 -N 1 "$shell" 2>/dev/null | tr -d ' ')"
say os "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d "\"'" | head -n 1)"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
for loader in /lib/ld-musl-*.so.1; do
    [ -e "$loader" ] && say musl "$loader"
done

for place in /sys/firmware/devicetree/base/model /proc/device-tree/model /sys/devices/virtual/dmi/id/product_name; do
    board=$(content "$place")
    [ -n "$board" ] && say board "$board" && break
done
say cpu "$(sed -n 's/^model name[[:space:]]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)"
say implementer "$(sed -n 's/^CPU implementer[[:space:]]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)"
say part "$(sed -n 's/^CPU part[[:space:]]*: *//p' /proc/cpuinfo 2>/dev/null | tail -n 1)"
say features "$(sed -n -e 's/^Features[[:space:]]*: *//p' -e 's/^flags[[:space:]]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)"
say cores "$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null)"
say memory_kb "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo 2>/dev/null)"
say memory_free_kb "$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo 2>/dev/null)"
folder=$HOME/.cache/litesmith
while [ -n "$folder" ] && [ ! -d "$folder" ]; do folder=${folder%/*}; done
free=$(df -Pk "${folder:-/}" 2>/dev/null | tail -n 1 | sed 's/  */ /g' | cut -d ' ' -f 4)
case $free in
'' | *[!0-9]*) # the df of busybox knows no folder that no mount point is above, as in a chroot
    free=$(stat -f -c '%a %S' "${folder:-/}" 2>/dev/null | while read -r blocks size; do
        echo $((blocks * (size / 1024)))
    done)
    ;;
esac
say disk_free_kb "$free"

frequency=/sys/devices/system/cpu/cpu0/cpufreq
say governor "$(content $frequency/scaling_governor)"
say clock_khz "$(content $frequency/scaling_cur_freq)"
say clock_most_khz "$(content $frequency/cpuinfo_max_freq)"
for zone in /sys/class/thermal/thermal_zone*; do
    [ -r "$zone/temp" ] && say temperature "$(content "$zone/type") $(content "$zone/temp")"
done
if command -v vcgencmd >/dev/null 2>&1; then
    say throttled "$(limited 5 vcgencmd get_throttled 2>/dev/null | sed -n 's/^throttled=//p')"
else
    say throttled "$(content /sys/devices/platform/soc/soc:firmware/get_throttled)"
fi

probe='
import platform, struct, sys
from importlib.util import find_spec
venv = all(find_spec(name) for name in ("venv", "ensurepip"))
numpy = runtime = error = ""
sys.stdout.write("\t".join([platform.python_version(), str(struct.calcsize("P") * 8), "yes" if venv else "no"]))
sys.stdout.flush()
if find_spec("numpy"):
    try:
        import numpy
        numpy = numpy.__version__
    except Exception as problem:
        numpy, error = "", "numpy: %s" % problem
for package, module in (("ai-edge-litert", "ai_edge_litert"), ("tflite-runtime", "tflite_runtime")):
    if runtime or not find_spec(module):
        continue
    try:
        __import__(module + ".interpreter")
        try:
            from importlib.metadata import version
            runtime, error = package + " " + version(package), ""
        except Exception:
            runtime, error = package, ""
    except Exception as problem:
        error = "%s: %s" % (package, problem)
sys.stdout.write("\t" + "\t".join(" ".join(text.split()) for text in (numpy, runtime, error[:300])))
'
seen=
for name in "$LITESMITH_PYTHON" "$HOME"/.local/share/litesmith/runtime-*/bin/python \
    python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9; do
    [ -n "$name" ] || continue
    path=$(command -v "$name" 2>/dev/null) || continue
    case $name in
    /*) whole=$path ;; # a virtual environment is the name it is called by, not what that leads to
    *) whole=$(readlink -f "$path" 2>/dev/null) && [ -n "$whole" ] || whole=$path ;;
    esac
    case "$seen" in *"|$whole|"*) continue ;; esac
    seen="$seen|$whole|"
    printf 'python=%s\t' "$path"
    limited 120 "$path" -B -c "$probe" 2>/dev/null
    printf '\n'
done
say end litesmith
