// The work of a block of the fused linear layer as a list: one segment for each plane of each
// tenant's part that meets the block's outputs.
#pragma once
#include "step.cuh"
#include "tiles.cuh"

// Tiles, outputs and addresses count from the block's first tile and slice: what is the same for all
// of a block's works is computed once.
struct alignas(16) Segment {   // 48 bytes
  const char* source;
  const float* scales;
  int firstTile, endTile;
  int firstOutput, endOutput;
  int tileBytes, sliceBytes;
  int run;
  uint8_t firstRow, endRow, kind, reserved;
};

struct SegmentList {
  int count;
  bool replaces;           // some segment replaces rows
};

// Lists the segments that meet tiles [firstTile, endTile), of the slices from `firstSlice` on. Run by
// one whole warp.
__device__ inline SegmentList listSegments(Segment* segments, const Step* step, int slot, int columns,
                                           int firstTile, int endTile, int firstSlice) {
  int lane = threadIdx.x % 32;
  int runs = step == nullptr ? 0 : step->runs;
  Projection projection;
  projection.parts = 0;
  int firstRow = 0, endRow = 0;
  if (lane < runs) {
    projection = step->run[lane].projections[slot];
    firstRow = step->run[lane].firstRow;
    endRow = firstRow + step->run[lane].rows;
  }
  auto first = [](const Part& part) { return part.firstOutput / TILE_OUTPUTS; };
  auto end = [&](const Part& part) { return first(part) + tilesOf(part.outputs); };
  auto meets = [&](int p) {
    return p < projection.parts && first(projection.part[p]) < endTile &&
           firstTile < end(projection.part[p]);
  };
  int own = 0;
  bool replaces = false;
#pragma unroll
  for (int p = 0; p < MAX_PARTS; p++) {
    if (!meets(p)) continue;
    own += projection.part[p].planes;
    replaces |= projection.part[p].kind == PART_REPLACED;
  }
  int upTo = own;
#pragma unroll
  for (int distance = 1; distance < 32; distance *= 2) {
    int other = __shfl_up_sync(~0u, upTo, distance);
    if (lane >= distance) upTo += other;
  }
  int at = upTo - own;
#pragma unroll
  for (int p = 0; p < MAX_PARTS; p++) {
    if (!meets(p)) continue;
    const Part& part = projection.part[p];
    bool signs = part.kind == PART_SIGNS;
    int64_t tileBytes = signs ? signTileBytes(columns) : weightTileBytes(columns);
    int sliceBytes = signs ? sliceInputs(columns) / CHUNK_INPUTS * CHUNK_BYTES
                           : sliceInputs(columns) / BLOCK_INPUTS * BLOCK_BYTES;
    int before = firstTile - first(part);   // tiles of the part that lie before this block's
    const char* source = (const char*) part.codes + before * tileBytes + (int64_t) firstSlice * sliceBytes;
    const float* scales = part.scales + before * TILE_OUTPUTS;
    for (int plane = 0; plane < part.planes && at < MAX_SEGMENTS; plane++, at++) {
      segments[at] = {source + plane * tilesOf(part.outputs) * tileBytes,
                      scales + (int64_t) plane * part.outputs,
                      -before, end(part) - firstTile,
                      part.skip - before * TILE_OUTPUTS, part.outputs - before * TILE_OUTPUTS,
                      (int) tileBytes, sliceBytes, lane,
                      (uint8_t) firstRow, (uint8_t) endRow, part.kind, 0};
    }
  }
  return {min(__shfl_sync(~0u, upTo, 31), MAX_SEGMENTS), __any_sync(~0u, replaces) != 0};
}
