# Runs on the other machine as long as a session is open; its standard input is the connection.
# Makes the session's folder, and removes it when told to, or some time after the connection was lost for good.
# Arguments: id of the session, seconds to keep the folder without a connection.
id=$1
grace=$2
umask 077
base=$HOME/.cache/litesmith
folder=$base/s-$id
made=
[ -d "$HOME/.cache" ] || made=cache

marked() { # process ids that were started with the variable; /proc shows the environment a program began with
    grep -ls -- "$1" /proc/[0-9]*/environ 2>/dev/null | sed 's|^/proc/||; s|/environ$||'
}
ours() { # whether no other keeper took over and the session is open; a busy machine may start no program to ask
    now=
    [ -r "$folder/keeper" ] && read -r now <"$folder/keeper"
    [ "$now" = $$ ]
}
end_all() {
    for round in 1 2 3 4 5; do
        pids=$(marked "LITESMITH_RUN=$1")
        [ -n "$pids" ] || return 0
        kill -9 $pids 2>/dev/null
    done
}
finish() {
    end_all "$id"
    rm -rf -- "$folder"
    if [ -z "$(ls -- "$base" 2>/dev/null)" ]; then # no other session is there
        [ -e "$base/.made" ] && made=cache
        rm -f -- "$base/.made"
        rmdir -- "$base" 2>/dev/null && [ -n "$made" ] && rmdir -- "$HOME/.cache" 2>/dev/null
    fi
    [ ! -e "$folder" ] && echo ended
    exit 0
}

failed() {
    rm -rf -- "$folder"
    free=$(df -Pk -- "$HOME" 2>/dev/null | tail -n 1 | sed 's/  */ /g' | cut -d ' ' -f 4)
    [ "${free:-99}" -lt 64 ] && echo "No space left" >&2 # shells do not say why they cannot write
    exit 73
}
state=kept
[ -d "$folder" ] || state=new
mkdir -p -- "$folder" || failed
before=$(cat "$folder/keeper" 2>/dev/null) # of a connection that was lost, which its server may not know yet
echo $$ >"$folder/keeper" || failed
[ -n "$before" ] && grep -qs -- "LITESMITH_SESSION=$id" "/proc/$before/environ" && kill -9 "$before"
[ -z "$made" ] || : >"$base/.made"
end_all "$id"
for old in "$base"/s-*; do
    other=${old##*/s-}
    [ "$other" != "$id" ] && [ -n "$(find "$old" -prune -type d -mmin +10 2>/dev/null)" ] || continue
    keeper=$(cat "$old/keeper" 2>/dev/null)
    [ -n "$keeper" ] && grep -qs -- "LITESMITH_SESSION=$other" "/proc/$keeper/environ" && continue
    end_all "$other"
    rm -rf -- "$old"
done
printf '\nready-%s %s %s\n' "$id" "$state" "$HOME"
while read -r word; do
    [ "$word" = end ] && finish
done
trap '' HUP PIPE
while [ "$grace" -gt 0 ]; do
    ours || exit 0
    sleep 1
    grace=$((grace - 1))
done
ours && finish
