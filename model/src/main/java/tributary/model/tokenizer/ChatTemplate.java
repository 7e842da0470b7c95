package tributary.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.model.jinja.Template;
import tributary.model.json.FileText;
import tributary.model.json.JsonFile;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;

/** A Jinja chat template, sandboxed: bounded steps, bounded output, no reflection, no includes. */
public final class ChatTemplate {
  private static final Bytes FILE_MAX = new Bytes(8 << 20);
  private static final List<String> SPECIAL_TOKENS =
      List.of("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token");

  /**
   * One message of a conversation.
   *
   * @param toolCalls that an assistant's message made
   * @param toolCallId of the call that a tool's message answers
   */
  public record Message(
      String role, String content, List<ToolCall> toolCalls, @Nullable String toolCallId) {
    public Message {
      toolCalls = List.copyOf(toolCalls);
    }

    public Message(String role, String content) {
      this(role, content, List.of(), null);
    }
  }

  /**
   * A call that was made.
   *
   * @param arguments as JSON text
   */
  public record ToolCall(String id, String name, String arguments) {}

  /**
   * What a template is told beside the messages.
   *
   * @param addGenerationPrompt whether it opens the assistant's turn
   * @param tools each as JSON text
   * @param values further names; texts, numbers and booleans
   */
  public record Options(
      boolean addGenerationPrompt, List<String> tools, Map<String, Object> values) {
    public Options {
      tools = List.copyOf(tools);
      values = Map.copyOf(values);
    }
  }

  private final Template template;
  private final Map<String, String> specialTokens;
  private final boolean showsTools;

  private ChatTemplate(Template template, Map<String, String> specialTokens, boolean showsTools) {
    this.template = template;
    this.specialTokens = Map.copyOf(specialTokens);
    this.showsTools = showsTools;
  }

  /** A template that needs no special tokens by name. */
  public static ChatTemplate compile(String source) {
    return compile(source, Map.of());
  }

  /**
   * Compiles a template.
   *
   * @param specialTokens texts that it knows by name, such as {@code bos_token}
   * @throws tributary.protocol.TributaryException {@code chat_template}, naming the line
   */
  public static ChatTemplate compile(String source, Map<String, String> specialTokens) {
    return new ChatTemplate(
        Template.compile(source, Clock.system(ZoneId.systemDefault())),
        specialTokens,
        source.contains("tools"));
  }

  /**
   * The template that comes with a checkpoint, in {@code chat_template.jinja} or {@code
   * tokenizer_config.json}; of several named ones, that called {@code default}.
   */
  public static Optional<ChatTemplate> ofCheckpoint(Path directory) {
    Optional<ObjectNode> config =
        JsonFile.readIfPresent(
            directory.resolve("tokenizer_config.json"), FILE_MAX, ErrorCode.TOKENIZER);
    Path file = directory.resolve("chat_template.jinja");
    Optional<String> source =
        Files.isRegularFile(file)
            ? Optional.of(
                new String(
                    FileText.bytes(file, FILE_MAX, ErrorCode.CHAT_TEMPLATE),
                    StandardCharsets.UTF_8))
            : config.flatMap(object -> source(object.get("chat_template")));
    return source.map(
        text -> compile(text, config.map(ChatTemplate::specialTokens).orElse(Map.of())));
  }

  /** Whether the template has words for tools; where it has none, they are not shown. */
  public boolean showsTools() {
    return showsTools;
  }

  /** The prompt for these messages; a template's own complaint is a {@code chat_template} error. */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    return render(messages, new Options(addGenerationPrompt, List.of(), Map.of()));
  }

  /** The prompt for these messages and tools. */
  public String render(List<Message> messages, Options options) {
    Map<String, @Nullable Object> variables = new HashMap<>(options.values());
    variables.putAll(specialTokens);
    variables.put("messages", messages.stream().map(ChatTemplate::entries).toList());
    variables.put("add_generation_prompt", options.addGenerationPrompt());
    variables.put(
        "tools",
        options.tools().isEmpty() ? null : options.tools().stream().map(PlainJson::read).toList());
    variables.put("documents", null);
    return template.render(variables);
  }

  /** In the order in which a template that prints the whole message shows them. */
  private static Map<String, @Nullable Object> entries(Message message) {
    Map<String, @Nullable Object> entries = new LinkedHashMap<>();
    entries.put("role", message.role());
    entries.put("content", message.content());
    if (!message.toolCalls().isEmpty()) {
      entries.put("tool_calls", message.toolCalls().stream().map(ChatTemplate::entries).toList());
    }
    if (message.toolCallId() != null) {
      entries.put("tool_call_id", message.toolCallId());
    }
    return entries;
  }

  private static Map<String, Object> entries(ToolCall call) {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", call.name());
    function.put("arguments", PlainJson.read(call.arguments()));
    return Map.of("id", call.id(), "type", "function", "function", function);
  }

  private static Optional<String> source(@Nullable JsonNode node) {
    if (node == null) {
      return Optional.empty();
    }
    if (node.isTextual()) {
      return Optional.of(node.textValue());
    }
    for (JsonNode named : node) {
      if (named.path("name").asText().equals("default")) {
        return Optional.of(named.path("template").asText());
      }
    }
    return Optional.empty();
  }

  private static Map<String, String> specialTokens(ObjectNode config) {
    Map<String, String> tokens = new HashMap<>();
    for (String name : SPECIAL_TOKENS) {
      JsonNode token = config.path(name);
      JsonNode text = token.isObject() ? token.path("content") : token;
      if (text.isTextual()) {
        tokens.put(name, text.textValue());
      }
    }
    return tokens;
  }
}
