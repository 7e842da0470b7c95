package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;

/** How factors of low rank are stored. */
record LowRankLayout(int rank) implements CodeLayout {
  static final String KIND = "low_rank";

  private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);
  private static final int RANK_MAX = 1 << 16;

  static LowRankLayout parse(ManifestObject fields) {
    return new LowRankLayout(fields.count("rank", 1, RANK_MAX));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeNumberField("rank", rank);
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    return List.of(up(matrix), down(matrix), scale(matrix));
  }

  private Part up(Matrix matrix) {
    return new Part(matrix.part("up"), 0, FLOATS, List.of(Shape.of(matrix.rows(), rank)));
  }

  private Part down(Matrix matrix) {
    return new Part(matrix.part("down"), 0, FLOATS, List.of(Shape.of(rank, matrix.columns())));
  }

  private static Part scale(Matrix matrix) {
    return Part.numbers(matrix.part("scale"), Shape.of(1));
  }

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    LowRank factors = (LowRank) code;
    sink.put(up(matrix), factors.up());
    sink.put(down(matrix), factors.down());
    sink.put(scale(matrix), TensorView.of(Shape.of(1), factors.scale()));
  }

  @Override
  public LowRank read(Matrix matrix, StoredParts stored) {
    return new LowRank(
        stored.tensor(up(matrix)), stored.tensor(down(matrix)), stored.numbers(scale(matrix))[0]);
  }
}
