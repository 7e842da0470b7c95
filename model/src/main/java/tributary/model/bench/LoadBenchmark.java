package tributary.model.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import tributary.gpu.Backend;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.StepCompiler;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.network.Differences;
import tributary.model.network.Network;
import tributary.model.network.StepRecording;
import tributary.model.network.Weights;
import tributary.protocol.TributaryException;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.format.DeltaTensor;

/**
 * How fast a delta goes from a file, or from the host's memory, to a device that computes with it,
 * and what that costs those who decode meanwhile. The delta's bytes are random.
 */
public final class LoadBenchmark {
  private static final int PAGE_TOKENS = 16;
  private static final int CONTEXT = 512;
  private static final int WARM_UP_STEPS = 300;
  private static final int STEPS = 100;
  private static final int READS = 3;

  /**
   * What to measure.
   *
   * @param rows of the base that decode meanwhile
   * @param rounds loads of each kind that are timed, after one that is not
   */
  public record Settings(ModelShape shape, RandomCode code, int rows, int rounds) {
    public Settings {
      if (rows < 1 || rows > 32) {
        throw TributaryException.parameter("rows", rows, 1, 32);
      }
      if (rounds < 1 || rounds > 1000) {
        throw TributaryException.parameter("rounds", rounds, 1, 1000);
      }
    }
  }

  /**
   * What was measured; times are medians, a load's until it may be computed with.
   *
   * @param bytes of the delta's file
   * @param deviceBytes that the delta takes on the device
   * @param pinMilliseconds until the file's memory is pinned
   * @param pinnedMilliseconds a load from there while nobody decodes
   * @param pageableMilliseconds the same from memory that is not pinned
   * @param besideMilliseconds a load from pinned memory while others decode
   * @param stepMilliseconds a step while nothing is loaded
   * @param stepBesideMilliseconds a step while deltas are loaded
   * @param diskMilliseconds until the file, of which nothing is in memory, has been read
   * @param plainReadMilliseconds the same for its bytes alone, read by several threads
   * @param verifyMilliseconds until its checksums are compared
   */
  public record Report(
      String shape,
      String codec,
      int size,
      long bytes,
      long deviceBytes,
      double pinMilliseconds,
      double pinnedMilliseconds,
      double pageableMilliseconds,
      double besideMilliseconds,
      int rows,
      double stepMilliseconds,
      double stepBesideMilliseconds,
      double diskMilliseconds,
      double plainReadMilliseconds,
      double verifyMilliseconds,
      String device) {}

  private final Settings settings;
  private final Network network;
  private final KvShape cache;

  public LoadBenchmark(Settings settings) {
    this.settings = settings;
    this.network = Families.network(settings.shape.config());
    this.cache =
        ForwardPass.kvShape(
            settings.shape.config(), settings.rows * CONTEXT / PAGE_TOKENS, PAGE_TOKENS);
  }

  /**
   * @throws TributaryException {@code config} when the backend does not compile steps
   */
  public Report run(Backend backend) {
    StepCompiler compiler = CompiledVariants.compiler(backend);
    try (var file = new RandomDeltaFile(settings.code, network);
        Weights weights = Weights.random(network, compiler);
        CompiledModel model = compiler.compile(StepRecording.of(network, cache), weights, cache);
        CompiledSteps steps = model.steps(cache);
        ExecutorService decoding = Executors.newSingleThreadExecutor()) {
      return run(file, new Differences.Target(backend, model), steps, decoding);
    }
  }

  private Report run(
      RandomDeltaFile path,
      Differences.Target target,
      CompiledSteps steps,
      ExecutorService decoding) {
    double disk = median(IntStream.range(0, READS).mapToDouble(_ -> path.read()));
    double plain = median(IntStream.range(0, READS).mapToDouble(_ -> path.readPlainly()));
    double _ = milliseconds(() -> decode(steps), WARM_UP_STEPS);
    try (DeltaFile file = path.open()) {
      double verify = milliseconds(file::verifyChecksums, 1);
      var loads = new Loads(file.tensors(), target);
      long bytes = loads.bytes();
      double pageable = loads.milliseconds(settings.rounds);
      long begin = System.nanoTime();
      Runnable unpin = target.backend().pin(file.bytes(Integer.MAX_VALUE));
      double pin = (System.nanoTime() - begin) / 1e6;
      try {
        double pinned = loads.milliseconds(settings.rounds);
        double step = milliseconds(() -> decode(steps), STEPS);
        Future<Double> beside = decoding.submit(() -> loads.milliseconds(settings.rounds));
        double[] stepsBeside = {};
        while (!beside.isDone()) {
          stepsBeside = Arrays.copyOf(stepsBeside, stepsBeside.length + 1);
          stepsBeside[stepsBeside.length - 1] = milliseconds(() -> decode(steps), 1);
        }
        return new Report(
            settings.shape.shapeName(),
            settings.code.kind().codec(),
            settings.code.size(),
            file.size().count(),
            bytes,
            pin,
            pinned,
            pageable,
            beside.resultNow(),
            settings.rows,
            step,
            median(DoubleStream.of(stepsBeside)),
            disk,
            plain,
            verify,
            target.backend().description());
      } finally {
        unpin.run();
      }
    }
  }

  /** One delta, loaded over and over. */
  private final class Loads {
    private final Map<String, DeltaTensor> tensors;
    private final Differences.Target target;

    Loads(Map<String, DeltaTensor> tensors, Differences.Target target) {
      this.tensors = tensors;
      this.target = target;
    }

    private Differences load() {
      return Differences.load(network, tensors, target);
    }

    /** What it takes on the device. */
    long bytes() {
      try (Differences loaded = load()) {
        return loaded.size().count();
      }
    }

    double milliseconds(int rounds) {
      return median(
          IntStream.range(0, rounds)
              .mapToDouble(_ -> {
                long begin = System.nanoTime();
                Differences loaded = load();
                double time = (System.nanoTime() - begin) / 1e6;
                loaded.close();
                return time;
              }));
    }
  }

  private void decode(CompiledSteps steps) {
    int pages = CONTEXT / PAGE_TOKENS;
    List<SequenceRows> sequences =
        IntStream.range(0, settings.rows)
            .mapToObj(row ->
                new SequenceRows(
                    row, 1, CONTEXT - 1, IntStream.range(row * pages, (row + 1) * pages).toArray()))
            .toList();
    steps.run(
        new CompiledSteps.Rows(
            new int[settings.rows],
            List.of(),
            sequences,
            Collections.nCopies(settings.rows, CompiledSteps.Wanted.CHOICE)),
        new CompiledSteps.Results() {
          @Override
          public void chosen(int row, int token) {}

          @Override
          public void logits(int row, float[] logits) {}
        });
  }

  private static double milliseconds(Runnable work, int rounds) {
    return median(
        IntStream.range(0, rounds)
            .mapToDouble(_ -> {
              long begin = System.nanoTime();
              work.run();
              return (System.nanoTime() - begin) / 1e6;
            }));
  }

  private static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
