package tributary.compression.lossless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

class LosslessTensorTest {
  private static final int PATTERNS = 1 << Short.SIZE;

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void every_pattern_of_16_bits_survives_whatever_was_predicted(DType type) {
    short[] all = new short[PATTERNS];
    short[] shuffled = new short[PATTERNS];
    for (int i = 0; i < PATTERNS; i++) {
      all[i] = (short) i;
      shuffled[i] = (short) (i * 40503);
    }
    assertSurvives(of(type, all), of(type, shuffled));
    assertSurvives(of(type, all), null);
  }

  static LongStream seeds() {
    return LongStream.range(0, 30);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void tensors_of_any_type_survive_predictors_of_any_type(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    DType[] types = DType.values();
    DType type = types[random.nextInt(types.length)];
    int elements = random.nextInt(3000);
    DType predicting = random.nextBoolean() ? type : types[random.nextInt(types.length)];
    int predicted = random.nextInt(elements + 1);
    assertSurvives(
        random(random, type, elements),
        random.nextInt(4) == 0 ? null : random(random, predicting, predicted));
  }

  @Test
  void tensors_of_several_blocks_survive() {
    SplittableRandom random = new SplittableRandom(3);
    int elements = 2 * LosslessTensor.BLOCK_ELEMENTS + 7;
    short[] base = gaussian(random, elements, 1);
    short[] tuned = base.clone();
    for (int i = LosslessTensor.BLOCK_ELEMENTS; i < elements; i += 3) {
      tuned[i]++;
    }
    byte[] coded = assertSurvives(of(DType.BF16, tuned), of(DType.BF16, base));
    assertThat(coded.length).isBetween(elements / 25, elements / 8);
  }

  @Test
  void a_tensor_as_predicted_costs_nearly_nothing() {
    TensorView tensor = of(DType.BF16, gaussian(new SplittableRandom(1), 100_000, 1));
    assertThat(assertSurvives(tensor, tensor)).hasSize(5);
    assertThat(assertSurvives(of(DType.BF16), null)).hasSize(4);
  }

  @Test
  void few_changes_cost_little() {
    short[] base = gaussian(new SplittableRandom(1), 200_000, 1);
    short[] tuned = base.clone();
    tuned[77] ^= 0x55;
    tuned[150_000] = 0;
    assertThat(assertSurvives(of(DType.BF16, tuned), of(DType.BF16, base)).length).isLessThan(400);
  }

  @Test
  void moved_weights_take_about_half_of_their_size() {
    SplittableRandom random = new SplittableRandom(1);
    float[] weights = new float[200_000];
    float[] moved = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (0.02 * random.nextGaussian());
      moved[i] = weights[i] + (float) (0.004 * random.nextGaussian());
    }
    TensorView tuned = of(DType.BF16, bfloat16(moved));
    byte[] coded = assertSurvives(tuned, of(DType.BF16, bfloat16(weights)));
    assertThat(coded.length).isBetween(weights.length * 9 / 10, weights.length * 11 / 10);
    TensorView exact = TensorView.of(Shape.of(weights.length), moved);
    assertThat(assertSurvives(tuned, exact).length).isLessThan(weights.length / 500);
  }

  @Test
  void a_new_tensor_takes_less_than_its_size() {
    TensorView tensor = of(DType.BF16, gaussian(new SplittableRandom(1), 100_000, 0.02));
    assertThat(assertSurvives(tensor, null).length).isLessThan(140_000);
  }

  @Test
  void rows_past_the_predictor_are_new() {
    short[] tuned = gaussian(new SplittableRandom(1), 6000, 1);
    TensorView known = of(DType.BF16, Arrays.copyOf(tuned, 5000));
    byte[] coded = assertSurvives(of(DType.BF16, tuned), known);
    assertThat(coded.length).isLessThan(2 * 1000);
    assertThatThrownBy(() -> LosslessTensor.encode(known, of(DType.BF16, tuned)))
        .hasMessageContaining("may not have more elements");
  }

