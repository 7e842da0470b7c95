package tributary.compression.bands;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.VectorCodes;

class VectorCodesEncoderTest {
  private static final double DAMPING = 0.01;

  @ParameterizedTest(name = "{0} rows share a byte")
  @ValueSource(ints = {2, 4, 5, 8})
  void a_vector_is_the_nearest_of_the_codebook(int d) {
    Random random = new Random(d);
    float[] book = GaussianCodebook.of(d);
    double[][] scales = new double[d][];
    for (int r = 0; r < d; r++) {
      scales[r] = new double[] {0.5 + random.nextDouble()};
    }
    Alphabet alphabet = new VectorBands(d, book).alphabet(scales);
    float[] wanted = new float[d];
    for (int trial = 0; trial < 200; trial++) {
      for (int r = 0; r < d; r++) {
        wanted[r] = (float) random.nextGaussian();
      }
      double chosen = distance(book, d, scales, alphabet.nearest(wanted), wanted);
      for (int v = 0; v < VectorCodes.VECTORS; v++) {
        assertThat(chosen).isLessThan(distance(book, d, scales, v, wanted) + 1e-5);
      }
    }
  }

  private static double distance(
      float[] book, int d, double[][] scales, int vector, float[] wanted) {
    double sum = 0;
    for (int r = 0; r < d; r++) {
      double miss = wanted[r] - scales[r][0] * book[vector * d + r];
      sum += miss * miss;
    }
    return sum;
  }

  @Test
  void one_bit_in_vectors_is_better_than_one_sign() {
    LinearProblem problem = Problems.correlated(1, 64, 128);
    MatrixCode vectors =
        new VectorCodesEncoder(8, DAMPING, Problems.GEMM).encode(problem, Arena.ofAuto());
    MatrixCode signs =
        new SignPlanesEncoder(1, DAMPING, Problems.GEMM).encode(problem, Arena.ofAuto());
    assertThat(Problems.relativeOutputError(problem, vectors))
        .isLessThan(Problems.relativeOutputError(problem, signs));
  }

  @Test
  void a_last_band_may_be_narrow() {
    LinearProblem problem = Problems.correlated(2, 13, 64);
    MatrixCode code =
        new VectorCodesEncoder(5, DAMPING, Problems.GEMM).encode(problem, Arena.ofAuto());
    assertThat(Problems.relativeOutputError(problem, code)).isLessThan(0.35);
  }
}
