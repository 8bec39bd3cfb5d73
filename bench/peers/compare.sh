#!/usr/bin/env bash
# Usage: compare.sh OLD.jar NEW.jar [--avx2] [--starts N] [--only REGEX] [OPTION VALUE]...
# Compares two versions of Striate on the rows of run.sh, without libtorch: each row in N fresh JVMs of each version in turn.
# A jar is the library's, or the runnable target/striate.jar; see README.md.
# PEERS_THREADS="1 2" selects the runs.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"
[ $# -ge 2 ] && [ -f "$1" ] && [ -f "$2" ] || { echo "compare.sh: expected two jars; try --help" >&2; exit 2; }
old=$1 new=$2
shift 2

for threads in ${PEERS_THREADS:-1 2}; do
    env "${kept[@]}" "$java" "${jvm[@]}" dev.striate.bench.peers.Starts --old "$old" --new "$new" "$@" --threads "$threads" \
        --json "$results/compare-$threads.json" | tee -a "$results/compare.md"
done
echo "compare.sh: wrote compare.md and the raw JSON to $results" >&2
