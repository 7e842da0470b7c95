package tributary.tensor.container;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaLayout.ScaleLaw;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** Turns the stored tensors of a delta file into differences; signs stay views of the file. */
record DeltaReader(Path path, SafetensorsFile file, DeltaHeader header) {
  SequencedMap<String, DeltaTensor> read() {
    checkNames();
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    header.layouts().forEach((name, layout) -> tensors.put(name, tensor(name, layout)));
    return tensors;
  }

  /** The file holds what the manifest announces, each with a checksum, and nothing else. */
  private void checkNames() {
    SortedSet<String> announced = new TreeSet<>();
    header
        .layouts()
        .forEach((name, layout) -> {
          for (String stored : layout.storedNames(name)) {
            if (!announced.add(stored)) {
              throw fault("two differences are stored as %s".formatted(Quoted.of(stored)));
            }
          }
        });
    requireSame(announced, file.names(), "file");
    requireSame(announced, new TreeSet<>(header.checksums().keySet()), "list of checksums");
  }

  private void requireSame(SortedSet<String> announced, SortedSet<String> found, String where) {
    SortedSet<String> missing = new TreeSet<>(announced);
    missing.removeAll(found);
    if (!missing.isEmpty()) {
      throw fault("the %s lacks %s".formatted(where, Quoted.of(missing.first())));
    }
    SortedSet<String> extra = new TreeSet<>(found);
    extra.removeAll(announced);
    if (!extra.isEmpty()) {
      throw fault(
          "the %s holds %s, which the manifest does not announce"
              .formatted(where, Quoted.of(extra.first())));
    }
  }

  private DeltaTensor tensor(String name, DeltaLayout layout) {
    return switch (layout) {
      case DeltaLayout.Replaced() -> new DeltaTensor.Replaced(file.tensor(name));
      case DeltaLayout.Signed signed ->
          new DeltaTensor.Signed(planes(name, signed), added(name, signed));
    };
  }

  private SignPlanes planes(String name, DeltaLayout.Signed layout) {
    List<SignPlanes.Plane> planes = new ArrayList<>();
    for (int plane = 0; plane < layout.planes(); plane++) {
      float[] scales =
          plane > 0 && layout.law() == ScaleLaw.HALVING
              ? halved(planes.getLast().scales())
              : scales(DeltaLayout.scalesName(name, plane), layout.rows());
      planes.add(
          new SignPlanes.Plane(signs(DeltaLayout.signsName(name, plane), layout).data(), scales));
    }
    return new SignPlanes(layout.rows(), layout.columns(), planes);
  }

  private TensorView signs(String stored, DeltaLayout.Signed layout) {
    TensorView signs = file.tensor(stored);
    Shape wanted = Shape.of(layout.rows(), SignPlanes.wordsPerRow(layout.columns()));
    if (signs.type() != DType.U64 || !signs.shape().equals(wanted)) {
      throw wrong(stored, signs, "U64 " + wanted);
    }
    return signs;
  }

  private float[] scales(String stored, int rows) {
    TensorView scales = file.tensor(stored);
    boolean typed = scales.type() == DType.F32 || scales.type() == DType.F16;
    if (!typed || !(scales.shape().equals(Shape.of(1)) || scales.shape().equals(Shape.of(rows)))) {
      throw wrong(stored, scales, "F32 or F16 [%d] or [1]".formatted(rows));
    }
    float[] values = scales.toFloats();
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw fault("%s holds %s, scales must be finite".formatted(Quoted.of(stored), value));
      }
    }
    return values;
  }

  private static float[] halved(float[] scales) {
    float[] halves = new float[scales.length];
    for (int row = 0; row < scales.length; row++) {
      halves[row] = scales[row] / 2;
    }
    return halves;
  }

  private @Nullable TensorView added(String name, DeltaLayout.Signed layout) {
    if (layout.addedRows() == 0) {
      return null;
    }
    String stored = DeltaLayout.addedName(name);
    TensorView added = file.tensor(stored);
    Shape wanted = Shape.of(layout.addedRows(), layout.columns());
    boolean typed =
        switch (added.type()) {
          case F32, F16, BF16 -> true;
          case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL -> false;
        };
    if (!typed || !added.shape().equals(wanted)) {
      throw wrong(stored, added, "F32, F16 or BF16 " + wanted);
    }
    return added;
  }

  private TributaryException wrong(String stored, TensorView found, String wanted) {
    return fault(
        "%s is %s %s, wanted %s".formatted(Quoted.of(stored), found.type(), found.shape(), wanted));
  }

  private TributaryException fault(String fault) {
    return new TributaryException(ErrorCode.DELTA_FORMAT, "%s: %s".formatted(path, fault));
  }
}
