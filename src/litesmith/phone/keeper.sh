# Runs on the phone as long as a session is open; its standard input is the connection.
# Makes the session's folder, removes those that dead sessions left, and its own when told to or when nobody is there.
# Arguments: id of the session. POSIX sh; the tools are those of Android 6 and newer.
id=$1
base=/data/local/tmp
folder=$base/litesmith-$id
new=$base/litesmith.new-$id
umask 022

marked() { # process ids that were started with the variable; /proc shows the environment a program began with
    grep -ls -- "$1" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do echo "$pid"; done
}
finish() { # a session: ends what runs for it, removes what was sent
    for round in 1 2 3 4 5; do
        pids=$(marked "LITESMITH_RUN=$1")
        [ -n "$pids" ] || break
        kill -9 $pids 2>/dev/null
    done
    rm -rf "$base/litesmith-$1" "$base/litesmith.new-$1"
}
failed() {
    rm -rf "$new"
    exit 73
}

trap '' HUP PIPE
for old in "$base"/litesmith-* "$base"/litesmith.new-*; do
    [ -d "$old" ] || continue
    other=${old##*[-]}
    keeper=
    [ -r "$old/keeper" ] && read -r keeper <"$old/keeper"
    if [ -n "$keeper" ] && grep -qs -- "LITESMITH_PHONE=$other" "/proc/$keeper/environ"; then
        echo "left $old, which a session is using"
    elif [ "$old" = "$base/litesmith-$other" ] || [ -n "$(find "$old" -prune -mmin +10 2>/dev/null)" ]; then
        finish "$other" # what is being made just now has no keeper yet
        [ -e "$old" ] || echo "removed $old"
    fi
done
mkdir "$new" || failed
chmod 711 "$new"
echo $$ >"$new/keeper" || failed
read -r written <"$new/keeper" # a full disk takes the name of a file and not what is in it
[ "$written" = $$ ] || failed
mv "$new" "$folder" || failed
echo
echo "ready-$id"
word=
while read -r word; do
    [ "$word" = end ] && break
done
finish "$id"
[ "$word" = end ] && [ ! -e "$folder" ] && echo ended
exit 0
