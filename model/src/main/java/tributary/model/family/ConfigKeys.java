package tributary.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * One object of a configuration file, read key by key: every value is checked, and a complaint
 * names file, key, value and range. A null counts as absent.
 */
public record ConfigKeys(Path file, String prefix, ObjectNode object) {
  /** The most that a size, a count and a number of tokens may be. */
  public static final int SIZE_MAX = 1 << 20;

  public static final int COUNT_MAX = 1 << 12;
  public static final int TOKENS_MAX = 1 << 24;

  /** The object under {@code key}, or empty. */
  public Optional<ConfigKeys> object(String key) {
    return value(key)
        .map(node -> {
          if (node instanceof ObjectNode inner) {
            return new ConfigKeys(file, prefix + key + ".", inner);
          }
          throw wrong(key, node, "an object");
        });
  }

  public boolean has(String key) {
    return value(key).isPresent();
  }

  /** The size of something in values. */
  public int size(String key) {
    return integer(key, 1, SIZE_MAX);
  }

  /** How many heads or layers there are. */
  public int count(String key) {
    return integer(key, 1, COUNT_MAX);
  }

  /** The small number that norms add to a variance. */
  public float epsilonOr(String key, double absent) {
    return (float) numberOr(key, absent, 0, 1);
  }

  /** A cap that values stay below, or {@code absent}. */
  public float capOr(String key, float absent) {
    return (float) numberOr(key, absent, 1e-3, 1e6);
  }

  public int integer(String key, int min, int max) {
    return integer(key, required(key), min, max);
  }

  public int integerOr(String key, int absent, int min, int max) {
    return value(key).map(node -> integer(key, node, min, max)).orElse(absent);
  }

  public double number(String key, double min, double max) {
    return number(key, required(key), min, max);
  }

  public double numberOr(String key, double absent, double min, double max) {
    return value(key).map(node -> number(key, node, min, max)).orElse(absent);
  }

  public boolean flagOr(String key, boolean absent) {
    return value(key)
        .map(node -> {
          if (node.isBoolean()) {
            return node.booleanValue();
          }
          throw wrong(key, node, "true or false");
        })
        .orElse(absent);
  }

  public Optional<String> text(String key) {
    return value(key)
        .map(node -> {
          if (node.isTextual()) {
            return node.textValue();
          }
          throw wrong(key, node, "a string");
        });
  }

  /** A token id or a list of them; empty when absent. */
  public Set<Integer> tokens(String key, int vocabulary) {
    Set<Integer> tokens = new LinkedHashSet<>();
    value(key)
        .ifPresent(node -> {
          for (JsonNode id : node.isArray() ? node : List.of(node)) {
            tokens.add(integer(key, id, 0, vocabulary - 1));
          }
        });
    return tokens;
  }

  /** The strings of a list; empty when absent. */
  public List<String> texts(String key) {
    return value(key)
        .map(node -> {
          List<String> texts = new ArrayList<>();
          for (JsonNode text : node) {
            texts.add(text.asText());
          }
          return texts;
        })
        .orElse(List.of());
  }

  /** A list of numbers, all within the range. */
  public List<Double> numbers(String key, double min, double max) {
    List<Double> numbers = new ArrayList<>();
    for (JsonNode node : required(key)) {
      numbers.add(number(key, node, min, max));
    }
    return numbers;
  }

  private TributaryException wrong(String key, JsonNode found, String wanted) {
    return complaint(key, "is %s; it must be %s".formatted(Quoted.of(found.toString()), wanted));
  }

  /** An exception that names file and key. */
  public TributaryException complaint(String key, String text) {
    return new TributaryException(
        ErrorCode.MODEL_CONFIG, "%s: %s%s %s".formatted(file, prefix, key, text), prefix + key);
  }

  private Optional<JsonNode> value(String key) {
    JsonNode node = object.get(key);
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  private JsonNode required(String key) {
    return value(key).orElseThrow(() -> complaint(key, "is missing"));
  }

  private int integer(String key, JsonNode node, int min, int max) {
    if (!node.isIntegralNumber() || !node.canConvertToInt() || !within(node, min, max)) {
      throw wrong(key, node, "an integer between %d and %d".formatted(min, max));
    }
    return node.intValue();
  }

  private double number(String key, JsonNode node, double min, double max) {
    if (!node.isNumber() || !within(node, min, max)) {
      throw wrong(key, node, "a number between %s and %s".formatted(min, max));
    }
    return node.doubleValue();
  }

  private static boolean within(JsonNode node, double min, double max) {
    return node.doubleValue() >= min && node.doubleValue() <= max;
  }
}
