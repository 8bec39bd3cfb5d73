#!/usr/bin/env bash
# Usage: end-to-end.sh DATA_DIR [--avx2] [OPTION VALUE]...
# Measures whole trainings of LeNet-5 on MNIST and the simple net on CIFAR-10, on Striate and on libtorch; see README.md.
# DATA_DIR contains the published files of at least one of the data sets, at any depth.
# All other options are passed on: ./end-to-end.sh DATA_DIR --seeds 0,1,2
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"
[ $# -ge 1 ] && [ -d "$1" ] || { echo "end-to-end.sh: expected the directory of the data; try --help" >&2; exit 2; }
data=$(readlink -f "$1")
shift

# has OPTION NAME...: adds an option with the directory of the first of these files that exists below DATA_DIR.
sets=()
has() {
    local option=$1 name found
    shift
    for name in "$@"; do
        found=$(find -L "$data" -name "$name*" -print -quit 2> /dev/null)
        if [ -n "$found" ]; then
            sets+=("$option" "$(dirname "$found")")
            return
        fi
    done
    echo "end-to-end.sh: $1 not found below $data; skipping that data set" >&2
}
has --mnist train-images-idx3-ubyte
has --cifar10 data_batch_1.bin cifar-10-binary.tar.gz

status=0
"$java" "${jvm[@]}" dev.striate.bench.peers.EndToEnd ${sets[@]+"${sets[@]}"} --kept "${kept[*]}" \
    --json "$results/end-to-end.json" "$@" | tee "$results/end-to-end.md" || status=$?
# 1: the results differ; the tables report it too. Anything else: some measurements are missing.
if [ "$status" -le 1 ]; then
    echo "end-to-end.sh: wrote end-to-end.md and the raw JSON to $results" >&2
fi
exit $status
