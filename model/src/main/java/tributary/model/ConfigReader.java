package tributary.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tributary.gpu.Rope;
import tributary.model.json.JsonFile;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Reads {@code config.json} as transformers 4 and 5 write it. Code named in it is never run. */
final class ConfigReader {
  private static final Bytes FILE_MAX = new Bytes(1 << 20);
  private static final int SIZE_MAX = 1 << 20;
  private static final int COUNT_MAX = 1 << 12;
  private static final int TOKENS_MAX = 1 << 24;

  private ConfigReader() {}

  static ModelConfig read(Path directory) {
    Path file = directory.resolve("config.json");
    var keys = new ConfigKeys(file, "", JsonFile.read(file, FILE_MAX, ErrorCode.MODEL_CONFIG));
    String architecture = architecture(keys);
    refuseUnsupported(keys);
    int vocabulary = keys.integer("vocab_size", 1, TOKENS_MAX);
    int hidden = keys.integer("hidden_size", 1, SIZE_MAX);
    int heads = keys.integer("num_attention_heads", 1, COUNT_MAX);
    int context = keys.integerOr("max_position_embeddings", 2048, 1, TOKENS_MAX);
    int headSize = headSize(keys, hidden, heads);
    return new ModelConfig(
        architecture,
        vocabulary,
        hidden,
        keys.integer("intermediate_size", 1, SIZE_MAX),
        keys.integer("num_hidden_layers", 1, COUNT_MAX),
        heads,
        kvHeads(keys, heads),
        headSize,
        context,
        (float) keys.numberOr("rms_norm_eps", 1e-6, 0, 1),
        keys.flagOr("tie_word_embeddings", false),
        keys.flagOr("attention_bias", false),
        keys.flagOr("mlp_bias", false),
        new Rope.Frequencies(RopeScaling.read(keys, context).frequencies(headSize), 1),
        eosTokens(directory, keys, vocabulary),
        keys.integerOr("bos_token_id", ModelConfig.NO_TOKEN, 0, vocabulary - 1));
  }

  private static String architecture(ConfigKeys keys) {
    List<String> named = keys.texts("architectures");
    if (named.size() == 1 && Families.knows(named.getFirst())) {
      return named.getFirst();
    }
    String found =
        named.isEmpty() ? "no architecture" : "architecture " + Quoted.of(String.join(", ", named));
    throw new TributaryException(
        ErrorCode.UNKNOWN_ARCHITECTURE,
        "%s: names %s; this build computes %s"
            .formatted(keys.file(), found, String.join(", ", Families.ARCHITECTURES)));
  }

  private static void refuseUnsupported(ConfigKeys keys) {
    if (keys.has("quantization_config")) {
      throw keys.complaint(
          "quantization_config",
          "is set; only weights of F32, F16 or BF16 are read: take the unquantized checkpoint");
    }
    Optional<String> activation = keys.text("hidden_act");
    if (activation.isPresent() && !Set.of("silu", "swish").contains(activation.get())) {
      throw keys.complaint(
          "hidden_act", "is %s; it must be 'silu'".formatted(Quoted.of(activation.get())));
    }
  }

  private static int headSize(ConfigKeys keys, int hidden, int heads) {
    if (!keys.has("head_dim") && hidden % heads != 0) {
      throw keys.complaint(
          "hidden_size",
          "is %d, not a multiple of num_attention_heads %d, and there is no head_dim"
              .formatted(hidden, heads));
    }
    int size = keys.integerOr("head_dim", hidden / heads, 1, COUNT_MAX);
    if (size % 2 != 0) {
      throw keys.complaint(
          "head_dim", "is %d; rotary positions need an even size of heads".formatted(size));
    }
    return size;
  }

  private static int kvHeads(ConfigKeys keys, int heads) {
    int kvHeads = keys.integerOr("num_key_value_heads", heads, 1, heads);
    if (heads % kvHeads != 0) {
      throw keys.complaint(
          "num_key_value_heads",
          "is %d; it must divide num_attention_heads %d".formatted(kvHeads, heads));
    }
    return kvHeads;
  }

  /** Those of generation_config.json, if it names any. */
  private static Set<Integer> eosTokens(Path directory, ConfigKeys keys, int vocabulary) {
    Path file = directory.resolve("generation_config.json");
    return JsonFile.readIfPresent(file, FILE_MAX, ErrorCode.MODEL_CONFIG)
        .map(object -> new ConfigKeys(file, "", object).tokens("eos_token_id", vocabulary))
        .filter(tokens -> !tokens.isEmpty())
        .orElseGet(() -> keys.tokens("eos_token_id", vocabulary));
  }
}
