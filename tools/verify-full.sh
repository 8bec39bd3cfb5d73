#!/usr/bin/env bash
# Trains the networks of the README on the real data sets and checks their accuracies; called by ./verify --full DATA_DIR.
set -euo pipefail
data=$(cd "$1" && pwd)
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

. tools/verdict.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/striate-full.XXXXXX")
trap 'rm -rf "$work"' EXIT

# place FILE...: the directory of the first of these files that exists below DATA_DIR.
place() {
    local file=$1 found
    for file in "$@"; do
        found=$(find -L "$data" -name "$file*" -print -quit 2> /dev/null)
        if [ -n "$found" ]; then
            dirname "$found"
            return
        fi
    done
    echo "verify: $1 not found below $data" >&2
    exit 1
}

field() {
    sed -n "s/^ *\"$1\" : \"\{0,1\}\([^\",]*\).*/\1/p" "$2/result.json" | head -n 1
}

# at_least ACCURACY NAME ARGUMENTS...: trains and checks the test accuracy. The time is reported but not checked.
at_least() {
    local bar=$1 name=$2 accuracy start end
    shift 2
    start=$(date +%s.%N)
    if ! ./striate "$@" --out "$work/$name" > "$work/$name.log" 2>&1; then
        tail -n 20 "$work/$name.log"
        verdict false "$name: the command failed"
        return
    fi
    end=$(date +%s.%N)
    accuracy=$(field test_accuracy "$work/$name")
    verdict "$(awk "BEGIN { print ($accuracy >= $bar) ? \"true\" : \"false\" }")" \
        "$(awk "BEGIN { printf \"%-24s test accuracy %.2f %%, required %.2f %%, %.1f s\", \"$name\", 100 * $accuracy, 100 * $bar, $end - $start }")"
}

# loss NAME EPOCH: the mean loss of the epoch's training steps.
loss() {
    awk -F, -v epoch="$2" '$1 == epoch { print $2 }' "$work/$1/history.csv"
}

# follows NAME OTHER: checks that two runs of two epochs have the same losses except for rounding.
follows() {
    local epoch bound one other
    for epoch in 1 2; do
        bound=$([ "$epoch" = 1 ] && echo 0.01 || echo 0.05)
        one=$(loss "$1" "$epoch")
        other=$(loss "$2" "$epoch")
        verdict "$(awk "BEGIN { d = $one - $other; print (d < 0 ? -d : d) <= $bound * $other ? \"true\" : \"false\" }")" \
            "epoch $epoch: loss $one in $1, $other in $2, allowed relative difference $bound"
    done
}

# exchange NAME: checks that a trained simple net has the same accuracy in PyTorch, and again here in the file that PyTorch writes.
# Rounding may change the class of up to three images that lie between two classes.
exchange() {
    local own torch back
    own=$(field test_accuracy "$work/$1")
    torch=$(python3 tools/torch-exchange.py "$work/$1/model.safetensors" "$(find -L "$cifar" -name test_batch.bin -print -quit)" \
        "$work/torch.safetensors") || torch=0
    back=$(./striate evaluate --data "$cifar" --device cpu "$work/torch.safetensors" \
        | sed -n 's/^accuracy.*(\([0-9,]*\) of.*/\1/p' | tr -d ,) || back=0
    verdict "$(awk -v own="$own" -v torch="$torch" -v back="${back:-0}" 'BEGIN {
            near = 0.00035
            d = own - torch
            e = own - back / 10000
            print (d < near && -d < near && e < near && -e < near) ? "true" : "false"
        }')" \
        "$1: test accuracy $own here, $torch in PyTorch, ${back:-0} of 10,000 correct with the file written by PyTorch"
}

mnist=$(place train-images-idx3-ubyte)
cifar=$(place data_batch_1.bin cifar-10-binary.tar.gz)
devices=$(./striate devices)
has_opencl=$(grep -q '^gpu  *none' <<< "$devices" && echo false || echo true)
has_gpu=$(grep -q '^ *type  *GPU' <<< "$devices" && echo true || echo false)
echo "$devices"

echo
for seed in 0 1 2; do
    at_least 0.99 "lenet-modern-$seed" lenet --data "$mnist" --device cpu --seed "$seed"
done
at_least 0.985 lenet-paper lenet --variant paper --data "$mnist" --device cpu
at_least 0.72 cifar10-simple-10 cifar10 --data "$cifar" --device cpu
if python3 -c 'import torch' 2> /dev/null && [ -n "$(find -L "$cifar" -name test_batch.bin -print -quit)" ]; then
    exchange cifar10-simple-10
else
    echo "skipping the exchange with PyTorch: it needs torch in python3, and CIFAR-10 unpacked"
fi
at_least 0.75 cifar10-simple-30 cifar10 --data "$cifar" --device cpu --epochs 30
if [ "$has_opencl" = true ]; then
    at_least 0.99 lenet-modern-opencl lenet --data "$mnist" --device gpu
    at_least 0.985 lenet-paper-opencl lenet --variant paper --data "$mnist" --device gpu
    at_least 0.72 cifar10-simple-10-opencl cifar10 --data "$cifar" --device gpu
    if [ "$has_gpu" = true ]; then
        at_least 0.88 cifar10-resnet-opencl cifar10 --model resnet --data "$cifar" --device gpu
    fi
    trained=true
    for device in cpu gpu; do
        if ! ./striate cifar10 --model resnet --data "$cifar" --subset 2560 --epochs 2 --device $device \
                --out "$work/resnet-$device" > "$work/resnet-$device.log" 2>&1; then
            tail -n 20 "$work/resnet-$device.log" >&2
            verdict false "resnet-$device: the command failed"
            trained=false
        fi
    done
    if [ "$trained" = true ]; then
        follows resnet-cpu resnet-gpu
    fi
fi

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
