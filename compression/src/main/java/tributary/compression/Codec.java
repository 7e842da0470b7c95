package tributary.compression;

import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** A way to compress differences, with its settings. */
public sealed interface Codec {
  /** The name that people type and files carry. */
  String name();

  /** The settings as files carry them. */
  SortedMap<String, String> settings();

  /**
   * BitDelta as published, with closed-form scales.
   *
   * @param planes signs per weight of a linear layer, 1 to 8; each plane codes what the planes
   *     before it left
   * @param scales how many scales a plane has
   * @param embeddingBits bits per weight of embeddings and head, 1 to 8, with a step per row
   */
  record BitDelta(int planes, Scales scales, int embeddingBits) implements Codec {
    public static final String NAME = "bitdelta";
    private static final int BITS_MAX = 8;

    public BitDelta {
      requireRange("planes", planes);
      requireRange("embedding_bits", embeddingBits);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public SortedMap<String, String> settings() {
      return new TreeMap<>(
          Map.of(
              "planes", String.valueOf(planes),
              "scales", scales.wireName(),
              "embedding_bits", String.valueOf(embeddingBits)));
    }

    private static void requireRange(String name, int bits) {
      if (bits < 1 || bits > BITS_MAX) {
        throw TributaryException.parameter(name, bits, 1, BITS_MAX);
      }
    }
  }

  /** What shares one scale. */
  enum Scales {
    /** The whole matrix, as published. */
    SCALAR,
    /** Each row, that is each output. */
    ROW;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The codec of this name; settings that are not given take their defaults: two planes, a scale
   * per row, embeddings at four bits.
   */
  static Codec named(String name, Map<String, String> settings) {
    if (!name.equals(BitDelta.NAME)) {
      throw new TributaryException(
          ErrorCode.UNKNOWN_CODEC,
          "codec %s is unknown; this build encodes %s".formatted(Quoted.of(name), BitDelta.NAME));
    }
    Map<String, String> left = new TreeMap<>(settings);
    BitDelta codec =
        new BitDelta(
            whole("planes", left.remove("planes"), 2),
            scales(left.remove("scales")),
            whole("embedding_bits", left.remove("embedding_bits"), 4));
    for (String unknown : left.keySet()) {
      throw new TributaryException(
          ErrorCode.UNSUPPORTED_PARAMETER,
          "codec %s has no setting %s; it has planes, scales and embedding_bits"
              .formatted(name, Quoted.of(unknown)),
          unknown);
    }
    return codec;
  }

  private static int whole(String name, @Nullable String text, int otherwise) {
    try {
      return text == null ? otherwise : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s is %s, wanted a whole number from 1 to 8".formatted(name, Quoted.of(text)),
          e);
    }
  }

  private static Scales scales(@Nullable String text) {
    if (text == null) {
      return Scales.ROW;
    }
    for (Scales scales : Scales.values()) {
      if (scales.wireName().equals(text)) {
        return scales;
      }
    }
    throw new TributaryException(
        ErrorCode.INVALID_PARAMETER,
        "scales is %s, wanted scalar or row".formatted(Quoted.of(text)),
        "scales");
  }
}
