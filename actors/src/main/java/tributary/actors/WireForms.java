package tributary.actors;

import com.esotericsoftware.kryo.KryoException;
import java.util.List;
import tributary.actors.serialization.WireReader;
import tributary.actors.serialization.WireWriter;
import tributary.protocol.OutputForm;

/** The forms of outputs, between nodes. */
final class WireForms {
  private static final int FREE = 0;
  private static final int JSON_OBJECT = 1;
  private static final int JSON_SCHEMA = 2;
  private static final int REGEX = 3;
  private static final int ONE_OF = 4;
  private static final int TOOL_CALLS = 5;

  private WireForms() {}

  static void write(WireWriter out, OutputForm form) {
    switch (form) {
      case OutputForm.Free _ -> out.count(FREE);
      case OutputForm.JsonObject _ -> out.count(JSON_OBJECT);
      case OutputForm.JsonSchema(String schema) -> {
        out.count(JSON_SCHEMA);
        out.text(schema);
      }
      case OutputForm.Regex(String pattern) -> {
        out.count(REGEX);
        out.text(pattern);
      }
      case OutputForm.OneOf(List<String> texts) -> {
        out.count(ONE_OF);
        out.all(texts, WireWriter::text);
      }
      case OutputForm.ToolCalls calls -> {
        out.count(TOOL_CALLS);
        out.all(calls.tools(), WireForms::write);
        out.count(calls.textAllowed() ? 1 : 0);
        out.count(calls.callsMax());
      }
    }
  }

  /** What a form takes at most: three bytes a character, five a length. */
  static long bytesMax(OutputForm form) {
    return switch (form) {
      case OutputForm.Free _, OutputForm.JsonObject _ -> 1;
      case OutputForm.JsonSchema(String schema) -> textBytesMax(schema);
      case OutputForm.Regex(String pattern) -> textBytesMax(pattern);
      case OutputForm.OneOf(List<String> texts) ->
          texts.stream().mapToLong(WireForms::textBytesMax).sum();
      case OutputForm.ToolCalls calls ->
          calls.tools().stream()
              .mapToLong(tool ->
                  textBytesMax(tool.name())
                      + textBytesMax(tool.description())
                      + textBytesMax(tool.parameters()))
              .sum();
    };
  }

  private static long textBytesMax(String text) {
    return 5 + 3L * text.length();
  }

  static OutputForm read(WireReader in) {
    int kind = in.count();
    return switch (kind) {
      case FREE -> OutputForm.free();
      case JSON_OBJECT -> new OutputForm.JsonObject();
      case JSON_SCHEMA -> new OutputForm.JsonSchema(in.text());
      case REGEX -> new OutputForm.Regex(in.text());
      case ONE_OF -> new OutputForm.OneOf(in.all(WireReader::text));
      case TOOL_CALLS ->
          new OutputForm.ToolCalls(in.all(WireForms::tool), in.count() == 1, in.count());
      default -> throw new KryoException("a message holds form %d, which is none".formatted(kind));
    };
  }

  private static void write(WireWriter out, OutputForm.Tool tool) {
    out.text(tool.name());
    out.text(tool.description());
    out.text(tool.parameters());
  }

  private static OutputForm.Tool tool(WireReader in) {
    return new OutputForm.Tool(in.text(), in.text(), in.text());
  }
}
