// What a warp reads for its tiles of outputs, as one unbroken stream of stages of 2 KiB.
//
// A warp's work is a tile of 16 outputs, a slice of the inputs and a group of the runs; its items are
// the base (first group only) and the segments of the group's runs that meet the tile. In odd groups of four
// works the base comes last instead of first, so that at any time some warps of a scheduler wait for
// the base's many bytes while others spend arithmetic on signs. Each lane copies exactly what it will
// multiply, so a ring belongs to a lane and no barrier guards it.
#pragma once
#include "async.cuh"
#include "segments.cuh"

constexpr int STAGE_BYTES = 2048;
constexpr int STAGE_CHUNKS = STAGE_BYTES / CHUNK_BYTES;

// What a block of the fused linear layer works on. Counts with a logarithm are powers of two. Tiles
// and slices count from the block's first.
struct Share {
  const char* base;            // weight tiles, of the block's first tile and slice
  int64_t baseTileBytes;
  int baseSliceBytes;
  int segmentCount;
  int segmentsAt;              // in shared memory
  int baseTiles;               // that the base has
  int inputs;                  // from the first slice on
  int sliceWidth;
  int logSlices, logGroups;
  int works;
  int warps;
};

// The work of number `number`: groups count fastest, then slices, then tiles.
struct Work {
  int tile, slice, group;
  int inputs;
  bool hasBase, baseLast;

  __device__ __forceinline__ void set(const Share& share, int number) {
    group = number & ((1 << share.logGroups) - 1);
    slice = number >> share.logGroups & ((1 << share.logSlices) - 1);
    tile = number >> (share.logGroups + share.logSlices);
    inputs = max(0, min(share.inputs - slice * share.sliceWidth, share.sliceWidth));
    hasBase = group == 0 && tile < share.baseTiles && inputs > 0;
    baseLast = number >> 2 & 1;
  }

  __device__ __forceinline__ bool meets(const Segment& segment, const Share& share) const {
    return (segment.run & ((1 << share.logGroups) - 1)) == group && segment.firstTile <= tile &&
           tile < segment.endTile && inputs > 0;
  }
  __device__ __forceinline__ int weightStages() const {
    return (unsigned) (inputs + BLOCK_INPUTS - 1) / BLOCK_INPUTS;
  }
  __device__ __forceinline__ int chunks() const {
    return (unsigned) (inputs + CHUNK_INPUTS - 1) / CHUNK_INPUTS;
  }
};

// Where a warp's copying is in its stream.
struct Source {
  Work work;
  int number;                  // of the work
  int next;                    // segment after this item; -1: the base is to come first
  bool baseToCome;             // after the segments
  int left;                    // stages of this item
  int chunks;                  // of signs, in what is left; at most 0 for weights
  const char* from;            // this stage, this lane

  __device__ __forceinline__ void begin(const Share& share, const Segment* segments) {
    number = threadIdx.x / 32;
    if (!ended(share)) {
      enter(share);
      find(share, segments);
    }
  }

  __device__ __forceinline__ bool ended(const Share& share) const { return number >= share.works; }

  __device__ __forceinline__ void enter(const Share& share) {
    work.set(share, number);
    next = work.hasBase && !work.baseLast ? -1 : 0;
    baseToCome = work.hasBase && work.baseLast;
  }

  // Opens the next item, of this work or a later one.
  __device__ __forceinline__ void find(const Share& share, const Segment* segments) {
    while (true) {
      if (next >= 0 && next < share.segmentCount) {
        Segment segment = segments[next++];
        if (!work.meets(segment, share)) continue;
        bool signs = segment.kind == PART_SIGNS;
        chunks = signs ? work.chunks() : 0;
        left = signs ? (unsigned) (chunks + STAGE_CHUNKS - 1) / STAGE_CHUNKS : work.weightStages();
        from = segment.source + (work.tile * segment.tileBytes + work.slice * segment.sliceBytes +
                                 threadIdx.x % 32 * 16);
        return;
      }
      if (next < 0 || baseToCome) {
        next = max(next, 0);
        baseToCome = false;
        chunks = 0;
        left = work.weightStages();
        from = share.base + work.tile * share.baseTileBytes + work.slice * share.baseSliceBytes +
               threadIdx.x % 32 * 16;
        return;
      }
      number += share.warps;
      if (ended(share)) return;
      enter(share);
    }
  }

  // Starts copying this stage to `slot`, the lane's first 16 bytes of a stage, and goes past it.
  __device__ __forceinline__ void copy(uint32_t slot, const Share& share, const Segment* segments) {
    if (chunks > 0 && chunks < STAGE_CHUNKS) {
      copyPartOfSigns(slot);
    } else {
#pragma unroll
      for (int unit = 0; unit < 4; unit++) copyAsync16(slot + unit * 512, from + unit * 512);
    }
    from += STAGE_BYTES;
    chunks -= STAGE_CHUNKS;
    if (--left == 0) find(share, segments);
  }

  __device__ __forceinline__ void copyPartOfSigns(uint32_t slot) const {
    bool group = chunks >= GROUP_CHUNKS;
    if (group) {
      copyAsync16(slot, from);
      copyAsync16(slot + 512, from + 512);
    }
    int done = group ? GROUP_CHUNKS : 0;
    slot += group ? 1024 : 0;
    const char* lone = from + (group ? 1024 : 0) - (int) (threadIdx.x % 32 * 12);  // Word by word.
#pragma unroll
    for (int chunk = 0; chunk < GROUP_CHUNKS - 1; chunk++) {
      if (done + chunk < chunks) {
        copyAsync4(slot + 4 * chunk, lone + chunk * CHUNK_BYTES);
        copyAsync4(slot + 512 + 4 * chunk, lone + chunk * CHUNK_BYTES + 128);
      }
    }
  }
};
