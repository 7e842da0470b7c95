package tributary.tensor.container;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaLayout.ScaleLaw;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** Lays differences out as the stored tensors of a delta file, in the order it prescribes. */
final class DeltaWriter {
  private final DeltaManifest manifest;
  private final SequencedMap<String, DeltaLayout> layouts = new LinkedHashMap<>();
  private final List<Map.Entry<String, TensorView>> small = new ArrayList<>();
  private final List<List<Map.Entry<String, TensorView>>> planes = new ArrayList<>();

  DeltaWriter(DeltaManifest manifest, SequencedMap<String, DeltaTensor> tensors) {
    this.manifest = manifest;
    tensors.forEach((name, tensor) -> {
      switch (tensor) {
        case DeltaTensor.Replaced(TensorView value) -> {
          layouts.put(name, new DeltaLayout.Replaced());
          small.add(Map.entry(name, value));
        }
        case DeltaTensor.Signed(SignPlanes matrix, @Nullable TensorView added) ->
            addSigned(name, matrix, added);
      }
    });
    small.sort(
        Comparator.comparingInt((Map.Entry<String, TensorView> e) -> e.getValue().type().bytes())
            .reversed());
  }

  private void addSigned(String name, SignPlanes matrix, @Nullable TensorView added) {
    if (matrix.planes().size() > DeltaHeader.PLANES_MAX) {
      throw new IllegalArgumentException(
          "%s: %d planes, at most %d can be stored"
              .formatted(name, matrix.planes().size(), DeltaHeader.PLANES_MAX));
    }
    ScaleLaw law = isHalving(matrix) ? ScaleLaw.HALVING : ScaleLaw.FREE;
    long addedRows = added == null ? 0 : added.shape().dimension(0);
    layouts.put(
        name,
        new DeltaLayout.Signed(
            matrix.rows(), matrix.columns(), matrix.planes().size(), law, addedRows));
    for (int plane = 0; plane < matrix.planes().size(); plane++) {
      SignPlanes.Plane stored = matrix.planes().get(plane);
      if (plane == 0 || law == ScaleLaw.FREE) {
        small.add(Map.entry(DeltaLayout.scalesName(name, plane), scales(stored.scales())));
      }
      if (plane == planes.size()) {
        planes.add(new ArrayList<>());
      }
      Shape words = Shape.of(matrix.rows(), SignPlanes.wordsPerRow(matrix.columns()));
      planes
          .get(plane)
          .add(
              Map.entry(
                  DeltaLayout.signsName(name, plane),
                  new TensorView(DType.U64, words, stored.signs())));
    }
    if (added != null && addedRows > 0) {
      small.add(Map.entry(DeltaLayout.addedName(name), added));
    }
  }

  /** True when the scales of each further plane are exactly half of those before. */
  private static boolean isHalving(SignPlanes matrix) {
    for (int plane = 1; plane < matrix.planes().size(); plane++) {
      float[] before = matrix.planes().get(plane - 1).scales();
      float[] scales = matrix.planes().get(plane).scales();
      if (scales.length != before.length) {
        return false;
      }
      for (int row = 0; row < scales.length; row++) {
        if (scales[row] != before[row] / 2) {
          return false;
        }
      }
    }
    return matrix.planes().size() > 1;
  }

  /** F16 where that gives every scale back exactly, else F32. */
  private static TensorView scales(float[] values) {
    boolean half = true;
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("a scale is " + value + "; it must be finite");
      }
      half &= Float.float16ToFloat(Float.floatToFloat16(value)) == value;
    }
    DType type = half ? DType.F16 : DType.F32;
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      if (half) {
        bytes.putShort(Float.floatToFloat16(value));
      } else {
        bytes.putFloat(value);
      }
    }
    return new TensorView(type, Shape.of(values.length), MemorySegment.ofArray(bytes.array()));
  }

  void write(Path path) {
    SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
    small.forEach(part -> put(stored, part));
    planes.forEach(plane -> plane.forEach(part -> put(stored, part)));
    DeltaHeader header = new DeltaHeader(manifest, layouts, checksums(stored));
    SafetensorsWriter.write(path, Map.of(DeltaHeader.KEY, header.toJson()), stored);
  }

  private static void put(
      SequencedMap<String, TensorView> stored, Map.Entry<String, TensorView> part) {
    if (stored.put(part.getKey(), part.getValue()) != null) {
      throw new IllegalArgumentException("two parts would be stored as " + part.getKey());
    }
  }

  private static SortedMap<String, String> checksums(SequencedMap<String, TensorView> stored) {
    Map<String, String> digests = new ConcurrentHashMap<>();
    stored.entrySet().parallelStream()
        .forEach(part -> digests.put(part.getKey(), Sha256.hex(part.getValue().data())));
    return new TreeMap<>(digests);
  }
}
