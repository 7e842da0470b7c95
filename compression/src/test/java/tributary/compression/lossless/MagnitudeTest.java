package tributary.compression.lossless;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MagnitudeTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 10, 15, 16, 19, 20, 1000, 32767, 32768, 1 << 30, -1, 1 << 31})
  void a_class_holds_its_least_magnitude_and_all_remainders(int magnitude) {
    int found = Magnitude.classOf(magnitude);
    int least = Magnitude.least(found);
    long remainder = Integer.toUnsignedLong(magnitude) - Integer.toUnsignedLong(least);
    assertThat(remainder).isBetween(0L, (1L << Magnitude.remainderBits(found)) - 1);
    assertThat(Magnitude.classOf(least)).isEqualTo(found);
    if (least != 0) {
      assertThat(Magnitude.classOf(least - 1)).isEqualTo(found - 1);
    }
  }
}
