package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static tributary.protocol.ErrorCode.FILE_NOT_FOUND;
import static tributary.protocol.ErrorCode.FILE_UNREADABLE;
import static tributary.protocol.ErrorCode.MISSING_TENSOR;
import static tributary.protocol.ErrorCode.SAFETENSORS_DTYPE;
import static tributary.protocol.ErrorCode.SAFETENSORS_HEADER;
import static tributary.protocol.ErrorCode.SAFETENSORS_LAYOUT;
import static tributary.protocol.ErrorCode.SAFETENSORS_TRUNCATED;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;

class SafetensorsFileTest {
  private static final String VALID =
      "{\"__metadata__\":{\"format\":\"pt\"},"
          + "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
          + "\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]},"
          + "\"scalar\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]},"
          + "\"empty\":{\"dtype\":\"F16\",\"shape\":[0,7],\"data_offsets\":[32,32]}}  ";
  private static final int VALID_DATA_BYTES = 40;

  @TempDir Path directory;

  @Test
  void a_valid_file_gives_names_types_shapes_and_metadata() {
    try (var file = open(RawSafetensors.bytes(VALID, VALID_DATA_BYTES))) {
      assertThat(file.names()).containsExactly("a", "b", "empty", "scalar");
      assertThat(file.metadata()).containsOnly(Map.entry("format", "pt"));
      assertThat(file.tensor("b").type()).isEqualTo(DType.F32);
      assertThat(file.tensor("b").shape()).isEqualTo(Shape.of(2, 3));
      assertThat(file.tensor("scalar").shape().elements()).isEqualTo(1);
      assertThat(file.tensor("empty").toFloats()).isEmpty();
    }
  }

  @Test
  void a_header_without_tensors_is_fine() {
    try (var file = open(RawSafetensors.bytes("{}", 0))) {
      assertThat(file.names()).isEmpty();
    }
  }

  @Test
  void a_missing_tensor_is_named() {
    try (var file = open(RawSafetensors.bytes(VALID, VALID_DATA_BYTES))) {
      assertFault(MISSING_TENSOR, () -> file.tensor("c"), "file.safetensors", "'c'");
    }
  }

  @Test
  void what_is_no_file_is_named() {
    assertFault(FILE_NOT_FOUND, () -> SafetensorsFile.open(directory.resolve("none")), "none");
    assertFault(FILE_UNREADABLE, () -> SafetensorsFile.open(directory), "not a regular file");
  }

