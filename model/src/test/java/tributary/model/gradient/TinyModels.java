package tributary.model.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import tributary.gpu.Activation;
import tributary.gpu.Rope;
import tributary.model.ModelConfig;
import tributary.model.family.Dimensions;
import tributary.model.family.Windows;
import tributary.model.llama.Llama;
import tributary.model.llama.LlamaStructure;

/** Models of a few hundred weights, large enough to be wrong in every way. */
public final class TinyModels {
  static final String EMBEDDINGS = "model.embed_tokens.weight";

  private static final int VOCABULARY = 11;
  private static final int HIDDEN = 6;
  private static final int INTERMEDIATE = 10;
  private static final int LAYERS = 2;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int HEAD_SIZE = 4;

  private TinyModels() {}

  /** Two layers, two query heads to each key-value head, half of each head rotated. */
  public static ModelConfig config() {
    return new ModelConfig(
        Llama.ARCHITECTURE,
        new LlamaStructure(
            new Dimensions(HIDDEN, INTERMEDIATE, LAYERS, HEADS, KV_HEADS, HEAD_SIZE, 64),
            1e-5f,
            new Rope.Frequencies(new float[] {0.7f}, 1.1f),
            Activation.SILU,
            Windows.everything(LAYERS),
            LlamaStructure.Details.PLAIN),
        VOCABULARY,
        true,
        Set.of(2),
        1);
  }

  /** Every parameter of {@link #config}, biases and a head included, drawn from a seed. */
  public static Map<String, float[]> parameters(long seed, boolean biasesAndHead) {
    var random = new SplittableRandom(seed);
    Map<String, float[]> parameters = new LinkedHashMap<>();
    parameters.put(EMBEDDINGS, values(random, VOCABULARY * HIDDEN, 0, 1));
    parameters.put("model.norm.weight", values(random, HIDDEN, 1, 0.2));
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "model.layers." + layer + ".";
      parameters.put(prefix + "input_layernorm.weight", values(random, HIDDEN, 1, 0.2));
      parameters.put(prefix + "post_attention_layernorm.weight", values(random, HIDDEN, 1, 0.2));
      linear(parameters, random, prefix + "self_attn.q_proj", HEADS * HEAD_SIZE, HIDDEN);
      linear(parameters, random, prefix + "self_attn.k_proj", KV_HEADS * HEAD_SIZE, HIDDEN);
      linear(parameters, random, prefix + "self_attn.v_proj", KV_HEADS * HEAD_SIZE, HIDDEN);
      linear(parameters, random, prefix + "self_attn.o_proj", HIDDEN, HEADS * HEAD_SIZE);
      linear(parameters, random, prefix + "mlp.gate_proj", INTERMEDIATE, HIDDEN);
      linear(parameters, random, prefix + "mlp.up_proj", INTERMEDIATE, HIDDEN);
      linear(parameters, random, prefix + "mlp.down_proj", HIDDEN, INTERMEDIATE);
    }
    parameters.put("lm_head.weight", values(random, VOCABULARY * HIDDEN, 0, 0.7));
    if (!biasesAndHead) {
      parameters.keySet().removeIf(name -> name.endsWith(".bias") || name.startsWith("lm_head"));
    }
    return parameters;
  }

  private static void linear(
      Map<String, float[]> parameters,
      SplittableRandom random,
      String name,
      int rows,
      int columns) {
    double deviation = 1 / Math.sqrt(columns);
    parameters.put(name + ".weight", values(random, rows * columns, 0, deviation));
    parameters.put(name + ".bias", values(random, rows, 0, 0.3));
  }

  private static float[] values(SplittableRandom random, int count, double mean, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian(mean, deviation);
    }
    return values;
  }
}
