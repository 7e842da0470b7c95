// Linear layers of a base and of tenants of all kinds, and their definition in double on the host.
#pragma once
#include "checks.cuh"
#include "harness.cuh"
#include <cuda_fp16.h>

// A matrix difference on host and device.
struct HostPart {
  int kind, firstOutput, outputs, planes, columns;   // first and outputs without what is skipped
  std::vector<uint32_t> words;      // [planes][outputs][words]
  std::vector<float> scales;        // [planes][outputs]
  std::vector<bf16> rows;           // replaced
  Device<char> codes;
  Device<float> deviceScales;
  int vectorRows = 0;               // of vectors: d
  std::vector<uint8_t> indices = {};   // [bands][columns]
  std::vector<bf16> codebook = {};     // [256][d]
  Device<bf16> deviceCodebook{2048};
  int interleaved = 0;
  int rank = 0;
  std::vector<bf16> up = {}, down = {};   // of low rank: [outputs][rank], [rank][columns]
  int codeBits = 0, groupLog = -1;        // of sparse codes; -1 where a group is a whole row
  std::vector<uint8_t> kept = {};         // [outputs][columns / 4]: nibbles of quadruples
  std::vector<uint8_t> keptCodes = {};    // [outputs][columns / 2]
  std::vector<float> groups = {};         // [planes][groups][outputs]
  std::vector<uint8_t> tables = {};       // of look-up codes: [outputs][upper or lower][16]
  int groupColumns = 0;                   // of grouped codes
  std::vector<uint8_t> allCodes = {};     // [outputs][stored inputs]
  std::vector<uint32_t> statistics[2] = {};   // of each plane: [outputs][groups]
  std::vector<uint16_t> positionOf = {};  // [columns]; empty where inputs are stored in order
  std::vector<int> outlierOffsets = {};
  std::vector<uint32_t> outliers = {};
  Device<uint16_t> deviceOrders[2] = {Device<uint16_t>(1), Device<uint16_t>(1)};
  Device<int> deviceOffsets{1};
  Device<uint32_t> deviceOutliers{1};

