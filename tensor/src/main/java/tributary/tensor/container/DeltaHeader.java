package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.container.DeltaLayout.ScaleLaw;

/**
 * The manifest of a delta file as it is stored: JSON in the metadata entry {@link #KEY}.
 *
 * @param layouts of the differences, in file order
 * @param checksums lower-case hexadecimal SHA-256 of each stored tensor
 */
record DeltaHeader(
    DeltaManifest manifest,
    SequencedMap<String, DeltaLayout> layouts,
    SortedMap<String, String> checksums) {
  static final String KEY = "tributary.delta";

  /** Planes of one matrix; more than a float's precision can use. */
  static final int PLANES_MAX = 32;

  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  String toJson() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = StrictJson.FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("format", DeltaFile.FORMAT);
      json.writeStringField("codec", manifest.codec());
      writeTexts(json, "settings", manifest.codecSettings());
      json.writeStringField("base", manifest.baseFingerprint());
      json.writeStringField("model", manifest.model());
      json.writeNumberField("original_bytes", manifest.originalBytes());
      json.writeNumberField("original_elements", manifest.originalElements());
      json.writeObjectFieldStart("tensors");
      for (var entry : layouts.entrySet()) {
        json.writeObjectFieldStart(entry.getKey());
        writeLayout(json, entry.getValue());
        json.writeEndObject();
      }
      json.writeEndObject();
      writeTexts(json, "sha256", checksums);
      json.writeEndObject();
    } catch (IOException e) {
      throw new AssertionError("memory does not fail to be written", e);
    }
    return text.toString();
  }

  private static void writeTexts(JsonGenerator json, String field, SortedMap<String, String> texts)
      throws IOException {
    json.writeObjectFieldStart(field);
    for (var entry : texts.entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  private static void writeLayout(JsonGenerator json, DeltaLayout layout) throws IOException {
    switch (layout) {
      case DeltaLayout.Replaced() -> json.writeStringField("kind", "replaced");
      case DeltaLayout.Signed signed -> {
        json.writeStringField("kind", "signed");
        json.writeNumberField("rows", signed.rows());
        json.writeNumberField("columns", signed.columns());
        json.writeNumberField("planes", signed.planes());
        json.writeStringField("scales", signed.law().wireName());
        json.writeNumberField("added_rows", signed.addedRows());
      }
    }
  }

  static DeltaHeader parse(Path file, String json) {
    try {
      return new Reader(file).read(StrictJson.MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw new TributaryException(
          ErrorCode.DELTA_FORMAT, "%s: manifest: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Checks every field before it is believed; unknown fields are left alone. */
  private record Reader(Path file) {
    DeltaHeader read(JsonNode root) {
      checkFormat(whole(root, "format", Integer.MAX_VALUE));
      DeltaManifest manifest =
          new DeltaManifest(
              text(root, "codec"),
              texts(root, "settings"),
              digest("base", text(root, "base")),
              text(root, "model"),
              whole(root, "original_bytes", Long.MAX_VALUE),
              whole(root, "original_elements", Long.MAX_VALUE));
      SequencedMap<String, DeltaLayout> layouts = new LinkedHashMap<>();
      for (var entry : object(root, "tensors").properties()) {
        layouts.put(entry.getKey(), layout(entry.getKey(), entry.getValue()));
      }
      SortedMap<String, String> checksums = texts(root, "sha256");
      checksums.forEach(this::digest);
      return new DeltaHeader(manifest, layouts, checksums);
    }

    private void checkFormat(long format) {
      if (format > DeltaFile.FORMAT) {
        throw new TributaryException(
            ErrorCode.DELTA_TOO_NEW,
            "%s: delta format %d, this build reads 1 to %d; upgrade it or compress again"
                .formatted(file, format, DeltaFile.FORMAT));
      }
      if (format < 1) {
        throw fault("format is %d, wanted 1 to %d".formatted(format, DeltaFile.FORMAT));
      }
    }

    private DeltaLayout layout(String tensor, JsonNode node) {
      String kind = text(node, "kind");
      return switch (kind) {
        case "replaced" -> new DeltaLayout.Replaced();
        case "signed" -> {
          long planes = whole(node, "planes", PLANES_MAX);
          long rows = whole(node, "rows", Integer.MAX_VALUE);
          long columns = whole(node, "columns", Integer.MAX_VALUE);
          if (planes == 0 || rows == 0 || columns == 0) {
            throw fault("%s has no rows, columns or planes".formatted(Quoted.of(tensor)));
          }
          yield new DeltaLayout.Signed(
              (int) rows,
              (int) columns,
              (int) planes,
              law(tensor, text(node, "scales")),
              whole(node, "added_rows", Integer.MAX_VALUE));
        }
        default -> throw unknown(tensor, "kind", kind, "signed, replaced");
      };
    }

    private ScaleLaw law(String tensor, String name) {
      for (ScaleLaw law : ScaleLaw.values()) {
        if (law.wireName().equals(name)) {
          return law;
        }
      }
      throw unknown(tensor, "scales", name, "free, halving");
    }

    private JsonNode object(JsonNode node, String field) {
      JsonNode value = node.path(field);
      if (!value.isObject()) {
        throw fault("needs an object %s".formatted(Quoted.of(field)));
      }
      return value;
    }

    private SortedMap<String, String> texts(JsonNode node, String field) {
      JsonNode object = object(node, field);
      SortedMap<String, String> texts = new TreeMap<>();
      object.fieldNames().forEachRemaining(name -> texts.put(name, text(object, name)));
      return texts;
    }

    private String text(JsonNode node, String field) {
      JsonNode value = node.path(field);
      if (!value.isTextual()) {
        throw fault("needs a string %s".formatted(Quoted.of(field)));
      }
      return value.textValue();
    }

    private long whole(JsonNode node, String field, long max) {
      JsonNode value = node.path(field);
      if (!value.isIntegralNumber() || !value.canConvertToLong()) {
        throw fault("needs a whole number %s".formatted(Quoted.of(field)));
      }
      if (value.longValue() < 0 || value.longValue() > max) {
        throw fault("%s is %d, wanted 0 to %d".formatted(Quoted.of(field), value.longValue(), max));
      }
      return value.longValue();
    }

    private String digest(String what, String text) {
      if (!DIGEST.matcher(text).matches()) {
        throw fault(
            "%s is %s, wanted a SHA-256 in lower-case hexadecimal"
                .formatted(Quoted.of(what), Quoted.of(text)));
      }
      return text;
    }

    private TributaryException fault(String fault) {
      return new TributaryException(
          ErrorCode.DELTA_FORMAT, "%s: manifest: %s".formatted(file, fault));
    }

    private TributaryException unknown(String tensor, String field, String found, String wanted) {
      return new TributaryException(
          ErrorCode.UNKNOWN_CODEC,
          "%s: %s has %s %s, this build reads %s; upgrade it or compress again"
              .formatted(file, Quoted.of(tensor), field, Quoted.of(found), wanted));
    }
  }
}
