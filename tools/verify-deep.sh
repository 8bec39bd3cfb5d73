#!/usr/bin/env bash
# Runs every OpenCL kernel on small inputs on oclgrind, a device that checks each memory access, and the kernels for GPUs on
# rusticl, Mesa's OpenCL, which compiles like its drivers for GPUs. Also compiles these for GPUs of AMD and NVIDIA. Called by
# ./verify --deep.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
maven="mvn -q -B -Dstyle.color=never"

# These cases launch every kernel; a kernel that none of them launches is reported below as a failure.
cases=$(grep -v '^#' tools/verify-deep-cases.txt | paste -s -d '|')

driver=$(find /usr/lib /usr/local/lib -name liboclgrind-rt-icd.so -print -quit)
[ -n "$driver" ] || { echo "verify: oclgrind's driver, liboclgrind-rt-icd.so, is not installed" >&2; exit 1; }

rusticl=$(find /usr/lib /usr/local/lib -name libRusticlOpenCL.so.1 -print -quit)
[ -n "$rusticl" ] || { echo "verify: Mesa's rusticl, libRusticlOpenCL.so.1, is not installed" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/striate-deep.XXXXXX")
trap 'rm -rf "$work"' EXIT
reports=$work/reports
kernels=$work/kernels
mkdir "$work/vendors" "$work/rusticl"
mkfifo "$work/log"
echo "$driver" > "$work/vendors/oclgrind.icd"
echo "$rusticl" > "$work/rusticl/rusticl.icd"
cat > "$work/logging.properties" <<TEXT
handlers = java.util.logging.FileHandler
dev.striate.backend.opencl.OpenClPrograms.level = FINE
java.util.logging.FileHandler.level = FINE
java.util.logging.FileHandler.pattern = $kernels
java.util.logging.FileHandler.append = true
java.util.logging.FileHandler.formatter = java.util.logging.SimpleFormatter
java.util.logging.SimpleFormatter.format = %5\$s%n
TEXT

# The loader sees only this driver; a process with several of them may crash. The oclgrind command preloads a library instead, which crashes the JVM.
export OCL_ICD_VENDORS=$work/vendors/ OCLGRIND_LOG=$work/log OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1

# Runs tests and collects oclgrind's reports. The log is a pipe, because each OpenCL context opens it again and would truncate a file.
# Buffers are not pooled: a pooled buffer may be larger than requested, and accesses past the end would go unnoticed.
tests() {
    local reader status=0
    cat "$work/log" > "$reports" &
    reader=$!
    exec 3> "$work/log"
    $maven surefire:test@default-test -Dstriate.test.requireOpenCl=true -Dstriate.opencl.pool=0 -Dstriate.opencl.cache=off \
        -Dstriate.opencl.blockingUploads=true \
        -Dstriate.test.devices='opencl.*' -Djava.util.logging.config.file="$work/logging.properties" "$@" \
        > "$work/maven.log" 2>&1 || status=$?
    exec 3>&-
    wait "$reader"
    return $status
}

. tools/verdict.sh

# clean WHAT TESTS...: checks that the tests pass and oclgrind reports nothing.
clean() {
    local what=$1 tests_pass=true
    shift
    tests "$@" || tests_pass=false
    if [ "$tests_pass" = true ] && [ ! -s "$reports" ]; then
        verdict true "$what"
        return
    fi
    head -n 40 "$reports"
    grep -E '^\[ERROR\] +[A-Z][A-Za-z]*Test' "$work/maven.log" | cut -c 1-300 | head -n 20 || tail -n 20 "$work/maven.log"
    verdict false "$what: oclgrind reports $(grep -c 'Kernel: ' "$reports") faults, and the tests $(
        [ "$tests_pass" = true ] && echo pass || echo fail)"
}

$maven test-compile

# First make sure that the checker works: it has to find two faults that are there on purpose.
tests -Dtest=FaultyKernels || true
verdict "$(grep -q 'Invalid write' "$reports" && echo true || echo false)" "a write past the end is found"
verdict "$(grep -q 'data race' "$reports" && echo true || echo false)" "a missing barrier is found"

