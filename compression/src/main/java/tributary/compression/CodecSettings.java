package tributary.compression;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Settings as people type them, taken one by one; what nobody took is refused. */
final class CodecSettings {
  private final String codec;
  private final Map<String, String> left;
  private final StringBuilder known = new StringBuilder();

  CodecSettings(String codec, Map<String, String> settings) {
    this.codec = codec;
    this.left = new TreeMap<>(settings);
  }

  private @Nullable String take(String name) {
    known.append(known.isEmpty() ? "" : ", ").append(name);
    return left.remove(name);
  }

  int whole(String name, int otherwise) {
    String text = take(name);
    try {
      return text == null ? otherwise : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw wrong(name, text, "a whole number", e);
    }
  }

  double number(String name, double otherwise) {
    String text = take(name);
    try {
      double number = text == null ? otherwise : Double.parseDouble(text);
      if (Double.isNaN(number)) {
        throw wrong(name, String.valueOf(text), "a number", null);
      }
      return number;
    } catch (NumberFormatException e) {
      throw wrong(name, String.valueOf(text), "a number", e);
    }
  }

  boolean flag(String name, boolean otherwise) {
    String text = take(name);
    return switch (text) {
      case null -> otherwise;
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(name, text, "true or false", null);
    };
  }

  String text(String name, String otherwise) {
    String text = take(name);
    return text == null ? otherwise : text;
  }

  <E extends Enum<E>> E choice(String name, E otherwise) {
    String text = take(name);
    if (text == null) {
      return otherwise;
    }
    E[] values = otherwise.getDeclaringClass().getEnumConstants();
    for (E value : values) {
      if (wireName(value).equals(text)) {
        return value;
      }
    }
    String wanted =
        Arrays.stream(values).map(CodecSettings::wireName).collect(Collectors.joining(", "));
    throw wrong(name, text, "one of " + wanted, null);
  }

  static String wireName(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** The codec, once all of its settings are taken. */
  Codec done(Codec made) {
    for (String unknown : left.keySet()) {
      throw new TributaryException(
          ErrorCode.UNSUPPORTED_PARAMETER,
          "codec %s has no setting %s; it has %s".formatted(codec, Quoted.of(unknown), known),
          unknown);
    }
    return made;
  }

  private static TributaryException wrong(
      String name, String found, String wanted, @Nullable Exception cause) {
    TributaryException wrong =
        new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "%s is %s, wanted %s".formatted(name, Quoted.of(found), wanted),
            name);
    if (cause != null) {
      wrong.initCause(cause);
    }
    return wrong;
  }
}
