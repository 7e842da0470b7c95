package tributary.simulation.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The plain fields of one JSON object; what lies deeper is passed over. */
final class JsonFields {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final Map<String, String> fields = new HashMap<>();

  static JsonFields of(String line) throws RowFault {
    var found = new JsonFields();
    try (JsonParser json = FACTORY.createParser(line)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new RowFault("it must be a JSON object");
      }
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (value.isStructStart()) {
          json.skipChildren();
        } else {
          found.fields.put(name, json.getText());
        }
      }
      if (json.nextToken() != null) {
        throw new RowFault("something follows the JSON object; a line holds one");
      }
      return found;
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage());
      throw new RowFault("it is not JSON: " + why.lines().findFirst().orElse(""));
    }
  }

  boolean has(String name) {
    return fields.containsKey(name);
  }

  @Nullable String text(String name) {
    return fields.get(name);
  }

  String required(String name) throws RowFault {
    String value = fields.get(name);
    if (value == null) {
      throw new RowFault("it has no field " + name);
    }
    return value;
  }

  int tokens(String name) throws RowFault {
    String value = required(name);
    try {
      int count = Integer.parseInt(value);
      if (count >= 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Told below, as a negative number is.
    }
    throw new RowFault("%s is '%s'; it must be a whole number from 0".formatted(name, value));
  }

  long nanos(String name, double unitNanos) throws RowFault {
    String value = required(name);
    try {
      double nanos = Double.parseDouble(value) * unitNanos;
      if (nanos >= 0 && nanos < 4e18) {
        return Math.round(nanos);
      }
    } catch (NumberFormatException e) {
      // Told below, as a number out of range is.
    }
    throw new RowFault("%s is '%s'; it must be a time from 0".formatted(name, value));
  }
}
