package tributary.compression.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.host.HostActivations;

class GramSumTest {
  private final Backend scalar = Backends.open(BackendChoice.SCALAR, 1);

  @AfterEach
  void close() {
    scalar.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 256, 257, 520})
  void sums_over_chunks_are_those_over_all_tokens(int columns) {
    SplittableRandom random = new SplittableRandom(columns);
    GramSum sum = new GramSum(columns, true, scalar.gemm());
    double[] gram = new double[columns * columns];
    double[] cross = new double[columns * columns];
    for (int rows : List.of(3, 1, 4)) {
      HostActivations y = gaussian(random, rows, columns);
      HostActivations x = gaussian(random, rows, columns);
      sum.addStudent(y);
      sum.addTeacher(x);
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
    assertThat(statistics.gram()).hasSameSizeAs(gram);
    assertThat(largestDifference(statistics.gram(), gram)).isLessThan(1e-5);
    assertThat(largestDifference(statistics.cross(), cross)).isLessThan(1e-5);
  }

  private static double largestDifference(double @Nullable [] found, double[] wanted) {
    double largest = 0;
    for (int i = 0; i < wanted.length; i++) {
      largest = Math.max(largest, Math.abs(Objects.requireNonNull(found)[i] - wanted[i]));
    }
    return largest;
  }

  private static HostActivations gaussian(SplittableRandom random, int rows, int columns) {
    HostActivations activations = HostActivations.zeros(rows, columns);
    for (int i = 0; i < activations.values().length; i++) {
      activations.values()[i] = (float) random.nextGaussian();
    }
    return activations;
  }
}
