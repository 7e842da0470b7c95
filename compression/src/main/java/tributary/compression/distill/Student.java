package tributary.compression.distill;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tributary.gpu.Gemm;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.GradientSink;
import tributary.model.gradient.LogitLoss;
import tributary.model.gradient.TokenBatch;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.format.MatrixCode;

/** The compressed model, whose scales, all matrices' one after the other, can be set. */
final class Student {
  /**
   * One coded linear.
   *
   * @param weight base and difference with the scales that were set last
   * @param first of its scales among all
   */
  private record Part(String name, ScaledCode code, TensorView base, float[] weight, int first) {
    int end() {
      return first + code.scales().length;
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private final Map<String, MatrixCode> fixed = new TreeMap<>();
  private final GradientPass pass;
  private int scales;

  Student(ScaleDistillation.Job job, Gemm gemm) {
    Map<String, float[]> parameters = new HashMap<>(job.others());
    new TreeMap<>(job.codes())
        .forEach((name, code) -> parameters.put(name, add(name, code, job.base().tensor(name))));
    if (scales == 0) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "none of the %d coded linears has scales to distil".formatted(job.codes().size()));
    }
    this.pass = GradientPass.of(DenseModel.of(job.teacher().config(), parameters), gemm);
  }

  private float[] add(String name, MatrixCode code, TensorView base) {
    float[] weight = base.toFloats();
    Optional<ScaledCode> scaled = ScaledCode.of(code);
    if (scaled.isPresent()) {
      Part part = new Part(name, scaled.get(), base, weight, scales);
      parts.add(part);
      scales = part.end();
    } else {
      fixed.put(name, code);
      addDecoded(weight, code);
    }
    return weight;
  }

  private static void addDecoded(float[] weight, MatrixCode code) {
    float[] row = new float[code.columns()];
    for (int r = 0; r < code.rows(); r++) {
      code.readRow(r, row);
      for (int c = 0; c < row.length; c++) {
        weight[r * row.length + c] += row[c];
      }
    }
  }

  /** The scales that the codes came with. */
  float[] startingScales() {
    float[] all = new float[scales];
    for (Part part : parts) {
      float[] own = part.code.scales();
      System.arraycopy(own, 0, all, part.first, own.length);
    }
    return all;
  }

  /** Decodes all weights anew with these scales. */
  void set(float[] all) {
    for (Part part : parts) {
      part.base.readFloats(0, part.weight, 0, part.weight.length);
      part.code.addTo(part.weight, Arrays.copyOfRange(all, part.first, part.end()));
    }
  }

  double loss(TokenBatch batch, int[] rows, LogitLoss loss) {
    return pass.loss(batch, rows, loss);
  }

  /** The loss; sets {@code gradient} to its derivatives with respect to the scales. */
  double gradient(TokenBatch batch, int[] rows, LogitLoss loss, double[] gradient) {
    Map<String, Part> byName = new HashMap<>();
    parts.forEach(part -> byName.put(part.name, part));
    return pass.gradients(
        batch,
        rows,
        loss,
        new GradientSink() {
          @Override
          public boolean wants(String parameter) {
            return byName.containsKey(parameter);
          }

          @Override
          public void accept(String parameter, float[] weightGradient) {
            Part part = byName.get(parameter);
            if (part == null) {
              throw new AssertionError("not asked for: " + parameter);
            }
            double[] own = part.code.gradient(weightGradient);
            System.arraycopy(own, 0, gradient, part.first, own.length);
          }
        });
  }

  /** All codes, those that have scales with these. */
  Map<String, MatrixCode> codes(float[] all) {
    Map<String, MatrixCode> codes = new TreeMap<>(fixed);
    for (Part part : parts) {
      float[] own = Arrays.copyOfRange(all, part.first, part.end());
      codes.put(part.name, part.code.withScales(own));
    }
    return codes;
  }
}
