#!/usr/bin/env bash
# Train on several GPUs of one or more machines, or with several processes on CPU (gloo):
#   bash tools/dist_train.sh CONFIG GPUS [arguments of train.py]
# Each process takes a batch of the config, as in mmdet; with --share-batch or --keep-batch all take one together.
set -euo pipefail

if [ "$#" -lt 2 ]; then
    echo "usage: bash tools/dist_train.sh CONFIG GPUS [arguments of train.py]" >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
. "$(dirname "$0")/dist_common.sh"

launch train.py "$CONFIG" --launcher pytorch "${@:3}"
