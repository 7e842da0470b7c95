package tributary.model.grammar;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tributary.protocol.OutputForm;
import tributary.protocol.Quoted;
import tributary.protocol.ToolCallText;

/** Makes the grammar of a form. */
final class FormCompiler {
  private static final int SCHEMA_CHARACTERS_MAX = 256 * 1024;
  private static final int SCHEMA_DEPTH_MAX = 64;
  private static final Pattern TOOL_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
  private static final JsonMapper JSON = mapper();

  private final JsonText json = new JsonText();

  private FormCompiler() {}

  /** The grammar, or null for a form that everything has. */
  static @Nullable Node compile(OutputForm form) {
    var compiler = new FormCompiler();
    return switch (form) {
      case OutputForm.Free _ -> null;
      case OutputForm.JsonObject _ -> compiler.json.object;
      case OutputForm.JsonSchema(String schema) -> compiler.schema(schema);
      case OutputForm.Regex(String pattern) -> regex(pattern);
      case OutputForm.OneOf(List<String> texts) ->
          Node.choice(texts.stream().map(Node::text).toList());
      case OutputForm.ToolCalls calls -> compiler.toolCalls(calls);
    };
  }

  private Node schema(String text) {
    if (text.length() > SCHEMA_CHARACTERS_MAX) {
      throw SchemaFault.of(
          "the schema has %d characters; at most %d are read"
              .formatted(text.length(), SCHEMA_CHARACTERS_MAX));
    }
    JsonNode schema;
    try {
      schema = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw SchemaFault.of(
          "the schema is no JSON, or deeper than %d levels".formatted(SCHEMA_DEPTH_MAX));
    }
    return SchemaCompiler.compile(schema, json);
  }

  private static Node regex(String pattern) {
    Node node = RegularExpression.searched("^(" + pattern + ")$", CharacterSet::utf8);
    if (!Productive.is(node)) {
      throw SchemaFault.impossible("", "the pattern matches no text");
    }
    return node;
  }

  private Node toolCalls(OutputForm.ToolCalls calls) {
    Node named = Node.choice(calls.tools().stream().map(this::tool).toList());
    Node inside =
        Node.sequence(
            Node.text(ToolCallText.OPEN.substring(ToolCallText.MARK.length())),
            named,
            Node.text(ToolCallText.CLOSE));
    Node mark = Node.text(ToolCallText.MARK);
    Node more = Node.sequence(Node.text(ToolCallText.BETWEEN), mark, inside);
    Node afterMark = Node.sequence(inside, Node.repeat(more, 0, calls.callsMax() - 1));
    return calls.textAllowed() ? textThen(afterMark) : Node.sequence(mark, afterMark);
  }

  private Node tool(OutputForm.Tool tool) {
    if (!TOOL_NAME.matcher(tool.name()).matches()) {
      throw SchemaFault.of(
          "a tool is called %s; use 1 to 64 letters, digits, '_', '.' or '-'"
              .formatted(Quoted.of(tool.name())));
    }
    return Node.sequence(
        Node.text(tool.name() + ToolCallText.ARGUMENTS), schema(tool.parameters()));
  }

  /**
   * Text that does not hold the mark of a call, then calls or nothing. One rule stands for each
   * number of the mark's bytes that were just read; no byte but its first is the mark's first, so a
   * mismatch leads back to one of two rules.
   */
  private static Node textThen(Node afterMark) {
    String mark = ToolCallText.MARK;
    var rules = new ArrayList<Node.Rule>();
    for (int i = 0; i < mark.length(); i++) {
      rules.add(new Node.Rule());
    }
    for (int i = 0; i < mark.length(); i++) {
      int expected = mark.charAt(i);
      ByteSet others = ByteSet.NONE;
      for (int value = 0; value < 256; value++) {
        if (value != expected && value != mark.charAt(0)) {
          others = others.or(ByteSet.of(value));
        }
      }
      var options = new ArrayList<Node>();
      options.add(Node.EMPTY);
      options.add(Node.sequence(Node.bytes(others), rules.getFirst()));
      Node next = i + 1 == mark.length() ? afterMark : rules.get(i + 1);
      options.add(Node.sequence(Node.bytes(ByteSet.of(expected)), next));
      if (i > 0) {
        options.add(Node.sequence(Node.bytes(ByteSet.of(mark.charAt(0))), rules.get(1)));
      }
      rules.get(i).is(Node.choice(options));
    }
    return rules.getFirst();
  }

  private static JsonMapper mapper() {
    var limits = StreamReadConstraints.builder().maxNestingDepth(SCHEMA_DEPTH_MAX).build();
    return new JsonMapper(JsonFactory.builder().streamReadConstraints(limits).build());
  }
}
