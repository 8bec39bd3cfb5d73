#!/usr/bin/env bash
# Usage: vectors.sh
# Computes the values and gradients that Striate's tests expect of its operations with libtorch; see README.md. Replaces
# src/test/resources/dev/striate/torch/operations.json.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/prepare.sh"

# Nothing is measured.
rmdir "$results"
"$java" "${jvm[@]}" dev.striate.bench.peers.vectors.Vectors "$here/../../src/test/resources/dev/striate/torch/operations.json"
