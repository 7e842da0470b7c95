package tributary.compression.quality.report;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.compression.quality.report.ComparisonRow.Effort;
import tributary.compression.quality.report.ComparisonRow.Kept;
import tributary.compression.quality.report.ComparisonRow.Size;

/** Rows of a small comparison. */
final class Samples {
  private Samples() {}

  static List<ComparisonRow> rows() {
    return List.of(
        row("a", "none", 16, 0, 1.0),
        row("a", "planes:count=1", 1, 0.1, 0.5),
        row("a", "planes:count=2", 2, 0.01, 0.9),
        row("b", "none", 16, 0, null),
        row("b", "planes:count=1", 1, 0.3, null),
        row("b", "planes:count=2", 2, 0.03, null));
  }

  static ComparisonRow row(
      String model, String codec, double bits, double divergence, @Nullable Double share) {
    return new ComparisonRow(
        model,
        codec,
        new Size((long) (1000 * bits), 2000, 16_000, bits, bits + 1, bits),
        new Kept(0.5, share, 2, 1 + divergence, divergence, 1 - divergence, 7, 70),
        new Effort(1, model.equals("a") ? 1000 : 3000));
  }

  static Comparison comparison() {
    var run =
        new Comparison.Circumstances("2025-01-31", "a <machine>", "compare --it & \"all\"", 7, 9);
    return Comparison.of(run, rows());
  }
}
