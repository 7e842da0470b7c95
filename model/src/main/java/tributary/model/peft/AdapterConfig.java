package tributary.model.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tributary.model.family.ConfigKeys;
import tributary.model.json.JsonFile;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;

/**
 * An adapter's {@code adapter_config.json}, checked.
 *
 * @param ranks of modules whose rank is another, by a module's name or the end of one
 * @param alphas the same of alphas
 * @param rootScaled true when alpha is divided by the root of the rank
 */
record AdapterConfig(
    int rank,
    double alpha,
    Map<String, Double> ranks,
    Map<String, Double> alphas,
    boolean rootScaled) {
  static final String FILE = "adapter_config.json";
  private static final Bytes FILE_MAX = new Bytes(1 << 20);
  private static final int RANK_MAX = 1 << 16;
  private static final double ALPHA_MAX = 1e6;

  /** What changes how an adapter computes, and is not computed here. */
  private static final List<String> UNKNOWN =
      List.of(
          "fan_in_fan_out",
          "layer_replication",
          "alora_invocation_tokens",
          "trainable_token_indices",
          "target_parameters",
          "arrow_config",
          "kasa_config",
          "monteclora_config",
          "velora_config",
          "use_qalora",
          "use_bdlora");

  /** Initial values that are taken out of the base's weights. */
  private static final Set<String> CHANGES_BASE = Set.of("olora", "corda", "loftq");

  /** Names of modules, perhaps marked as whole. */
  private static final Pattern NAME = Pattern.compile("\\^?[A-Za-z0-9_.]+\\$?");

  AdapterConfig {
    ranks = Map.copyOf(ranks);
    alphas = Map.copyOf(alphas);
  }

  static AdapterConfig read(Path directory) {
    Path file = directory.resolve(FILE);
    var keys = new ConfigKeys(file, "", JsonFile.read(file, FILE_MAX, ErrorCode.MODEL_CONFIG));
    String type = keys.text("peft_type").orElse("LORA");
    if (!type.equals("LORA")) {
      throw keys.complaint("peft_type", "is %s; it must be LORA".formatted(Quoted.of(type)));
    }
    refuseUnknown(keys);
    int rank = keys.integerOr("r", 8, 1, RANK_MAX);
    return new AdapterConfig(
        rank,
        keys.numberOr("lora_alpha", 8, -ALPHA_MAX, ALPHA_MAX),
        pattern(keys, "rank_pattern", 1, RANK_MAX),
        pattern(keys, "alpha_pattern", -ALPHA_MAX, ALPHA_MAX),
        keys.flagOr("use_rslora", false));
  }

  private static void refuseUnknown(ConfigKeys keys) {
    ObjectNode object = keys.object();
    for (String key : UNKNOWN) {
      if (keys.has(key) && !(object.get(key).isBoolean() && !object.get(key).booleanValue())) {
        throw keys.complaint(key, "is set; this build computes adapters without it");
      }
    }
    if (keys.has("init_lora_weights") && object.get("init_lora_weights").isTextual()) {
      String start = keys.text("init_lora_weights").orElseThrow();
      if (CHANGES_BASE.contains(start) || start.startsWith("pissa")) {
        throw keys.complaint(
            "init_lora_weights",
            "is %s, which changes the base's weights; save the adapter converted to plain LoRA"
                .formatted(Quoted.of(start)));
      }
    }
  }

  private static Map<String, Double> pattern(ConfigKeys keys, String key, double min, double max) {
    Map<String, Double> values = new LinkedHashMap<>();
    keys.object(key)
        .ifPresent(pattern ->
            pattern
                .object()
                .fieldNames()
                .forEachRemaining(name -> {
                  if (!NAME.matcher(name).matches()) {
                    throw pattern.complaint(
                        name, "is not a module's name; regular expressions are not read");
                  }
                  values.put(name, pattern.number(name, min, max));
                }));
    return values;
  }

  int rankOf(String module) {
    return (int) of(ranks, module, rank);
  }

  /** What a module's product of factors is multiplied by. */
  double scaleOf(String module) {
    double own = of(alphas, module, alpha);
    double ownRank = rankOf(module);
    return own / (rootScaled ? Math.sqrt(ownRank) : ownRank);
  }

  private static double of(Map<String, Double> pattern, String module, double absent) {
    return pattern.entrySet().stream()
        .filter(entry -> names(entry.getKey(), module))
        .findFirst()
        .map(Map.Entry::getValue)
        .orElse(absent);
  }

  /** Whether a name is the module's, or what its name ends with after a dot. */
  private static boolean names(String name, String module) {
    boolean whole = name.startsWith("^");
    String bare = name.substring(whole ? 1 : 0, name.length() - (name.endsWith("$") ? 1 : 0));
    return module.equals(bare) || (!whole && module.endsWith("." + bare));
  }
}
