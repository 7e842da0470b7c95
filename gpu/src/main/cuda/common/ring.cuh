// A warp's stages of 2 KiB, copied ahead of their use. Each lane copies exactly what it will read
// (16 bytes of every unit), so a ring belongs to a lane and no barrier guards it.
#pragma once
#include "async.cuh"
#include "tiles.cuh"

constexpr int STAGE_UNITS = 4;
constexpr int STAGE_BYTES = STAGE_UNITS * UNIT_BYTES;

// `copyNext(to)` starts the copies of the next stage, if there is one, to this lane's place `to`.
template <int STAGES>
struct Ring {
  char* first;   // this lane's first 16 bytes of the warp's first stage
  int fill;      // the stage to copy to next; the one after it is the next to be used

  template <typename Copy>
  __device__ __forceinline__ void feed(Copy copyNext) {
    copyNext(sharedAddress(first) + fill * STAGE_BYTES);
    commitCopies();
    fill = fill + 1 == STAGES ? 0 : fill + 1;
  }

  template <typename Copy>
  __device__ __forceinline__ void prime(Copy copyNext) {
#pragma unroll 1
    for (int i = 0; i < STAGES - 1; i++) feed(copyNext);
  }

  // The next stage to compute with; it stays until the next call.
  template <typename Copy>
  __device__ __forceinline__ const char* take(Copy copyNext) {
    feed(copyNext);
    awaitCopies<STAGES - 1>();
    return first + fill * STAGE_BYTES;
  }
};
