package tributary.compression;

import java.util.Map;
import java.util.TreeMap;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** A codec with its settings as one word, such as {@code bitdelta:planes=1,scales=row}. */
public final class CodecText {
  private CodecText() {}

  /** The codec of this text; settings that are not given take their defaults. */
  public static Codec parse(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? Codec.named(text, Map.of())
        : Codec.named(text.substring(0, colon), settings(text, text.substring(colon + 1)));
  }

  private static Map<String, String> settings(String text, String list) {
    Map<String, String> settings = new TreeMap<>();
    for (String pair : list.split(",", -1)) {
      int equals = pair.indexOf('=');
      if (equals < 1
          || settings.put(pair.substring(0, equals), pair.substring(equals + 1)) != null) {
        throw new TributaryException(
            ErrorCode.USAGE,
            "codec %s: wanted NAME:KEY=VALUE,..., each key once; found %s"
                .formatted(Quoted.of(text), Quoted.of(pair)));
      }
    }
    return settings;
  }
}
