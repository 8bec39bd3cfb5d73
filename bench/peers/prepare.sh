# Sourced by the scripts beside it. Prints their help, builds, and sets java, its options jvm, the folder results, and kept, the second
# setting of glibc's allocator. Removes --avx2 from the arguments.
case " $* " in
    *" -h "* | *" --help "*)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit ;;
esac
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
jvm=(--add-modules jdk.incubator.vector)

arguments=()
for argument in "$@"; do
    if [ "$argument" = --avx2 ]; then
        jvm+=(-XX:UseAVX=2)
        export ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2
    else
        arguments+=("$argument")
    fi
done
set -- ${arguments[@]+"${arguments[@]}"}

mvn -q -B -f "$here/pom.xml" process-classes || {
    echo "$(basename "$0"): the build failed; run mvn -DskipTests -DskipITs install in the root of the repository first" >&2
    exit 1
}
cache="$here/target/djl"
jvm+=(-Dai.djl.offline=true -DOPT_OUT_TRACKING=true "-DDJL_CACHE_DIR=$cache" "-DENGINE_CACHE_DIR=$cache"
    -cp "$here/target/classes:$(cat "$here/target/classpath")")
results="$here/results/$(date -u +%Y%m%d-%H%M%S)"
mkdir -p "$results"

# Keeps the memory that libtorch frees. The thresholds alone are not enough: only the main arena, which grows by brk, holds blocks
# above 64 MiB.
kept=(MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_MMAP_THRESHOLD_=17179869184)
