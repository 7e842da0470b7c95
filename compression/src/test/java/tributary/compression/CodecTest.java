package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static tributary.protocol.ErrorCode.INVALID_PARAMETER;
import static tributary.protocol.ErrorCode.UNKNOWN_CODEC;
import static tributary.protocol.ErrorCode.UNSUPPORTED_PARAMETER;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.compression.Codec.BitDelta;
import tributary.compression.Codec.Fit;
import tributary.compression.Codec.Refine;
import tributary.compression.Codec.Scales;
import tributary.compression.Codec.Storage;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

class CodecTest {
  @Test
  void settings_that_are_not_given_take_their_defaults() {
    assertThat(Codec.named("bitdelta", Map.of()))
        .isEqualTo(new BitDelta(2, Scales.ROW, Fit.JOINT, Refine.NONE, new Storage(4, false)));
    assertThat(
            Codec.named(
                "bitdelta",
                Map.of("planes", "1", "scales", "scalar", "fit", "greedy", "embedding_bits", "8")))
        .isEqualTo(new BitDelta(1, Scales.SCALAR, Fit.GREEDY, Refine.NONE, new Storage(8, false)));
  }

  static Stream<Codec> codecs() {
    Storage storage = new Storage(5, true);
    return Stream.of(
        new BitDelta(3, Scales.SCALAR, Fit.GREEDY, Refine.DISTILL, storage),
        new Codec.DeltaZip(4, "1:4", true, 64, storage),
        new Codec.Spqr(3, 8, Double.POSITIVE_INFINITY, false, storage),
        new Codec.AnyPrecision(6, storage),
        new Codec.SignPlanes(4, true, storage),
        new Codec.VectorCodes(8, true, new Storage(Codec.EXACT_BITS, false)));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void what_a_file_says_makes_the_same_codec_again(Codec codec) {
    assertThat(Codec.named(codec.name(), codec.settings())).isEqualTo(codec);
  }

  static Stream<Arguments> wrong_settings() {
    return Stream.of(
        arguments("zip", Map.of(), UNKNOWN_CODEC, "'zip'"),
        arguments("bitdelta", Map.of("planes", "0"), INVALID_PARAMETER, "between 1 and 8"),
        arguments("bitdelta", Map.of("planes", "9"), INVALID_PARAMETER, "planes is 9"),
        arguments("bitdelta", Map.of("planes", "two"), INVALID_PARAMETER, "'two'"),
        arguments("bitdelta", Map.of("embedding_bits", "9"), INVALID_PARAMETER, "embedding_bits"),
        arguments("deltazip", Map.of("bits", "5"), INVALID_PARAMETER, "2, 3, 4 or 8"),
        arguments("deltazip", Map.of("faithful", "yes"), INVALID_PARAMETER, "true or false"),
        arguments("spqr", Map.of("outliers", "few"), INVALID_PARAMETER, "'few'"),
        arguments("sign-planes", Map.of("planes", "5"), INVALID_PARAMETER, "between 1 and 4"),
        arguments("vector-codes", Map.of("rows", "1"), INVALID_PARAMETER, "between 2 and 16"),
        arguments("bitdelta", Map.of("scales", "column"), INVALID_PARAMETER, "scalar, row"),
        arguments("bitdelta", Map.of("fit", "tight"), INVALID_PARAMETER, "greedy, joint"),
        arguments("bitdelta", Map.of("rank", "4"), UNSUPPORTED_PARAMETER, "'rank'"));
  }

  @ParameterizedTest
  @MethodSource("wrong_settings")
  void wrong_settings_are_named(
      String name, Map<String, String> settings, ErrorCode code, String text) {
    assertThatThrownBy(() -> Codec.named(name, settings))
        .isInstanceOfSatisfying(TributaryException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(text);
  }
}
