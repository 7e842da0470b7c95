package tributary.compression.distill;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tributary.gpu.Gemm;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.GradientSink;
import tributary.model.gradient.HeadDistances;
import tributary.model.gradient.LogitLoss;
import tributary.model.gradient.TokenBatch;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor.Coded;
import tributary.tensor.format.TunedMatrix;

/** The compressed model, whose scales, all matrices' one after the other, can be set. */
final class Student {
  private static final float[] NONE = {};

  /**
   * One coded linear. Its scales are its code's, and after them what the base's rows are multiplied
   * by, if they are.
   *
   * @param weight base and difference with the scales that were set last
   * @param first of its scales among all
   */
  private record Part(
      String name, Coded coded, ScaledCode code, TensorView base, float[] weight, int first) {
    float[] scales() {
      float[] own = code.scales();
      float[] factors = factors();
      float[] all = Arrays.copyOf(own, own.length + factors.length);
      System.arraycopy(factors, 0, all, own.length, factors.length);
      return all;
    }

    private float[] factors() {
      float[] factors = coded.baseFactors();
      return factors == null ? NONE : factors;
    }

    int end() {
      return first + code.scales().length + factors().length;
    }

    void set(float[] scales) {
      base.readFloats(0, weight, 0, weight.length);
      int codes = code.scales().length;
      forEachRow((row, from, to) -> {
        for (int i = from; i < to; i++) {
          weight[i] *= scales[codes + row];
        }
      });
      code.addTo(weight, Arrays.copyOf(scales, codes));
    }

    double[] gradient(float[] weightGradient) {
      double[] own = code.gradient(weightGradient);
      double[] all = Arrays.copyOf(own, own.length + factors().length);
      forEachRow((row, from, to) -> {
        float[] base = new float[to - from];
        base().readFloats(from, base, 0, base.length);
        for (int i = from; i < to; i++) {
          all[own.length + row] += (double) weightGradient[i] * base[i - from];
        }
      });
      return all;
    }

    Coded with(float[] scales) {
      int codes = code.scales().length;
      boolean fixedBase = coded.baseFactors() == null;
      return new Coded(
          code.withScales(Arrays.copyOf(scales, codes)),
          fixedBase ? null : Arrays.copyOfRange(scales, codes, scales.length),
          coded.added());
    }

    /** Work on a row, elements {@code [from, to)} of the weight. */
    private interface RowWork {
      void run(int row, int from, int to);
    }

    private void forEachRow(RowWork work) {
      int columns = coded.code().columns();
      IntStream.range(0, factors().length)
          .parallel()
          .forEach(row -> work.run(row, row * columns, (row + 1) * columns));
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private final Map<String, Coded> fixed = new TreeMap<>();
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

  private float[] add(String name, Coded coded, TensorView base) {
    float[] weight = base.toFloats();
    Optional<ScaledCode> scaled = ScaledCode.of(coded.code());
    if (scaled.isPresent()) {
      Part part = new Part(name, coded, scaled.get(), base, weight, scales);
      parts.add(part);
      scales = part.end();
    } else {
      fixed.put(name, coded);
      TunedMatrix tuned = TunedMatrix.of(base, coded);
      float[] row = new float[tuned.columns()];
      for (int r = 0; r < tuned.rows(); r++) {
        tuned.readRow(r, row);
        System.arraycopy(row, 0, weight, r * row.length, row.length);
      }
    }
    return weight;
  }

  /** The scales that the codes came with. */
  float[] startingScales() {
    float[] all = new float[scales];
    for (Part part : parts) {
      float[] own = part.scales();
      System.arraycopy(own, 0, all, part.first, own.length);
    }
    return all;
  }

  /** Decodes all weights anew with these scales. */
  void set(float[] all) {
    for (Part part : parts) {
      part.set(Arrays.copyOfRange(all, part.first, part.end()));
    }
  }

  Optional<HeadDistances> distancesTo(GradientPass other) {
    return pass.distancesTo(other);
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
            double[] own = part.gradient(weightGradient);
            System.arraycopy(own, 0, gradient, part.first, own.length);
          }
        });
  }

  /** All codes, those that have scales with these. */
  Map<String, Coded> codes(float[] all) {
    Map<String, Coded> codes = new TreeMap<>(fixed);
    for (Part part : parts) {
      codes.put(part.name, part.with(Arrays.copyOfRange(all, part.first, part.end())));
    }
    return codes;
  }
}
