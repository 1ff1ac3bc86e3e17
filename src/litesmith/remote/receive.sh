# Takes a file on standard input behind what is there of it, checks it, and gives it its name.
# Arguments: what to do, folder, name, size in bytes, sha256, and "file" or "folder" (an archive to unpack).
#   look   prints "whole", or how many bytes are there of it, and the free kilobytes
#   take   reads the rest
what=$1
folder=$2
name=$3
size=$4
digest=$5
kind=$6
part=$folder/.part
umask 077

free() { df -Pk -- "$folder" | tail -n 1 | sed 's/  */ /g' | cut -d ' ' -f 4; }

mkdir -p -- "$folder" || exit 74
if [ "$what" = look ]; then
    if [ -e "$folder/$name" ]; then
        echo "whole $(free)"
    elif [ -f "$part" ]; then
        echo "$(wc -c <"$part") $(free)"
    else
        echo "0 $(free)"
    fi
    exit 0
fi
cat >>"$part" || exit 74 # the disk is full, or the connection is lost; the sender knows which
[ "$(wc -c <"$part")" -lt "$size" ] && exit 75
sum=$(sha256sum <"$part") || exit 77
[ "${sum%% *}" = "$digest" ] || {
    rm -rf -- "$folder"
    exit 76
}
if [ "$kind" = folder ]; then
    mkdir -p -- "$folder/.new" && tar -x -f "$part" -C "$folder/.new" && mv -- "$folder/.new" "$folder/$name" || {
        rm -rf -- "$folder"
        exit 74
    }
    rm -f -- "$part"
else
    mv -- "$part" "$folder/$name" || exit 74
fi
