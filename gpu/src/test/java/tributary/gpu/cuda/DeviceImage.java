package tributary.gpu.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.RawArguments;
import tributary.tensor.format.BitStream;

/**
 * What a device's memory would hold: bytes as they were copied, and of tiles what the packing
 * kernels were told to put there. How tiles are laid out is the kernels' own affair.
 */
final class DeviceImage {
  private static final int CODE_ROWS_BYTES = 40;

  private final NavigableMap<Long, MemorySegment> blocks = new TreeMap<>();
  private final Map<Long, CodePlane> planes = new HashMap<>();

  /**
   * Codes of one plane.
   *
   * @param codes [rows][columns], of 2:4 codes [rows][columns / 2]
   * @param patterns of 2:4 codes: [rows][columns / 4] nibbles
   * @param statistics of grouped codes: [rows][columns] words
   */
  @SuppressWarnings("ArrayRecordComponent") // Read by the tests alone.
  record CodePlane(int[][] codes, int[][] patterns, int[][] statistics) {}

  void allocated(long address, long bytes) {
    blocks.put(address, Arena.ofAuto().allocate(bytes, Long.BYTES));
  }

  MemorySegment at(long address, long bytes) {
    Map.Entry<Long, MemorySegment> block = Objects.requireNonNull(blocks.floorEntry(address));
    return block.getValue().asSlice(address - block.getKey(), bytes);
  }

  void copied(long to, MemorySegment from) {
    at(to, from.byteSize()).copyFrom(from);
  }

  void filled(long to, byte value, long bytes) {
    var _ = at(to, bytes).fill(value);
  }

  CodePlane plane(long tiles) {
    return Objects.requireNonNull(planes.get(tiles), "nothing was packed there");
  }

  void launched(String kernel, Arguments arguments) {
    try (Arena arena = Arena.ofConfined()) {
      switch (kernel) {
        case "pack_sparse_tiles" -> planes.put(tiles(arguments, arena), sparse(arguments, arena));
        case "pack_grouped_tiles" -> planes.put(tiles(arguments, arena), grouped(arguments, arena));
        case "pack_lookup_tiles" -> planes.put(tiles(arguments, arena), lookup(arguments, arena));
        default -> {}
      }
    }
  }

  private static long tiles(Arguments arguments, Arena arena) {
    return RawArguments.of(arguments, 0, Long.BYTES, arena).get(ValueLayout.JAVA_LONG, 0);
  }

  /** Codes of a stream of rows: the fields from {@code rows} on are rows, columns, bits, shift. */
  private int[][] codes(MemorySegment operands, long codes, int perRow) {
    int rows = operands.get(ValueLayout.JAVA_INT, 16);
    int fileBits = operands.get(ValueLayout.JAVA_INT, 24);
    int shift = operands.get(ValueLayout.JAVA_INT, 28);
    int bits = operands.get(ValueLayout.JAVA_INT, 32);
    long rowBytes = BitStream.bytes(perRow, fileBits);
    MemorySegment from = at(codes, rows * rowBytes);
    int[][] all = new int[rows][perRow];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < perRow; i++) {
        all[row][i] =
            BitStream.get(from, row * rowBytes, i, fileBits) >>> shift & ((1 << bits) - 1);
      }
    }
    return all;
  }

  private CodePlane sparse(Arguments arguments, Arena arena) {
    MemorySegment operands = RawArguments.of(arguments, 1, CODE_ROWS_BYTES, arena);
    int columns = operands.get(ValueLayout.JAVA_INT, 20);
    int[][] codes = codes(operands, operands.get(ValueLayout.JAVA_LONG, 8), columns / 2);
    int rowBytes = Math.ceilDiv(columns, 8);
    MemorySegment from = at(operands.get(ValueLayout.JAVA_LONG, 0), (long) codes.length * rowBytes);
    int[][] patterns = new int[codes.length][columns / 4];
    for (int row = 0; row < codes.length; row++) {
      for (int q = 0; q < columns / 4; q++) {
        int pair = from.get(ValueLayout.JAVA_BYTE, (long) row * rowBytes + q / 2);
        patterns[row][q] = pair >>> (q % 2 * 4) & 0xF;
      }
    }
    return new CodePlane(codes, patterns, new int[0][]);
  }

  private CodePlane grouped(Arguments arguments, Arena arena) {
    MemorySegment operands = RawArguments.of(arguments, 1, CODE_ROWS_BYTES, arena);
    int columns = operands.get(ValueLayout.JAVA_INT, 20);
    int groupColumns = operands.get(ValueLayout.JAVA_INT, 36);
    int[][] codes = codes(operands, operands.get(ValueLayout.JAVA_LONG, 0), columns);
    int groups = Math.ceilDiv(columns, groupColumns);
    MemorySegment from =
        at(operands.get(ValueLayout.JAVA_LONG, 8), (long) codes.length * groups * Integer.BYTES);
    int[][] statistics = new int[codes.length][columns];
    for (int row = 0; row < codes.length; row++) {
      for (int k = 0; k < columns; k++) {
        long group = (long) row * groups + k / groupColumns;
        statistics[row][k] = from.getAtIndex(ValueLayout.JAVA_INT, group);
      }
    }
    return new CodePlane(codes, new int[0][], statistics);
  }

  private CodePlane lookup(Arguments arguments, Arena arena) {
    long source = RawArguments.of(arguments, 1, Long.BYTES, arena).get(ValueLayout.JAVA_LONG, 0);
    int rows = RawArguments.of(arguments, 2, Integer.BYTES, arena).get(ValueLayout.JAVA_INT, 0);
    int columns = RawArguments.of(arguments, 3, Integer.BYTES, arena).get(ValueLayout.JAVA_INT, 0);
    int words = Math.ceilDiv(columns, Long.SIZE) * 2;
    MemorySegment from = at(source, (long) rows * words * Integer.BYTES);
    int[][] bits = new int[rows][columns];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k++) {
        int word = from.getAtIndex(ValueLayout.JAVA_INT, (long) row * words + k / Integer.SIZE);
        bits[row][k] = word >>> (k % Integer.SIZE) & 1;
      }
    }
    return new CodePlane(bits, new int[0][], new int[0][]);
  }
}
