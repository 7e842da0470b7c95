// The work of a block of the fused linear layer as a list: one segment for each plane of each
// tenant's part that meets the block's outputs.
#pragma once
#include "step.cuh"
#include "tiles.cuh"

struct Segment {           // 40 bytes
  const char* tiles;       // of the part's first output
  const float* scales;     // of the part's first output
  int firstTile, endTile;  // merged
  int outputs;
  int tileBytes;
  uint8_t firstRow, endRow, kind, skip;
};

// Lists the segments that meet tiles [firstTile, endTile). Run by one whole warp; returns the count.
__device__ inline int listSegments(Segment* segments, const Step* step, int slot, int columns,
                                   int firstTile, int endTile) {
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
#pragma unroll
  for (int p = 0; p < MAX_PARTS; p++) own += meets(p) ? projection.part[p].planes : 0;
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
    int64_t tileBytes = part.kind == PART_SIGNS ? signTileBytes(columns) : weightTileBytes(columns);
    for (int plane = 0; plane < part.planes && at < MAX_SEGMENTS; plane++, at++) {
      segments[at] = {(const char*) part.codes + plane * tilesOf(part.outputs) * tileBytes,
                      part.scales + (int64_t) plane * part.outputs, first(part), end(part),
                      part.outputs, (int) tileBytes, (uint8_t) firstRow, (uint8_t) endRow,
                      part.kind, part.skip};
    }
  }
  return min(__shfl_sync(~0u, upTo, 31), MAX_SEGMENTS);
}
