// What a warp reads for its tiles of outputs, as one unbroken stream of stages of 2 KiB.
//
// A warp's work is a tile of 16 outputs and a slice of the inputs; its items are the base and every
// segment that meets the tile. In odd groups of four works the base comes last instead of first, so
// that at any time some warps of a scheduler wait for the base's many bytes while others spend
// arithmetic on signs. Each lane copies exactly what it will multiply, so a ring belongs to a lane
// and no barrier guards it.
#pragma once
#include "async.cuh"
#include "segments.cuh"

constexpr int WARPS = 8;
constexpr int STAGE_BYTES = 2048;
constexpr int STAGE_CHUNKS = STAGE_BYTES / CHUNK_BYTES;

// What a block of the fused linear layer works on.
struct Share {
  const char* base;            // weight tiles
  const Segment* segments;
  int baseTiles;
  int segmentCount;
  int columns;
  int sliceWidth;
  int firstSlice, slices;      // this block's
  int firstTile, works;        // this block's; work w is tile w / slices, slice w % slices
};

// A place in a warp's stream.
struct Place {
  int work;
  int item;                    // 0 .. segmentCount
  int segment;                 // -1: the base
  int stage, stages;           // within the item
  int chunks;                  // of 128 inputs in the slice
  bool signs;
  const char* source;          // of this stage, this lane; null where the base has no such tile

  __device__ __forceinline__ bool ended(const Share& share) const { return work >= share.works; }
  __device__ __forceinline__ int tile(const Share& share) const {
    return share.firstTile + work / share.slices;
  }
  __device__ __forceinline__ int slice(const Share& share) const { return work % share.slices; }

  __device__ __forceinline__ void begin(const Share& share) {
    work = threadIdx.x / 32;
    item = -1;
    if (!ended(share)) next(share);
  }

  __device__ __forceinline__ void advance(const Share& share) {
    source += STAGE_BYTES;
    if (++stage >= stages) next(share);
  }

  // To the next item that meets its tile, of this work or a later one; true if the work changed.
  __device__ __forceinline__ bool next(const Share& share) {
    bool changed = false;
    do {
      if (++item > share.segmentCount) {
        item = 0;
        work += WARPS;
        changed = true;
        if (ended(share)) break;
      }
    } while (!open(share));
    return changed;
  }

  // False when the item does not meet the tile. The base is always there, if only as a place in the
  // stream: every work has an item.
  __device__ __forceinline__ bool open(const Share& share) {
    int lane = threadIdx.x % 32, at = tile(share), own = share.firstSlice + slice(share);
    int first = own * share.sliceWidth, inputs = min(share.columns - first, share.sliceWidth);
    bool baseLast = (work >> 2) & 1;
    segment = baseLast ? (item == share.segmentCount ? -1 : item) : item - 1;
    chunks = ceilDiv(max(inputs, 0), CHUNK_INPUTS);
    stage = 0;
    if (segment < 0) {
      signs = false;
      bool exists = at < share.baseTiles && inputs > 0;
      stages = exists ? ceilDiv(inputs, BLOCK_INPUTS) : 1;
      source = !exists ? nullptr
          : share.base + at * weightTileBytes(share.columns) +
                (int64_t) (first / BLOCK_INPUTS) * BLOCK_BYTES + lane * 16;
      return true;
    }
    const Segment& part = share.segments[segment];
    if (inputs <= 0 || at < part.firstTile || at >= part.endTile) return false;
    signs = part.kind == PART_SIGNS;
    stages = signs ? ceilDiv(chunks, STAGE_CHUNKS) : ceilDiv(inputs, BLOCK_INPUTS);
    source = part.tiles + (int64_t) (at - part.firstTile) * part.tileBytes +
             (signs ? first / CHUNK_INPUTS * CHUNK_BYTES
                    : (int64_t) (first / BLOCK_INPUTS) * BLOCK_BYTES) + lane * 16;
    return true;
  }

  // Chunks of signs in this stage.
  __device__ __forceinline__ int stageChunks() const {
    return min(STAGE_CHUNKS, chunks - stage * STAGE_CHUNKS);
  }

  // Starts copying this stage to `slot`, the lane's first 16 bytes of a stage.
  __device__ __forceinline__ void copy(uint32_t slot) const {
    if (source == nullptr) return;
    if (signs && stageChunks() < STAGE_CHUNKS) {
      copyPartOfSigns(slot, source, stageChunks());
      return;
    }
#pragma unroll
    for (int unit = 0; unit < 4; unit++) copyAsync16(slot + unit * 512, source + unit * 512);
  }

  __device__ __noinline__ static void copyPartOfSigns(uint32_t slot, const char* from, int chunks) {
    if (chunks >= GROUP_CHUNKS) {
      copyAsync16(slot, from);
      copyAsync16(slot + 512, from + 512);
      slot += 1024;
      from += 1024;
      chunks -= GROUP_CHUNKS;
    }
    from -= threadIdx.x % 32 * 12;  // Lone chunks lie word by word.
    for (int chunk = 0; chunk < chunks; chunk++) {
      copyAsync4(slot + 4 * chunk, from + chunk * CHUNK_BYTES);
      copyAsync4(slot + 512 + 4 * chunk, from + chunk * CHUNK_BYTES + 128);
    }
  }
};
