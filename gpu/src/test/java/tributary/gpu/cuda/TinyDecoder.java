package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Attention;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.KvShape;
import tributary.gpu.Rope;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.program.BaseOperands;
import tributary.gpu.program.StepOp;
import tributary.gpu.program.StepProgram;
import tributary.gpu.program.TenantOperands;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/**
 * A random decoder of one block, its values all numbers of bf16, and its program. Matrices: 0
 * embeddings, 1 to 3 queries, keys, values, 4 their projection, 5 gate, 6 up, 7 down, 8 head.
 * Vectors: 0 to 2 norms, 3 to 5 biases of queries, keys and values, 6 of the projection, 7 and 8 of
 * gate and up.
 */
final class TinyDecoder {
  /** Extents; the hidden size is that of all query heads. */
  record Extent(int vocabulary, int inner, int heads, int kvHeads, int headSize) {
    int hidden() {
      return heads * headSize;
    }
  }

  static final int MATRICES = 9;
  static final int HEAD = 8;
  static final int FIRST_BIAS = 3;
  static final int VECTORS = 9;
  private static final float EPSILON = 1e-5f;

  private final Extent extent;
  private final Map<Integer, TensorView> matrices = new HashMap<>();
  private final Map<Integer, TensorView> vectors = new HashMap<>();
  private final Rope.Frequencies frequencies;
  private final SplittableRandom random;

  TinyDecoder(Extent extent, boolean biased, long seed) {
    this.extent = extent;
    this.random = new SplittableRandom(seed);
    for (int slot = 0; slot < MATRICES; slot++) {
      matrices.put(slot, matrix(rows(slot), columns(slot), 1.0 / Math.sqrt(columns(slot))));
    }
    for (int slot = 0; slot < (biased ? VECTORS : FIRST_BIAS); slot++) {
      vectors.put(slot, vector(slot));
    }
    float[] speeds = new float[extent.headSize / 2];
    for (int i = 0; i < speeds.length; i++) {
      speeds[i] = (float) Math.pow(10_000, -2.0 * i / extent.headSize);
    }
    frequencies = new Rope.Frequencies(speeds, 1);
  }

  Extent extent() {
    return extent;
  }

  TensorView matrix(int slot) {
    TensorView matrix = matrices.get(slot);
    if (matrix == null) {
      throw new IllegalArgumentException("no matrix " + slot);
    }
    return matrix;
  }

  @Nullable TensorView vectorOf(int slot) {
    return vectors.get(slot);
  }

