package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a grammar of a JSON schema. Every text of the grammar is valid against the schema; some
 * valid texts are not in it, such as other orders of an object's members. What cannot be kept to is
 * refused by name; words that are no part of JSON Schema say nothing, as its standard has it.
 */
final class SchemaCompiler {
  private static final int SCHEMAS_MAX = 4096;
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "$schema",
          "$comment",
          "$defs",
          "definitions",
          "deprecated",
          "readOnly",
          "writeOnly",
          "$id");
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "dependentSchemas",
          "dependentRequired",
          "dependencies",
          "patternProperties",
          "propertyNames",
          "unevaluatedProperties",
          "unevaluatedItems",
          "minProperties",
          "maxProperties",
          "contains",
          "minContains",
          "maxContains",
          "multipleOf",
          "$dynamicRef",
          "$recursiveRef",
          "$anchor",
          "contentEncoding",
          "contentMediaType",
          "contentSchema",
          "additionalItems");
  private static final List<String> TYPES =
      List.of("object", "array", "string", "number", "integer", "boolean", "null");

  private final JsonNode root;
  private final JsonText json;
  private final Map<String, Node.Rule> references = new HashMap<>();
  private int schemas;

  private SchemaCompiler(JsonNode root, JsonText json) {
    this.root = root;
    this.json = json;
  }

  static Node compile(JsonNode schema, JsonText json) {
    Node grammar = new SchemaCompiler(schema, json).schema(schema, "");
    if (!Productive.is(grammar)) {
      throw SchemaFault.impossible("", "it requires itself for ever");
    }
    return grammar;
  }

  JsonText json() {
    return json;
  }

  /** The values that this schema allows. */
  Node schema(JsonNode schema, String path) {
    if (++schemas > SCHEMAS_MAX) {
      throw SchemaFault.of("the schema has more than %d parts".formatted(SCHEMAS_MAX));
    }
    if (schema.isBoolean()) {
      if (!schema.booleanValue()) {
        throw SchemaFault.impossible(path, "it is false");
      }
      return json.value;
    }
    if (!schema.isObject()) {
      throw SchemaFault.malformed(path, "it must be an object, true or false");
    }
    refuseUnsupported(schema, path);
    Set<String> words = assertions(schema);
    if (words.contains("$ref")) {
      alone(words, Set.of("$ref"), path);
      return reference(schema.get("$ref").asText(), path);
    }
    if (words.contains("const") || words.contains("enum")) {
      alone(words, Set.of("const", "enum", "type"), path);
      return constants(schema, path);
    }
    for (String word : List.of("anyOf", "oneOf", "allOf")) {
      if (words.contains(word)) {
        alone(words, Set.of(word), path);
        return combined(word, schema.get(word), path + "/" + word);
      }
    }
    return typed(schema, path);
  }

  private static void refuseUnsupported(JsonNode schema, String path) {
    for (Iterator<String> names = schema.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (UNSUPPORTED.contains(name)) {
        throw SchemaFault.unsupported(path, name);
      }
    }
  }

  private static Set<String> assertions(JsonNode schema) {
    var words = new HashSet<String>();
    schema.fieldNames().forEachRemaining(words::add);
    words.removeAll(ANNOTATIONS);
    words.retainAll(SchemaWords.ASSERTIONS);
    return words;
  }

  private static void alone(Set<String> words, Set<String> allowed, String path) {
    for (String word : words) {
      if (!allowed.contains(word)) {
        throw SchemaFault.unsupported(
            path, word + " beside " + String.join(" or ", allowed.stream().sorted().toList()));
      }
    }
  }

  private Node reference(String target, String path) {
    Node.Rule known = references.get(target);
    if (known != null) {
      return known;
    }
    JsonNode found = resolve(target, path);
    var rule = new Node.Rule();
    references.put(target, rule);
    rule.is(schema(found, target));
    return rule;
  }

  JsonNode resolve(String target, String path) {
    if (!target.startsWith("#")) {
      throw SchemaFault.unsupported(path, "a $ref outside of itself");
    }
    JsonNode found;
    try {
      found = root.at(target.substring(1));
    } catch (IllegalArgumentException e) {
      throw SchemaFault.malformed(path, "its $ref is no JSON pointer");
    }
    if (found.isMissingNode()) {
      throw SchemaFault.malformed(path, "its $ref leads nowhere");
    }
    return found;
  }

  private Node constants(JsonNode schema, String path) {
    var options = new ArrayList<Node>();
    List<JsonNode> values = new ArrayList<>();
    if (schema.has("const")) {
      values.add(schema.get("const"));
    } else {
      schema.get("enum").forEach(values::add);
    }
    Set<String> types = schema.has("type") ? types(schema, path) : Set.copyOf(TYPES);
    for (JsonNode value : values) {
      boolean listed = !schema.has("enum") || contains(schema.get("enum"), value);
      if (listed && types.stream().anyMatch(type -> SchemaWords.isOfType(value, type))) {
        options.add(Node.text(value.toString()));
      }
    }
    if (options.isEmpty()) {
      throw SchemaFault.impossible(path, "none of its values is of its type");
    }
    return Node.choice(options);
  }

  private static boolean contains(JsonNode list, JsonNode value) {
    for (JsonNode each : list) {
      if (each.equals(value)) {
        return true;
      }
    }
    return false;
  }

  private Node combined(String word, JsonNode branches, String path) {
    if (!branches.isArray() || branches.isEmpty()) {
      throw SchemaFault.malformed(path, "it must be a list with at least one schema");
    }
    if (word.equals("allOf") && branches.size() > 1) {
      throw SchemaFault.unsupported(path, "allOf with more than one schema");
    }
    if (word.equals("oneOf") && !new Disjoint(this).all(branches, path)) {
      throw SchemaFault.unsupported(
          path, "oneOf with schemas that one value may fit together (use anyOf)");
    }
    var options = new ArrayList<Node>();
    for (int i = 0; i < branches.size(); i++) {
      options.add(schema(branches.get(i), path + "/" + i));
    }
    return Node.choice(options);
  }

  /** The schema's types, or what its other words imply. */
  Set<String> types(JsonNode schema, String path) {
    var types = new HashSet<String>();
    JsonNode type = schema.path("type");
    if (type.isTextual()) {
      types.add(type.textValue());
    } else if (type.isArray() && !type.isEmpty()) {
      type.forEach(each -> types.add(each.asText()));
    } else if (type.isMissingNode()) {
      types.addAll(SchemaWords.impliedTypes(schema));
    } else {
      throw SchemaFault.malformed(path, "type must be a name or a list of names");
    }
    for (String each : types) {
      if (!TYPES.contains(each)) {
        throw SchemaFault.malformed(path, "there is no type of that name; use " + TYPES);
      }
    }
    return types;
  }

  private Node typed(JsonNode schema, String path) {
    Set<String> types = types(schema, path);
    if (types.isEmpty()) {
      return json.value;
    }
    var options = new ArrayList<Node>();
    for (String type : TYPES) {
      if (types.contains(type)) {
        options.add(
            switch (type) {
              case "object" -> new ObjectSchema(this).node(schema, path);
              case "array" -> new ArraySchema(this).node(schema, path);
              case "string" -> new StringSchema(json).node(schema, path);
              case "number", "integer" -> new NumberSchema(json).node(schema, type, path);
              case "boolean" -> json.bool;
              default -> json.nothing;
            });
      }
    }
    return Node.choice(options);
  }
}