  static HostPart make(Random& random, int kind, int firstOutput, int outputs, int planes, int columns) {
    int words = ceilDiv(columns, 64) * 2;
    HostPart part = {kind, firstOutput, outputs, planes, columns,
                     std::vector<uint32_t>((size_t) planes * outputs * words), {}, {},
                     Device<char>(planes * tilesOf(firstOutput % 16 + outputs) *
                                  (kind == PART_SIGNS ? signTileBytes(columns) : weightTileBytes(columns))),
                     Device<float>(std::max(1, planes * outputs))};
    for (int i = 0; i < planes * outputs; i++) part.scales.push_back(0.01f * random.uniform());
    part.deviceScales.set(part.scales);
    part.codes.zero();
    if (kind == PART_SIGNS) {
      for (uint32_t& w : part.words) w = random.bits();
      Device<uint32_t> canonical(part.words);
      size_t plane = tilesOf(outputs) * signTileBytes(columns) / 4;
      for (int p = 0; p < planes; p++) {
        packSigns((uint32_t*) part.codes.get() + p * plane,
                  canonical.get() + (size_t) p * outputs * words, outputs, columns, {0, 0});
      }
      CHECK(cudaDeviceSynchronize());
    } else {
      for (int i = 0; i < outputs * columns; i++) part.rows.push_back(__float2bfloat16(random.uniform()));
      Device<bf16> rowMajor(part.rows);
      packWeights(part.codes.get(), rowMajor.get(), outputs, columns, {firstOutput % 16, 0});
      CHECK(cudaDeviceSynchronize());
    }
    return part;
  }
  static HostPart vectors(Random& random, int firstOutput, int outputs, int d, int columns) {
    int bands = ceilDiv(outputs, d);
    HostPart part = {PART_VECTORS, firstOutput, outputs, 1, columns, {}, {}, {},
                     Device<char>((size_t) ceilDiv(bands, TILE_BANDS) * indexBlocks(columns) * UNIT_BYTES),
                     Device<float>(outputs)};
    part.vectorRows = d;
    for (int i = 0; i < outputs; i++) part.scales.push_back(0.01f * random.uniform());
    for (int i = 0; i < bands * columns; i++) part.indices.push_back(random.bits() & 0xFF);
    for (int i = 0; i < 256 * d; i++) part.codebook.push_back(__float2bfloat16(random.uniform()));
    part.deviceScales.set(part.scales);
    part.deviceCodebook.set(part.codebook);
    part.codes.zero();
    Device<uint8_t> rowMajor(part.indices);
    packIndices(part.codes.get(), rowMajor.get(), bands, columns);
    CHECK(cudaDeviceSynchronize());
    return part;
  }
  static HostPart lowRank(Random& random, int firstOutput, int outputs, int rank, int columns) {
    int units = ceilDiv(rank, RANK_UNIT);
    HostPart part = {PART_LOW_RANK, firstOutput, outputs, 1, columns, {}, {}, {},
                     Device<char>((size_t) tilesOf(outputs) * units * UNIT_BYTES), Device<float>(outputs)};
    part.rank = rank;
    part.scales.assign(outputs, 0.01f * random.uniform());
    for (int i = 0; i < outputs * rank; i++) part.up.push_back(__float2bfloat16(random.uniform()));
    for (int i = 0; i < rank * columns; i++) part.down.push_back(__float2bfloat16(random.uniform()));
    std::vector<char> tiles(part.codes.bytes());
    for (int n = 0; n < outputs; n++) {
      for (int r = 0; r < rank; r++) ((bf16*) tiles.data())[rankIndex(n, r, units)] = part.up[n * rank + r];
    }
    part.codes.set(tiles);
    part.deviceScales.set(part.scales);
    part.deviceCodebook = Device<bf16>(units * weightTileBytes(columns) / sizeof(bf16));
    part.deviceCodebook.zero();
    Device<bf16> rowMajor(part.down);
    packWeights((char*) part.deviceCodebook.get(), rowMajor.get(), rank, columns, {0, 0});
    CHECK(cudaDeviceSynchronize());
    return part;
  }
  // A code's upper bits are one plane where it has more than four.
  static HostPart sparse(Random& random, int firstOutput, int outputs, int codeBits, int groupLog, int columns) {
    int planes = codeBits > 4 ? 2 : 1, bits = codeBits <= 2 ? 2 : 4;
    size_t plane = (size_t) tilesOf(outputs) * sparseBlocks(columns) * codeBlockUnits(bits) * UNIT_BYTES;
    HostPart part = {PART_SPARSE, firstOutput, outputs, planes, columns, {}, {}, {}, Device<char>(planes * plane),
                     Device<float>(planes * outputs)};
    part.codeBits = codeBits;
    part.groupLog = groupLog;
    for (int i = 0; i < planes * outputs; i++) part.scales.push_back((i < outputs && planes == 2 ? 0.016f : 0.001f) * random.uniform());
    part.deviceScales.set(part.scales);
    if (groupLog >= 0) {
      for (int i = 0; i < planes * ceilDiv(columns, 32 << groupLog) * outputs; i++) part.groups.push_back(random.uniform());
      part.deviceCodebook = Device<bf16>(2 * part.groups.size());
      CHECK(cudaMemcpy(part.deviceCodebook.get(), part.groups.data(), part.groups.size() * sizeof(float), cudaMemcpyHostToDevice));
    }
    const int nibbles[] = {4, 8, 9, 12, 13, 14};
    int patternBytes = ceilDiv(columns, 8), codeBytes = ceilDiv(columns / 2 * codeBits, 8);
    std::vector<uint8_t> patterns((size_t) outputs * patternBytes), codes((size_t) outputs * codeBytes);
    for (int n = 0; n < outputs; n++) {
      for (int q = 0; q < columns / 4; q++) {
        part.kept.push_back(nibbles[random.below(6)]);
        patterns[(size_t) n * patternBytes + q / 2] |= part.kept.back() << q % 2 * 4;
      }
      for (int i = 0; i < columns / 2; i++) {
        int code = random.below(1 << codeBits);
        part.keptCodes.push_back(code);
        for (int b = 0; b < codeBits; b++) {
          int bit = i * codeBits + b;
          codes[(size_t) n * codeBytes + bit / 8] |= (code >> b & 1) << bit % 8;
        }
      }
    }
    Device<uint8_t> devicePatterns(patterns), deviceCodes(codes);
    for (int p = 0; p < planes; p++) {
      packSparse(part.codes.get() + p * plane, {devicePatterns.get(), deviceCodes.get(), outputs, columns, codeBits,
                                                p == 0 && planes == 2 ? 4 : 0, bits});
    }
    CHECK(cudaDeviceSynchronize());
    return part;
  }
  static uint32_t halves(float low, float high) {
    return __half_as_ushort(__float2half(low)) | (uint32_t) __half_as_ushort(__float2half(high)) << 16;
  }
  // With an order of their own and outliers, or without both.
  static HostPart grouped(Random& random, int firstOutput, int outputs, int codeBits, int groupColumns, bool tuned, int columns) {
    int planes = codeBits > 4 ? 2 : 1, bits = codeBits <= 2 ? 2 : 4, groups = ceilDiv(columns, groupColumns);
    size_t plane = (size_t) tilesOf(outputs) * groupedBlocks(columns) * codeBlockUnits(bits) * UNIT_BYTES;
    HostPart part = {PART_GROUPED, firstOutput, outputs, planes, columns, {}, {}, {}, Device<char>(planes * plane),
                     Device<float>(planes * outputs)};
    part.codeBits = codeBits;
    part.groupColumns = groupColumns;
    for (int i = 0; i < planes * outputs; i++) part.scales.push_back((i < outputs && planes == 2 ? 0.016f : 0.001f) * random.uniform());
    part.deviceScales.set(part.scales);
    int codeBytes = ceilDiv(columns * codeBits, 8);
    std::vector<uint8_t> codes((size_t) outputs * codeBytes);
    for (int n = 0; n < outputs; n++) {
      for (int i = 0; i < columns; i++) {
        int code = random.below(1 << codeBits);
        part.allCodes.push_back(code);
        for (int b = 0; b < codeBits; b++) {
          int bit = i * codeBits + b;
          codes[(size_t) n * codeBytes + bit / 8] |= (code >> b & 1) << bit % 8;
        }
      }
    }
    Device<uint8_t> deviceCodes(codes);
    for (int p = 0; p < planes; p++) {
      for (int i = 0; i < outputs * groups; i++) part.statistics[p].push_back(halves(random.uniform(), 15 * std::abs(random.uniform())));
      Device<uint32_t> deviceStatistics(part.statistics[p]);
      packGrouped(part.codes.get() + p * plane, {deviceCodes.get(), deviceStatistics.get(), outputs, columns, codeBits,
                                                 p == 0 && planes == 2 ? 4 : 0, bits, groupColumns});
      CHECK(cudaDeviceSynchronize());
    }
    GroupedExtra extra = {};
    if (tuned) {
      std::vector<uint16_t> columnOf(columns);
      for (int i = 0; i < columns; i++) columnOf[i] = i;
      for (int i = columns - 1; i > 0; i--) std::swap(columnOf[i], columnOf[random.below(i + 1)]);
      part.positionOf.resize(columns);
      for (int i = 0; i < columns; i++) part.positionOf[columnOf[i]] = i;
      part.deviceOrders[0] = Device<uint16_t>(columnOf);
      part.deviceOrders[1] = Device<uint16_t>(part.positionOf);
      for (int n = 0; n < tilesOf(outputs) * TILE_OUTPUTS; n++) {
        part.outlierOffsets.push_back((int) part.outliers.size());
        for (int i = random.below(7); n < outputs && i < columns; i += 1 + random.below(40)) {
          part.outliers.push_back(i | halves(0, 0.1f * random.uniform()));
        }
      }
      part.outlierOffsets.push_back((int) part.outliers.size());
      part.outliers.push_back(0);
      part.deviceOffsets = Device<int>(part.outlierOffsets);
      part.deviceOutliers = Device<uint32_t>(part.outliers);
      extra = {part.deviceOrders[0].get(), part.deviceOrders[1].get(), part.deviceOffsets.get(), part.deviceOutliers.get()};
    }
    part.deviceCodebook = Device<bf16>(sizeof extra / sizeof(bf16));
    CHECK(cudaMemcpy(part.deviceCodebook.get(), &extra, sizeof extra, cudaMemcpyHostToDevice));
    return part;
  }
  double groupedValue(int n, int k) const {
    int position = positionOf.empty() ? k : positionOf[k], code = allCodes[(size_t) n * columns + position];
    double sum = 0;
    for (int p = 0; p < planes; p++) {
      uint32_t both = statistics[p][(size_t) n * ceilDiv(columns, groupColumns) + position / groupColumns];
      int own = planes == 1 ? code : p == 0 ? code >> 4 : code & 15;
      sum += (double) scales[p * outputs + n] * __half2float(__ushort_as_half(both & 0xFFFF)) *
             (2 * own - __half2float(__ushort_as_half(both >> 16)));
    }
    for (int i = outlierOffsets.empty() ? 0 : outlierOffsets[n]; i < (outlierOffsets.empty() ? 0 : outlierOffsets[n + 1]); i++) {
      if ((int) (outliers[i] & 0xFFFF) == position) sum += __half2float(__ushort_as_half(outliers[i] >> 16));
    }
    return sum;
  }
  static HostPart lookup(Random& random, int firstOutput, int outputs, int planes, int columns) {
    int words = ceilDiv(columns, 64) * 2;
    HostPart part = {PART_LOOKUP, firstOutput, outputs, planes, columns, std::vector<uint32_t>((size_t) planes * outputs * words),
                     {}, {}, Device<char>(planes * tilesOf(outputs) * signTileBytes(columns)), Device<float>(outputs)};
    part.codeBits = planes;
    part.scales.assign(outputs, 1.0f);
    part.deviceScales.set(part.scales);
    for (size_t i = 0; i < part.words.size(); i++) {
      int bits = columns - (int) (i % words) * 32;
      part.words[i] = bits <= 0 ? 0 : bits >= 32 ? random.bits() : random.bits() & ((1u << bits) - 1);
    }
    Device<uint32_t> canonical(part.words);
    for (int p = 0; p < planes; p++) {
      packLookup((uint32_t*) part.codes.get() + p * tilesOf(outputs) * signTileBytes(columns) / 4,
                 canonical.get() + (size_t) p * outputs * words, outputs, columns);
    }
    for (int n = 0; n < tilesOf(outputs) * TILE_OUTPUTS; n++) {
      uint8_t own[32] = {};
      for (int i = 0; i < 1 << planes; i++) {
        bf16 v = __float2bfloat16(0.05f * random.uniform());
        own[i] = ((uint8_t*) &v)[1];
        own[16 + i] = ((uint8_t*) &v)[0];
      }
      part.tables.insert(part.tables.end(), own, own + 32);
    }
    part.deviceCodebook = Device<bf16>(part.tables.size() / 2);
    CHECK(cudaMemcpy(part.deviceCodebook.get(), part.tables.data(), part.tables.size(), cudaMemcpyHostToDevice));
    CHECK(cudaDeviceSynchronize());
    return part;
  }
  float lookupValue(int n, int k) const {
    int width = ceilDiv(columns, 64) * 2, index = 0;
    for (int p = 0; p < planes; p++) index |= (words[((size_t) p * outputs + n) * width + k / 32] >> k % 32 & 1) << p;
    bf16 v;
    ((uint8_t*) &v)[1] = tables[n * 32 + index];
    ((uint8_t*) &v)[0] = tables[n * 32 + 16 + index];
    return __bfloat162float(v);
  }
  int twiceZero(int plane) const { return codeBits > 4 ? 15 + plane * codeBits % 2 : (1 << codeBits) - codeBits % 2; }
  double sparseValue(int n, int k) const {
    int nibble = kept[(size_t) n * (columns / 4) + k / 4];
    int which = k % 4 == (nibble & 3) ? 0 : k % 4 == nibble >> 2 ? 1 : -1;
    if (which < 0) return 0;
    int code = keptCodes[(size_t) n * (columns / 2) + k / 4 * 2 + which];
    double sum = 0;
    for (int p = 0; p < planes; p++) {
      int own = planes == 1 ? code : p == 0 ? code >> 4 : code & 15;
      double scale = scales[p * outputs + n];
      if (groupLog >= 0) {
        scale *= groups[((size_t) p * ceilDiv(columns, 32 << groupLog) + k / (32 << groupLog)) * outputs + n];
      }
      sum += scale * (2 * own - twiceZero(p));
    }
    return sum;
  }
  float value(int n, int k) const {
    if (kind == PART_SPARSE) return (float) sparseValue(n, k);
    if (kind == PART_LOOKUP) return lookupValue(n, k);
    if (kind == PART_GROUPED) return (float) groupedValue(n, k);
    if (kind == PART_LOW_RANK) {
      double sum = 0;
      for (int r = 0; r < rank; r++) {
        sum += (double) __bfloat162float(up[n * rank + r]) * __bfloat162float(down[(size_t) r * columns + k]);
      }
      return (float) (scales[0] * sum);
    }
    if (kind == PART_VECTORS) {
      int vector = indices[(size_t) (n / vectorRows) * columns + k];
      return scales[n] * __bfloat162float(codebook[vector * vectorRows + n % vectorRows]);
    }
    if (kind == PART_REPLACED) return __bfloat162float(rows[(size_t) n * columns + k]);
    float sum = 0;
    int width = ceilDiv(columns, 64) * 2;
    for (int p = 0; p < planes; p++) {
      bool plus = words[((size_t) p * outputs + n) * width + k / 32] >> k % 32 & 1;
      float scale = scales[p * outputs + n];
      sum += plus ? scale : -scale;
    }
    return sum;
  }
  Part device() const {
    if (kind == PART_VECTORS) {
      return {codes.get(), deviceScales.get(), firstOutput, outputs << interleaved, (uint8_t) kind, 1, 0,
              {(uint8_t) vectorRows}, (uint8_t) interleaved, {}};
    }
    if (kind == PART_LOW_RANK) {
      return {codes.get(), deviceScales.get(), firstOutput, outputs << interleaved, (uint8_t) kind, 1, 0,
              {(uint8_t) ceilDiv(rank, RANK_UNIT)}, (uint8_t) interleaved, {}};
    }
    if (kind == PART_LOOKUP) {
      return {codes.get(), deviceScales.get(), firstOutput, outputs << interleaved, (uint8_t) kind, 1, 0,
              {(uint8_t) planes}, (uint8_t) interleaved, 0, {}};
    }
    if (kind == PART_GROUPED) {
      return {codes.get(), deviceScales.get(), firstOutput, outputs << interleaved, (uint8_t) kind, (uint8_t) planes, 0,
              {(uint8_t) (codeBits <= 2 ? 2 : 4)}, (uint8_t) interleaved, 0, {}};
    }
    if (kind == PART_SPARSE) {
      uint8_t code = (uint8_t) ((codeBits <= 2 ? 2 : 4) + 16 * std::max(groupLog, 0));
      return {codes.get(), deviceScales.get(), firstOutput, outputs << interleaved, (uint8_t) kind, (uint8_t) planes, 0,
              {code}, (uint8_t) interleaved, 0, {(uint8_t) twiceZero(0), (uint8_t) twiceZero(1)}};
    }
    int skip = firstOutput % 16;
    return {codes.get(), deviceScales.get(), firstOutput - skip, skip + outputs, (uint8_t) kind,
            (uint8_t) planes, (uint8_t) skip, {0}, 0, {}};
  }
};

