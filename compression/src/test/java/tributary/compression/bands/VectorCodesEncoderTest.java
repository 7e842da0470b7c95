package tributary.compression.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.VectorCodes;

class VectorCodesEncoderTest {
  private static final double DAMPING = 0.01;

  @ParameterizedTest(name = "{0} rows share a byte")
  @ValueSource(ints = {2, 4, 5, 8})
  void a_vector_is_the_nearest_of_the_codebook(int d) {
    Random random = new Random(d);
    float[] book = new Codebooks().of(d);
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
    DeltaTensor.Coded vectors = encode(problem, 8);
    DeltaTensor.Coded signs =
        new SignPlanesEncoder(1, DAMPING, Problems.GEMM).encode(problem, Arena.ofAuto());
    assertThat(Problems.relativeOutputError(problem, vectors))
        .isLessThan(Problems.relativeOutputError(problem, signs));
  }

  @ParameterizedTest(name = "{0} rows share a byte")
  @ValueSource(ints = {3, 8})
  void what_a_codebook_loses_is_as_stated(int rows) {
    assertThat(GaussianCodebook.distortion(rows, new Codebooks().of(rows)))
        .isCloseTo(CodebookDistortion.of(rows), within(1e-5));
  }

  @Test
  void wider_vectors_lose_more() {
    for (int rows = 2; rows <= CodebookDistortion.ROWS_MAX; rows++) {
      assertThat(CodebookDistortion.of(rows)).isGreaterThan(CodebookDistortion.of(rows - 1));
    }
  }

  private static DeltaTensor.Coded encode(LinearProblem problem, int rows) {
    return new VectorCodesEncoder(
            _ -> rows, new Codebooks(), VectorCodesEncoder.Search.THOROUGH, DAMPING, Problems.GEMM)
        .encode(problem, Arena.ofAuto());
  }

  @Test
  void a_last_band_may_be_narrow() {
    LinearProblem problem = Problems.correlated(2, 13, 64);
    DeltaTensor.Coded code = encode(problem, 5);
    assertThat(Problems.relativeOutputError(problem, code)).isLessThan(0.35);
  }
}
