# Prints what a phone is, one key=value a line; lines of dumpsys stand behind battery= and thermal=. Changes nothing.
# POSIX sh; the tools are those of Android 6 and newer. No pipes into `while`, which costs a process a line.
say() {
    echo "$1=$2"
}
content() { # the first line of a file of /proc or /sys, as variable `line`
    line=
    [ -r "$1" ] && IFS= read -r line 2>/dev/null <"$1"
}
lines() { # each line of a text, behind a key
    text=$2
    while [ "$text" ]; do
        echo "$1=${text%%"$newline"*}"
        case $text in *"$newline"*) text=${text#*"$newline"} ;; *) text= ;; esac
    done
}
newline='
'
say begin litesmith
if [ "$1" != heat ]; then
    for name in ro.product.manufacturer ro.product.model ro.product.cpu.abi ro.product.cpu.abilist \
        ro.build.version.release ro.build.version.sdk ro.soc.manufacturer ro.soc.model ro.board.platform \
        ro.hardware ro.kernel.qemu ro.boot.qemu; do
        say "$name" "$(getprop $name 2>/dev/null)"
    done
    say machine "$(uname -m)"
    say kernel "$(uname -sr)"
    lines memory "$(grep -e MemTotal -e MemAvailable /proc/meminfo 2>/dev/null)"
    say disk "$(df -k /data/local/tmp 2>/dev/null | tail -n 1)"
    lines cpuinfo "$(grep -e '^CPU implementer' -e '^CPU part' -e '^Features' /proc/cpuinfo 2>/dev/null)"
    say power "$(settings get global low_power 2>/dev/null </dev/null)"
fi
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
    content "$cpu/online"
    online=${line:-1}
    content "$cpu/cpufreq/cpuinfo_max_freq"
    most=$line
    content "$cpu/cpufreq/scaling_cur_freq"
    now=$line
    content "$cpu/cpufreq/scaling_governor"
    say cpu "${cpu##*/cpu} $online ${most:-?} ${now:-?} $line"
done
for zone in /sys/class/thermal/thermal_zone*; do
    content "$zone/type"
    kind=$line
    content "$zone/temp"
    [ "$line" ] && say zone "$kind $line"
done
lines battery "$(dumpsys battery 2>/dev/null </dev/null)"
lines thermal "$(dumpsys thermalservice 2>/dev/null </dev/null)"
say end litesmith