clean "small cases of every operation" -Dtest='OpCasesTest,OpenClKernelsTest#optimizers*' "-Dstriate.test.cases=$cases"
clean "the large tiles of products" -Dtest=OpCasesTest -Dstriate.opencl.largeTileGroups=1 \
    '-Dstriate.test.cases=matmul 33 x 3 x 33.*|matmul 65 x 65 x 65|conv2d 33 to 33 channels.*|conv2d 65 to 66 channels, no bias'

# Drivers print these warnings on the error stream of the process.
grep -h -A 3 '^the build of .* printed: ' "$kernels"* | head -n 20 || true
verdict "$(grep -q '^the build of .* printed: ' "$kernels"* && echo false || echo true)" "kernels compile without warnings"

# An included file is compiled as part of the files that include it. Two processes run the tests, and each has its own log.
for source in src/main/opencl/*.cl; do
    users=$(grep -l "^#include \"$(basename "$source")\"" src/main/opencl/*.cl || echo "$source")
    for kernel in $(sed -n 's/^__kernel void \([A-Za-z0-9_]*\)(.*/\1/p' "$source" | sort -u); do
        for user in $users; do
            stem=$(basename "$user" .cl)
            grep -q "kernel $stem/$kernel " "$kernels"* || verdict false "no test case launches $stem/$kernel"
        done
    done
done

# Every build for GPUs that was launched above is compiled for real ones.
mkdir "$work/compiled"
sed -n 's|^kernel \([a-z0-9_]*\)/[A-Za-z0-9]* TILED \[\(.*\)\]$|\1 \2|p' "$kernels"* | tr -d , | sed 's/ *$//' | sort -u > "$work/compiled/variants"
java -cp "target/test-classes:target/striate.jar" dev.striate.backend.opencl.KernelSources "$work/compiled" \
    $(cut -d ' ' -f 1 "$work/compiled/variants" | sort -u)
tools/verify-compilers.sh "$work/compiled" > "$work/compilers.log" || true
cat "$work/compilers.log"
passed=$((passed + $(grep -c '^ok ' "$work/compilers.log" || true)))
failed=$((failed + $(grep -c '^FAILED ' "$work/compilers.log" || true)))
[ "$(grep -c '^ok \|^FAILED ' "$work/compilers.log" || true)" -ge 4 ] || verdict false "the checks of compiled kernels did not finish"

# Sees only rusticl, with llvmpipe, its device on the CPU.
on_rusticl() {
    OCL_ICD_VENDORS=$work/rusticl/ RUSTICL_ENABLE=llvmpipe "$@"
}

# Without the device, the tests below would run nowhere, and the training on none.
devices=$(on_rusticl ./striate devices 2>&1) || true
verdict "$(grep -q llvmpipe <<< "$devices" && echo true || echo false)" "rusticl has a device"

if on_rusticl $maven surefire:test@default-test -Dstriate.test.requireOpenCl=true -Dstriate.opencl.cache=off \
    -Dstriate.test.devices='opencl, TILED' -Dtest=OpCasesTest "-Dstriate.test.cases=$cases" > "$work/maven.log" 2>&1; then
    verdict true "small cases of every operation on rusticl"
else
    grep -E '^\[ERROR\] +[A-Z][A-Za-z]*Test' "$work/maven.log" | cut -c 1-300 | head -n 20 || tail -n 20 "$work/maven.log"
    verdict false "small cases of every operation on rusticl"
fi

# train DEVICE: prints the test accuracies of both networks. One epoch in few steps, because llvmpipe takes long to prepare a launch.
train() {
    ./striate digits --epochs 1 --batch-size 250 --seed 0 --device "$1" 2> "$work/digits.log" \
        | sed -n 's/^test accuracy *//p'
}
expected=$(train cpu) || true
actual=$(on_rusticl train gpu) || cat "$work/digits.log"
echo "digits: test accuracies on the CPU" $expected, "on rusticl" $actual
verdict "$([ -n "$expected" ] && [ "$expected" = "$actual" ] && echo true || echo false)" \
    "digits on rusticl has the accuracies of the CPU"

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
