package tributary.compression.lossless;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BinaryCoderTest {
  private static final int SCALE = 1 << BinaryEncoder.PROBABILITY_BITS;

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void bits_of_any_probability_come_back(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int count = random.nextInt(5000);
    boolean[] bits = new boolean[count];
    int[] probabilities = new int[count];
    for (int i = 0; i < count; i++) {
      probabilities[i] = random.nextInt(8) == 0 ? 1 : random.nextInt(1, SCALE);
      bits[i] = random.nextBoolean();
    }
    BinaryDecoder decoder = new BinaryDecoder(encoded(bits, probabilities));
    for (int i = 0; i < count; i++) {
      assertThat(decoder.decode(probabilities[i])).isEqualTo(bits[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 7000, SCALE / 2, SCALE - 2000, SCALE - 1})
  void the_code_is_hardly_longer_than_the_entropy(int probability) {
    SplittableRandom random = new SplittableRandom(probability);
    boolean[] bits = new boolean[100_000];
    int[] probabilities = new int[bits.length];
    Arrays.fill(probabilities, probability);
    double wanted = 0;
    for (int i = 0; i < bits.length; i++) {
      bits[i] = random.nextInt(SCALE) < probability;
      double share = (double) (bits[i] ? probability : SCALE - probability) / SCALE;
      wanted -= Math.log(share) / Math.log(2);
    }
    assertThat(8.0 * encoded(bits, probabilities).byteSize()).isLessThan(1.0001 * wanted + 64);
  }

  @Test
  void contexts_learn_what_their_bits_are() {
    AdaptiveBits adaptive = new AdaptiveBits(2);
    for (int i = 0; i < 1000; i++) {
      adaptive.learn(1, i % 4 == 0);
    }
    assertThat(adaptive.probability(1)).isBetween(SCALE / 5, SCALE * 3 / 10);
    assertThat(adaptive.probability(0)).isEqualTo(SCALE / 2);
  }

  @Test
  void probabilities_never_become_certainties() {
    AdaptiveBits adaptive = new AdaptiveBits(2);
    for (int i = 0; i < 100_000; i++) {
      adaptive.learn(0, true);
      adaptive.learn(1, false);
    }
    assertThat(adaptive.probability(0)).isBetween(SCALE - 10, SCALE - 1);
    assertThat(adaptive.probability(1)).isBetween(1, 10);
  }

  private static MemorySegment encoded(boolean[] bits, int[] probabilities) {
    BinaryEncoder encoder = new BinaryEncoder();
    for (int i = 0; i < bits.length; i++) {
      encoder.encode(bits[i], probabilities[i]);
    }
    return MemorySegment.ofArray(encoder.finish());
  }
}