struct HostTenant {
  std::vector<HostPart> parts;
  int outputs;
  Device<Projection> table{1};
  void upload(int baseOutputs) {
    Projection projection = {};
    outputs = baseOutputs;
    for (const HostPart& part : parts) {
      bool wholeRows = part.kind == PART_SPARSE && part.groupLog < 0;
      projection.extra[projection.parts] = wholeRows ? nullptr : part.deviceCodebook.get();
      projection.part[projection.parts++] = part.device();
      outputs = std::max(outputs, part.firstOutput + part.outputs);
    }
    projection.outputs = outputs;
    table.set({projection});
  }
};

struct LinearCase {
  int outputs, columns, rows, added;
  std::vector<int> tenants;   // rows of each run; negative: rows of the base alone
  Kinds kinds = ANY_KIND;     // of all tenants' parts
};

struct LinearProblem {
  LinearCase shape;
  int outputs;
  std::vector<bf16> x, weight;
  std::vector<HostTenant> tenants;
  std::vector<int> tenantOfRow;
  Device<bf16> deviceX;
  Device<char> tiles;
  Device<Step> step{1};
  Device<uint32_t> arrivals{2};

  LinearProblem(const LinearCase& c, Random& random)
      : shape(c), outputs(c.outputs + c.added), x((size_t) c.rows * c.columns),
        weight((size_t) c.outputs * c.columns), tenantOfRow(c.rows, -1), deviceX(x.size()),
        tiles(tilesOf(c.outputs) * weightTileBytes(c.columns)) {
    for (bf16& v : x) v = __float2bfloat16(random.skewed());
    for (bf16& v : weight) v = __float2bfloat16(0.1f * random.uniform());
    deviceX.set(x);
    tiles.zero();
    Device<bf16> rowMajor(weight);
    packWeights(tiles.get(), rowMajor.get(), c.outputs, c.columns, {0, 0});
    CHECK(cudaDeviceSynchronize());
    int row = 0;
    for (int run : c.tenants) {
      if (run > 0) {
        for (int i = 0; i < run; i++) tenantOfRow[row + i] = (int) tenants.size();
        tenants.push_back(tenant(random));
      }
      row += std::abs(run);
    }
    step.set({makeStep(0, c.rows)});
    arrivals.zero();
  }

