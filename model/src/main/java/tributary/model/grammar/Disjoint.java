package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Set;

/** Whether no value fits two schemas of a list, as far as types and constants tell. */
final class Disjoint {
  private static final int REFERENCES_MAX = 16;

  private final SchemaCompiler compiler;

  Disjoint(SchemaCompiler compiler) {
    this.compiler = compiler;
  }

  boolean all(JsonNode branches, String path) {
    for (int i = 0; i < branches.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (!two(target(branches.get(i), path), target(branches.get(j), path), path)) {
          return false;
        }
      }
    }
    return true;
  }

  private JsonNode target(JsonNode schema, String path) {
    JsonNode found = schema;
    for (int i = 0; i < REFERENCES_MAX && found.has("$ref"); i++) {
      found = compiler.resolve(found.get("$ref").asText(), path);
    }
    return found;
  }

  private boolean two(JsonNode a, JsonNode b, String path) {
    Set<JsonNode> constants = constants(a);
    if (!constants.isEmpty() && !constants(b).isEmpty()) {
      constants.retainAll(constants(b));
      return constants.isEmpty();
    }
    // Only a type that is named binds: words about objects let everything else pass.
    if (!a.has("type") || !b.has("type")) {
      return false;
    }
    Set<String> types = named(a, path);
    types.retainAll(named(b, path));
    return types.isEmpty() || (types.equals(Set.of("object")) && toldApart(a, b, path));
  }

  private Set<String> named(JsonNode schema, String path) {
    var types = new HashSet<>(compiler.types(schema, path));
    if (types.contains("number")) {
      types.add("integer");
    }
    return types;
  }

  /** A property that both require and that never has the same value in both. */
  private boolean toldApart(JsonNode a, JsonNode b, String path) {
    for (var property : a.path("properties").properties()) {
      String name = property.getKey();
      JsonNode other = b.path("properties").path(name);
      if (requires(a, name)
          && requires(b, name)
          && !other.isMissingNode()
          && two(target(property.getValue(), path), target(other, path), path)) {
        return true;
      }
    }
    return false;
  }

  private static boolean requires(JsonNode schema, String name) {
    for (JsonNode each : schema.path("required")) {
      if (each.asText().equals(name)) {
        return true;
      }
    }
    return false;
  }

  private static Set<JsonNode> constants(JsonNode schema) {
    var constants = new HashSet<JsonNode>();
    if (schema.has("const")) {
      constants.add(schema.get("const"));
    }
    schema.path("enum").forEach(constants::add);
    return constants;
  }
}
