package tributary.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Family;
import tributary.model.json.JsonFile;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Reads {@code config.json} as transformers 4 and 5 write it. Code named in it is never run. */
final class ConfigReader {
  private static final Bytes FILE_MAX = new Bytes(1 << 20);

  private ConfigReader() {}

  static ModelConfig read(Path directory) {
    Path file = directory.resolve("config.json");
    var keys = new ConfigKeys(file, "", JsonFile.read(file, FILE_MAX, ErrorCode.MODEL_CONFIG));
    Family family = family(keys);
    refuseUnsupported(keys);
    int vocabulary = keys.integer("vocab_size", 1, ConfigKeys.TOKENS_MAX);
    return new ModelConfig(
        family.architecture(),
        family.read(keys),
        vocabulary,
        keys.flagOr("tie_word_embeddings", family.tiedUnlessSaid()),
        eosTokens(directory, keys, vocabulary),
        keys.integerOr("bos_token_id", ModelConfig.NO_TOKEN, 0, vocabulary - 1));
  }

  private static Family family(ConfigKeys keys) {
    List<String> named = keys.texts("architectures");
    Optional<Family> family = named.size() == 1 ? Families.of(named.getFirst()) : Optional.empty();
    if (family.isEmpty()) {
      String found =
          named.isEmpty()
              ? "no architecture"
              : "architecture " + Quoted.of(String.join(", ", named));
      throw unknown(
          "%s: names %s; this build computes %s"
              .formatted(keys.file(), found, String.join(", ", Families.architectures())));
    }
    String type = keys.text("model_type").orElse(family.get().modelType());
    if (!type.equals(family.get().modelType())) {
      throw unknown(
          "%s: model_type is %s; %s is of type %s"
              .formatted(keys.file(), Quoted.of(type), named.getFirst(), family.get().modelType()));
    }
    return family.get();
  }

  private static TributaryException unknown(String text) {
    return new TributaryException(ErrorCode.UNKNOWN_ARCHITECTURE, text);
  }

  private static void refuseUnsupported(ConfigKeys keys) {
    if (keys.has("quantization_config")) {
      throw keys.complaint(
          "quantization_config",
          "is set; only weights of F32, F16 or BF16 are read: take the unquantized checkpoint");
    }
    if (keys.has("auto_map")) {
      throw keys.complaint(
          "auto_map",
          "names code of the checkpoint's own, which is never run; if its architecture is as this"
              + " build computes it, remove the key");
    }
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
