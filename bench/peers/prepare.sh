# Sourced by run.sh and end-to-end.sh. Changes to this directory, builds, and sets java, its options jvm, the directory results, and
# kept, the second setting of glibc's allocator.
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
mvn -q -B process-classes || {
    echo "$(basename "$0"): the build failed; run mvn -DskipTests -DskipITs install in the root of the repository first" >&2
    exit 1
}
classes="target/classes:$(cat target/classpath)"
cache="$PWD/target/djl"
jvm=(--add-modules jdk.incubator.vector -Dai.djl.offline=true -DOPT_OUT_TRACKING=true -DDJL_CACHE_DIR="$cache"
    -DENGINE_CACHE_DIR="$cache" -cp "$classes")
results="results/$(date -u +%Y%m%d-%H%M%S)"
mkdir -p "$results"

# Keeps the memory that libtorch frees. The thresholds alone are not enough: only the main arena, which grows by brk, holds blocks
# above 64 MiB.
kept=(MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_MMAP_THRESHOLD_=17179869184)
