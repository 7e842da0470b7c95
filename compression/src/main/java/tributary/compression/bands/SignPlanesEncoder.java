package tributary.compression.bands;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tributary.compression.LinearEncoder;
import tributary.compression.LinearProblem;
import tributary.compression.solver.StoredScale;
import tributary.gpu.Gemm;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/**
 * Codes a layer as sign planes that are searched together, with scales per row. The first plane of
 * a row is its widest, so that a prefix of the planes is a coarser form.
 */
public final class SignPlanesEncoder implements LinearEncoder {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final BandEncoder.Effort EFFORT =
      new BandEncoder.Effort(new double[] {1, 0.8, 1.25}, 2, 2);

  /** Planes past this cost more than other codes of the same size. */
  public static final int PLANES_MAX = 4;

  private final int planes;
  private final Layers layers;

  /**
   * An encoder.
   *
   * @param planes 1 to {@link #PLANES_MAX}
   * @param damping see {@link tributary.compression.solver.Curvature}
   */
  public SignPlanesEncoder(int planes, double damping, Gemm gemm) {
    if (planes < 1 || planes > PLANES_MAX) {
      throw new IllegalArgumentException("planes is " + planes + ", wanted 1 to " + PLANES_MAX);
    }
    this.planes = planes;
    this.layers = new Layers(damping, gemm);
  }

  @Override
  public DeltaTensor.Coded encode(LinearProblem problem, Arena arena) {
    Layer layer = layers.of(problem);
    BandEncoder.Coded coded = new BandEncoder(new SignBands(planes), layer).encode(EFFORT);
    float[] target = layer.targetWithout(coded.baseShares());
    SignPlanes code = PrefixScales.add(layer, target, pack(problem, coded, arena));
    return new DeltaTensor.Coded(code, coded.baseFactors(), null);
  }

  private SignPlanes pack(LinearProblem problem, BandEncoder.Coded coded, Arena arena) {
    List<MemorySegment> signs = new ArrayList<>();
    float[][] scales = new float[planes][problem.rows()];
    for (int p = 0; p < planes; p++) {
      signs.add(
          arena.allocate(
              SignPlanes.planeBytes(problem.rows(), problem.columns()).count(), Long.BYTES));
    }
    for (int row = 0; row < problem.rows(); row++) {
      double[] found = coded.coefficients()[row];
      int[] order = widestFirst(found);
      for (int p = 0; p < planes; p++) {
        int bit = order[p];
        scales[p][row] = StoredScale.nearest(Math.abs(found[bit]));
        pack(coded.codes()[row], bit, found[bit] < 0, signs.get(p), row);
      }
    }
    List<SignPlanes.Plane> packed = new ArrayList<>();
    for (int p = 0; p < planes; p++) {
      packed.add(new SignPlanes.Plane(signs.get(p), scales[p]));
    }
    return new SignPlanes(problem.rows(), problem.columns(), packed);
  }

  private static int[] widestFirst(double[] scales) {
    return IntStream.range(0, scales.length)
        .boxed()
        .sorted((a, b) -> Double.compare(Math.abs(scales[b]), Math.abs(scales[a])))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static void pack(byte[] codes, int bit, boolean turned, MemorySegment signs, int row) {
    int words = SignPlanes.wordsPerRow(codes.length);
    int flip = turned ? 1 : 0;
    for (int word = 0; word < words; word++) {
      long bits = 0;
      int first = word * Long.SIZE;
      for (int t = 0; t < Math.min(Long.SIZE, codes.length - first); t++) {
        bits |= (long) ((codes[first + t] >>> bit & 1) ^ flip) << t;
      }
      signs.setAtIndex(WORD, (long) row * words + word, bits);
    }
  }
}
