package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.OutputForm;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Collects what a request says of its answers' form: at most one of several fields. */
final class FormReader {
  private OutputForm form = OutputForm.free();
  private @Nullable String saidBy;

  /** Takes {@code response_format} or one of the fields that vLLM has for the same. */
  void take(String name, FieldReader in) throws IOException {
    if (in.isNull()) {
      return;
    }
    switch (name) {
      case "response_format" -> responseFormat(in);
      case "structured_outputs" ->
          in.forEachField(name, (part, value) -> guide(name + "." + part, part, value));
      default -> guide(name, name.substring("guided_".length()), in);
    }
  }

  void toolCalls(OutputForm.ToolCalls calls) {
    set("tools", calls);
  }

  OutputForm finish() {
    return form;
  }

  private void guide(String path, String kind, FieldReader in) throws IOException {
    if (in.isNull()) {
      return;
    }
    switch (kind) {
      // A schema may also come as text.
      case "json" ->
          set(path, new OutputForm.JsonSchema(in.isText() ? in.text(path, "") : in.raw()));
      case "regex" -> set(path, new OutputForm.Regex(in.text(path, "a string")));
      case "choice" -> set(path, new OutputForm.OneOf(texts(path, in)));
      case "json_object" -> {
        if (in.flag(path, false)) {
          set(path, new OutputForm.JsonObject());
        }
      }
      default -> throw OptionsReader.unsupported(path);
    }
  }

  private static List<String> texts(String path, FieldReader in) throws IOException {
    var texts = new ArrayList<String>();
    String wanted = "an array of strings";
    in.forEachElement(
        path,
        wanted,
        BodyLimits.CHOICES_OF_TEXT_MAX,
        each -> {
          String text = each.text(path, wanted);
          if (!text.isEmpty()) {
            texts.add(text);
          }
        });
    if (texts.isEmpty()) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER, path + " is empty; give at least one text", path);
    }
    return texts;
  }

  private void responseFormat(FieldReader in) throws IOException {
    var found = new Format();
    in.forEachField(
        "response_format",
        (name, value) -> {
          switch (name) {
            case "type" -> found.type = value.text("response_format.type", "a string");
            case "json_schema" -> jsonSchema(value, found);
            default -> value.skipUnknown("response_format." + name);
          }
        });
    switch (found.type) {
      case "text" -> {}
      case "json_object" -> set("response_format", new OutputForm.JsonObject());
      case "json_schema" -> {
        if (found.schema == null) {
          throw FieldReader.missing("response_format.json_schema.schema");
        }
        set("response_format", new OutputForm.JsonSchema(found.schema));
      }
      case String other ->
          throw new TributaryException(
              ErrorCode.INVALID_PARAMETER,
              "response_format.type is %s; it must be text, json_object or json_schema"
                  .formatted(Quoted.of(other)),
              "response_format.type");
    }
  }

  private static void jsonSchema(FieldReader in, Format found) throws IOException {
    if (in.isNull()) {
      return;
    }
    in.forEachField(
        "response_format.json_schema",
        (name, value) -> {
          if (name.equals("schema")) {
            found.schema = value.isNull() ? null : value.raw();
          } else {
            value.skipUnknown("response_format.json_schema." + name);
          }
        });
  }

  private void set(String by, OutputForm wanted) {
    if (saidBy != null) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s and %s each say what the answer looks like; send one of the two"
              .formatted(saidBy, by),
          by);
    }
    saidBy = by;
    form = wanted;
  }

  private static final class Format {
    String type = "text";
    @Nullable String schema;
  }
}
