package tributary.model.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Objects: members in the order in which the schema lists them, then others where it has some. */
final class ObjectSchema {
  private record Member(Node text, boolean required) {}

  private final SchemaCompiler compiler;
  private final JsonText json;

  ObjectSchema(SchemaCompiler compiler) {
    this.compiler = compiler;
    this.json = compiler.json();
  }

  Node node(JsonNode schema, String path) {
    JsonNode additional = schema.path("additionalProperties");
    Map<String, JsonNode> properties = properties(schema, path);
    Set<String> required = required(schema, path);
    for (String name : required) {
      if (!properties.containsKey(name)) {
        if (additional.isBoolean() && !additional.booleanValue()) {
          throw SchemaFault.impossible(path, "it requires a property that it does not allow");
        }
        properties.put(name, additional.isObject() ? additional : TRUE);
      }
    }
    List<Member> members = members(properties, required, path);
    Node other = other(schema, properties.keySet(), path);
    if (members.isEmpty() && other == null) {
      return Node.sequence(Node.text("{"), json.space, Node.text("}"));
    }
    return Node.sequence(
        Node.text("{"), json.space, rest(members, other), json.space, Node.text("}"));
  }

  private static final JsonNode TRUE = BooleanNode.TRUE;

  private static Map<String, JsonNode> properties(JsonNode schema, String path) {
    var properties = new LinkedHashMap<String, JsonNode>();
    JsonNode found = schema.path("properties");
    if (!found.isMissingNode() && !found.isObject()) {
      throw SchemaFault.malformed(path, "properties must be an object");
    }
    found.properties().forEach(entry -> properties.put(entry.getKey(), entry.getValue()));
    return properties;
  }

  private static Set<String> required(JsonNode schema, String path) {
    JsonNode found = schema.path("required");
    if (!found.isMissingNode() && !found.isArray()) {
      throw SchemaFault.malformed(path, "required must be a list of names");
    }
    return StreamSupport.stream(found.spliterator(), false)
        .map(JsonNode::asText)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private List<Member> members(
      Map<String, JsonNode> properties, Set<String> required, String path) {
    var members = new ArrayList<Member>();
    properties.forEach((name, schema) -> {
      boolean needed = required.contains(name);
      if (!needed && schema.isBoolean() && !schema.booleanValue()) {
        return; // May only be left out.
      }
      Node value = compiler.schema(schema, path + "/properties/" + name);
      Node key = Node.text(TextNode.valueOf(name) + ":");
      members.add(new Member(Node.sequence(key, json.space, value), needed));
    });
    return members;
  }

  /** Members that the schema does not list; null where there shall be none. */
  private @Nullable Node other(JsonNode schema, Set<String> names, String path) {
    JsonNode additional = schema.path("additionalProperties");
    boolean some = additional.isObject() || (names.isEmpty() && additional.asBoolean(true));
    if (!some) {
      return null;
    }
    Node value =
        additional.isObject()
            ? compiler.schema(additional, path + "/additionalProperties")
            : json.value;
    return Node.sequence(otherKey(names), Node.text(":"), json.space, value);
  }

  /**
   * From the last member back to the first: what may follow when nothing was written yet, and what
   * may follow a member.
   */
  private Node rest(List<Member> members, @Nullable Node other) {
    Node first = Node.EMPTY;
    Node later = Node.EMPTY;
    if (other != null) {
      Node more = Node.sequence(json.comma(), other);
      later = Node.repeat(more, 0, Node.UNBOUNDED);
      first = Node.optional(Node.sequence(other, later));
    }
    for (Member member : members.reversed()) {
      Node asFirst = Node.sequence(member.text(), later);
      Node asLater = Node.sequence(json.comma(), member.text(), later);
      first = member.required() ? asFirst : Node.choice(asFirst, first);
      later = member.required() ? asLater : Node.choice(asLater, later);
    }
    return first;
  }

  /** A key without escapes that is none of these. */
  private Node otherKey(Set<String> names) {
    return Node.sequence(Node.text("\""), keyAfter("", names), Node.text("\""));
  }

  private Node keyAfter(String prefix, Set<String> names) {
    var following = new TreeMap<Integer, String>();
    for (String name : names) {
      if (name.startsWith(prefix) && name.length() > prefix.length()) {
        int next = name.codePointAt(prefix.length());
        following.put(next, prefix + Character.toString(next));
      }
    }
    CharacterSet others = JsonText.PLAIN;
    var options = new ArrayList<Node>();
    for (var each : following.entrySet()) {
      if (JsonText.PLAIN.has(each.getKey())) {
        CharacterSet one = CharacterSet.of(each.getKey());
        others = others.without(one);
        options.add(Node.sequence(one.utf8(), keyAfter(each.getValue(), names)));
      }
    }
    Node any = Node.repeat(JsonText.PLAIN.utf8(), 0, Node.UNBOUNDED);
    options.add(Node.sequence(others.utf8(), any));
    if (!names.contains(prefix)) {
      options.add(Node.EMPTY);
    }
    return Node.choice(options);
  }
}
