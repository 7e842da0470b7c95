package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Reads one element of {@code messages}. */
final class MessageReader {
  private static final String CONTENT_WANTED = "a string or an array of text parts";
  private static final int PARTS_MAX = 1024;

  private final String path;
  private @Nullable String role;
  private @Nullable String content;
  private final List<ChatMessage.ToolCall> toolCalls = new ArrayList<>();
  private @Nullable String toolCallId;

  private MessageReader(String path) {
    this.path = path;
  }

  static ChatMessage read(FieldReader in, String path) throws IOException {
    var reader = new MessageReader(path);
    in.forEachField(path, reader::take);
    return reader.finish();
  }

  private void take(String name, FieldReader in) throws IOException {
    String at = path + "." + name;
    switch (name) {
      case "role" -> role = in.string(at);
      case "content" -> content = in.isArray() ? parts(in, at) : content(in, at);
      case "tool_calls" -> {
        if (!in.isNull()) {
          in.forEachElement(
              at,
              "an array of tool calls",
              BodyLimits.TOOL_CALLS_MAX,
              call -> toolCalls.add(toolCall(call, at)));
        }
      }
      case "tool_call_id" -> toolCallId = in.string(at);
      case "function_call", "audio" -> {
        if (!in.skipEmpty()) {
          throw OptionsReader.unsupported(at);
        }
      }
      default -> in.skipUnknown(at);
    }
  }

  private ChatMessage finish() {
    if (role == null) {
      throw FieldReader.missing(path + ".role");
    }
    String known =
        switch (role) {
          case "system", "user", "assistant", "tool" -> role;
          // Templates of open models know the older of the two names only.
          case "developer" -> "system";
          case "function" -> throw OptionsReader.unsupported(path + ".role");
          default ->
              throw new TributaryException(
                  ErrorCode.INVALID_PARAMETER,
                  "%s.role is %s; it must be system, developer, user, assistant or tool"
                      .formatted(path, Quoted.of(role)),
                  path + ".role");
        };
    if (content == null && !known.equals("assistant")) {
      throw FieldReader.missing(path + ".content");
    }
    return new ChatMessage(known, content == null ? "" : content, toolCalls, toolCallId);
  }

  private static ChatMessage.ToolCall toolCall(FieldReader in, String at) throws IOException {
    var found = new Call();
    in.forEachField(
        at,
        (name, value) -> {
          switch (name) {
            case "id" -> found.id = value.string(at + ".id");
            case "function" ->
                value.forEachField(
                    at + ".function",
                    (part, it) -> {
                      switch (part) {
                        case "name" -> found.name = it.string(at + ".function.name");
                        case "arguments" ->
                            found.arguments =
                                it.isText() ? it.text(at + ".function.arguments", "") : it.raw();
                        default -> it.skipUnknown(at + ".function." + part);
                      }
                    });
            default -> value.skipUnknown(at + "." + name);
          }
        });
    if (found.name == null) {
      throw FieldReader.missing(at + ".function.name");
    }
    return new ChatMessage.ToolCall(found.id == null ? "" : found.id, found.name, found.arguments);
  }

  private static final class Call {
    @Nullable String id;
    @Nullable String name;
    String arguments = "{}";
  }

  private static @Nullable String content(FieldReader in, String at) throws IOException {
    return in.isNull() ? null : in.text(at, CONTENT_WANTED);
  }

  private static String parts(FieldReader in, String at) throws IOException {
    var lines = new StringJoiner("\n");
    in.forEachElement(at, CONTENT_WANTED, PARTS_MAX, part -> lines.add(part(part, at)));
    return lines.toString();
  }

  private static String part(FieldReader in, String at) throws IOException {
    var found = new Part();
    in.forEachField(
        at,
        (name, value) -> {
          switch (name) {
            case "type" -> found.type = value.string(at + ".type");
            case "text" -> found.text = value.string(at + ".text");
            default -> value.skipUnknown(at + "." + name);
          }
        });
    if (found.type != null && !found.type.equals("text")) {
      throw OptionsReader.unsupported(at + ".type");
    }
    if (found.text == null) {
      throw FieldReader.missing(at + ".text");
    }
    return found.text;
  }

  private static final class Part {
    @Nullable String type;
    @Nullable String text;
  }
}