  // Tenants differ in planes; some have rows of their own in place of the base's, or beyond them.
  HostTenant tenant(Random& random) {
    HostTenant t;
    int cut = shape.outputs >= 48 ? shape.outputs / 2 / 16 * 16 : 0, style = (int) tenants.size() % 20;
    if (shape.kinds != ANY_KIND) return tenantOf(random, shape.kinds);
    auto add = [&](int kind, int first, int count, int planes) {
      t.parts.push_back(HostPart::make(random, kind, first, count, planes, shape.columns));
    };
    if (style == 4 && cut > 0) {
      add(PART_SIGNS, 0, cut, 2);
      add(PART_REPLACED, cut, shape.outputs - cut, 1);
    } else if (style == 5) {
      add(PART_REPLACED, 0, shape.outputs, 1);
    } else if (style == 1) {
      t.parts.push_back(HostPart::vectors(random, 0, shape.outputs, 8, shape.columns));
    } else if (style == 8) {
      t.parts.push_back(HostPart::lowRank(random, 0, shape.outputs, 16, shape.columns));
    } else if (style == 9) {   // Several parts, which blocks share out where there are enough.
      t.parts.push_back(HostPart::lowRank(random, 0, cut > 0 ? cut : shape.outputs, 1 + random.below(16), shape.columns));
      if (cut > 0) t.parts.push_back(HostPart::lowRank(random, cut, shape.outputs - cut, 17 + random.below(240), shape.columns));
    } else if (style == 10) {
      if (cut > 0) add(PART_SIGNS, 0, cut, 2);
      t.parts.push_back(HostPart::lowRank(random, cut, shape.outputs - cut, 64, shape.columns));
    } else if (style == 2) {
      t.parts.push_back(HostPart::sparse(random, 0, shape.outputs, 2, -1, shape.columns));
    } else if (style == 7) {
      t.parts.push_back(HostPart::sparse(random, 0, shape.outputs, 4, 2, shape.columns));
    } else if (style == 11) {   // Parts of other bits and groups, then one of other codes.
      if (cut > 0) t.parts.push_back(HostPart::sparse(random, 0, cut, 8, -1, shape.columns));
      t.parts.push_back(HostPart::sparse(random, cut, shape.outputs - cut, 3, 0, shape.columns));
    } else if (style == 12) {
      if (cut > 0) add(PART_SIGNS, 0, cut, 1);
      t.parts.push_back(HostPart::sparse(random, cut, shape.outputs - cut, 1, 5, shape.columns));
    } else if (style == 3) {
      t.parts.push_back(HostPart::grouped(random, 0, shape.outputs, 3, 16, true, shape.columns));
    } else if (style == 17) {
      t.parts.push_back(HostPart::lookup(random, 0, shape.outputs, 3, shape.columns));
    } else if (style == 18) {
      if (cut > 0) t.parts.push_back(HostPart::lookup(random, 0, cut, 4, shape.columns));
      t.parts.push_back(HostPart::lookup(random, cut, shape.outputs - cut, 1, shape.columns));
    } else if (style == 19) {
      if (cut > 0) t.parts.push_back(HostPart::grouped(random, 0, cut, 3, 16, true, shape.columns));
      t.parts.push_back(HostPart::lookup(random, cut, shape.outputs - cut, 2, shape.columns));
    } else if (style == 14) {
      t.parts.push_back(HostPart::grouped(random, 0, shape.outputs, 2, shape.columns, false, shape.columns));
    } else if (style == 15) {
      if (cut > 0) t.parts.push_back(HostPart::grouped(random, 0, cut, 8, 64, false, shape.columns));
      t.parts.push_back(HostPart::grouped(random, cut, shape.outputs - cut, 4, 128, true, shape.columns));
    } else if (style == 16) {
      if (cut > 0) t.parts.push_back(HostPart::sparse(random, 0, cut, 4, -1, shape.columns));
      t.parts.push_back(HostPart::grouped(random, cut, shape.outputs - cut, 5, 32, true, shape.columns));
    } else if (style == 13) {
      if (cut > 0) t.parts.push_back(HostPart::lowRank(random, 0, cut, 16, shape.columns));
      t.parts.push_back(HostPart::sparse(random, cut, shape.outputs - cut, 7, 1, shape.columns));
    } else if (style == 6) {
      if (cut > 0) add(PART_SIGNS, 0, cut, 1);
      t.parts.push_back(HostPart::vectors(random, cut, shape.outputs - cut, 4, shape.columns));
    } else {
      add(PART_SIGNS, 0, shape.outputs, style % 4 + 1);
    }
    if (shape.added > 0 && style % 2 == 0) add(PART_REPLACED, shape.outputs, shape.added, 1);
    t.upload(shape.outputs);
    return t;
  }

