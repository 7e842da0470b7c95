package tributary.protocol.openai;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.OutputForm;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Collects {@code tools}, {@code tool_choice} and {@code parallel_tool_calls}. */
final class ToolsReader {
  private static final String NO_PARAMETERS =
      "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}";

  private final List<OutputForm.Tool> tools = new ArrayList<>();
  private final List<String> raw = new ArrayList<>();
  private String choice = "auto";
  private @Nullable String named;
  private boolean parallel = true;

  /** What a model is told of the tools, and what its answers may be. */
  record Tools(List<String> raw, OutputForm.ToolCalls calls, boolean named) {}

  void take(String name, FieldReader in) throws IOException {
    if (in.isNull()) {
      return;
    }
    switch (name) {
      case "tools" ->
          in.forEachElement(name, "an array of tools", BodyLimits.TOOLS_MAX, this::tool);
      case "tool_choice" -> choice(in);
      default -> parallel = in.flag(name, true);
    }
  }

  /** The tools that answers may call; empty when there are none. */
  Optional<Tools> finish() {
    if (named != null || choice.equals("required")) {
      List<OutputForm.Tool> callable =
          tools.stream().filter(tool -> named == null || tool.name().equals(named)).toList();
      if (callable.isEmpty()) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "tool_choice asks for a tool that tools does not have; add it, or choose auto",
            "tool_choice");
      }
      return Optional.of(tools(callable, false));
    }
    return tools.isEmpty() || choice.equals("none")
        ? Optional.empty()
        : Optional.of(tools(tools, true));
  }

  private Tools tools(List<OutputForm.Tool> callable, boolean textAllowed) {
    int callsMax = parallel && named == null ? BodyLimits.TOOL_CALLS_MAX : 1;
    return new Tools(
        List.copyOf(raw), new OutputForm.ToolCalls(callable, textAllowed, callsMax), named != null);
  }

  private void choice(FieldReader in) throws IOException {
    if (in.isText()) {
      choice = in.text("tool_choice", "a string");
      if (!List.of("none", "auto", "required").contains(choice)) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "tool_choice is %s; it must be none, auto, required or a function"
                .formatted(Quoted.of(choice)),
            "tool_choice");
      }
      return;
    }
    in.forEachField(
        "tool_choice",
        (name, value) -> {
          if (name.equals("function")) {
            value.forEachField(
                "tool_choice.function",
                (part, it) -> {
                  if (part.equals("name")) {
                    named = it.text("tool_choice.function.name", "a string");
                  } else {
                    it.skipUnknown("tool_choice.function." + part);
                  }
                });
          } else {
            value.skipUnknown("tool_choice." + name);
          }
        });
    if (named == null) {
      throw FieldReader.missing("tool_choice.function.name");
    }
  }

  private void tool(FieldReader in) throws IOException {
    String path = "tools[" + tools.size() + "]";
    String text = in.raw();
    OutputForm.Tool tool = FieldReader.read(bytes(text), body -> new Reader(path).read(body));
    if (tools.stream().anyMatch(other -> other.name().equals(tool.name()))) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s has the name of another tool; give each its own".formatted(path),
          path);
    }
    raw.add(text);
    tools.add(tool);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static final class Reader {
    private final String path;
    private @Nullable String name;
    private String description = "";
    private String parameters = NO_PARAMETERS;

    Reader(String path) {
      this.path = path;
    }

    OutputForm.Tool read(FieldReader in) throws IOException {
      in.forEachField(
          path,
          (field, value) -> {
            if (field.equals("function")) {
              value.forEachField(path + ".function", this::function);
            } else if (field.equals("type")) {
              type(value);
            } else {
              value.skipUnknown(path + "." + field);
            }
          });
      if (name == null) {
        throw FieldReader.missing(path + ".function.name");
      }
      return new OutputForm.Tool(name, description, parameters);
    }

    private void type(FieldReader value) throws IOException {
      if (!"function".equals(value.string(path + ".type"))) {
        throw OptionsReader.unsupported(path + ".type");
      }
    }

    private void function(String field, FieldReader value) throws IOException {
      if (value.isNull()) {
        return;
      }
      switch (field) {
        case "name" -> name = value.text(path + ".function.name", "a string");
        case "description" -> description = value.text(path + ".function.description", "a string");
        case "parameters" -> parameters = value.raw();
        default -> value.skipUnknown(path + ".function." + field);
      }
    }
  }
}
