#!/bin/sh
# A campaign on the cores of one machine, or of several (parallel --sshlogin), with GNU
# parallel.
#
#   parallel.sh 8 parts -w kafka --seeds 1..=8000
#
# What is there already is not done again. Ends with the table over all parts.
set -eu

shards=${1:?how many parts}
out=${2:?the folder for the parts}
shift 2
glomers=${GLOMERS:-glomers}
export glomers out
# Something found (1) or no run that could be judged (2) is a success of the part.
seq "$shards" | parallel --halt soon,fail=1 --retries 3 \
    "$glomers" hunt "$@" --out "$out" --threads 1 --shard "{}/$shards" '>' /dev/null \
    '||' test '$?' -le 2
exec "$glomers" merge "$out"
