#!/usr/bin/env bash
# Test, or make labels, on several GPUs of one or more machines, or with several processes on CPU (gloo):
#   bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
set -euo pipefail

if [ "$#" -lt 3 ]; then
    echo "usage: bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]" >&2
    exit 2
fi
CONFIG=$1
CHECKPOINT=$2
GPUS=$3
. "$(dirname "$0")/dist_common.sh"

launch test.py "$CONFIG" "$CHECKPOINT" --launcher pytorch "${@:4}"
