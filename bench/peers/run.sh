#!/usr/bin/env bash
# Measures Striate and libtorch with 1 and 2 threads under both settings of glibc's allocator; README.md says how.
# Options are passed on, see README.md: ./run.sh --seconds 2 --only 'train lenet'
# PEERS_THREADS="1 2" and PEERS_ALLOCATORS="default kept" choose among the runs.
set -euo pipefail
cd "$(dirname "$0")"

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
mvn -q -B process-classes || {
    echo "run.sh: the build failed; has Striate been installed (mvn install in the root of the repository)?" >&2
    exit 1
}
cache="$PWD/target/djl"
results="results/$(date -u +%Y%m%d-%H%M%S)"
mkdir -p "$results"

# Keeps what libtorch frees. The two thresholds alone do not do it: only the main arena, grown by brk, holds blocks above 64 MiB.
kept=(MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_MMAP_THRESHOLD_=17179869184)

status=0
for threads in ${PEERS_THREADS:-1 2}; do
    for allocator in ${PEERS_ALLOCATORS:-default kept}; do
        case "$allocator" in
            default) settings=() ;;
            kept) settings=("${kept[@]}") ;;
            *) echo "run.sh: there is no allocator setting $allocator; default and kept are" >&2; exit 2 ;;
        esac
        echo "== $threads thread(s), allocator $allocator" >&2
        env ${settings[@]+"${settings[@]}"} "$java" --add-modules jdk.incubator.vector \
            -Dai.djl.offline=true -DOPT_OUT_TRACKING=true -DDJL_CACHE_DIR="$cache" -DENGINE_CACHE_DIR="$cache" \
            -cp "target/classes:$(cat target/classpath)" \
            dev.striate.bench.peers.Peers "$@" --threads "$threads" --allocator "$allocator" \
            --json "$results/threads-$threads-$allocator.json" > /dev/null || status=$?
        # 1: the sides differ, which the table says too. Anything else: nothing was measured.
        if [ "$status" -gt 1 ]; then exit "$status"; fi
    done
done
"$java" -cp "target/classes:$(cat target/classpath)" dev.striate.bench.peers.Report "$results" | tee "$results/table.md"
echo "run.sh: $PWD/$results holds table.md and the raw JSON" >&2
exit $status