  /** A vector that a tenant could have. */
  TensorView vector(int slot) {
    int length = length(slot);
    double middle = slot < FIRST_BIAS ? 1 : 0;
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = bf16(middle + random.nextGaussian() / 8);
    }
    return TensorView.of(Shape.of(length), values);
  }

  TensorView matrix(int rows, int columns, double deviation) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = bf16(random.nextGaussian() * deviation);
    }
    return TensorView.of(Shape.of(rows, columns), values);
  }

  static float bf16(double value) {
    return Float.intBitsToFloat(Bf16.round((float) value) << 16);
  }

  int rows(int slot) {
    return switch (slot) {
      case 0, HEAD -> extent.vocabulary;
      case 1 -> extent.heads * extent.headSize;
      case 2, 3 -> extent.kvHeads * extent.headSize;
      case 4, 7 -> extent.hidden();
      case 5, 6 -> extent.inner;
      default -> throw new IllegalArgumentException("slot " + slot);
    };
  }

  int columns(int slot) {
    return slot == 7 ? extent.inner : extent.hidden();
  }

  private int length(int slot) {
    return switch (slot) {
      case 0, 1, 2, 6 -> extent.hidden();
      case 3 -> rows(1);
      case 4, 5 -> rows(2);
      case 7, 8 -> extent.inner;
      default -> throw new IllegalArgumentException("slot " + slot);
    };
  }

  /** One block; buffers: 0 residual, 1 normed, 2 to 4 q, k, v, 5 attended, 6 sums, 7, 8, 9. */
  StepProgram program() {
    float scale = (float) (1 / Math.sqrt(extent.headSize));
    List<StepOp> ops = new ArrayList<>();
    ops.add(new StepOp.Embed(0, 0));
    ops.add(new StepOp.Normalize(1, 0, 0, EPSILON));
    for (int i = 0; i < 3; i++) {
      ops.add(new StepOp.Multiply(2 + i, 1, 1 + i));
      ops.add(new StepOp.AddBias(2 + i, FIRST_BIAS + i));
    }
    ops.add(new StepOp.Rotate(2, 3, 4, frequencies, 0));
    ops.add(new StepOp.Attend(5, 2, 0, Attention.Scores.scaled(scale)));
    ops.add(new StepOp.Multiply(6, 5, 4));
    ops.add(new StepOp.AddBias(6, 6));
    ops.add(new StepOp.Add(0, 6));
    ops.add(new StepOp.Normalize(1, 0, 1, EPSILON));
    ops.add(new StepOp.Multiply(7, 1, 5));
    ops.add(new StepOp.AddBias(7, 7));
    ops.add(new StepOp.Multiply(8, 1, 6));
    ops.add(new StepOp.AddBias(8, 8));
    ops.add(new StepOp.Gate(7, 7, 8));
    ops.add(new StepOp.Multiply(6, 7, 7));
    ops.add(new StepOp.Add(0, 6));
    ops.add(new StepOp.Normalize(0, 0, 2, EPSILON));
    ops.add(new StepOp.Multiply(9, 0, HEAD));
    return new StepProgram(ops, 9);
  }

  KvShape cache(int pageTokens, int pages) {
    return new KvShape(1, extent.kvHeads, extent.headSize, pageTokens, pages);
  }

  /** The values, as a backend has them. */
  BaseOperands base(Backend backend) {
    Map<Integer, WeightMatrix> ownMatrices = new HashMap<>();
    matrices.forEach((slot, view) -> ownMatrices.put(slot, backend.matrix(stored(view))));
    Map<Integer, WeightVector> ownVectors = new HashMap<>();
    vectors.forEach((slot, view) -> ownVectors.put(slot, backend.vector(view)));
    return new BaseOperands() {
      @Override
      public WeightMatrix matrix(int slot) {
        WeightMatrix matrix = ownMatrices.get(slot);
        if (matrix == null) {
          throw new IllegalArgumentException("no matrix " + slot);
        }
        return matrix;
      }

      @Override
      public @Nullable WeightVector vector(int slot) {
        return ownVectors.get(slot);
      }
    };
  }

  /** Every other matrix in bf16, so that both ways to the device are taken. */
  private TensorView stored(TensorView view) {
    if (view.shape().dimension(0) % 2 == 0) {
      return view;
    }
    short[] halves = new short[Math.toIntExact(view.shape().elements())];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = Bf16.round(view.getFloat(i));
    }
    return new TensorView(DType.BF16, view.shape(), MemorySegment.ofArray(halves));
  }

  /** A tenant whose weights in the block are what prompts are multiplied with: sums, as bf16. */
  Tenant writtenOut(Tenant tenant) {
    Map<Integer, DeltaTensor> written = new HashMap<>(tenant.matrices);
    for (int slot = 1; slot < HEAD; slot++) {
      if (tenant.matrices.get(slot) instanceof DeltaTensor.Coded coded) {
        written.put(slot, new DeltaTensor.Replaced(writtenOut(matrix(slot), coded)));
      }
    }
    return new Tenant(written, tenant.vectors);
  }

  private static TensorView writtenOut(TensorView base, DeltaTensor.Coded coded) {
    int rows = coded.code().rows();
    int columns = coded.code().columns();
    float[] factors = coded.baseFactors();
    float[] sums = new float[rows * columns];
    for (int i = 0; i < sums.length; i++) {
      float factor = factors == null ? 1 : factors[i / columns];
      sums[i] = bf16(factor * base.getFloat(i) + coded.code().value(i / columns, i % columns));
    }
    return TensorView.of(Shape.of(rows, columns), sums);
  }

  /** A tenant's differences, as a backend has them. */
  record Tenant(Map<Integer, DeltaTensor> matrices, Map<Integer, TensorView> vectors) {
    TenantOperands operands(Backend backend) {
      Map<Integer, DeltaMatrix> deltas = new HashMap<>();
      matrices.forEach((slot, tensor) -> deltas.put(slot, backend.delta(tensor)));
      Map<Integer, WeightVector> own = new HashMap<>();
      vectors.forEach((slot, view) -> own.put(slot, backend.vector(view)));
      return new TenantOperands() {
        @Override
        public @Nullable DeltaMatrix matrix(int slot) {
          return deltas.get(slot);
        }

        @Override
        public @Nullable WeightVector vector(int slot) {
          return own.get(slot);
        }
      };
    }
  }
}