  // A tenant of two parts of one kind, if there are outputs for two.
  HostTenant tenantOf(Random& random, Kinds kinds) {
    HostTenant t;
    int cut = shape.outputs >= 48 ? shape.outputs / 2 / 16 * 16 : 0, c = shape.columns, number = (int) tenants.size();
    auto add = [&](int first, int count) {
      switch ((int) kinds) {
        case PART_VECTORS: return HostPart::vectors(random, first, count, number % 2 ? 4 : 8, c);
        case PART_SPARSE: return HostPart::sparse(random, first, count, 2 + number % 3, number % 4 - 1, c);
        case PART_GROUPED: return HostPart::grouped(random, first, count, 2 + number % 3, 16, number % 2, c);
        case PART_LOOKUP: return HostPart::lookup(random, first, count, 1 + number % 4, c);
        case PART_LOW_RANK: return HostPart::lowRank(random, first, count, 1 + number * 7, c);
        default: return HostPart::make(random, kinds, first, count, 1 + number % 4, c);
      }
    };
    if (cut > 0) t.parts.push_back(add(0, cut));
    t.parts.push_back(add(cut, shape.outputs - cut));
    t.upload(shape.outputs);
    return t;
  }

  // The rows [first, end) of the batch as a batch of their own.
  Step makeStep(int first, int end) const {
    Step s = {};
    s.rows = end - first;
    for (int row = first; row < end; row++) {
      int tenant = tenantOfRow[row];
      if (tenant < 0) continue;
      if (row > first && tenantOfRow[row - 1] == tenant) {
        s.run[s.runs - 1].rows++;
      } else {
        s.run[s.runs++] = {tenants[tenant].table.get(), nullptr, row - first, 1, {}};
      }
      if (row - first < MAX_ROWS) s.row[row - first].run = s.runs;
    }
    return s;
  }

