#!/usr/bin/env bash
# Usage: first-epoch.sh OLD.jar NEW.jar --data DIR [--avx2] [--starts N] [OPTION VALUE]...
# Measures how much longer the first epoch of 'striate lenet' on MNIST takes than a later one, in two versions of target/striate.jar,
# in N fresh JVMs of each version in turn. DIR contains MNIST's files; see README.md.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"
[ $# -ge 2 ] && [ -f "$1" ] && [ -f "$2" ] || { echo "first-epoch.sh: expected two jars; try --help" >&2; exit 2; }
old=$1 new=$2
shift 2

"$java" "${jvm[@]}" dev.striate.bench.peers.FirstEpoch --old "$old" --new "$new" "$@" --out "$results/runs" \
    --json "$results/first-epoch.json" | tee "$results/first-epoch.md"
echo "first-epoch.sh: wrote first-epoch.md, the raw JSON and the runs to $results" >&2
