package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.SortedMap;

/** Writes fields of a manifest's objects. */
final class ManifestJson {
  private ManifestJson() {}

  static void writeTexts(JsonGenerator json, String field, SortedMap<String, String> texts)
      throws IOException {
    json.writeObjectFieldStart(field);
    for (var entry : texts.entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  static void writeWholes(JsonGenerator json, String field, List<? extends Number> numbers)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (Number number : numbers) {
      json.writeNumber(number.longValue());
    }
    json.writeEndArray();
  }
}
