#!/bin/sh
# Echo in POSIX shell: pipes, children, random bytes and a little sleep.
field() { printf '%s' "$line" | sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/"; }
while read -r line; do
  src=$(field src) id=$(field msg_id)
  case "$line" in
  *'"type":"init"'*)
    node=$(field node_id) body='"type":"init_ok"' ;;
  *)
    echo "random $(od -An -N4 -tu4 /dev/urandom), process $$, $(date +%s)" >&2
    sleep 0.0"$(($(printf '%s' "$id") % 10))"
    body="\"type\":\"echo_ok\",\"echo\":\"$(field echo)\"" ;;
  esac
  echo "{\"src\":\"$node\",\"dest\":\"$src\",\"body\":{$body,\"in_reply_to\":$id}}"
done
