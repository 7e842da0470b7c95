package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The sizes of a Llama-architecture model: everything that decides the shapes of its weights and
 * the arithmetic of its forward pass.
 */
public record ModelShape(
    int vocabulary,
    int hidden,
    int intermediate,
    int layers,
    int heads,
    int keyValueHeads,
    int headWidth,
    int positions,
    double ropeTheta,
    float normEpsilon,
    boolean tiedEmbeddings) {

  /** TinyLlama-1.1B, two thousand positions. */
  public static final ModelShape TINY_LLAMA =
      new ModelShape(32_000, 2048, 5632, 22, 32, 4, 64, 2048, 10_000, 1e-5f, false);

  /** Reads the shape from a Hugging Face {@code config.json}, old or new spelling of RoPE. */
  public static ModelShape fromConfig(JsonNode config) {
    String type = config.path("model_type").asText();
    if (!type.equals("llama")) {
      throw new IllegalArgumentException("config.json: model_type is '" + type + "', wanted llama");
    }
    int hidden = config.required("hidden_size").asInt();
    int heads = config.required("num_attention_heads").asInt();
    double ropeTheta =
        config.path("rope_parameters").path("rope_theta").asDouble(
            config.path("rope_theta").asDouble(10_000));
    return new ModelShape(
        config.required("vocab_size").asInt(),
        hidden,
        config.required("intermediate_size").asInt(),
        config.required("num_hidden_layers").asInt(),
        heads,
        config.path("num_key_value_heads").asInt(heads),
        config.path("head_dim").asInt(hidden / heads),
        config.required("max_position_embeddings").asInt(),
        ropeTheta,
        (float) config.required("rms_norm_eps").asDouble(),
        config.path("tie_word_embeddings").asBoolean(false));
  }

  /** Writes the shape as a Hugging Face {@code config.json}, RoPE in both spellings. */
  ObjectNode toConfig() {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config.put("model_type", "llama").put("torch_dtype", "bfloat16").put("dtype", "bfloat16");
    config.put("vocab_size", vocabulary).put("hidden_size", hidden);
    config.put("intermediate_size", intermediate).put("num_hidden_layers", layers);
    config.put("num_attention_heads", heads).put("num_key_value_heads", keyValueHeads);
    config.put("head_dim", headWidth).put("max_position_embeddings", positions);
    config.put("rms_norm_eps", normEpsilon).put("hidden_act", "silu");
    config.put("rope_theta", ropeTheta);
    config.putObject("rope_parameters").put("rope_theta", ropeTheta).put("rope_type", "default");
    config.put("tie_word_embeddings", tiedEmbeddings);
    config.put("attention_bias", false).put("mlp_bias", false).put("use_cache", true);
    config.put("bos_token_id", SyntheticTokenizer.BEGIN);
    config.put("eos_token_id", SyntheticTokenizer.END);
    return config;
  }
}
