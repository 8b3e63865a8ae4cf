#!/usr/bin/env bash
# The job of one stage, as `pipeline.py --submit slurm` hands it to sbatch: runs a command once on each node of the job.
set -euo pipefail

if [ "$#" -eq 0 ]; then
    echo "usage: sbatch [options] tools/slurm_stage.sh COMMAND [arguments]" >&2
    exit 2
fi
# since slurm 22.05 a step no longer takes the cores of its job
if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then
    export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
fi
exec srun --ntasks-per-node=1 --kill-on-bad-exit=1 "$@"
