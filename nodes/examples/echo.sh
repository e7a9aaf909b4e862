#!/bin/sh
# Echo in plain shell: no jq, no sed, no other process. An answer is the body of
# its request with another "type", and "in_reply_to" in place of "msg_id", so it
# is enough to replace text. (Quotes inside of strings are escaped in JSON, so
# what is replaced cannot be part of what is echoed, unless that is an object.)

# replace TEXT OLD NEW: TEXT with the first OLD replaced, in $result.
replace() {
    result="${1%%"$2"*}$3${1#*"$2"}"
}

while IFS= read -r line; do
    src=${line#*'"src":"'} src=${src%%'"'*}
    dest=${line#*'"dest":"'} dest=${dest%%'"'*}
    body=${line#*'"body":'} body=${body%'}'}
    case $body in
    *'"type":"init"'*)
        id=${body#*'"msg_id":'} id=${id%%[!0-9]*}
        result="{\"type\":\"init_ok\",\"in_reply_to\":$id}"
        ;;
    *)
        replace "$body" '"type":"echo"' '"type":"echo_ok"'
        replace "$result" '"msg_id":' '"in_reply_to":'
        ;;
    esac
    printf '{"src":"%s","dest":"%s","body":%s}\n' "$dest" "$src" "$result"
done
