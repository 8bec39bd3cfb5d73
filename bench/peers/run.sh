#!/usr/bin/env bash
# Measures Striate and libtorch with 1 and 2 threads and both settings of glibc's allocator; see README.md.
# All options are passed on: ./run.sh --seconds 2 --only 'train lenet'
# PEERS_THREADS="1 2" and PEERS_ALLOCATORS="default kept" select the runs.
set -euo pipefail

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    sed -n '2,4s/^# //p' "$0"
    exit
fi
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"

status=0
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
        # 1: the results differ; the table reports it too. Anything else: nothing was measured.
        if [ "$status" -gt 1 ]; then exit "$status"; fi
    done
done
"$java" -cp "$classes" dev.striate.bench.peers.Report "$results" | tee "$results/table.md"
echo "run.sh: wrote table.md and the raw JSON to $PWD/$results" >&2
exit $status
