#!/usr/bin/env bash
# Compiles kernels for GPUs with clang and libclc, for AMD and for NVIDIA, and checks that none needs scratch memory: that is slow
# there. Usage: verify-compilers.sh DIRECTORY, which contains sources, where includes are resolved, and a file "variants" with a
# line for each build: the name of a source and its macros. Called by verify-deep.sh.
set -euo pipefail
tools=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
amd_library=/usr/lib/clc/amdgcn--amdhsa.bc
nvidia_library=/usr/lib/clc/nvptx64--nvidiacl.bc
clang=$(command -v clang-15 || command -v clang || true)
ptxas=$(command -v ptxas || true)

# compile SOURCE OUTPUT LIBRARY OPTIONS...: prints the first error, if there is one. As in drivers, all functions are inlined.
compile() {
    local source=$1 output=$2 library=$3
    shift 3
    if ! "$clang" -x cl -cl-std=CL1.2 -cl-mad-enable -O3 -nogpulib -Xclang -finclude-default-header -Wno-linker-warnings \
        -Xclang -mlink-builtin-bitcode -Xclang "$library" -DTILED -DWIDTH=4 "$@" -S -o "$output" "$source" 2> "$output.log"; then
        echo "does not compile: $(grep -m 1 -E 'error|fatal' "$output.log" || head -n 1 "$output.log")"
        return 1
    fi
}

# amd ASSEMBLY: prints faults, and to ASSEMBLY.table the resources of each kernel, from the metadata.
amd() {
    sed -n '/\.amdgpu_metadata/,$p' "$1" | awk -v table="$1.table" '
        /^    \.group_segment_fixed_size:/ { memory = $2 }
        /^    \.name:/ { name = $2 }
        /^    \.private_segment_fixed_size:/ { scratch = $2 }
        /^    \.sgpr_count:/ { scalar = $2 }
        /^    \.vgpr_count:/ { vector = $2 }
        /^    \.vgpr_spill_count:/ {
            kernels++
            print name, vector, scalar, memory > table
            if (scratch > 0 || $2 > 0) print name " needs " scratch " bytes of scratch memory, and spills " $2 " vector registers"
        }
        END { if (!kernels) print "no metadata" }'
    ! grep -q s_swappc "$1" || echo "calls a function that libclc lacks or that is not inlined"
}

# nvidia PTX: prints faults, and to PTX.table the registers of each kernel if there is an assembler.
nvidia() {
    awk '/\.entry/ { inside = 1; name = $0; sub(/.*\.entry /, "", name); sub(/\(.*/, "", name) }
        /^\}/ { inside = 0 }
        inside && /\.local .*__local_depot/ { print name " has a local depot" }' "$1"
    ! grep -qE '\.extern +\.func|call\.uni' "$1" || echo "calls a function that libclc lacks or that is not inlined"
    [ -n "$ptxas" ] || return 0
    if ! "$ptxas" -v -arch=sm_80 -o "$1.cubin" "$1" 2> "$1.log"; then
        echo "ptxas: $(head -n 1 "$1.log")"
        return
    fi
    awk -v table="$1.table" '/Compiling entry function/ { split($0, part, "\x27"); name = part[2] }
        /stack frame/ && !/ 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads/ { print name ":" $0 }
        /Used [0-9]+ registers/ { match($0, /Used [0-9]+/); print name, substr($0, RSTART + 5, RLENGTH - 5) > table }' "$1.log"
    rm -f "$1.cubin"
}

# one DIRECTORY VARIANT: compiles a variant; DIRECTORY/out has a file of faults for each.
one() {
    local stem=${2%% *} options=() macro output
    output=$1/out/$stem.$(md5sum <<< "$2" | cut -c 1-12)
    for macro in ${2#"$stem"}; do
        options+=("-D$macro")
    done
    {
        ! compile "$1/$stem.cl" "$output.s" "$amd_library" -target amdgcn--amdhsa -mcpu=gfx900 \
            -mllvm -amdgpu-function-calls=0 "${options[@]}" > "$output.s.compile" || amd "$output.s"
        cat "$output.s.compile"
    } | sed "s/^/AMD: $2: /" > "$output.faults"
    {
        ! compile "$1/$stem.cl" "$output.ptx" "$nvidia_library" -target nvptx64-nvidia-nvcl -Xclang -target-cpu -Xclang sm_70 \
            -mllvm -inline-threshold=100000 "${options[@]}" > "$output.ptx.compile" || nvidia "$output.ptx"
        cat "$output.ptx.compile"
    } | sed "s/^/NVIDIA: $2: /" >> "$output.faults"
}

# all DIRECTORY: compiles all variants on all cores.
all() {
    rm -rf "$1/out"
    mkdir "$1/out"
    xargs -P "$(nproc)" -d '\n' -n 1 "$tools/verify-compilers.sh" --one "$1" < "$1/variants"
}

# largest DIRECTORY SUFFIX: for each kernel of each source the maximum of each column over the variants.
largest() {
    local table
    for table in "$1"/out/*."$2".table; do
        sed "s/^/$(basename "$table" | cut -d . -f 1)\//" "$table"
    done | awk '{ for (i = 2; i <= NF; i++) if ($i > most[$1, i]) most[$1, i] = $i; columns[$1] = NF }
        END { for (name in columns) {
            line = "  " name
            for (i = 2; i <= columns[name]; i++) line = line " " most[name, i] + 0
            print line
        } }' | sort
}

if [ "$1" = --one ]; then
    one "$2" "$3"
    exit
fi

. "$tools/verdict.sh"
[ -n "$clang" ] || { verdict false "clang is not installed"; exit 1; }
[ -e "$amd_library" ] && [ -e "$nvidia_library" ] || { verdict false "libclc is not installed"; exit 1; }

# First make sure that the checks work: an array that is indexed by a number known only at run time cannot be in registers.
mkdir -p "$1/faulty"
echo faulty > "$1/faulty/variants"
cat > "$1/faulty/faulty.cl" <<'TEXT'
__kernel void indexed(__global const int *places, __global float *y)
{
    float values[32];
    for (int i = 0; i < 32; ++i) {
        values[places[i]] = y[i];
    }
    y[get_global_id(0)] = values[places[get_global_id(0)]];
}
TEXT
all "$1/faulty"
for vendor in AMD NVIDIA; do
    verdict "$(grep -qh "^$vendor: .*\(scratch memory\|local depot\)" "$1"/faulty/out/*.faults && echo true || echo false)" \
        "scratch memory is found on $vendor"
done

all "$1"
echo "Largest numbers for AMD (gfx900): vector registers, scalar registers, bytes of local memory"
largest "$1" s
if [ -n "$ptxas" ]; then
    echo "Largest numbers of registers for NVIDIA (sm_80)"
    largest "$1" ptx
else
    echo "skipped  registers and spills on NVIDIA: ptxas, of the CUDA toolkit, is not on the PATH"
fi
cat "$1"/out/*.faults
count=$(wc -l < "$1/variants")
for vendor in AMD NVIDIA; do
    verdict "$([ "$count" -gt 0 ] && ! grep -qh "^$vendor: " "$1"/out/*.faults && echo true || echo false)" \
        "$count variants of kernels need no scratch memory on $vendor"
done
[ "$failed" -eq 0 ]
