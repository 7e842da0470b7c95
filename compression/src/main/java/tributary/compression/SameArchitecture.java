package tributary.compression;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * A delta carries tensors, not configuration: what is computed with them must be what the base
 * computes. Directories without a configuration are compared by their tensors alone.
 */
final class SameArchitecture {
  private static final String CONFIGURATION = "config.json";

  private SameArchitecture() {}

  static void require(Path base, Path model) {
    if (Files.exists(base.resolve(CONFIGURATION)) && Files.exists(model.resolve(CONFIGURATION))) {
      Map<String, Object> wanted = structure(ModelConfig.read(base));
      Map<String, Object> found = structure(ModelConfig.read(model));
      wanted.forEach((what, value) -> requireEqual(what, value, found.get(what), model));
    }
  }

  private static Map<String, Object> structure(ModelConfig config) {
    Map<String, Object> structure = new LinkedHashMap<>();
    structure.put("architecture", config.architecture());
    structure.put("hidden size", config.hiddenSize());
    structure.put("feed-forward size", config.intermediateSize());
    structure.put("layers", config.layers());
    structure.put("heads", config.heads());
    structure.put("key-value heads", config.kvHeads());
    structure.put("head size", config.headSize());
    structure.putAll(Families.network(config).traits());
    return structure;
  }

  private static void requireEqual(String what, Object wanted, @Nullable Object found, Path model) {
    if (!Objects.equals(wanted, found)) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          "%s: %s is %s, the base's is %s; a delta carries tensors alone and cannot change that"
              .formatted(model.resolve(CONFIGURATION), what, found, wanted));
    }
  }
}
