package tributary.compression.oracles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;

/**
 * Differences that are cut for several devices: layers that are fused are cut first and fused then,
 * so that each device has its part of every layer.
 */
class ShardedDeltaTest {
  private static final int COLUMNS = 48;
  private static final int[] FUSED_ROWS = {32, 16, 16};

  private final SplittableRandom random = new SplittableRandom(3);

  @ParameterizedTest
  @EnumSource
  void outputs_of_cut_and_fused_layers_are_those_of_whole_ones(RandomCodes.Kind kind) {
    List<float[][]> layers = new ArrayList<>();
    for (int rows : FUSED_ROWS) {
      layers.add(decoded(new RandomCodes(random).of(kind, rows, COLUMNS)));
    }
    double[] x = random.doubles(COLUMNS, -1, 1).toArray();
    double[] wanted = layers.stream().flatMapToDouble(l -> Arrays.stream(times(l, x))).toArray();
    for (int degree : new int[] {1, 2, 4}) {
      double[] found = new double[wanted.length];
      for (int device = 0; device < degree; device++) {
        List<float[]> fused = new ArrayList<>();
        for (float[][] layer : layers) {
          int each = layer.length / degree;
          fused.addAll(Arrays.asList(layer).subList(device * each, (device + 1) * each));
        }
        double[] outputs = times(fused.toArray(float[][]::new), x);
        int from = 0;
        int to = 0;
        for (float[][] layer : layers) {
          int each = layer.length / degree;
          System.arraycopy(outputs, from, found, to + device * each, each);
          from += each;
          to += layer.length;
        }
      }
      assertThat(found).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @EnumSource
  void sums_of_layers_that_are_cut_by_inputs_are_those_of_whole_ones(RandomCodes.Kind kind) {
    float[][] layer = decoded(new RandomCodes(random).of(kind, 20, COLUMNS));
    double[] x = random.doubles(COLUMNS, -1, 1).toArray();
    double[] wanted = times(layer, x);
    for (int degree : new int[] {1, 2, 4}) {
      double[] found = new double[wanted.length];
      int each = COLUMNS / degree;
      for (int device = 0; device < degree; device++) {
        int first = device * each;
        float[][] part = new float[layer.length][];
        for (int row = 0; row < layer.length; row++) {
          part[row] = Arrays.copyOfRange(layer[row], first, first + each);
        }
        double[] sums = times(part, Arrays.copyOfRange(x, first, first + each));
        for (int row = 0; row < found.length; row++) {
          found[row] += sums[row];
        }
      }
      assertThat(found).containsExactly(wanted, within(1e-12));
    }
  }

  private static float[][] decoded(MatrixCode code) {
    float[][] rows = new float[code.rows()][code.columns()];
    for (int row = 0; row < rows.length; row++) {
      code.readRow(row, rows[row]);
    }
    return rows;
  }

  private static double[] times(float[][] matrix, double[] x) {
    double[] y = new double[matrix.length];
    for (int row = 0; row < y.length; row++) {
      for (int column = 0; column < x.length; column++) {
        y[row] += matrix[row][column] * x[column];
      }
    }
    return y;
  }
}
