package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SparseCodes;

/** How 2:4 codes are stored. */
record SparseLayout(int bits, float zero, int groupColumns) implements CodeLayout {
  static final String KIND = "sparse";

  static SparseLayout of(SparseCodes code) {
    return new SparseLayout(code.bits(), code.zero(), code.groupColumns());
  }

  static SparseLayout parse(ManifestObject fields) {
    return new SparseLayout(
        fields.count("bits", 1, 8),
        fields.number("zero"),
        fields.count("group_columns", 1, Integer.MAX_VALUE));
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
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    return List.of(scales(matrix), patterns(matrix), codes(matrix));
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

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    SparseCodes sparse = (SparseCodes) code;
    sink.put(scales(matrix), Numbers.of(sparse.scales(), scales(matrix).shapes().getFirst()));
    Part patterns = patterns(matrix);
    sink.put(patterns, new TensorView(DType.U8, patterns.shapes().getFirst(), sparse.patterns()));
    Part codes = codes(matrix);
    sink.put(codes, new TensorView(DType.U8, codes.shapes().getFirst(), sparse.codes()));
  }

  @Override
  public SparseCodes read(Matrix matrix, StoredParts stored) {
    SparseCodes code =
        new SparseCodes(
            matrix.rows(),
            matrix.columns(),
            bits,
            zero,
            groupColumns,
            stored.bytes(patterns(matrix)),
            stored.bytes(codes(matrix)),
            stored.numbers(scales(matrix)));
    code.requirePatterns();
    return code;
  }
}
