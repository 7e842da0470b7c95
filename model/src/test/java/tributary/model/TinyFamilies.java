package tributary.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import tributary.model.network.Parameter;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;

/** Random checkpoints of every family, of a few thousand weights and of odd sizes. */
public enum TinyFamilies {
  LLAMA(
      """
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 20,
      "intermediate_size": 28, "num_hidden_layers": 3, "num_attention_heads": 6,
      "num_key_value_heads": 2, "head_dim": 6, "attention_bias": true, "mlp_bias": true,
      "rope_scaling": {"rope_type": "yarn", "factor": 2.0,
        "original_max_position_embeddings": 16}\
      """),
  MISTRAL(
      """
      "architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": 24,
      "intermediate_size": 20, "num_hidden_layers": 1, "num_attention_heads": 3,
      "num_key_value_heads": 1, "sliding_window": 5\
      """),
  QWEN2(
      """
      "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 24,
      "intermediate_size": 36, "num_hidden_layers": 3, "num_attention_heads": 4,
      "num_key_value_heads": 4, "use_sliding_window": true, "sliding_window": 3,
      "max_window_layers": 1, "tie_word_embeddings": true\
      """),
  QWEN3(
      """
      "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 20,
      "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 6,
      "num_key_value_heads": 3, "head_dim": 10\
      """),
  GEMMA2(
      """
      "architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "hidden_size": 24,
      "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 4,
      "num_key_value_heads": 1, "head_dim": 8, "sliding_window": 4,
      "query_pre_attn_scalar": 5, "attn_logit_softcapping": 2.0,
      "final_logit_softcapping": 3.0\
      """),
  GEMMA3(
      """
      "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "hidden_size": 20,
      "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2,
      "num_key_value_heads": 1, "head_dim": 12, "sliding_window": 4,
      "sliding_window_pattern": 3, "query_pre_attn_scalar": 12,
      "rope_scaling": {"rope_type": "linear", "factor": 8.0}\
      """),
  PHI3(
      """
      "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 24,
      "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3,
      "num_key_value_heads": 3, "partial_rotary_factor": 0.75,
      "original_max_position_embeddings": 32,
      "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.5, 2.0],
        "long_factor": [2.0, 3.0, 4.0]}\
      """),
  OPT(
      """
      "architectures": ["OPTForCausalLM"], "model_type": "opt", "hidden_size": 24,
      "ffn_dim": 20, "num_hidden_layers": 3, "num_attention_heads": 6,
      "activation_function": "gelu", "dropout": 0.1\
      """),
  GPT_NEOX(
      """
      "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": 24,
      "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 3,
      "rotary_pct": 0.5\
      """),
  GPT_NEOX_SEQUENTIAL(
      """
      "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": 12,
      "intermediate_size": 20, "num_hidden_layers": 1, "num_attention_heads": 3,
      "use_parallel_residual": false, "hidden_act": "gelu_new", "rotary_pct": 1.0\
      """),
  FALCON_7B(
      """
      "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 20,
      "num_hidden_layers": 1, "num_attention_heads": 5, "ffn_hidden_size": 20\
      """),
  FALCON_40B(
      """
      "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 24,
      "num_hidden_layers": 2, "num_attention_heads": 6, "num_kv_heads": 2,
      "new_decoder_architecture": true, "bias": true, "tie_word_embeddings": false\
      """),
  FALCON_SEQUENTIAL(
      """
      "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 24,
      "num_hidden_layers": 2, "num_attention_heads": 3, "multi_query": false,
      "parallel_attn": false, "ffn_hidden_size": 20\
      """),
  /** Of the tests alone; see {@link tributary.model.upstart.Upstart}. */
  UPSTART(
      """
      "architectures": ["UpstartForCausalLM"], "model_type": "upstart", "hidden_size": 24,
      "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 2\
      """);

  /** Tokens that each of them knows. */
  public static final int VOCABULARY = 37;

  private final String config;

  TinyFamilies(String config) {
    this.config = config;
  }

  /** The configuration, with the further keys that every family has. */
  public String config(int vocabulary) {
    return """
    {%s,
    "vocab_size": %d, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2}\
    """
        .formatted(config, vocabulary);
  }

  /** Writes a checkpoint with random weights of a seed. */
  public Path write(Path directory, long seed) {
    return write(directory, seed, VOCABULARY);
  }

  /** A checkpoint over more tokens. */
  public Path write(Path directory, long seed, int vocabulary) {
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("config.json"), config(vocabulary));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"),
        Map.of(),
        tensors(ModelConfig.read(directory), seed));
    return directory;
  }

  /** Writes a fine-tune of a checkpoint: every value moved a little. */
  public static Path fineTune(Path base, Path directory, long seed) {
    ModelConfig config = ModelConfig.read(base);
    var random = new SplittableRandom(seed);
    try (var checkpoint = Checkpoint.open(base)) {
      Files.createDirectories(directory);
      Files.copy(base.resolve("config.json"), directory.resolve("config.json"));
      SequencedMap<String, TensorView> tensors = new TreeMap<>();
      for (String name : checkpoint.names()) {
        float[] values = checkpoint.tensor(name).toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) random.nextGaussian(0, 0.3 / Math.sqrt(config.hiddenSize()));
        }
        tensors.put(name, TensorView.of(checkpoint.tensor(name).shape(), values));
      }
      SafetensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), tensors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return directory;
  }

  /** Every parameter that checkpoints of this configuration hold, drawn from a seed. */
  public static SequencedMap<String, TensorView> tensors(ModelConfig config, long seed) {
    var random = new SplittableRandom(seed);
    SequencedMap<String, TensorView> tensors = new TreeMap<>();
    for (Parameter parameter : Families.network(config).parameters().all()) {
      switch (parameter) {
        case Parameter.Matrix matrix when matrix.tiedTo() == null ->
            tensors.put(
                matrix.name(), random(random, matrix.shape(), 0, 1 / Math.sqrt(matrix.columns())));
        case Parameter.Vector vector when vector.inBase() ->
            tensors.put(vector.name(), random(random, vector.shape(), mean(vector), 0.2));
        case Parameter.Matrix _, Parameter.Vector _ -> {}
      }
    }
    return tensors;
  }

  /** Weights of norms lie around what leaves values as they are. */
  private static double mean(Parameter.Vector vector) {
    boolean bias = vector.name().endsWith(".bias");
    return bias ? 0 : 1 - vector.offset();
  }

  private static TensorView random(
      SplittableRandom random, Shape shape, double mean, double deviation) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian(mean, deviation);
    }
    return TensorView.of(shape, values);
  }
}
