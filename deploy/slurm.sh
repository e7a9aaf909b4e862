#!/bin/sh
# A campaign as a Slurm array. Every task is one shard; its number comes from the array.
#
#   sbatch --array=1-8 slurm.sh parts -w kafka --seeds 1..=8000
#
# A task that is killed, or that failed for the machine's sake, may be run again: what is
# there already is not done again. When all are over: glomers merge parts
#
#SBATCH --job-name=glomers-hunt
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
set -eu

out=${1:?the folder for the parts}
shift
"${GLOMERS:-glomers}" hunt "$@" --out "$out" --threads "${SLURM_CPUS_PER_TASK:-1}" && status=0 ||
    status=$?
# Something found (1) or no run that could be judged (2) is a success of the task.
[ "$status" -le 2 ]
