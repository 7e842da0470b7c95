package tributary.compression.bands;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tributary.compression.solver.LeastSquares;
import tributary.compression.solver.StoredScale;
import tributary.tensor.format.SignPlanes;

/**
 * The scales that a prefix of the planes should have on its own: those of least output error for
 * signs that stay. The scales of all planes together are too small for fewer.
 */
final class PrefixScales {
  private final Layer layer;
  private final float[] target;
  private final SignPlanes code;
  private final float[][] signs;
  private final float[][] weighted;

  private PrefixScales(Layer layer, float[] target, SignPlanes code) {
    this.layer = layer;
    this.target = target;
    this.code = code;
    int prefix = code.widths() - 1;
    this.signs = new float[prefix][];
    this.weighted = new float[prefix][];
    for (int p = 0; p < prefix; p++) {
      signs[p] = signs(code, p);
      weighted[p] = layer.weighted(signs[p]);
    }
  }

  /**
   * The code with scales for each smaller width.
   *
   * @param target that signs and scales should come close to
   */
  static SignPlanes add(Layer layer, float[] target, SignPlanes code) {
    if (code.widths() == 1) {
      return code;
    }
    PrefixScales prefixes = new PrefixScales(layer, target, code);
    List<List<float[]>> narrow = new ArrayList<>();
    for (int width = 1; width < code.widths(); width++) {
      narrow.add(prefixes.ofWidth(width));
    }
    return new SignPlanes(code.rows(), code.columns(), code.planes(), narrow);
  }

  private List<float[]> ofWidth(int width) {
    List<float[]> scales = new ArrayList<>();
    for (int p = 0; p < width; p++) {
      scales.add(code.planes().get(p).scales().clone());
    }
    IntStream.range(0, code.rows())
        .parallel()
        .forEach(row -> {
          double[] fitted = fit(row, width);
          for (int p = 0; p < fitted.length; p++) {
            scales.get(p)[row] = StoredScale.nearest(fitted[p]);
          }
        });
    return scales;
  }

  private double[] fit(int row, int width) {
    double[][] normal = new double[width][width];
    double[] right = new double[width];
    for (int p = 0; p < width; p++) {
      right[p] = layer.dot(target, weighted[p], row);
      for (int q = 0; q < width; q++) {
        normal[p][q] = layer.dot(signs[q], weighted[p], row);
      }
    }
    return LeastSquares.solve(normal, right);
  }

  private static float[] signs(SignPlanes code, int plane) {
    int columns = code.columns();
    float[] signs = new float[code.rows() * columns];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = code.isPlus(plane, i / columns, i % columns) ? 1 : -1;
    }
    return signs;
  }
}
