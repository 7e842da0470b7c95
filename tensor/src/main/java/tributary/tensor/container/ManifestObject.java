package tributary.tensor.container;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;

/**
 * One object of a delta file's manifest, whose fields are checked before they are believed. Fields
 * that nobody asks for are left alone.
 *
 * @param name what the object describes, for messages
 */
record ManifestObject(Path file, String name, JsonNode node) {
  /** Dimensions of one tensor. */
  private static final int RANK_MAX = 32;

  ManifestObject object(String field) {
    JsonNode value = node.path(field);
    if (!value.isObject()) {
      throw fault("needs an object %s".formatted(Quoted.of(field)));
    }
    return new ManifestObject(file, field, value);
  }

  /** True when there is such a field. */
  boolean has(String field) {
    return node.has(field);
  }

  List<String> fields() {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  String text(String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw fault("needs a string %s".formatted(Quoted.of(field)));
    }
    return value.textValue();
  }

  SortedMap<String, String> texts(String field) {
    ManifestObject object = object(field);
    SortedMap<String, String> texts = new TreeMap<>();
    object.fields().forEach(name -> texts.put(name, object.text(name)));
    return texts;
  }

  /** A field that may be left out when it is false. */
  boolean flag(String field) {
    JsonNode value = node.path(field);
    if (!value.isBoolean() && !value.isMissingNode()) {
      throw fault("%s must be true or false".formatted(Quoted.of(field)));
    }
    return value.booleanValue();
  }

  long whole(String field, long least, long most) {
    return whole(field, node.path(field), least, most);
  }

  int count(String field, int least, int most) {
    return (int) whole(field, least, most);
  }

  /** A list of no more than {@code countMax} whole numbers. */
  List<Long> wholes(String field, int countMax, long least, long most) {
    JsonNode list = node.path(field);
    if (!list.isArray() || list.size() > countMax) {
      throw fault(
          "needs a list %s of at most %d whole numbers".formatted(Quoted.of(field), countMax));
    }
    List<Long> numbers = new ArrayList<>();
    list.forEach(value -> numbers.add(whole(field, value, least, most)));
    return numbers;
  }

  private long whole(String field, JsonNode value, long least, long most) {
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw fault("needs a whole number %s".formatted(Quoted.of(field)));
    }
    if (value.longValue() < least || value.longValue() > most) {
      throw fault(
          "%s is %d, wanted %d to %d".formatted(Quoted.of(field), value.longValue(), least, most));
    }
    return value.longValue();
  }

  float number(String field) {
    JsonNode value = node.path(field);
    if (!value.isNumber() || !Float.isFinite(value.floatValue())) {
      throw fault("needs a finite number %s".formatted(Quoted.of(field)));
    }
    return value.floatValue();
  }

  DType type(String field) {
    return DType.named(text(field)).orElseThrow(() -> fault("%s is no type".formatted(field)));
  }

  Shape shape(String field) {
    return new Shape(wholes(field, RANK_MAX, 0, Long.MAX_VALUE));
  }

  TributaryException fault(String fault) {
    return new TributaryException(
        ErrorCode.DELTA_FORMAT,
        "%s: manifest: %s %s".formatted(file, name.isEmpty() ? "" : Quoted.of(name), fault));
  }

  TributaryException unknown(String field, String found, String wanted) {
    return new TributaryException(
        ErrorCode.UNKNOWN_CODEC,
        "%s: %s has %s %s, this build reads %s; upgrade it or compress again"
            .formatted(file, Quoted.of(name), field, Quoted.of(found), wanted));
  }
}
