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
    # on 9.0 alone.
    architectures="-gencode arch=compute_90,code=sm_90 -gencode arch=compute_90,code=compute_90"
    if grep -q wgmma.cuh "$source"; then architectures="-gencode arch=compute_90a,code=sm_90a"; fi
    # shellcheck disable=SC2086
    "$nvcc" -std=c++17 -O3 -fatbin $architectures -o "$binary.part" "$source"
    mv "$binary.part" "$binary"
  fi
done
