package tributary.compression.bands;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What vector codes lose of independent normal values, as a share of their variance. */
public final class CodebookDistortion {
  private static final Map<Integer, Double> KNOWN = new ConcurrentHashMap<>();

  private CodebookDistortion() {}

  /** The mean squared error of the codebook for {@code vectorRows} rows, on fixed samples. */
  public static double of(int vectorRows) {
    return KNOWN.computeIfAbsent(vectorRows, GaussianCodebook::distortion);
  }
}
