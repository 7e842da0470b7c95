package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import tributary.protocol.TributaryException;

/** The words of JSON Schema that are kept to. */
final class SchemaWords {
  /** Words that constrain values of one type, and that type. */
  private static final Map<String, String> TYPED =
      Map.ofEntries(
          Map.entry("properties", "object"),
          Map.entry("required", "object"),
          Map.entry("additionalProperties", "object"),
          Map.entry("items", "array"),
          Map.entry("prefixItems", "array"),
          Map.entry("minItems", "array"),
          Map.entry("maxItems", "array"),
          Map.entry("uniqueItems", "array"),
          Map.entry("minLength", "string"),
          Map.entry("maxLength", "string"),
          Map.entry("pattern", "string"),
          Map.entry("format", "string"),
          Map.entry("minimum", "number"),
          Map.entry("maximum", "number"),
          Map.entry("exclusiveMinimum", "number"),
          Map.entry("exclusiveMaximum", "number"));

  static final Set<String> ASSERTIONS = assertions();

  private SchemaWords() {}

  /**
   * The types to write when a schema names none: those that its words are about, since the values
   * of those types are what it describes.
   */
  static Set<String> impliedTypes(JsonNode schema) {
    var types = new HashSet<String>();
    schema
        .fieldNames()
        .forEachRemaining(word -> {
          String type = TYPED.get(word);
          if (type != null) {
            types.add(type);
          }
        });
    return types;
  }

  static boolean isOfType(JsonNode value, String type) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      case "boolean" -> value.isBoolean();
      default -> value.isNull();
    };
  }

  /** A count that a schema gives. */
  static int count(JsonNode schema, String word, int orElse, String path) {
    JsonNode value = schema.path(word);
    if (value.isMissingNode()) {
      return orElse;
    }
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt() || value.intValue() < 0) {
      throw notACount(word, path);
    }
    return value.intValue();
  }

  private static TributaryException notACount(String word, String path) {
    return SchemaFault.malformed(path, word + " must be a whole number from 0 on");
  }

  private static Set<String> assertions() {
    var words = new HashSet<>(TYPED.keySet());
    words.addAll(Set.of("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"));
    return Set.copyOf(words);
  }
}
