package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** Numbers, between bounds where the schema has some. */
final class NumberSchema {
  private final JsonText json;

  NumberSchema(JsonText json) {
    this.json = json;
  }

  /**
   * Numbers of a type.
   *
   * @param type {@code number} or {@code integer}
   */
  Node node(JsonNode schema, String type, String path) {
    boolean whole = type.equals("integer");
    boolean lowOpen = schema.has("exclusiveMinimum");
    boolean highOpen = schema.has("exclusiveMaximum");
    String lowWord = lowOpen ? "exclusiveMinimum" : "minimum";
    String highWord = highOpen ? "exclusiveMaximum" : "maximum";
    if ((lowOpen && schema.has("minimum")) || (highOpen && schema.has("maximum"))) {
      throw SchemaFault.unsupported(path, "two bounds on one side");
    }
    if (!schema.has(lowWord) && !schema.has(highWord)) {
      return whole ? json.integer : json.number;
    }
    var range =
        new NumberRange(
            bound(schema, lowWord, -NumberRange.MAGNITUDE_MAX, path),
            lowOpen,
            bound(schema, highWord, NumberRange.MAGNITUDE_MAX, path),
            highOpen);
    @Nullable Node node = whole ? range.integers() : range.decimals();
    if (node == null) {
      throw SchemaFault.impossible(path, "no number is between its bounds");
    }
    return node;
  }

  private static long bound(JsonNode schema, String word, long orElse, String path) {
    JsonNode value = schema.path(word);
    if (value.isMissingNode()) {
      return orElse;
    }
    if (!value.isNumber()) {
      throw SchemaFault.malformed(path, word + " must be a number");
    }
    if (!value.canConvertToExactIntegral()
        || !value.canConvertToLong()
        || Math.abs(value.longValue()) > NumberRange.MAGNITUDE_MAX) {
      throw SchemaFault.unsupported(path, word + " that is not whole, or is beyond 10^15");
    }
    return value.longValue();
  }
}