  double product(int row, int n, double& largest) const {
    const HostTenant* t = tenantOfRow[row] < 0 ? nullptr : &tenants[tenantOfRow[row]];
    largest = 0;
    if (n >= (t == nullptr ? shape.outputs : t->outputs)) return -INFINITY;
    const HostPart* own = nullptr;
    for (int p = 0; t != nullptr && p < (int) t->parts.size(); p++) {
      const HostPart& part = t->parts[p];
      if (part.firstOutput <= n && n < part.firstOutput + part.outputs) own = &part;
    }
    double sum = 0;
    for (int k = 0; k < shape.columns; k++) {
      double w = n < shape.outputs ? __bfloat162float(weight[(size_t) n * shape.columns + k]) : 0;
      if (own != nullptr) {
        double d = own->value(n - own->firstOutput, k);
        w = own->kind == PART_REPLACED ? d : w + d;
      }
      double v = __bfloat162float(x[(size_t) row * shape.columns + k]);
      sum += v * w;
      largest += std::abs(v * w);
    }
    return sum;
  }

  // What all parts of some rows are of: one kind that has kernels of its own, or any. Signs where there are no parts.
  Kinds kindsOf(int firstRow, int rows) const {
    int found = NO_KIND;
    for (int row = firstRow; row < firstRow + rows; row++) {
      if (tenantOfRow[row] < 0) continue;
      for (const HostPart& part : tenants[tenantOfRow[row]].parts) {
        if (part.kind == PART_REPLACED || (found != NO_KIND && found != part.kind)) return ANY_KIND;
        found = part.kind;
      }
    }
    return found == NO_KIND ? alone(PART_SIGNS) : (Kinds) found;
  }

