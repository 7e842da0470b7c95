package tributary.compression.quality.report;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Which codecs form one line of a plot: those of one name that differ in numbers only, since
 * numbers say how many bits are spent and words how.
 */
final class CodecFamily {
  private static final String NUMBER = "-?\\d+(\\.\\d+)?(:\\d+)?";

  private CodecFamily() {}

  /** The family of a codec given as {@code name:key=value,...}. */
  static String of(String codec) {
    int colon = codec.indexOf(':');
    if (colon < 0) {
      return codec;
    }
    String words =
        Arrays.stream(codec.substring(colon + 1).split(","))
            .map(CodecFamily::word)
            .filter(word -> !word.isEmpty())
            .collect(Collectors.joining(" "));
    return (codec.substring(0, colon) + " " + words).strip();
  }

  /** What a setting says in a word; nothing if it is a number. */
  private static String word(String setting) {
    int equals = setting.indexOf('=');
    String value = setting.substring(equals + 1);
    if (value.matches(NUMBER)) {
      return "";
    }
    return switch (value) {
      case "true" -> setting.substring(0, equals);
      case "false" -> "no " + setting.substring(0, equals);
      default -> value;
    };
  }
}
