#!/usr/bin/env bash
# Usage: run.sh [--avx2] [--starts N] [OPTION VALUE]...
# Measures Striate and libtorch with 1 and 2 threads and both settings of glibc's allocator; see README.md.
# With --starts N, measures N fresh JVMs of each side for some rows, libtorch with kept memory only.
#   --avx2         limit both sides to AVX2
#   --only REGEX   rows whose name contains a match, such as 'matmul 512$' or 'with gradients .* 3->32'
# All other options are passed on: ./run.sh --seconds 2 --only 'train lenet'
# PEERS_THREADS="1 2" and PEERS_ALLOCATORS="default kept" select the runs.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"

status=0
case " $* " in
    *" --starts "*)
        for threads in ${PEERS_THREADS:-1 2}; do
            env "${kept[@]}" "$java" "${jvm[@]}" dev.striate.bench.peers.Starts "$@" --threads "$threads" \
                --json "$results/starts-$threads.json" | tee -a "$results/starts.md"
        done
        echo "run.sh: wrote starts.md and the raw JSON to $results" >&2
        exit ;;
esac
for threads in ${PEERS_THREADS:-1 2}; do
    for allocator in ${PEERS_ALLOCATORS:-default kept}; do
        case "$allocator" in
            default) settings=() ;;
            kept) settings=("${kept[@]}") ;;
            *) echo "run.sh: unknown allocator setting $allocator; use default or kept" >&2; exit 2 ;;
        esac
        echo "== $threads thread(s), allocator $allocator" >&2
        env ${settings[@]+"${settings[@]}"} "$java" "${jvm[@]}" \
            dev.striate.bench.peers.Peers "$@" --threads "$threads" --allocator "$allocator" \
            --json "$results/threads-$threads-$allocator.json" > /dev/null || status=$?
        # 1: the results differ; the table reports it too. Without the file, nothing was measured.
        [ -e "$results/threads-$threads-$allocator.json" ] || exit 2
    done
done
"$java" "${jvm[@]}" dev.striate.bench.peers.Report "$results" | tee "$results/table.md"
echo "run.sh: wrote table.md and the raw JSON to $results" >&2
exit $status
