package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;

/**
 * A safetensors header that has been checked: every tensor has a readable type, a shape that fits
 * its bytes, and the tensors cover the data without overlap or hole.
 *
 * @param metadata the {@code __metadata__} entries
 * @param tensors in the header's order
 */
record SafetensorsHeader(Map<String, String> metadata, SequencedMap<String, Entry> tensors) {
  static final String METADATA = "__metadata__";

  /** Dimensions of one tensor. */
  private static final int RANK_MAX = 32;

  /** Types of the safetensors format that this build does not read. */
  private static final Set<String> KNOWN_UNREAD =
      Set.of("F4", "F6_E2M3", "F6_E3M2", "F8_E4M3", "F8_E5M2", "F8_E8M0", "C64");

  /** One tensor; {@code begin} and {@code end} count bytes from the start of the data. */
  record Entry(DType type, Shape shape, long begin, long end) {}

  /**
   * Reads and checks a header.
   *
   * @param file for messages
   * @param dataBytes that follow the header in the file
   */
  static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) {
    if (json.length == 0 || json[0] != '{') {
      throw new TributaryException(
          ErrorCode.SAFETENSORS_HEADER,
          "%s: the header must be JSON that starts with '{', found %s; this is not safetensors"
              .formatted(file, json.length == 0 ? "no header" : "byte " + (json[0] & 0xFF)));
    }
    try (JsonParser parser = StrictJson.FACTORY.createParser(StrictJson.text(json))) {
      SafetensorsHeader header = new Reader(file, parser).read();
      checkLayout(file, header.tensors, dataBytes);
      return header;
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.SAFETENSORS_HEADER,
          "%s: the header is not JSON in UTF-8 as it must be: %s".formatted(file, e.getMessage()),
          e);
    }
  }

  private static void checkLayout(Path file, Map<String, Entry> tensors, long dataBytes) {
    List<Map.Entry<String, Entry>> ascending = new ArrayList<>(tensors.entrySet());
    ascending.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin)
            .thenComparingLong(e -> e.getValue().end));
    long covered = 0;
    for (var named : ascending) {
      Entry entry = named.getValue();
      if (entry.end > dataBytes) {
        throw new TributaryException(
            ErrorCode.SAFETENSORS_TRUNCATED,
            "%s: tensor %s ends at byte %d of the data, the file has %d; fetch the file again"
                .formatted(file, Quoted.of(named.getKey()), entry.end, dataBytes));
      }
      if (entry.begin != covered) {
        throw new TributaryException(
            ErrorCode.SAFETENSORS_LAYOUT,
            "%s: tensor %s begins at byte %d of the data, wanted %d: tensors must not %s"
                .formatted(
                    file,
                    Quoted.of(named.getKey()),
                    entry.begin,
                    covered,
                    entry.begin < covered ? "overlap" : "leave holes"));
      }
      covered = entry.end;
    }
    if (covered != dataBytes) {
      throw new TributaryException(
          ErrorCode.SAFETENSORS_LAYOUT,
          "%s: the tensors cover %d bytes of data, the file has %d"
              .formatted(file, covered, dataBytes));
    }
  }

  /** Reads one header, token by token. */
  private static final class Reader {
    private final Path file;
    private final JsonParser json;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final SequencedMap<String, Entry> tensors = new LinkedHashMap<>();

    Reader(Path file, JsonParser json) {
      this.file = file;
      this.json = json;
    }

    SafetensorsHeader read() throws IOException {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        if (json.nextToken() != JsonToken.START_OBJECT) {
          throw header("%s must be an object".formatted(Quoted.of(name)));
        }
        if (name.equals(METADATA)) {
          readMetadata();
        } else {
          tensors.put(name, readEntry(name));
        }
      }
      if (json.nextToken() != null) {
        throw header("something follows the header's JSON object");
      }
      return new SafetensorsHeader(metadata, tensors);
    }

    private void readMetadata() throws IOException {
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_STRING) {
          throw header("metadata %s must be a string".formatted(Quoted.of(key)));
        }
        metadata.put(key, json.getText());
      }
    }

    private Entry readEntry(String name) throws IOException {
      @Nullable DType type = null;
      @Nullable List<Long> shape = null;
      @Nullable List<Long> offsets = null;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "dtype" -> type = readType(name);
          case "shape" -> shape = readNumbers(name, field, RANK_MAX);
          case "data_offsets" -> offsets = readNumbers(name, field, 2);
          default ->
              throw header(
                  "tensor %s has an unknown field %s; wanted dtype, shape and data_offsets"
                      .formatted(Quoted.of(name), Quoted.of(field)));
        }
      }
      if (type == null || shape == null || offsets == null || offsets.size() != 2) {
        throw header(
            "tensor %s needs dtype, shape and two data_offsets".formatted(Quoted.of(name)));
      }
      return entry(name, type, new Shape(shape), offsets.getFirst(), offsets.getLast());
    }

    private Entry entry(String name, DType type, Shape shape, long begin, long end) {
      long wanted;
      try {
        wanted = Math.multiplyExact(shape.elements(), type.bytes());
      } catch (ArithmeticException e) {
        throw new TributaryException(
            ErrorCode.SAFETENSORS_LAYOUT,
            "%s: tensor %s: shape %s is beyond what a file can hold"
                .formatted(file, Quoted.of(name), shape),
            e);
      }
      if (begin > end || end - begin != wanted) {
        throw layout(
            name,
            "%s of shape %s takes %d bytes, data_offsets are %d to %d"
                .formatted(type, shape, wanted, begin, end));
      }
      return new Entry(type, shape, begin, end);
    }

    private DType readType(String name) throws IOException {
      if (json.currentToken() != JsonToken.VALUE_STRING) {
        throw header("dtype of tensor %s must be a string".formatted(Quoted.of(name)));
      }
      String text = json.getText();
      return DType.named(text)
          .orElseThrow(() ->
              new TributaryException(
                  ErrorCode.SAFETENSORS_DTYPE,
                  "%s: tensor %s has dtype %s, which %s; readable are %s"
                      .formatted(
                          file,
                          Quoted.of(name),
                          Quoted.of(text),
                          KNOWN_UNREAD.contains(text)
                              ? "this build does not read yet"
                              : "is unknown",
                          List.of(DType.values()))));
    }

    private List<Long> readNumbers(String name, String field, int countMax) throws IOException {
      if (json.currentToken() != JsonToken.START_ARRAY) {
        throw header("%s of tensor %s must be an array".formatted(field, Quoted.of(name)));
      }
      List<Long> numbers = new ArrayList<>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
          throw header("%s of tensor %s must hold whole numbers".formatted(field, Quoted.of(name)));
        }
        boolean fits = json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
        if (!fits || json.getLongValue() < 0) {
          throw layout(
              name,
              "%s holds %s, wanted 0 to 2^63 - 1".formatted(field, Quoted.of(json.getText())));
        }
        if (numbers.size() == countMax) {
          throw layout(name, "%s holds more than %d numbers".formatted(field, countMax));
        }
        numbers.add(json.getLongValue());
      }
      return numbers;
    }

    private TributaryException header(String fault) {
      return new TributaryException(ErrorCode.SAFETENSORS_HEADER, "%s: %s".formatted(file, fault));
    }

    private TributaryException layout(String name, String fault) {
      return new TributaryException(
          ErrorCode.SAFETENSORS_LAYOUT,
          "%s: tensor %s: %s".formatted(file, Quoted.of(name), fault));
    }
  }
}
