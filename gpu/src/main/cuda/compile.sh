#!/bin/sh
# Compiles every kernel to a fat binary named after it, unless that is newer than its sources.
#   compile.sh NVCC OUTPUT_FOLDER
set -eu
nvcc=$1
to=$2
cd "$(dirname "$0")"
mkdir -p "$to"
for source in */*.cu; do
  binary="$to/$(basename "$source" .cu).fatbin"
  if [ -n "$(find "$source" common compile.sh -newer "$binary" 2>/dev/null || echo missing)" ]; then
    echo "nvcc $source"
    # Clusters and launches that overlap begin with compute capability 9.0; products of a warpgroup are there
    # on 9.0 alone, and kernels with them trap on later ones.
    own=sm_90
    if grep -q wgmma.cuh "$source"; then own=sm_90a; fi
    "$nvcc" -std=c++17 -O3 -fatbin -gencode "arch=compute_${own#sm_},code=$own" \
      -gencode arch=compute_90,code=compute_90 -o "$binary.part" "$source"
    mv "$binary.part" "$binary"
  fi
done
