package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SparseCodes;

/**
 * How 2:4 codes are stored.
 *
 * @param quadruples true when patterns and codes of a quadruple share a byte
 */
record SparseLayout(int bits, float zero, int groupColumns, boolean quadruples)
    implements CodeLayout {
  static final String KIND = "sparse";

  private static final int QUADRUPLE = 4;
  private static final int PATTERN_BITS = 4;

  /** The most bits of a code of which two share a byte with their pattern. */
  private static final int SHARED_BITS_MAX = 2;

  static SparseLayout of(SparseCodes code, Frames frames) {
    boolean quadruples = frames == Frames.ZSTD && code.bits() <= SHARED_BITS_MAX;
    return new SparseLayout(code.bits(), code.zero(), code.groupColumns(), quadruples);
  }

  static SparseLayout parse(ManifestObject fields) {
    boolean quadruples = fields.flag("quadruples");
    return new SparseLayout(
        fields.count("bits", 1, quadruples ? SHARED_BITS_MAX : 8),
        fields.number("zero"),
        fields.count("group_columns", 1, Integer.MAX_VALUE),
        quadruples);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeNumberField("bits", bits);
    json.writeNumberField("zero", (double) zero);
    json.writeNumberField("group_columns", groupColumns);
    if (quadruples) {
      json.writeBooleanField("quadruples", true);
    }
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    return quadruples
        ? List.of(scales(matrix), shared(matrix))
        : List.of(scales(matrix), patterns(matrix), codes(matrix));
  }

  private Part scales(Matrix matrix) {
    int groups = Math.ceilDiv(matrix.columns(), groupColumns);
    return Part.numbers(matrix.part("scales"), Shape.of(matrix.rows(), groups));
  }

  private static Part patterns(Matrix matrix) {
    return Part.bytes(
        matrix.part("patterns"), 0, matrix.rows(), SparseCodes.patternBytes(1, matrix.columns()));
  }

  private Part codes(Matrix matrix) {
    return Part.bytes(
        matrix.part("codes"), 0, matrix.rows(), BitStream.bytes(matrix.columns() / 2, bits));
  }

  private static Part shared(Matrix matrix) {
    return Part.bytes(matrix.part("quadruples"), 0, matrix.rows(), matrix.columns() / QUADRUPLE);
  }

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    SparseCodes sparse = (SparseCodes) code;
    sink.put(scales(matrix), Numbers.of(sparse.scales(), scales(matrix).shapes().getFirst()));
    if (quadruples) {
      put(shared(matrix), join(matrix, sparse), sink);
    } else {
      put(patterns(matrix), sparse.patterns(), sink);
      put(codes(matrix), sparse.codes(), sink);
    }
  }

  private static void put(Part part, MemorySegment bytes, Sink sink) {
    sink.put(part, new TensorView(DType.U8, part.shapes().getFirst(), bytes));
  }

  /** A byte of each quadruple: fields of 4, {@code bits} and {@code bits} bits. */
  private MemorySegment join(Matrix matrix, SparseCodes code) {
    int quadruplesOfRow = matrix.columns() / QUADRUPLE;
    byte[] joined = new byte[Math.multiplyExact(matrix.rows(), quadruplesOfRow)];
    for (int row = 0; row < matrix.rows(); row++) {
      byte[] patterns = new byte[quadruplesOfRow];
      byte[] kept = new byte[2 * quadruplesOfRow];
      BitStream.unpack(code.patterns(), row * patternRow(matrix), PATTERN_BITS, patterns);
      BitStream.unpack(code.codes(), row * codeRow(matrix), bits, kept);
      for (int i = 0; i < quadruplesOfRow; i++) {
        int codes = kept[2 * i] | kept[2 * i + 1] << bits;
        joined[row * quadruplesOfRow + i] = (byte) (patterns[i] | codes << PATTERN_BITS);
      }
    }
    return MemorySegment.ofArray(joined);
  }

  private static long patternRow(Matrix matrix) {
    return SparseCodes.patternBytes(1, matrix.columns());
  }

  private long codeRow(Matrix matrix) {
    return BitStream.bytes(matrix.columns() / 2, bits);
  }

  @Override
  public SparseCodes read(Matrix matrix, StoredParts stored) {
    List<MemorySegment> halves =
        quadruples
            ? split(matrix, stored)
            : List.of(stored.bytes(patterns(matrix)), stored.bytes(codes(matrix)));
    SparseCodes code =
        new SparseCodes(
            matrix.rows(),
            matrix.columns(),
            bits,
            zero,
            groupColumns,
            halves.getFirst(),
            halves.getLast(),
            stored.numbers(scales(matrix)));
    code.requirePatterns();
    return code;
  }

  /** Patterns and codes, each in a place of its own. */
  private List<MemorySegment> split(Matrix matrix, StoredParts stored) {
    MemorySegment joined = stored.bytes(shared(matrix));
    MemorySegment patterns = stored.allocate(matrix.rows() * patternRow(matrix));
    MemorySegment codes = stored.allocate(matrix.rows() * codeRow(matrix));
    int quadruplesOfRow = matrix.columns() / QUADRUPLE;
    int mask = (1 << bits) - 1;
    byte[] row = new byte[quadruplesOfRow];
    for (int r = 0; r < matrix.rows(); r++) {
      BitStream.unpack(joined, (long) r * quadruplesOfRow, Byte.SIZE, row);
      for (int i = 0; i < quadruplesOfRow; i++) {
        int quadruple = row[i] & 0xFF;
        int second = quadruple >>> (PATTERN_BITS + bits);
        if (second > mask) {
          throw new IllegalArgumentException(
              "quadruple %d of row %d is %d, which is no pattern and two codes of %d bits"
                  .formatted(i, r, quadruple, bits));
        }
        BitStream.put(patterns, r * patternRow(matrix), i, PATTERN_BITS, quadruple & 0xF);
        BitStream.put(codes, r * codeRow(matrix), 2L * i, bits, quadruple >>> PATTERN_BITS & mask);
        BitStream.put(codes, r * codeRow(matrix), 2L * i + 1, bits, second);
      }
    }
    return List.of(patterns, codes);
  }
}
