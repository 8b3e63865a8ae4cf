# Read by dist_train.sh and dist_test.sh: starts GPUS processes with torchrun. Settings by environment variables:
# NNODES, NODE_RANK, MASTER_ADDR, PORT (0: any free one), PYTHON, OMP_NUM_THREADS.
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

launch() {
    local tool=$1
    shift
    # torchrun would give each process one thread; share the cores out instead
    local cores
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores / GPUS > 1 ? cores / GPUS : 1))}
    local place
    if [ "${NNODES:-1}" -gt 1 ]; then
        place=(--nnodes "$NNODES" --node_rank "${NODE_RANK:-0}" --master_addr "${MASTER_ADDR:?set MASTER_ADDR}"
               --master_port "${PORT:-29500}")
    elif [ "${PORT:-0}" != 0 ]; then
        place=(--nnodes 1 --master_addr 127.0.0.1 --master_port "$PORT")
    else
        place=(--standalone)  # one machine: any free port, so that two runs do not clash
    fi
    exec "${PYTHON:-python}" -m torch.distributed.run "${place[@]}" --nproc_per_node "$GPUS" "$TOOLS/$tool" "$@"
}
