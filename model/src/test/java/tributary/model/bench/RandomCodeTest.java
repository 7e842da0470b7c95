package tributary.model.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.TributaryException;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SparseCodes;

class RandomCodeTest {
  @ParameterizedTest
  @CsvSource({
    "sign-planes, 2",
    "vector-codes, 8",
    "deltazip, 4",
    "uniform, 3",
    "any-precision, 3",
    "lora, 16"
  })
  void codes_decode_to_numbers_and_take_the_bytes_that_are_told(String codec, int size) {
    var code = new RandomCode(RandomCode.Kind.named(codec), size);
    try (Arena arena = Arena.ofConfined()) {
      MatrixCode made = code.make(48, 192, new SplittableRandom(1), arena);
      float[] row = new float[192];
      float largest = 0;
      for (int i = 0; i < made.rows(); i++) {
        made.readRow(i, row);
        for (float value : row) {
          largest = Math.max(largest, Math.abs(value));
        }
      }

      assertThat(largest).isPositive().isFinite();
      long told = made.codeSegments().mapToLong(MemorySegment::byteSize).sum();
      assertThat(told).isEqualTo(code.bytes(48, 192));
      if (made instanceof SparseCodes sparse) {
        sparse.requirePatterns();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sign-plane", "", "LORA"})
  void unknown_codecs_are_named_beside_those_there_are(String codec) {
    assertThatThrownBy(() -> RandomCode.Kind.named(codec))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("any-precision");
  }
}
