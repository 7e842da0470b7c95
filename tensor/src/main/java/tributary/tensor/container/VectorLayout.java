package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.VectorCodes;

/**
 * How vector codes are stored.
 *
 * @param codebook which of the file's codebooks they index
 */
record VectorLayout(int vectorRows, int codebook) implements CodeLayout {
  static final String KIND = "vector";

  static VectorLayout of(VectorCodes code, Codebooks codebooks) {
    return new VectorLayout(code.vectorRows(), codebooks.indexOf(code.codebook()));
  }

  static VectorLayout parse(ManifestObject fields) {
    return new VectorLayout(
        fields.count("vector_rows", 1, VectorCodes.ROWS_MAX),
        fields.count("codebook", 0, Codebooks.COUNT_MAX - 1));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeNumberField("vector_rows", vectorRows);
    json.writeNumberField("codebook", codebook);
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    return List.of(scales(matrix), indices(matrix));
  }

  private static Part scales(Matrix matrix) {
    return Part.numbers(matrix.part("scales"), Shape.of(matrix.rows()));
  }

  private Part indices(Matrix matrix) {
    int bands = Math.ceilDiv(matrix.rows(), vectorRows);
    return Part.bytes(matrix.part("indices"), 0, bands, matrix.columns());
  }

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    VectorCodes vector = (VectorCodes) code;
    sink.put(scales(matrix), Numbers.of(vector.scales()));
    Part indices = indices(matrix);
    sink.put(indices, new TensorView(DType.U8, indices.shapes().getFirst(), vector.indices()));
  }

  @Override
  public VectorCodes read(Matrix matrix, StoredParts stored) {
    return new VectorCodes(
        matrix.rows(),
        matrix.columns(),
        vectorRows,
        stored.bytes(indices(matrix)),
        stored.codebook(codebook),
        stored.numbers(scales(matrix)));
  }
}
