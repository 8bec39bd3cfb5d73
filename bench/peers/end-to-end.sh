#!/usr/bin/env bash
# Trains LeNet-5 on MNIST and the simple net on CIFAR-10 from the start of a JVM to the end, on Striate and on libtorch; README.md
# says how. The data sets' files, as they are published, lie somewhere below DATA_DIR; one of the two is enough.
# Options are passed on, see README.md: ./end-to-end.sh DATA_DIR --seeds 0,1,2
set -euo pipefail

if [ $# -eq 0 ] || [ ! -d "$1" ]; then
    echo "usage: end-to-end.sh DATA_DIR [OPTION VALUE]..." >&2
    exit 2
fi
data=$(readlink -f "$1")
shift
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"

# has OPTION NAME...: adds the directory below which the first of the files lies as an option.
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
    echo "end-to-end.sh: there is no $1 below $data; leaving that data set out" >&2
}
has --mnist train-images-idx3-ubyte
has --cifar10 data_batch_1.bin cifar-10-binary.tar.gz

status=0
"$java" "${jvm[@]}" dev.striate.bench.peers.EndToEnd ${sets[@]+"${sets[@]}"} --kept "${kept[*]}" \
    --json "$results/end-to-end.json" "$@" | tee "$results/end-to-end.md" || status=$?
# 1: the sides differ, which the tables say too. Anything else: not all was measured.
if [ "$status" -le 1 ]; then
    echo "end-to-end.sh: $PWD/$results holds end-to-end.md and the raw JSON" >&2
fi
exit $status
