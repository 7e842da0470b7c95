package tributary.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.TunedMatrix;

/** Random differences to a checkpoint, and the dense model that they make of it. */
public final class HandMadeDeltas {
  private HandMadeDeltas() {}

  /**
   * A difference to every tensor of {@code base}: sign planes on matrices, new norms, biases that
   * the base does not have, and {@code addedRows} further rows of the vocabulary.
   */
  public static SequencedMap<String, DeltaTensor> random(
      TensorSource base, long seed, int planes, int addedRows) {
    SplittableRandom random = new SplittableRandom(seed);
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    for (String name : base.names()) {
      TensorView tensor = base.tensor(name);
      if (tensor.shape().rank() == 1) {
        float[] values = tensor.toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) random.nextGaussian(0, 0.05);
        }
        tensors.put(name, new DeltaTensor.Replaced(TensorView.of(tensor.shape(), values)));
      } else {
        boolean vocabulary = isVocabulary(name);
        TensorView added =
            vocabulary && addedRows > 0
                ? gaussian(random, Shape.of(addedRows, tensor.shape().dimension(1)), 0.1)
                : null;
        tensors.put(name, signed(random, tensor.shape(), planes, added));
      }
      if (name.endsWith("_proj.weight") && name.contains("self_attn")) {
        Shape bias = Shape.of(tensor.shape().dimension(0));
        tensors.put(
            name.replace(".weight", ".bias"),
            new DeltaTensor.Replaced(gaussian(random, bias, 0.1)));
      }
    }
    return tensors;
  }

  private static boolean isVocabulary(String name) {
    return Stream.of("embed_tokens", "lm_head", "embed_in", "embed_out", "word_embeddings", "wte")
        .anyMatch(name::contains);
  }

  /** As {@link #random}, but each matrix is coded in another way, and some base rows multiplied. */
  public static SequencedMap<String, DeltaTensor> mixed(
      TensorSource base, long seed, int addedRows) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomCodes codes = new RandomCodes(random, 0.05);
    RandomCodes.Kind[] kinds = RandomCodes.Kind.values();
    SequencedMap<String, DeltaTensor> tensors = random(base, seed, 1, addedRows);
    int[] matrices = {random.nextInt(kinds.length)};
    tensors.replaceAll((name, tensor) -> {
      if (!(tensor instanceof DeltaTensor.Coded coded)) {
        return tensor;
      }
      int rows = coded.code().rows();
      float[] factors = random.nextBoolean() ? new float[rows] : null;
      for (int row = 0; factors != null && row < rows; row++) {
        factors[row] = (float) random.nextGaussian(1, 0.05);
      }
      RandomCodes.Kind kind = kinds[matrices[0]++ % kinds.length];
      MatrixCode code = codes.of(kind, rows, coded.code().columns());
      return new DeltaTensor.Coded(code, factors, coded.added());
    });
    return tensors;
  }

  /** Writes the checkpoint that {@code tensors} make of the one in {@code base}. */
  public static Path merge(Path base, Map<String, DeltaTensor> tensors, Path directory)
      throws IOException {
    SequencedMap<String, TensorView> merged = new LinkedHashMap<>();
    long vocabulary;
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      for (String name : checkpoint.names()) {
        merged.put(name, checkpoint.tensor(name));
      }
      for (Map.Entry<String, DeltaTensor> entry : tensors.entrySet()) {
        merged.put(entry.getKey(), merged(merged.get(entry.getKey()), entry.getValue()));
      }
      vocabulary =
          merged.entrySet().stream()
              .filter(entry -> isVocabulary(entry.getKey()))
              .mapToLong(entry -> entry.getValue().shape().dimension(0))
              .max()
              .orElseThrow();
      SafetensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), merged);
    }
    boolean biases = merged.keySet().stream().anyMatch(name -> name.endsWith("q_proj.bias"));
    String config =
        Files.readString(base.resolve("config.json"))
            .replaceAll("\"vocab_size\": \\d+", "\"vocab_size\": " + vocabulary)
            .replaceAll("\"attention_bias\": \\w+", "\"attention_bias\": " + biases);
    Files.writeString(directory.resolve("config.json"), config);
    return directory;
  }

  public static DeltaTensor.Coded signed(
      SplittableRandom random, Shape shape, int planes, @Nullable TensorView added) {
    int rows = Math.toIntExact(shape.dimension(0));
    int columns = Math.toIntExact(shape.dimension(1));
    List<SignPlanes.Plane> all = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      byte[] signs = new byte[Math.toIntExact(SignPlanes.planeBytes(rows, columns).count())];
      MemorySegment words = MemorySegment.ofArray(signs);
      int wordsPerRow = SignPlanes.wordsPerRow(columns);
      for (int i = 0; i < rows * wordsPerRow; i++) {
        int used = Math.min(Long.SIZE, columns - i % wordsPerRow * Long.SIZE);
        long word = random.nextLong() & (used == Long.SIZE ? -1L : (1L << used) - 1);
        words.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, word);
      }
      float[] scales = new float[plane % 2 == 0 ? rows : 1];
      for (int row = 0; row < scales.length; row++) {
        scales[row] = (float) (0.01 + 0.02 * random.nextDouble()) / (1 << plane);
      }
      all.add(new SignPlanes.Plane(words, scales));
    }
    return new DeltaTensor.Coded(new SignPlanes(rows, columns, all), null, added);
  }

  private static TensorView gaussian(SplittableRandom random, Shape shape, double deviation) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian(0, deviation);
    }
    return TensorView.of(shape, values);
  }

  private static TensorView merged(@Nullable TensorView base, DeltaTensor tensor) {
    return TunedMatrix.of(base, tensor).toDense(Arena.ofAuto());
  }
}
