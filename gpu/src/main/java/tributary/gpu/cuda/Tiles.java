package tributary.gpu.cuda;

/** Sizes of weights and codes in device memory; the layouts are drawn in {@code tiles.cuh}. */
final class Tiles {
  static final int OUTPUTS = 16;

  /** Bands of vectors of a tile. */
  static final int BANDS = 16;

  private static final int UNIT_BYTES = 512;
  private static final int BLOCK_INPUTS = 64;
  private static final int BLOCK_BYTES = OUTPUTS * BLOCK_INPUTS * Short.BYTES;
  private static final int SIGN_BLOCK_INPUTS = 256;
  private static final int GROUPED_BLOCK_INPUTS = 128;
  private static final int INDEX_BLOCK_INPUTS = 32;

  private Tiles() {}

  static int count(int outputs) {
    return Math.ceilDiv(outputs, OUTPUTS);
  }

  /** Bytes of a bf16 matrix of these outputs. */
  static long weightBytes(int outputs, int inputs) {
    return count(outputs) * (long) Math.ceilDiv(inputs, BLOCK_INPUTS) * BLOCK_BYTES;
  }

  /** Bytes of one plane of signs. */
  static long signBytes(int outputs, int inputs) {
    return count(outputs) * (long) signBlocks(inputs) * UNIT_BYTES;
  }

  /** Values of a thin matrix of these outputs and units of 16 inputs. */
  static int rankValues(int outputs, int units) {
    return Math.toIntExact(count(outputs) * (long) units * (UNIT_BYTES / Short.BYTES));
  }

  /** Where an element of a thin matrix lies among those values. */
  static int rankIndex(int output, int k, int units) {
    int lane = output % 8 * 4 + k % 8 / 2;
    int pair = k % 16 / 8 * 2 + output % OUTPUTS / 8;
    return ((output / OUTPUTS * units + k / 16) * 32 + lane) * 8 + pair * 2 + k % 2;
  }

  /** Blocks that a row of signs, 2:4 codes or look-up codes is cut into. */
  static int signBlocks(int inputs) {
    return Math.ceilDiv(inputs, SIGN_BLOCK_INPUTS);
  }

  /** Bytes of one plane of 2:4 codes of 2 or 4 bits. */
  static long sparseBytes(int outputs, int inputs, int bits) {
    return count(outputs) * (long) signBlocks(inputs) * (1 + bits / 2) * UNIT_BYTES;
  }

  /** Blocks that a row of grouped codes is cut into. */
  static int groupedBlocks(int inputs) {
    return Math.ceilDiv(inputs, GROUPED_BLOCK_INPUTS);
  }

  /** Bytes of one plane of grouped codes of 2 or 4 bits. */
  static long groupedBytes(int outputs, int inputs, int bits) {
    return count(outputs) * (long) groupedBlocks(inputs) * (1 + bits / 2) * UNIT_BYTES;
  }

  /** Bytes of the indices of vectors of this many bands. */
  static long indexBytes(int bands, int inputs) {
    return Math.ceilDiv(bands, BANDS)
        * (long) Math.ceilDiv(inputs, INDEX_BLOCK_INPUTS)
        * UNIT_BYTES;
  }
}