  // By the kernels that the rows can be computed with, all to the same bits.
  std::vector<float> run(const Step* s, int firstRow, int rows, int finish, const LaunchOptions& options,
                         const std::vector<float>& before = {}) const {
    std::vector<float> out = run(s, firstRow, rows, finish, options, before, ANY_KIND);
    Kinds kinds = kindsOf(firstRow, rows);
    if (kinds != ANY_KIND) {
      std::vector<float> other = run(s, firstRow, rows, finish, options, before, kinds);
      expect(memcmp(out.data(), other.data(), out.size() * sizeof(float)) == 0,
             "kind " + std::to_string(kinds) + " alone: other bits");
    }
    return out;
  }

  std::vector<float> run(const Step* s, int firstRow, int rows, int finish, const LaunchOptions& options,
                         const std::vector<float>& before, Kinds kinds) const {
    Device<float> out((size_t) rows * outputs), difference(out.bytes() / sizeof(float));
    if (!before.empty()) out.set(before);
    LinearOperands operands = {out.get(), deviceX.get() + (size_t) firstRow * shape.columns, tiles.get(), s,
                               difference.get(), arrivals.get(), 0, rows, shape.columns, shape.outputs, outputs, finish};
    fusedLinear(operands, options, kinds);
    CHECK(cudaDeviceSynchronize());
    expect(out.intact() && difference.intact(), "fused linear writes past its output");
    return out.read();
  }
};
