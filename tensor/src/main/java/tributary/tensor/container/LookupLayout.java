package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

/** How look-up planes are stored. */
record LookupLayout(int planes) implements CodeLayout {
  static final String KIND = "lookup";

  static LookupLayout parse(ManifestObject fields) {
    return new LookupLayout(fields.count("planes", 1, 8));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeNumberField("planes", planes);
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    List<Part> parts = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      parts.add(plane(matrix, plane));
      parts.add(table(matrix, plane + 1));
    }
    return parts;
  }

  private static Part plane(Matrix matrix, int plane) {
    int words = SignPlanes.wordsPerRow(matrix.columns());
    return Part.bits(matrix.part("plane." + plane), plane, matrix.rows(), words);
  }

  private static Part table(Matrix matrix, int width) {
    return Part.numbers(matrix.part("table." + width), Shape.of(matrix.rows(), 1 << width));
  }

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    LookupPlanes lookup = (LookupPlanes) code;
    for (int i = 0; i < planes; i++) {
      Part plane = plane(matrix, i);
      sink.put(plane, new TensorView(DType.U64, plane.shapes().getFirst(), lookup.planes().get(i)));
      Part table = table(matrix, i + 1);
      sink.put(table, Numbers.of(lookup.tables().get(i), table.shapes().getFirst()));
    }
  }

  @Override
  public LookupPlanes read(Matrix matrix, StoredParts stored) {
    List<MemorySegment> read = new ArrayList<>();
    List<float[]> tables = new ArrayList<>();
    for (int i = 0; i < planes; i++) {
      read.add(stored.bytes(plane(matrix, i)));
      tables.add(stored.numbers(table(matrix, i + 1)));
    }
    return new LookupPlanes(matrix.rows(), matrix.columns(), read, tables);
  }
}
