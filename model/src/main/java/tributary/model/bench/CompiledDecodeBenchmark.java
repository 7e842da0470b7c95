package tributary.model.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import tributary.gpu.Backend;
import tributary.gpu.KvShape;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledTenant;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.protocol.TributaryException;

/**
 * How fast a device decodes a batch at a fixed context: weights and signs are made on the device,
 * other codes on the host, and each step computes the same positions, so that all read the same
 * bytes.
 */
public final class CompiledDecodeBenchmark {
  private static final int PAGE_TOKENS = 16;
  private static final int WARM_UP_STEPS = 300;

  /**
   * What to measure.
   *
   * @param rows one a sequence
   * @param tenants that the first rows belong to, one each; further rows run the base
   * @param code of each tenant's difference, over all matrices but embeddings and head
   * @param context positions that each row attends to, itself included
   * @param steps that are timed
   */
  public record Settings(
      ModelShape shape, int rows, int tenants, RandomCode code, int context, int steps) {
    public Settings {
      within("rows", rows, 1, 1024);
      within("tenants", tenants, 0, rows);
      within("context", context, 1, 1 << 20);
      within("steps", steps, 1, 1_000_000);
    }

    private static void within(String name, int value, int min, int max) {
      if (value < min || value > max) {
        throw TributaryException.parameter(name, value, min, max);
      }
    }
  }

  /**
   * What was measured; times are medians.
   *
   * @param hostMillisecondsPerStep for which the device waited for the host
   * @param size of the code: planes, bits, rows of a vector or rank
   * @param bytesPerStep of weights, differences, and keys and values, each once
   * @param gigabytesPerSecond those bytes over the step
   */
  public record Report(
      String shape,
      int rows,
      int tenants,
      String codec,
      int size,
      int context,
      double millisecondsPerStep,
      double millisecondsPerStepP90,
      double hostMillisecondsPerStep,
      double tokensPerSecond,
      long bytesPerStep,
      double gigabytesPerSecond,
      String device) {}

  private final Settings settings;
  private final Network network;
  private final KvShape cache;

  public CompiledDecodeBenchmark(Settings settings) {
    this.settings = settings;
    ModelConfig config = settings.shape.config();
    this.network = Families.network(config);
    this.cache =
        ForwardPass.kvShape(
            config, settings.rows * Math.ceilDiv(settings.context, PAGE_TOKENS), PAGE_TOKENS);
  }

  /**
   * @throws TributaryException {@code config} when the backend does not compile steps
   */
  public Report run(Backend backend) {
    return new CompiledVariants(network, cache, settings.tenants, settings.code)
        .measure(backend, (steps, tenants) -> run(steps, tenants, backend));
  }

  private Report run(CompiledSteps steps, List<CompiledTenant> tenants, Backend backend) {
    CompiledSteps.Rows rows = rows(tenants);
    double[] milliseconds = new double[settings.steps];
    double[] host = new double[settings.steps];
    for (int i = -WARM_UP_STEPS; i < settings.steps; i++) {
      long hostBefore = steps.hostNanos();
      long begin = System.nanoTime();
      steps.run(rows, IGNORED);
      if (i >= 0) {
        milliseconds[i] = (System.nanoTime() - begin) / 1e6;
        host[i] = (steps.hostNanos() - hostBefore) / 1e6;
      }
    }
    Arrays.sort(milliseconds);
    Arrays.sort(host);
    double median = milliseconds[settings.steps / 2];
    long bytes = bytes();
    return new Report(
        settings.shape.shapeName(),
        settings.rows,
        settings.tenants,
        settings.code.kind().codec(),
        settings.code.size(),
        settings.context,
        median,
        milliseconds[(int) (settings.steps * 0.9)],
        host[settings.steps / 2],
        settings.rows / median * 1e3,
        bytes,
        bytes / median / 1e6,
        backend.description());
  }

  private CompiledSteps.Rows rows(List<CompiledTenant> tenants) {
    int pages = cache.pages() / settings.rows;
    int[] tokens = new int[settings.rows];
    List<SequenceRows> sequences = new ArrayList<>();
    List<RowRun<CompiledTenant>> runs = new ArrayList<>();
    for (int row = 0; row < settings.rows; row++) {
      tokens[row] = row * 7;
      int[] table = IntStream.range(row * pages, (row + 1) * pages).toArray();
      sequences.add(new SequenceRows(row, 1, settings.context - 1, table));
      if (row < tenants.size()) {
        runs.add(new RowRun<>(row, 1, tenants.get(row)));
      }
    }
    return new CompiledSteps.Rows(
        tokens, runs, sequences, Collections.nCopies(settings.rows, CompiledSteps.Wanted.CHOICE));
  }

  private long bytes() {
    long weights = 0;
    long differences = 0;
    for (Parameter parameter : network.parameters().all()) {
      if (parameter instanceof Parameter.Matrix matrix && !matrix.equals(network.embedding())) {
        long elements = (long) matrix.rows() * matrix.columns();
        weights += elements * Short.BYTES;
        differences +=
            matrix.vocabulary() ? 0 : settings.code.bytes(matrix.rows(), matrix.columns());
      }
    }
    long position = 2L * cache.layers() * cache.heads() * cache.headSize() * Short.BYTES;
    return weights + differences * settings.tenants + position * settings.context * settings.rows;
  }

  static final CompiledSteps.Results IGNORED =
      new CompiledSteps.Results() {
        @Override
        public void chosen(int row, int token) {}

        @Override
        public void logits(int row, float[] logits) {}
      };
}
