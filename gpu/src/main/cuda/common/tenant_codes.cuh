// Which tenants' codes a block works on, and their stream: blocks are dealt out to one or two rows of a run, by
// the time that their codes take; tiles to blocks and warps.
#pragma once
#include "linear.cuh"
#include "ring.cuh"
#include "step.cuh"
#include "tiles.cuh"

// Rows of a run that share one pass over its codes.
__host__ __device__ constexpr int rowsTogether(int columns) { return columns <= 6144 ? 2 : 1; }

constexpr int SHARING_WARPS = 16;   // of a block

// The rows that a block works for, and which of the blocks that do it is.
struct Span {
  const Projection* projection;   // null where the block has nothing to do
  int firstRow, rows;
  int share, shares;
};

// The kinds of parts that code is made for: none, one of PartKind, or any. A launch whose parts are all of one kind
// does not pay for the others.
enum Kinds : int { NO_KIND = -1, ANY_KIND = PART_LOW_RANK + 1 };
__host__ __device__ constexpr Kinds alone(PartKind kind) { return (Kinds) kind; }

template <Kinds K>
__device__ __forceinline__ int kindOf(const Part& part) { return K == ANY_KIND ? (int) part.kind : (int) K; }

// Units of one plane of one tile.
template <Kinds K>
__device__ __forceinline__ int unitsOf(const Part& part, int columns) {
  int kind = kindOf<K>(part);
  return kind == PART_SIGNS ? signBlocks(columns)
       : kind == PART_VECTORS ? indexBlocks(columns)
       : kind == PART_SPARSE ? sparseBlocks(columns) * codeBlockUnits(part.codeBits % 16)
       : kind == PART_LOOKUP ? signBlocks(columns) * part.codeBits
       : kind == PART_GROUPED ? groupedBlocks(columns) * codeBlockUnits(part.codeBits)
       : kind == PART_LOW_RANK ? part.rankUnits : ceilDiv(columns, BLOCK_INPUTS) * STAGE_UNITS;
}

template <Kinds K>
__device__ __forceinline__ int tilesOf(const Part& part) {
  return kindOf<K>(part) == PART_VECTORS ? ceilDiv(rowsOf(part), TILE_BANDS * part.vectorRows)
       : part.interleaved ? tilesOf(rowsOf(part)) : tilesOf(part.outputs);
}

// Units that a stage holds: whole blocks of codes.
template <Kinds K>
__device__ __forceinline__ int stageUnitsOf(const Part& part) {
  int kind = kindOf<K>(part);
  if (kind == PART_LOOKUP) return part.codeBits;
  bool inBlocks = kind == PART_SPARSE || kind == PART_GROUPED;
  return inBlocks && part.codeBits % 16 == 4 ? codeBlockUnits(4) : STAGE_UNITS;
}

// What a part takes of the blocks of a span, in the time of a sixteenth of a unit of codes that is only read. A byte of
// some kinds takes one and a half times as long as of others, one of low rank nine times. Fitted to what eight tenants
// of a kind add to a step (docs/gpu-notes.md, 35), but for vectors, replaced rows and ranks above 16, which are
// guessed. How blocks are dealt out changes no result.
__device__ inline int costOf(const Part& part, int columns) {
  int kind = part.kind, isWide = part.codeBits % 16 == 4, plane = signBlocks(columns), tile;
  if (kind == PART_SIGNS) {
    tile = plane * (16 * part.planes + 8);
  } else if (kind == PART_SPARSE) {
    tile = plane * part.planes * (isWide ? 60 : 44);
  } else if (kind == PART_GROUPED) {
    tile = plane * part.planes * (isWide ? 112 : 84);
  } else if (kind == PART_LOOKUP) {
    tile = plane * (isWide ? 131 : 77);
  } else if (kind == PART_LOW_RANK) {
    tile = plane * (13 + part.rankUnits);
  } else {
    tile = unitsOf<ANY_KIND>(part, columns) * part.planes * (kind == PART_VECTORS ? 22 : 18);
  }
  return tilesOf<ANY_KIND>(part) * tile;
}

// Deals blocks out to spans by what these take, at least one to each. Run by one whole warp.
__device__ inline Span findSpan(const LinearOperands& operands) {
  const Step* step = operands.step;
  int lane = threadIdx.x % 32, spans = 0, cost = 0, together = rowsTogether(operands.columns);
  Run run = step->run[lane];   // All loads at once: each would be waited for.
  const Projection* projection = &run.projections[operands.slot];
  if (lane < step->runs) {
    int parts = projection->parts;
#pragma unroll
    for (int p = 0; p < MAX_PARTS; p++) {
      Part part = projection->part[p];
      if (p < parts) cost += costOf(part, operands.columns);
    }
    if (cost > 0) spans = ceilDiv(run.rows, together);
  }
  int64_t total = (int64_t) spans * cost;
  int allSpans = spans;
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    total += __shfl_xor_sync(~0u, total, distance);
    allSpans += __shfl_xor_sync(~0u, allSpans, distance);
  }
  if ((int) gridDim.x < allSpans) __trap();
  int blocks = spans == 0 ? 0 : 1 + (int) ((gridDim.x - allSpans) * (int64_t) cost / total);
  int end = spans * blocks;
