#!/usr/bin/env bash
# Prints the share of test images that the classifier gets right.
#   run.sh [NOODLE-JIT [OPTION...]]
set -euo pipefail
here=$(dirname "$(realpath "$0")")
jit=${1:-$here/../../build/bin/noodle-jit}
cd "$here"
exec "$jit" digits.mlir -e accuracy --arg images.npy --arg labels.npy \
  --arg scale.npy --arg shift.npy --arg w1.npy --arg b1.npy \
  --arg w2.npy --arg b2.npy "${@:2}"
