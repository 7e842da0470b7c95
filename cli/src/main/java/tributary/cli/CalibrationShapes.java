package tributary.cli;

import java.util.ArrayList;
import java.util.List;
import tributary.model.bench.StepBenchmark;
import tributary.model.bench.StepBenchmark.Slice;

/** Steps that tell the coefficients of the cost model apart. */
final class CalibrationShapes {
  static final int SLICES_MAX = 17;
  static final int POSITIONS = 256;
  static final int TENANTS_MAX = 8;

  private static final int[] BATCHES = {1, 2, 4, 8, 16};
  private static final int[] PROMPTS = {4, 16, 48, 128};

  private CalibrationShapes() {}

  /** For so many tenants at least 1, and sequences of so many positions. */
  static List<List<Slice>> of(int tenants, int positions) {
    List<List<Slice>> shapes = new ArrayList<>();
    int most = Math.min(TENANTS_MAX, tenants);
    for (int batch : BATCHES) {
      for (int context : new int[] {8, positions / 4, positions - 2}) {
        shapes.add(decode(batch, 0, context));
        shapes.add(decode(batch, 1, context));
        if (batch > 1 && most > 1) {
          shapes.add(decode(batch, Math.min(batch, (most + 1) / 2), context));
          shapes.add(decode(batch, Math.min(batch, most), context));
        }
      }
    }
    for (int prompt : PROMPTS) {
      int count = Math.min(prompt, positions / 2);
      for (int delta : new int[] {StepBenchmark.BASE, 0}) {
        shapes.add(List.of(new Slice(delta, 0, count)));
        shapes.add(List.of(new Slice(delta, positions / 2, count)));
        shapes.add(beside(decode(8, Math.min(8, most), positions / 4), delta, count));
      }
    }
    return shapes;
  }

  /**
   * A row of each sequence; sequence i belongs to tenant i mod tenants, without any to the base.
   */
  private static List<Slice> decode(int batch, int tenants, int context) {
    List<Slice> slices = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      // Rows of one delta lie side by side, as in plans.
      int delta = tenants == 0 ? StepBenchmark.BASE : i * tenants / batch;
      slices.add(new Slice(delta, context, 1));
    }
    return slices;
  }

  private static List<Slice> beside(List<Slice> decodes, int delta, int count) {
    List<Slice> slices = new ArrayList<>();
    slices.add(new Slice(delta, 0, count));
    slices.addAll(decodes);
    return slices;
  }
}
