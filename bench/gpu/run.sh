#!/usr/bin/env bash
# Checks an OpenCL device against the reference and measures it, beside PyTorch if that is installed; see ./run.sh --help.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: run.sh [--device gpu:N] [--out DIR] [--quick] [--tune] [--no-parity]
              [--only REGEX] [--python PYTHON | --no-torch]
       run.sh --pack DIR
Runs the parity tests of all operations on an OpenCL device, then measures
launches, copies, products, convolutions and training steps. If Python has
torch, PyTorch does the same work, alternating with Striate. Writes table.md and
result.json, which contains every sample, to the output directory.

In a checkout, missing or outdated jars are built with Maven. In a directory
made with --pack, the script needs only Java 17 or newer, an OpenCL loader and a
driver.

      --device gpu:N   The device, numbered as in 'striate devices' (default:
                       gpu).
      --out DIR        The output directory (default: results/TIME beside this
                       script).
      --quick          Small sizes and few cases, to check in a few minutes that
                       everything works; the figures mean little.
      --tune           First search for the best settings of the device, and
                       save them for this user.
      --no-parity      Skip the parity tests.
      --only REGEX     Measure only the rows whose name contains a match, such as
                       '^matmul'.
      --python PYTHON  The Python with torch (default: python3).
      --no-torch       Measure Striate only.
      --pack DIR       Copy the files that another machine needs to DIR, and
                       exit.
  -h, --help           Show this help.

The exit status is 0 if all tests pass and all results agree, 1 if not, and 2 if
the command line is invalid.
TEXT
}

die() {
    echo "run.sh: $*" >&2
    exit "${status:-1}"
}

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
device=gpu out= quick= tune= parity=yes only= python=python3 pack=
while [ $# -gt 0 ]; do
    case "$1" in
        --quick) quick=yes ;;
        --tune) tune=yes ;;
        --no-parity) parity= ;;
        --no-torch) python= ;;
        --device | --out | --only | --python | --pack)
            [ $# -ge 2 ] || status=2 die "$1 needs a value"
            declare "${1#--}=$2"
            shift ;;
        -h | --help) usage; exit 0 ;;
        *) status=2 die "unknown option '$1'; try --help" ;;
    esac
    shift
done

# newer JAR SOURCES...: whether a jar exists and is not older than its sources.
newer() {
    local jar=$1
    shift
    [ -e "$jar" ] && [ -z "$(find "$@" -newer "$jar" -print -quit)" ]
}

if [ -e "$here/striate.jar" ] && [ -e "$here/gpu-bench.jar" ]; then
    striate=$here/striate.jar bench=$here/gpu-bench.jar
else
    root=$(cd "$here/../.." && pwd)
    striate=$root/target/striate.jar bench=$here/target/gpu-bench.jar
    maven="mvn -q -B"
    # The second jar contains the tests, so these are installed with the library.
    if ! newer "$striate" "$root/pom.xml" "$root/src/main" || ! newer "$bench" "$root/src" "$here/../common" "$here/pom.xml" "$here/src"; then
        command -v mvn > /dev/null || die "Maven is needed to build in a checkout, but mvn was not found"
        echo "run.sh: building" >&2
        (cd "$root" && $maven -DskipTests -DskipITs install) >&2 || die "the build of the library failed"
        (cd "$here" && $maven package) >&2 || die "the build of the benchmark failed"
    fi
fi

if [ -n "$pack" ]; then
    mkdir -p "$pack"
    cp "$striate" "$bench" "$here/run.sh" "$here/torch_peer.py" "$pack"
    ls -l "$pack"
    exit 0
fi

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
command -v "$java" > /dev/null || die "Java 17 or newer is needed, but $java was not found"
jvm=("$java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx"${STRIATE_BENCH_HEAP:-4g}")
out=${out:-$here/results/$(date -u +%Y%m%d-%H%M%S)}
mkdir -p "$out"
result=0

if [ -n "$tune" ]; then
    "${jvm[@]}" -jar "$striate" tune --device "$device" ${quick:+--quick} | tee "$out/tune.txt"
fi

if [ -n "$parity" ]; then
    # The tests always use the first device. The cases of --quick include half-full tiles and take little time.
    [ "$device" = gpu ] || [ "$device" = gpu:0 ] || echo "run.sh: the parity tests use gpu:0, not $device" >&2
    tests=("-Dstriate.test.devices=${PARITY_DEVICES:-opencl.*}")
    [ -z "$quick" ] || tests+=('-Dstriate.test.cases=(conv2d|matmul|linear|maxPool2d|sum|softmax|network) .*')
    "${jvm[@]}" "${tests[@]}" -cp "$bench:$striate" dev.striate.bench.gpu.Parity 2> "$out/parity.log" | tee "$out/parity.txt" \
        || result=1
    [ "$result" -eq 0 ] || tail -n 40 "$out/parity.log" >&2
fi

arguments=(--out "$out" --device "$device")
[ -z "$quick" ] || arguments+=(--quick)
[ -z "$only" ] || arguments+=(--only "$only")
if [ -n "$python" ]; then
    if "$python" -c 'import torch, numpy' 2> /dev/null; then
        arguments+=(--python "$python" --peer "$here/torch_peer.py")
    else
        echo "run.sh: $python has no torch and numpy; measuring Striate only" >&2
    fi
fi
"${jvm[@]}" -cp "$bench:$striate" dev.striate.bench.gpu.GpuBench "${arguments[@]}" || result=1
echo "run.sh: wrote table.md and result.json to $out" >&2
exit $result
