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

  /** One message of a conversation. */
  public record Message(String role, String content) {}

  private final Template template;
  private final Map<String, String> specialTokens;

  private ChatTemplate(Template template, Map<String, String> specialTokens) {
    this.template = template;
    this.specialTokens = Map.copyOf(specialTokens);
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
        Template.compile(source, Clock.system(ZoneId.systemDefault())), specialTokens);
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

  /** The prompt for these messages; a template's own complaint is a {@code chat_template} error. */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    Map<String, @Nullable Object> variables = new HashMap<>(specialTokens);
    variables.put("messages", messages.stream().map(ChatTemplate::entries).toList());
    variables.put("add_generation_prompt", addGenerationPrompt);
    variables.put("tools", null);
    variables.put("documents", null);
    return template.render(variables);
  }

  /** In the order in which a template that prints the whole message shows them. */
  private static Map<String, String> entries(Message message) {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put("role", message.role());
    entries.put("content", message.content());
    return entries;
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
