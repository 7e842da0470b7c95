package tributary.benchmarks.gguf;

import java.util.List;

/**
 * Everything in a GGUF version 3 file that comes before the weights.
 *
 * <pre>
 * "GGUF"  u32 version = 3  u64 tensors  u64 entries
 * entry:  string key  u32 type  value
 *         (4 u32, 6 f32, 7 bool, 8 string, 9 array = u32 element type, u64 count, elements)
 * tensor: string name  u32 dimensions  u64 lengths, fastest first  u32 type  u64 offset
 *         (0 f32, 30 bf16; offsets count from the first aligned byte after the header)
 * padding to 32 bytes
 * </pre>
 */
final class GgufHeader {
  static final int ALIGNMENT = 32;

  private static final int VERSION = 3;
  private static final int U32 = 4;
  private static final int I32 = 5;
  private static final int F32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  /** How weights lie in the file, with GGUF's number for it. */
  enum WeightType {
    FLOAT32(0, Float.BYTES),
    BFLOAT16(30, Short.BYTES);

    private final int code;
    private final int sizeBytes;

    WeightType(int code, int sizeBytes) {
      this.code = code;
      this.sizeBytes = sizeBytes;
    }

    long sizeBytes(long weights) {
      return Math.multiplyExact(weights, sizeBytes);
    }
  }

  private final LittleEndianBytes entries = new LittleEndianBytes();
  private final LittleEndianBytes tensors = new LittleEndianBytes();
  private long entryCount;
  private long tensorCount;
  private long dataBytes;

  GgufHeader put(String key, int value) {
    entry(key, U32).u32(value);
    return this;
  }

  GgufHeader put(String key, float value) {
    entry(key, F32).f32(value);
    return this;
  }

  GgufHeader put(String key, boolean value) {
    entry(key, BOOL).u8(value ? 1 : 0);
    return this;
  }

  GgufHeader put(String key, String value) {
    entry(key, STRING).string(value);
    return this;
  }

  GgufHeader putStrings(String key, List<String> values) {
    entry(key, ARRAY).u32(STRING).u64(values.size());
    values.forEach(entries::string);
    return this;
  }

  GgufHeader putIntegers(String key, List<Integer> values) {
    entry(key, ARRAY).u32(I32).u64(values.size());
    values.forEach(entries::u32);
    return this;
  }

  /** Declares the next tensor; its data follow those of the one declared before, aligned. */
  void tensor(String name, WeightType type, long... lengthsFastestFirst) {
    tensors.string(name).u32(lengthsFastestFirst.length);
    long weights = 1;
    for (long length : lengthsFastestFirst) {
      tensors.u64(length);
      weights = Math.multiplyExact(weights, length);
    }
    tensors.u32(type.code).u64(dataBytes);
    dataBytes = aligned(dataBytes + type.sizeBytes(weights));
    tensorCount++;
  }

  byte[] toArray() {
    return new LittleEndianBytes()
        .u8('G').u8('G').u8('U').u8('F').u32(VERSION)
        .u64(tensorCount).u64(entryCount)
        .append(entries).append(tensors)
        .padTo(ALIGNMENT).toArray();
  }

  static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  private LittleEndianBytes entry(String key, int type) {
    entryCount++;
    return entries.string(key).u32(type);
  }
}
