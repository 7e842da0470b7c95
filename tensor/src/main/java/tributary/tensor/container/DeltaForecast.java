package tributary.tensor.container;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.protocol.Bytes;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;

/** The size of a delta file that nobody writes. */
public final class DeltaForecast implements DeltaWriter.Keep {
  /** Matrices that are stored alike but for their names. */
  private record Alike(CodeLayout layout, int rows, int columns) {}

  private record Stored(Part part, TensorView values) {}

  private final Map<String, Double> shares;
  private final SortedMap<String, ZstdFrame> folded = new TreeMap<>();
  private final Map<Alike, List<Stored>> known = new HashMap<>();

  private DeltaForecast(Map<String, Double> shares) {
    this.shares = shares;
  }

  /**
   * The size of the file of these differences, to the byte as far as frames take what is said.
   *
   * @param tensors whose values do not matter, only their sizes; exact ones are not read
   * @param shares what frames leave of the parts of each name, as {@link DeltaFile#frameShares} has
   *     them; empty for a file without frames
   */
  public static Bytes size(
      DeltaManifest manifest,
      SequencedMap<String, DeltaTensor> tensors,
      Map<String, Double> shares) {
    DeltaForecast forecast = new DeltaForecast(shares);
    Frames frames = shares.isEmpty() ? Frames.NONE : Frames.ZSTD;
    return new DeltaWriter(manifest, tensors, frames, forecast).size(forecast.folded);
  }

  /** The name of a part among those of its tensor; empty for a whole tensor. */
  static String partOf(String stored) {
    int slash = stored.lastIndexOf('/');
    return slash < 0 ? "" : stored.substring(slash + 1);
  }

  /** A model has many matrices of few shapes; each is laid out once. */
  @Override
  public void store(DeltaLayout.Coded layout, MatrixCode code, CodeLayout.Sink sink) {
    CodeLayout.Matrix matrix = layout.matrix();
    Alike alike = new Alike(layout.code(), matrix.rows(), matrix.columns());
    known
        .computeIfAbsent(alike, _ -> stored(layout, code))
        .forEach(stored -> {
          Part part = stored.part;
          String name = matrix.part(partOf(part.name()));
          sink.put(new Part(name, part.stage(), part.types(), part.shapes()), stored.values);
        });
  }

  private static List<Stored> stored(DeltaLayout.Coded layout, MatrixCode code) {
    List<Stored> parts = new ArrayList<>();
    layout
        .code()
        .store(layout.matrix(), code, (part, values) -> parts.add(new Stored(part, sized(values))));
    return parts;
  }

  @Override
  public TensorView kept(Part part, TensorView values) {
    double share = shares.getOrDefault(partOf(part.name()), 1.0);
    if (share >= 1) {
      return sized(values);
    }
    folded.put(part.name(), new ZstdFrame(values.type(), values.shape()));
    long bytes = (long) Math.ceil(share * values.data().byteSize());
    return new TensorView(DType.U8, Shape.of(bytes), sized(bytes));
  }

  private static TensorView sized(TensorView values) {
    return new TensorView(values.type(), values.shape(), sized(values.data().byteSize()));
  }

  /** Memory that has a size and must not be read. */
  @SuppressWarnings("restricted") // Nothing is asked of it but its size.
  public static MemorySegment sized(long bytes) {
    return MemorySegment.NULL.reinterpret(bytes);
  }
}
