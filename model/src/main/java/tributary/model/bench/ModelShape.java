package tributary.model.bench;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tributary.gpu.Activation;
import tributary.gpu.Backend;
import tributary.gpu.Rope;
import tributary.model.BaseModel;
import tributary.model.ModelConfig;
import tributary.model.family.Dimensions;
import tributary.model.family.Windows;
import tributary.model.llama.Llama;
import tributary.model.llama.LlamaStructure;

/** Shapes of real models, for questions of size and benchmarks with random weights. */
public enum ModelShape {
  /** The demo's base. */
  DEMO("demo", 8192, 384, 1024, 6, new Heads(6, 2, 64), true),
  /** TinyLlama-1.1B. */
  TINYLLAMA("tinyllama-1.1b", 32000, 2048, 5632, 22, new Heads(32, 4, 64), false),
  /** Llama-2-7B. */
  LLAMA_2_7B("llama-2-7b", 32000, 4096, 11008, 32, new Heads(32, 32, 128), false),
  /** Llama-2-13B. */
  LLAMA_2_13B("llama-2-13b", 32000, 5120, 13824, 40, new Heads(40, 40, 128), false),
  /** Llama-3.1-8B. */
  LLAMA_3_1_8B("llama-3.1-8b", 128256, 4096, 14336, 32, new Heads(32, 8, 128), false);

  private record Heads(int query, int keyValue, int size) {}

  private static final int CONTEXT_LENGTH = 2048;
  private static final double ROPE_THETA = 10_000;

  private final String shapeName;
  private final int vocabulary;
  private final int hidden;
  private final int intermediate;
  private final int layers;
  private final Heads heads;
  private final boolean tied;

  ModelShape(
      String shapeName,
      int vocabulary,
      int hidden,
      int intermediate,
      int layers,
      Heads heads,
      boolean tied) {
    this.shapeName = shapeName;
    this.vocabulary = vocabulary;
    this.hidden = hidden;
    this.intermediate = intermediate;
    this.layers = layers;
    this.heads = heads;
    this.tied = tied;
  }

  public String shapeName() {
    return shapeName;
  }

  public static Optional<ModelShape> named(String name) {
    return Arrays.stream(values()).filter(shape -> shape.shapeName.equals(name)).findFirst();
  }

  public static String names() {
    return Arrays.stream(values()).map(ModelShape::shapeName).collect(Collectors.joining(", "));
  }

  /** A model of this shape with random weights; the caller closes it. */
  public BaseModel random(Backend backend, long seed) {
    ModelConfig config = config();
    return BaseModel.of(config, new RandomWeights(config, seed), backend);
  }

  /** The sizes, with a context of 2,048 and plain angles. */
  public ModelConfig config() {
    float[] inverseFrequencies = new float[heads.size / 2];
    for (int i = 0; i < inverseFrequencies.length; i++) {
      inverseFrequencies[i] = (float) Math.pow(ROPE_THETA, -2.0 * i / heads.size);
    }
    return new ModelConfig(
        Llama.ARCHITECTURE,
        new LlamaStructure(
            new Dimensions(
                hidden,
                intermediate,
                layers,
                heads.query,
                heads.keyValue,
                heads.size,
                CONTEXT_LENGTH),
            1e-5f,
            new Rope.Frequencies(inverseFrequencies, 1),
            Activation.SILU,
            Windows.everything(layers),
            LlamaStructure.Details.PLAIN),
        vocabulary,
        tied,
        Set.of(2),
        1);
  }

  /** As people type it. */
  @Override
  public String toString() {
    return shapeName;
  }
}
