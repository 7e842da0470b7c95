package tributary.compression.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.host.HostActivations;

class GramSumTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 129, 300})
  void sums_over_chunks_are_those_over_all_tokens(int columns) {
    SplittableRandom random = new SplittableRandom(columns);
    GramSum sum = new GramSum(columns, true, new PlainGemm());
    double[] gram = new double[columns * columns];
    double[] cross = new double[columns * columns];
    for (int rows : List.of(3, 1, 4)) {
      HostActivations y = gaussian(random, rows, columns);
      HostActivations x = gaussian(random, rows, columns);
      sum.add(y, x);
      for (int t = 0; t < rows; t++) {
        for (int i = 0; i < columns * columns; i++) {
          double right = y.values()[t * columns + i % columns];
          gram[i] += y.values()[t * columns + i / columns] * right;
          cross[i] += x.values()[t * columns + i / columns] * right;
        }
      }
    }
    InputStatistics statistics = sum.statistics();
    assertThat(statistics.tokens()).isEqualTo(8);
    assertThat(statistics.gram()).containsExactly(gram, within(1e-5));
    assertThat(statistics.cross()).containsExactly(cross, within(1e-5));
  }

  private static HostActivations gaussian(SplittableRandom random, int rows, int columns) {
    HostActivations activations = HostActivations.zeros(rows, columns);
    for (int i = 0; i < activations.values().length; i++) {
      activations.values()[i] = (float) random.nextGaussian();
    }
    return activations;
  }
}