  @Test
  void closing_twice_is_harmless() {
    var file = open(RawSafetensors.bytes(VALID, VALID_DATA_BYTES));
    file.close();
    file.close();
    assertThatThrownBy(() -> file.tensor("b").getFloat(0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void a_refused_file_is_not_left_mapped() throws IOException {
    Path path = RawSafetensors.write(directory, RawSafetensors.bytes("{", 4096));
    assertThatThrownBy(() -> SafetensorsFile.open(path)).isInstanceOf(TributaryException.class);
    assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain(path.toString());
  }

  static Stream<Arguments> headers_that_lie() {
    return Stream.of(
        arguments("", 0, SAFETENSORS_HEADER, "starts with '{'"),
        arguments(" {}", 0, SAFETENSORS_HEADER, "found byte 32"),
        arguments("[]", 0, SAFETENSORS_HEADER, "starts with '{'"),
        arguments("{", 0, SAFETENSORS_HEADER, "end-of-input"),
        arguments("{} {}", 0, SAFETENSORS_HEADER, "follows"),
        arguments("{\"a\":1}", 0, SAFETENSORS_HEADER, "'a' must be an object"),
        arguments("{\"__metadata__\":{\"a\":1}}", 0, SAFETENSORS_HEADER, "'a' must be a string"),
        arguments("{\"__metadata__\":{\"a\":{}}}", 0, SAFETENSORS_HEADER, "'a' must be a string"),
        arguments("{\"__metadata__\":[]}", 0, SAFETENSORS_HEADER, "must be an object"),
        arguments("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, SAFETENSORS_HEADER, "'a'"),
        arguments(twice(one("U8", "[1]", "0,1")), 1, SAFETENSORS_HEADER, "'t'"),
        arguments("{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, SAFETENSORS_HEADER, "dtype"),
        arguments("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, SAFETENSORS_HEADER, "needs"),
        arguments("{\"t\":{\"shape\":[1],\"x\":0}}", 4, SAFETENSORS_HEADER, "unknown field 'x'"),
        arguments("{\"t\":{\"dtype\":7}}", 4, SAFETENSORS_HEADER, "dtype of tensor 't'"),
        arguments("[".repeat(50_000), 0, SAFETENSORS_HEADER, "'{'"),
        arguments("{\"a\":".repeat(50_000), 0, SAFETENSORS_HEADER, ""),
        arguments("{\"t\":{\"shape\":" + "[".repeat(50_000), 0, SAFETENSORS_HEADER, "whole"),
        arguments(one("F8_E4M3", "[4]", "0,4"), 4, SAFETENSORS_DTYPE, "does not read yet"),
        arguments(one("F4", "[8]", "0,4"), 4, SAFETENSORS_DTYPE, "does not read yet"),
        arguments(one("Q9", "[4]", "0,4"), 4, SAFETENSORS_DTYPE, "'Q9', which is unknown"),
        arguments(one("f32", "[1]", "0,4"), 4, SAFETENSORS_DTYPE, "'f32'"),
        arguments(one("F32", "[-1]", "0,4"), 4, SAFETENSORS_LAYOUT, "'-1'"),
        arguments(one("F32", "[1.0]", "0,4"), 4, SAFETENSORS_HEADER, "whole numbers"),
        arguments(one("F32", "[\"1\"]", "0,4"), 4, SAFETENSORS_HEADER, "whole numbers"),
        arguments(one("F32", "1", "0,4"), 4, SAFETENSORS_HEADER, "must be an array"),
        arguments(one("F32", "[99999999999999999999]", "0,4"), 4, SAFETENSORS_LAYOUT, "2^63"),
        arguments(
            one("F32", "[4294967296,4294967296]", "0,4"), 4, SAFETENSORS_LAYOUT, "beyond what"),
        arguments(one("F32", "[4611686018427387904]", "0,0"), 0, SAFETENSORS_LAYOUT, "beyond what"),
        arguments(
            one("F32", "[" + "1,".repeat(40) + "1]", "0,4"), 4, SAFETENSORS_LAYOUT, "more than 32"),
        arguments(one("F32", "[2]", "0,4"), 4, SAFETENSORS_LAYOUT, "takes 8 bytes"),
        arguments(one("F32", "[1]", "4,0"), 4, SAFETENSORS_LAYOUT, "4 to 0"),
        arguments(one("F32", "[1]", "-4,0"), 4, SAFETENSORS_LAYOUT, "'-4'"),
        arguments(one("F32", "[1]", "0,4,8"), 8, SAFETENSORS_LAYOUT, "more than 2"),
        arguments(one("F32", "[1]", "0"), 4, SAFETENSORS_HEADER, "two data_offsets"),
        arguments(one("F32", "[2]", "0,8"), 4, SAFETENSORS_TRUNCATED, "the file has 4"),
        arguments(one("F32", "[1]", "4,8"), 8, SAFETENSORS_LAYOUT, "wanted 0"),
        arguments(one("F32", "[1]", "0,4"), 8, SAFETENSORS_LAYOUT, "cover 4 bytes"),
        arguments(
            "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"u\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
            12,
            SAFETENSORS_LAYOUT,
            "'u' begins at byte 4 of the data, wanted 8: tensors must not overlap"),
        arguments(
            "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                + "\"u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}",
            5,
            SAFETENSORS_LAYOUT,
            "must not leave holes"));
  }

  @ParameterizedTest
  @MethodSource("headers_that_lie")
  void a_header_that_lies_is_refused(String header, int dataBytes, ErrorCode code, String text) {
    assertFault(
        code, () -> open(RawSafetensors.bytes(header, dataBytes)), "file.safetensors", text);
  }

  @Test
  void a_length_that_lies_is_refused() {
    byte[] header = "{}".getBytes(StandardCharsets.UTF_8);
    byte[] none = new byte[0];
    assertFault(SAFETENSORS_TRUNCATED, () -> open(new byte[0]), "0 bytes");
    assertFault(SAFETENSORS_TRUNCATED, () -> open(new byte[7]), "7 bytes");
    assertFault(
        SAFETENSORS_TRUNCATED, () -> open(RawSafetensors.bytes(3, header, none)), "header of 3");
    assertFault(
        SAFETENSORS_HEADER,
        () -> open(RawSafetensors.bytes(100_000_001, header, none)),
        "at most 100000000");
    assertFault(
        SAFETENSORS_HEADER,
        () -> open(RawSafetensors.bytes(-1, header, none)),
        "18446744073709551615");
  }

  @Test
  void every_cut_of_a_valid_file_is_refused() {
    byte[] whole = RawSafetensors.bytes(VALID, VALID_DATA_BYTES);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> open(cut).close()).isInstanceOf(TributaryException.class);
    }
  }

  static LongStream seeds() {
    return LongStream.range(0, 8);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_mutated_file_opens_or_is_refused_by_name(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] whole = RawSafetensors.bytes(VALID, VALID_DATA_BYTES);
    String alphabet = "{}[]\",:0123456789-eE.F\\u \0\u00e9";
    for (int round = 0; round < 250; round++) {
      byte[] mutant = whole.clone();
      for (int change = random.nextInt(1, 5); change > 0; change--) {
        int at = random.nextInt(mutant.length - VALID_DATA_BYTES);
        mutant[at] =
            random.nextInt(4) == 0
                ? (byte) random.nextInt(256)
                : (byte) alphabet.charAt(random.nextInt(alphabet.length()));
      }
      try (var file = open(mutant)) {
        file.names()
            .forEach(name -> assertThat(file.tensor(name).data().byteSize()).isNotNegative());
      } catch (TributaryException e) {
        assertThat(e.code().name()).startsWith("SAFETENSORS_");
      }
    }
  }

  private static String one(String type, String shape, String offsets) {
    return "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%s]}}"
        .formatted(type, shape, offsets);
  }

  private static String twice(String object) {
    String inner = object.substring(1, object.length() - 1);
    return "{" + inner + "," + inner + "}";
  }

  private SafetensorsFile open(byte[] bytes) {
    return SafetensorsFile.open(RawSafetensors.write(directory, bytes));
  }

  static void assertFault(ErrorCode code, ThrowingCallable call, String... texts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(TributaryException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(texts);
  }
}
