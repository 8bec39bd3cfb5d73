#!/usr/bin/env bash
# Searches for inputs that break a parser, with Jazzer; called by ./verify --fuzz.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

usage() {
    cat <<'TEXT'
Usage: ./verify --fuzz MINUTES [TARGET...]
Divides the minutes among the fuzz targets, all of them unless some are named: they are the folders of src/test/corpus. A search
starts from the inputs there and from those that earlier searches put into target/fuzz/TARGET/inputs. First it must find a
planted fault; with 0 minutes it does nothing else.
TEXT
}

minutes=${1:-}
[[ "$minutes" =~ ^[0-9]{1,6}$ ]] || { usage >&2; exit 2; }
shift
corpus=src/test/corpus
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(ls "$corpus")
for target in "${targets[@]}"; do
    [ -d "$corpus/$target" ] || { echo "verify: there is no fuzz target $target in $corpus" >&2; exit 2; }
done

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
mvn -q -B -Dstyle.color=never -Pfuzz process-test-classes
classpath=target/classes:target/test-classes:$(cat target/fuzz/classpath)
work=$(mktemp -d "${TMPDIR:-/tmp}/striate-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT

# search TARGET SECONDS [INPUTS]: sets executed, coverage and found, the files with findings.
# The last two options of the JVM silence newer ones about Jazzer's agent. The web server of a target is no forged request.
search() {
    local folder=target/fuzz/$1
    mkdir -p "$folder/inputs"
    touch "$work/start"
    "$java" -XX:+IgnoreUnrecognizedVMOptions -Xmx1g --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
        -Djava.awt.headless=true -Djava.io.tmpdir="$work" -Dstriate.opencl.tuning=off -Dstriate.opencl.cache=off \
        -XX:+EnableDynamicAgentLoading --sun-misc-unsafe-memory-access=allow \
        -cp "$classpath" com.code_intelligence.jazzer.Jazzer \
        --target_class=dev.striate.fuzz.FuzzDriver --target_args="$1" --keep_going="$keep_going" --reproducer_path="$work" \
        --instrumentation_includes='dev.striate.**:com.fasterxml.**:picocli.**:com.sun.imageio.**' \
        --disabled_hooks=com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery \
        -artifact_prefix="$folder/" -max_total_time="$2" -timeout=30 -rss_limit_mb=4096 -max_len=16384 \
        -print_final_stats=1 "$folder/inputs" "${@:3}" > "$folder/log" 2>&1 || true
    executed=$(statistic stat::number_of_executed_units "$folder/log")
    coverage=$(statistic cov "$folder/log")
    mapfile -t found < <(find "$folder" -maxdepth 1 -newer "$work/start" \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' \))
}

# The last value of a number that libFuzzer prints, NAME: VALUE.
statistic() {
    sed -n "s/.*$1: *\([0-9]*\).*/\1/p" "$2" | tail -n 1
}

keep_going=1
search planted 60
if [ ${#found[@]} -ne 1 ]; then
    tail -n 20 target/fuzz/planted/log
    echo "verify: the search does not find a planted fault; what Jazzer printed is above" >&2
    exit 1
fi
[ "$minutes" -gt 0 ] || exit 0

keep_going=10
seconds=$((minutes * 60 / ${#targets[@]}))
executions=0
findings=0
printf '%-20s %12s %10s %10s\n' target executions coverage findings
for target in "${targets[@]}"; do
    search "$target" $((seconds > 0 ? seconds : 1)) "$corpus/$target"
    printf '%-20s %12d %10d %10d\n' "$target" "${executed:-0}" "${coverage:-0}" "${#found[@]}"
    [ ${#found[@]} -eq 0 ] || printf '    %s\n' "${found[@]}"
    if [ -z "$executed" ] && [ ${#found[@]} -eq 0 ]; then
        tail -n 20 "target/fuzz/$target/log"
        echo "    the search ended early; what Jazzer printed is above"
        findings=$((findings + 1))
    fi
    executions=$((executions + ${executed:-0}))
    findings=$((findings + ${#found[@]}))
done

if [ "$findings" -gt 0 ]; then
    printf '\n%s\n' "target/fuzz/TARGET/log has the errors. Copy an input to $corpus/TARGET, under a name that says what is wrong"
    echo "with it, and 'mvn test -Dtest=FuzzCorpusTest' replays it from then on."
fi
printf '\n%d executions, %d findings\n' "$executions" "$findings"
[ "$findings" -eq 0 ]
