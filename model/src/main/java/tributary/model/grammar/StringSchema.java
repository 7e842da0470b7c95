package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import tributary.protocol.Quoted;

/** Strings: of a length, of a pattern, or of a format. */
final class StringSchema {
  private static final String DAY =
      "(((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))|((0[469]|11)-(0[1-9]|[12][0-9]|30))"
          + "|(02-(0[1-9]|1[0-9]|2[0-8])))";
  private static final String DATE = "(19|20)[0-9]{2}-" + DAY;
  private static final String TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?";
  private static final String ZONE = "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])";
  private static final String LABEL = "[a-z0-9]{1,24}(-[a-z0-9]{1,24})?";
  private static final String HOST = LABEL + "(\\." + LABEL + "){0,3}\\.[a-z]{2,8}";
  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

  /** Each format in a form that every reader of it takes. */
  private static final Map<String, String> FORMATS =
      Map.of(
          "date", DATE,
          "time", TIME + "Z",
          "date-time", DATE + "T" + TIME + ZONE,
          "uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
          "email", "[A-Za-z0-9]{1,24}([._+-][A-Za-z0-9]{1,19}){0,2}@" + HOST,
          "hostname", HOST,
          "ipv4", BYTE + "(\\." + BYTE + "){3}");

  private final JsonText json;

  StringSchema(JsonText json) {
    this.json = json;
  }

  Node node(JsonNode schema, String path) {
    int min = SchemaWords.count(schema, "minLength", 0, path);
    int max = SchemaWords.count(schema, "maxLength", Node.UNBOUNDED, path);
    if (min > max) {
      throw SchemaFault.impossible(path, "minLength is above maxLength");
    }
    boolean patterned = schema.has("pattern");
    boolean formatted = schema.has("format");
    if (!patterned && !formatted) {
      return json.quoted(Node.repeat(json.character, min, max));
    }
    if (patterned && formatted) {
      throw SchemaFault.unsupported(path, "pattern beside format");
    }
    if (min > 0 || max != Node.UNBOUNDED) {
      throw SchemaFault.unsupported(path, "minLength or maxLength beside pattern or format");
    }
    return json.quoted(patterned ? pattern(schema.get("pattern").asText()) : format(schema, path));
  }

  private Node format(JsonNode schema, String path) {
    String name = schema.get("format").asText();
    String expression = FORMATS.get(name);
    if (expression == null) {
      throw SchemaFault.unsupported(path, "the format " + Quoted.of(name));
    }
    return pattern("^" + expression + "$");
  }

  private Node pattern(String expression) {
    return RegularExpression.searched(expression, json::inString);
  }
}
