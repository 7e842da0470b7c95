package tributary.protocol.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * Walks a JSON body value by value and holds each to the type its field wants. Nothing is built for
 * what is not wanted, so a body costs no more memory than its own bytes and the records made of it.
 *
 * <p>A JSON {@code null} counts as a field that was left out. Complaints about syntax give line and
 * column and never repeat the content.
 */
final class FieldReader {
  static final int DEPTH_MAX = 64;
  private static final int NAME_CHARACTERS_MAX = 256;
  private static final int NUMBER_CHARACTERS_MAX = 100;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNameLength(NAME_CHARACTERS_MAX)
                  .maxNumberLength(NUMBER_CHARACTERS_MAX)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  /** Makes a record of a body. */
  @FunctionalInterface
  interface Body<T> {
    T from(FieldReader fields) throws IOException;
  }

  /** Takes one field's value, or skips it. */
  @FunctionalInterface
  interface Field {
    void take(String name, FieldReader value) throws IOException;
  }

  /** Takes one element of an array. */
  @FunctionalInterface
  interface Element {
    void take(FieldReader value) throws IOException;
  }

  private final JsonParser parser;
  private final List<String> unknown = new ArrayList<>();

  private FieldReader(JsonParser parser) {
    this.parser = parser;
  }

  /** Reads a whole body, which must be one JSON object and nothing more. */
  static <T> T read(byte[] json, Body<T> body) {
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() == null) {
        throw new TributaryException(
            ErrorCode.INVALID_JSON, "the body is empty; send a JSON object");
      }
      var fields = new FieldReader(parser);
      if (!parser.hasToken(JsonToken.START_OBJECT)) {
        throw new TributaryException(
            ErrorCode.INVALID_JSON, "the body is %s; send a JSON object".formatted(fields.kind()));
      }
      T result = body.from(fields);
      if (parser.nextToken() != null) {
        throw new TributaryException(
            ErrorCode.INVALID_JSON, "there is more after the body's JSON object; send one object");
      }
      return result;
    } catch (JsonProcessingException e) {
      throw syntax(e);
    } catch (CharConversionException e) {
      throw new TributaryException(ErrorCode.INVALID_JSON, "the body is not valid UTF-8");
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  /** Calls {@code field} at each value of the object that is the current value. */
  void forEachField(String path, Field field) throws IOException {
    if (!parser.hasToken(JsonToken.START_OBJECT)) {
      throw wrongType(path, "an object");
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      field.take(name, this);
    }
  }

  /** Calls {@code element} at each value of the array that is the current value. */
  void forEachElement(String path, String wanted, int countMax, Element element)
      throws IOException {
    if (!parser.hasToken(JsonToken.START_ARRAY)) {
      throw wrongType(path, wanted);
    }
    for (int count = 1; parser.nextToken() != JsonToken.END_ARRAY; count++) {
      if (count > countMax) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "%s has more than %d elements; send at most %d".formatted(path, countMax, countMax),
            path);
      }
      element.take(this);
    }
  }

  boolean isNull() {
    return parser.hasToken(JsonToken.VALUE_NULL);
  }

  boolean isText() {
    return parser.hasToken(JsonToken.VALUE_STRING);
  }

  boolean isNumber() {
    return parser.currentToken().isNumeric();
  }

  boolean isArray() {
    return parser.hasToken(JsonToken.START_ARRAY);
  }

  @Nullable String string(String path) throws IOException {
    return isNull() ? null : text(path, "a string");
  }

  /** The text that must be here; {@code wanted} says what else could have been. */
  String text(String path, String wanted) throws IOException {
    if (!isText()) {
      throw wrongType(path, wanted);
    }
    String text = parser.getText();
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i)) && !isPair(text, i++)) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            path + " holds half of a surrogate pair; send whole Unicode characters",
            path);
      }
    }
    return text;
  }

  /** The JSON text of the value that is here, without white space. */
  String raw() throws IOException {
    var text = new StringWriter();
    try (JsonGenerator generator = JSON.createGenerator(text)) {
      generator.copyCurrentStructure(parser);
    }
    return text.toString();
  }

  boolean flag(String path, boolean orElse) {
    if (isNull()) {
      return orElse;
    }
    if (!parser.currentToken().isBoolean()) {
      throw wrongType(path, "true or false");
    }
    return parser.hasToken(JsonToken.VALUE_TRUE);
  }

  /** A number of any kind; its owner checks the range. */
  double number(String path, double orElse) throws IOException {
    if (isNull()) {
      return orElse;
    }
    if (!isNumber()) {
      throw wrongType(path, "a number");
    }
    return parser.getDoubleValue();
  }

  int integer(String path, int min, int max, int orElse) throws IOException {
    return isNull() ? orElse : (int) whole(path, min, max);
  }

  /** A whole number; one too large for 64 bits is out of every range. */
  long whole(String path, long min, long max) throws IOException {
    if (!parser.hasToken(JsonToken.VALUE_NUMBER_INT)) {
      throw wrongType(path, "a whole number");
    }
    try {
      long value = parser.getLongValue();
      if (value < min || value > max) {
        throw outOfRange(path, Long.toString(value), min, max);
      }
      return value;
    } catch (InputCoercionException e) {
      throw outOfRange(path, Quoted.of(parser.getText()), min, max);
    }
  }

  int tokenId(String path) throws IOException {
    return (int) whole(path, 0, Integer.MAX_VALUE);
  }

  /** Passes over a value and remembers the name of its field. */
  void skipUnknown(String path) throws IOException {
    if (unknown.size() < BodyLimits.UNKNOWN_FIELDS_NAMED_MAX) {
      unknown.add(path);
    }
    parser.skipChildren();
  }

  /** Passes over a value; says whether it was null, false, zero or empty. */
  boolean skipEmpty() throws IOException {
    JsonToken token = parser.currentToken();
    if (token.isScalarValue()) {
      return isNull()
          || token == JsonToken.VALUE_FALSE
          || (isText() && parser.getTextLength() == 0)
          || (isNumber() && parser.getDoubleValue() == 0);
    }
    boolean empty = parser.nextToken().isStructEnd();
    if (!empty) {
      leaveStructure();
    }
    return empty;
  }

  List<String> unknown() {
    return List.copyOf(unknown);
  }

  TributaryException wrongType(String path, String wanted) {
    return new TributaryException(
        ErrorCode.INVALID_PARAMETER,
        "%s is %s; it must be %s".formatted(path, kind(), wanted),
        path);
  }

  static TributaryException missing(String field) {
    return new TributaryException(
        ErrorCode.INVALID_REQUEST, "the body has no %s; it is required".formatted(field), field);
  }

  private void leaveStructure() throws IOException {
    int depth = 1;
    while (depth > 0) {
      JsonToken token = parser.currentToken();
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      if (depth > 0) {
        parser.nextToken();
      }
    }
  }

  private String kind() {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "a whole number";
      case VALUE_NUMBER_FLOAT -> "a number with a fraction";
      case VALUE_TRUE, VALUE_FALSE -> "true or false";
      case VALUE_NULL -> "null";
      case START_ARRAY -> "an array";
      case START_OBJECT -> "an object";
      case END_ARRAY, END_OBJECT, FIELD_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new AssertionError("not at a value: " + Arrays.asList(parser.currentToken()));
    };
  }

  private static boolean isPair(String text, int at) {
    return at + 1 < text.length()
        && Character.isSurrogatePair(text.charAt(at), text.charAt(at + 1));
  }

  private static TributaryException outOfRange(String path, String found, long min, long max) {
    return new TributaryException(
        ErrorCode.INVALID_PARAMETER,
        "%s is %s; it must be between %d and %d".formatted(path, found, min, max),
        path);
  }

  private static TributaryException syntax(JsonProcessingException e) {
    String fault =
        switch (e) {
          case StreamConstraintsException _ ->
              "goes past a limit (%d levels, %d characters a name, %d a number)"
                  .formatted(DEPTH_MAX, NAME_CHARACTERS_MAX, NUMBER_CHARACTERS_MAX);
          default ->
              e.getOriginalMessage().startsWith("Duplicate field")
                  ? "gives a field twice"
                  : "is not valid JSON";
        };
    var where = e.getLocation();
    return new TributaryException(
        ErrorCode.INVALID_JSON,
        where == null
            ? "the body " + fault
            : "the body %s at line %d, column %d"
                .formatted(fault, where.getLineNr(), where.getColumnNr()));
  }
}
