package tributary.compression.distill;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.model.ModelConfig;
import tributary.model.gradient.Completion;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.TinyModels;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor.Coded;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

/** A tiny fine-tune, its base, and its differences coded with scales that could be better. */
final class Cases {
  private Cases() {}

  /** Tensors in memory. */
  private record MapSource(Map<String, TensorView> tensors) implements TensorSource {
    @Override
    public SortedSet<String> names() {
      return new TreeSet<>(tensors.keySet());
    }

    @Override
    public TensorView tensor(String name) {
      TensorView tensor = tensors.get(name);
      if (tensor == null) {
        throw new AssertionError("no tensor " + name);
      }
      return tensor;
    }

    @Override
    public void close() {}
  }

  /**
   * Every linear's difference as one sign plane; scales alternate between one and one per row, and
   * every third layer's base rows are multiplied.
   */
  static ScaleDistillation.Job job(long seed) {
    ModelConfig config = TinyModels.config();
    Map<String, float[]> tuned = TinyModels.parameters(seed, false);
    Map<String, float[]> others = new HashMap<>(tuned);
    Map<String, TensorView> base = new HashMap<>();
    Map<String, Coded> codes = new TreeMap<>();
    var random = new SplittableRandom(seed);
    DenseModel teacher = DenseModel.of(config, tuned);
    for (String name : teacher.linears()) {
      float[] weight = Objects.requireNonNull(tuned.get(name));
      int columns = columns(config, name);
      float[] before = new float[weight.length];
      float[] difference = new float[weight.length];
      for (int i = 0; i < weight.length; i++) {
        difference[i] = (float) random.nextGaussian(0, 0.15);
        before[i] = weight[i] - difference[i];
      }
      others.remove(name);
      base.put(name, TensorView.of(Shape.of(weight.length / columns, columns), before));
      SignPlanes signs = signs(difference, columns, codes.size() % 2 == 0);
      float[] factors = codes.size() % 3 == 0 ? factors(signs.rows()) : null;
      codes.put(name, new Coded(signs, factors, null));
    }
    return new ScaleDistillation.Job(
        teacher, others, new MapSource(base), codes, Path.of(System.getProperty("java.io.tmpdir")));
  }

  private static float[] factors(int rows) {
    float[] factors = new float[rows];
    for (int row = 0; row < rows; row++) {
      factors[row] = 1 + row / 1024f;
    }
    return factors;
  }

  private static int columns(ModelConfig config, String name) {
    return name.contains("o_proj")
        ? config.heads() * config.headSize()
        : name.contains("down_proj") ? config.intermediateSize() : config.hiddenSize();
  }

  /** Signs of a matrix with the mean magnitude of all, or of each row. */
  static SignPlanes signs(float[] values, int columns, boolean perRow) {
    int rows = values.length / columns;
    long[] words = new long[rows * SignPlanes.wordsPerRow(columns)];
    float[] scales = new float[perRow ? rows : 1];
    for (int i = 0; i < values.length; i++) {
      if (values[i] >= 0) {
        words[i / columns * SignPlanes.wordsPerRow(columns) + i % columns / 64] |=
            1L << i % columns;
      }
      scales[perRow ? i / columns : 0] += Math.abs(values[i]) * scales.length / values.length;
    }
    return new SignPlanes(
        rows, columns, List.of(new SignPlanes.Plane(MemorySegment.ofArray(words), scales)));
  }

  static List<Completion> records(long seed, int count) {
    var random = new SplittableRandom(seed);
    List<Completion> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = 3 + random.nextInt(8);
      int[] tokens = random.ints(length, 0, TinyModels.config().vocabularySize()).toArray();
      records.add(new Completion(tokens, 1 + random.nextInt(length - 1)));
    }
    return records;
  }

  /** A code and then the factors of the base's rows. */
  static float[] decoded(@Nullable Coded coded) {
    if (coded == null) {
      throw new AssertionError("no code of that name");
    }
    MatrixCode code = coded.code();
    float[] values = new float[code.rows() * (code.columns() + 1)];
    float[] row = new float[code.columns()];
    for (int r = 0; r < code.rows(); r++) {
      code.readRow(r, row);
      System.arraycopy(row, 0, values, r * row.length, row.length);
      values[code.rows() * row.length + r] = coded.baseFactor(r);
    }
    return values;
  }

  static float[] values(long seed, int count) {
    var random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }
}