#pragma unroll
  for (int distance = 1; distance < 32; distance *= 2) {
    int other = __shfl_up_sync(~0u, end, distance);
    if (lane >= distance) end += other;
  }
  int place = (int) blockIdx.x - (end - spans * blocks);
  bool isHere = place >= 0 && place < spans * blocks;
  uint32_t where = __ballot_sync(~0u, isHere);
  if (where == 0) return {nullptr, 0, 0, 0, 0};
  int index = isHere ? place / blocks : 0, owner = __ffs(where) - 1;
  Span own = {projection, run.firstRow + index * together,
              min(together, run.rows - index * together), place - index * blocks, blocks};
  return {(const Projection*) __shfl_sync(~0u, (uint64_t) own.projection, owner),
          __shfl_sync(~0u, own.firstRow, owner), __shfl_sync(~0u, own.rows, owner),
          __shfl_sync(~0u, own.share, owner), __shfl_sync(~0u, own.shares, owner)};
}

struct Assignment {
  Span span;
  Projection projection;   // a copy; no parts where the block has nothing to do

  __device__ __forceinline__ bool isOf(Kinds kinds) const {
    for (int p = 0; p < projection.parts; p++) {
      if (kinds != ANY_KIND && projection.part[p].kind != kinds) return false;
    }
    return true;
  }
};

// One tile after another of the span's parts. Tiles are dealt out first to blocks, then to warps; those of
// vectors to blocks only. Blocks of a span that are many enough share out parts of low rank, since each
// needs a product of its own before its first tile.
template <Kinds K>
struct Item {
  const Assignment* own;
  int part, tile;

  __device__ __forceinline__ bool isSplit(int p) const {
    const Projection& all = own->projection;
    return kindOf<K>(all.part[p]) == PART_LOW_RANK && all.parts > 1 && own->span.shares >= all.parts;
  }
  __device__ __forceinline__ bool takes(int p) const {
    return !isSplit(p) || own->span.share % own->projection.parts == p;
  }
  __device__ __forceinline__ int share(int p) const {
    return isSplit(p) ? own->span.share / own->projection.parts : own->span.share;
  }
  __device__ __forceinline__ int shares(int p) const {
    return isSplit(p) ? ceilDiv(own->span.shares - p, own->projection.parts) : own->span.shares;
  }

  __device__ __forceinline__ bool exists() const { return part < MAX_PARTS; }
  __device__ __forceinline__ const Part& its() const { return own->projection.part[part]; }
  __device__ __forceinline__ bool isShared() const { return kindOf<K>(its()) == PART_VECTORS; }

  __device__ __forceinline__ void begin(int newPart) {
    for (part = newPart; part < own->projection.parts; part++) {
      if (!takes(part)) continue;
      tile = share(part) + (isShared() ? 0 : (int) threadIdx.x / 32 * shares(part));
      if (tile < tilesOf<K>(its())) return;
    }
    part = MAX_PARTS;
  }
  __device__ __forceinline__ void advance() {
    tile += isShared() ? shares(part) : SHARING_WARPS * shares(part);
    if (tile >= tilesOf<K>(its())) begin(part + 1);
  }
};

// A warp's units of a tile that the warps share.
__device__ __forceinline__ int firstShared(int units, int warp) { return units * warp / SHARING_WARPS; }

// This warp's codes: items in order, of each its planes in order.
template <Kinds K>
struct CodeSource {
  Item<K> item;
  int columns, plane, left, together;   // left: units of this plane's tile; together: those of a stage
  const char* from;
  int64_t stride;             // from a stage's unit to its next: those of look-up codes are of one block each

  __device__ __forceinline__ bool ended() const { return !item.exists(); }

  __device__ __forceinline__ void open() {
    for (; !ended(); item.advance()) {
      const Part& part = item.its();
      int units = unitsOf<K>(part, columns), first = 0, warp = threadIdx.x / 32;
      left = units;
      together = stageUnitsOf<K>(part);
      if (kindOf<K>(part) == PART_VECTORS) {
        first = firstShared(units, warp);
        left = firstShared(units, warp + 1) - first;
      }
      stride = UNIT_BYTES;
      if (kindOf<K>(part) == PART_LOOKUP) {
        units = signBlocks(columns);
        stride = (int64_t) tilesOf<K>(part) * units * UNIT_BYTES;
      }
      from = (const char*) part.codes +
             ((plane * (int64_t) tilesOf<K>(part) + item.tile) * units + first) * UNIT_BYTES + threadIdx.x % 32 * 16;
      if (left > 0) return;
    }
  }

  __device__ __forceinline__ void copy(uint32_t to) {
#pragma unroll
    for (int unit = 0; unit < STAGE_UNITS; unit++) {
      if (unit < min(left, together)) copyAsync16(to + unit * UNIT_BYTES, from + unit * stride);
    }
    from += stride == UNIT_BYTES ? together * UNIT_BYTES : UNIT_BYTES;
    left -= together;
    if (left > 0) return;
    if (++plane == item.its().planes) {
      plane = 0;
      item.advance();
    }
    open();
  }
};
