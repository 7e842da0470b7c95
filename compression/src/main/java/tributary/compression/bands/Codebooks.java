package tributary.compression.bands;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The codebooks of one compression: each is made when it is first asked for, and then shared by all
 * layers. Safe for use by several threads.
 */
public final class Codebooks {
  private final Map<Integer, float[]> made = new ConcurrentHashMap<>();

  /**
   * The codebook [256, vectorRows] for independent values of variance 1. Not to be changed.
   *
   * @param vectorRows 1 to {@link tributary.tensor.format.VectorCodes#ROWS_MAX}
   */
  float[] of(int vectorRows) {
    return made.computeIfAbsent(vectorRows, GaussianCodebook::make);
  }
}
