package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Arrays: all items that come first, then a number of further ones that are alike. */
final class ArraySchema {
  private final SchemaCompiler compiler;
  private final JsonText json;

  ArraySchema(SchemaCompiler compiler) {
    this.compiler = compiler;
    this.json = compiler.json();
  }

  Node node(JsonNode schema, String path) {
    int min = SchemaWords.count(schema, "minItems", 0, path);
    int max = SchemaWords.count(schema, "maxItems", Node.UNBOUNDED, path);
    if (min > max) {
      throw SchemaFault.impossible(path, "minItems is above maxItems");
    }
    if (schema.path("uniqueItems").asBoolean(false) && max > 1) {
      throw SchemaFault.unsupported(path, "uniqueItems");
    }
    List<Node> first = first(schema.path("prefixItems"), path);
    if (first.size() > max) {
      throw SchemaFault.unsupported(path, "prefixItems beyond maxItems");
    }
    JsonNode items = schema.path("items");
    if (items.isArray()) {
      throw SchemaFault.unsupported(path, "a list of items (use prefixItems)");
    }
    if (items.isBoolean() && !items.booleanValue()) {
      if (min > first.size()) {
        throw SchemaFault.impossible(path, "minItems is above what prefixItems gives");
      }
      return json.array(first, Node.EMPTY, 0, 0);
    }
    Node item = items.isMissingNode() ? json.value : compiler.schema(items, path + "/items");
    int more = max == Node.UNBOUNDED ? max : max - first.size();
    return json.array(first, item, Math.max(0, min - first.size()), more);
  }

  private List<Node> first(JsonNode prefix, String path) {
    var nodes = new ArrayList<Node>();
    for (JsonNode each : prefix) {
      nodes.add(compiler.schema(each, path + "/prefixItems/" + nodes.size()));
    }
    return nodes;
  }
}