  @Test
  void another_predictor_is_noticed() {
    short[] base = gaussian(new SplittableRandom(1), 1000, 1);
    short[] tuned = gaussian(new SplittableRandom(2), 1000, 1);
    byte[] coded = LosslessTensor.encode(of(DType.BF16, tuned), of(DType.BF16, base));
    base[500]++;
    assertFails(
        () -> decode(coded, of(DType.BF16, base), DType.BF16, 1000), ErrorCode.DELTA_CHECKSUM);
    byte[] same = LosslessTensor.encode(of(DType.BF16, tuned), of(DType.BF16, tuned));
    assertFails(() -> decode(same, null, DType.BF16, 1000), ErrorCode.DELTA_FORMAT);
  }

  @Test
  void a_shortened_code_is_refused() {
    TensorView tuned = of(DType.BF16, gaussian(new SplittableRandom(2), 300, 1));
    byte[] coded = LosslessTensor.encode(tuned, null);
    for (int length = 0; length < coded.length; length++) {
      byte[] part = Arrays.copyOf(coded, length);
      assertFails(() -> decode(part, null, DType.BF16, 300), ErrorCode.DELTA_FORMAT);
    }
    byte[] longer = Arrays.copyOf(coded, coded.length + 1);
    assertFails(() -> decode(longer, null, DType.BF16, 300), ErrorCode.DELTA_FORMAT);
  }

  @Test
  void a_damaged_code_is_refused_or_decodes_all_the_same() {
    TensorView base = of(DType.BF16, gaussian(new SplittableRandom(1), 300, 1));
    TensorView tuned = of(DType.BF16, gaussian(new SplittableRandom(2), 300, 1));
    byte[] coded = LosslessTensor.encode(tuned, base);
    int refused = 0;
    for (int at = 0; at < coded.length; at++) {
      for (int bit : new int[] {1, 0x80, 0xFF}) {
        byte[] damaged = coded.clone();
        damaged[at] ^= (byte) bit;
        try {
          assertThat(decode(damaged, base, DType.BF16, 300)).isEqualTo(bytes(tuned));
        } catch (TributaryException e) {
          refused++;
        }
      }
    }
    assertThat(refused).isGreaterThan(3 * coded.length - 20);
  }

  /** Fails when the format changes: files that were written must stay readable. */
  @Test
  void the_bytes_of_a_code_are_settled() {
    short[] base = gaussian(new SplittableRandom(1), 64, 1);
    short[] tuned = base.clone();
    IntStream.range(0, 64).forEach(i -> tuned[i] += (short) (i * i % 23 - 11));
    byte[] coded = LosslessTensor.encode(of(DType.BF16, tuned), of(DType.BF16, base));
    assertThat(HexFormat.of().formatHex(coded))
        .isEqualTo(
            "25edcb4c022f00000003000000d975123db00c060bd9e80d9f9e52f7f09485e0"
                + "360c083bc178ccab1a907e1cfea5e4ab0b624ba941ad7452badb764ba55201");
  }

  private static byte[] assertSurvives(TensorView tuned, @Nullable TensorView predictor) {
    byte[] coded = LosslessTensor.encode(tuned, predictor);
    assertThat(decode(coded, predictor, tuned.type(), (int) tuned.shape().elements()))
        .isEqualTo(bytes(tuned));
    return coded;
  }

  private static byte[] decode(
      byte[] coded, @Nullable TensorView predictor, DType type, int elements) {
    byte[] out = new byte[elements * type.bytes()];
    TensorView view = new TensorView(type, Shape.of(elements), MemorySegment.ofArray(out));
    LosslessTensor.decode("x", MemorySegment.ofArray(coded), predictor, view);
    return out;
  }

  private static void assertFails(ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(TributaryException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining("'x'");
  }

  private static byte[] bytes(TensorView tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  private static TensorView of(DType type, short... patterns) {
    return new TensorView(type, Shape.of(patterns.length), MemorySegment.ofArray(patterns));
  }

  private static TensorView random(SplittableRandom random, DType type, int elements) {
    byte[] bytes = new byte[elements * type.bytes()];
    random.nextBytes(bytes);
    return new TensorView(type, Shape.of(elements), MemorySegment.ofArray(bytes));
  }

  private static short[] gaussian(SplittableRandom random, int elements, double size) {
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) (size * random.nextGaussian());
    }
    return bfloat16(values);
  }

  private static short[] bfloat16(float[] values) {
    short[] patterns = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      int bits = Float.floatToIntBits(values[i]);
      patterns[i] = (short) ((bits + 0x7FFF + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
    }
    return patterns;
  }
}
