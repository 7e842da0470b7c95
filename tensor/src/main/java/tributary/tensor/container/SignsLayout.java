package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

/**
 * How sign planes are stored.
 *
 * @param narrow true when widths below the full one have scales of their own
 */
record SignsLayout(int planes, ScaleLaw law, boolean narrow) implements CodeLayout {
  static final String KIND = "signed";

  /** Planes of one matrix; more than a float's precision can use. */
  static final int PLANES_MAX = 32;

  /** How the scales of the full width are stored. */
  enum ScaleLaw {
    /** Each plane has a tensor of scales. */
    FREE("free"),
    /** Plane 0 has one; those of plane p are the 2^-p fold of it. */
    HALVING("halving");

    private final String wireName;

    ScaleLaw(String wireName) {
      this.wireName = wireName;
    }
  }

  static SignsLayout of(SignPlanes code) {
    if (code.widths() > PLANES_MAX) {
      throw new IllegalArgumentException(
          "%d sign planes, at most %d can be stored".formatted(code.widths(), PLANES_MAX));
    }
    ScaleLaw law = isHalving(code) ? ScaleLaw.HALVING : ScaleLaw.FREE;
    return new SignsLayout(code.widths(), law, !code.narrowScales().isEmpty());
  }

  /** True when the scales of each further plane are exactly half of those before. */
  private static boolean isHalving(SignPlanes code) {
    for (int plane = 1; plane < code.widths(); plane++) {
      float[] before = code.planes().get(plane - 1).scales();
      float[] scales = code.planes().get(plane).scales();
      if (scales.length != before.length) {
        return false;
      }
      for (int row = 0; row < scales.length; row++) {
        if (scales[row] != before[row] / 2) {
          return false;
        }
      }
    }
    return code.widths() > 1;
  }

  static SignsLayout parse(ManifestObject fields) {
    return new SignsLayout(
        fields.count("planes", 1, PLANES_MAX), law(fields), fields.flag("narrow_scales"));
  }

  private static ScaleLaw law(ManifestObject fields) {
    String name = fields.text("scales");
    for (ScaleLaw law : ScaleLaw.values()) {
      if (law.wireName.equals(name)) {
        return law;
      }
    }
    throw fields.unknown("scales", name, "free, halving");
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void writeFields(JsonGenerator json) throws IOException {
    json.writeNumberField("planes", planes);
    json.writeStringField("scales", law.wireName);
    if (narrow) {
      json.writeBooleanField("narrow_scales", true);
    }
  }

  @Override
  public List<Part> parts(Matrix matrix) {
    List<Part> parts = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      parts.add(signs(matrix, plane));
      if (hasScales(plane)) {
        parts.add(scales(matrix, plane));
      }
    }
    for (int width = 1; narrow && width < planes; width++) {
      for (int plane = 0; plane < width; plane++) {
        parts.add(narrowScales(matrix, width, plane));
      }
    }
    return parts;
  }

  private boolean hasScales(int plane) {
    return plane == 0 || law == ScaleLaw.FREE;
  }

  private static Part signs(Matrix matrix, int plane) {
    int words = SignPlanes.wordsPerRow(matrix.columns());
    return Part.bits(matrix.part("signs." + plane), plane, matrix.rows(), words);
  }

  private static Part scales(Matrix matrix, int plane) {
    String name = matrix.part("scales." + plane);
    return Part.numbers(name, Shape.of(matrix.rows()), Shape.of(1));
  }

  private static Part narrowScales(Matrix matrix, int width, int plane) {
    String name = matrix.part("scales.%d.%d".formatted(width, plane));
    return Part.numbers(name, Shape.of(matrix.rows()), Shape.of(1));
  }

  @Override
  public void store(Matrix matrix, MatrixCode code, Sink sink) {
    SignPlanes signs = (SignPlanes) code;
    for (int plane = 0; plane < planes; plane++) {
      SignPlanes.Plane from = signs.planes().get(plane);
      Part part = signs(matrix, plane);
      sink.put(part, new TensorView(DType.U64, part.shapes().getFirst(), from.signs()));
      if (hasScales(plane)) {
        sink.put(scales(matrix, plane), Numbers.of(from.scales()));
      }
    }
    for (int width = 1; narrow && width < planes; width++) {
      for (int plane = 0; plane < width; plane++) {
        float[] scales = signs.narrowScales().get(width - 1).get(plane);
        sink.put(narrowScales(matrix, width, plane), Numbers.of(scales));
      }
    }
  }

  @Override
  public SignPlanes read(Matrix matrix, StoredParts stored) {
    List<SignPlanes.Plane> read = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      float[] scales =
          hasScales(plane)
              ? stored.numbers(scales(matrix, plane))
              : halved(read.getLast().scales());
      read.add(new SignPlanes.Plane(stored.bytes(signs(matrix, plane)), scales));
    }
    List<List<float[]>> narrowScales = new ArrayList<>();
    for (int width = 1; narrow && width < planes; width++) {
      List<float[]> scales = new ArrayList<>();
      for (int plane = 0; plane < width; plane++) {
        scales.add(stored.numbers(narrowScales(matrix, width, plane)));
      }
      narrowScales.add(scales);
    }
    return new SignPlanes(matrix.rows(), matrix.columns(), read, narrowScales);
  }

  private static float[] halved(float[] scales) {
    float[] halves = new float[scales.length];
    for (int row = 0; row < scales.length; row++) {
      halves[row] = scales[row] / 2;
    }
    return halves;
  }
}
