package tributary.model.bench;

import java.lang.foreign.Arena;
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
import tributary.tensor.format.DeltaTensor;

/**
 * How fast a delta goes from the host's memory to a device that computes with it, and what that
 * costs those who decode meanwhile. The delta's bytes are random and lie in pageable memory.
 */
public final class LoadBenchmark {
  private static final int PAGE_TOKENS = 16;
  private static final int CONTEXT = 512;
  private static final int WARM_UP_STEPS = 300;
  private static final int STEPS = 100;

  /**
   * What to measure.
   *
   * @param rows of the base that decode meanwhile
   * @param rounds loads that are timed, after one that is not
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
   * What was measured; times are medians.
   *
   * @param bytes that the delta takes on the device
   * @param aloneMilliseconds a load while nobody decodes
   * @param besideMilliseconds a load while others decode
   * @param stepMilliseconds a step while nothing is loaded
   * @param stepBesideMilliseconds a step while deltas are loaded
   */
  public record Report(
      String shape,
      String codec,
      int size,
      long bytes,
      double aloneMilliseconds,
      double besideMilliseconds,
      double aloneGigabytesPerSecond,
      double besideGigabytesPerSecond,
      int rows,
      double stepMilliseconds,
      double stepBesideMilliseconds,
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
    try (Arena memory = Arena.ofShared();
        Weights weights = Weights.random(network, compiler);
        CompiledModel model = compiler.compile(StepRecording.of(network, cache), weights, cache);
        CompiledSteps steps = model.steps(cache);
        ExecutorService decoding = Executors.newSingleThreadExecutor()) {
      Map<String, DeltaTensor> tensors = settings.code.differences(network, memory);
      return run(new Loads(tensors, new Differences.Target(backend, model)), steps, decoding);
    }
  }

  private Report run(Loads loads, CompiledSteps steps, ExecutorService decoding) {
    double _ = milliseconds(() -> decode(steps), WARM_UP_STEPS);
    long bytes = loads.load();
    double alone = milliseconds(loads::load, settings.rounds);
    double step = milliseconds(() -> decode(steps), STEPS);
    Future<Double> beside = decoding.submit(() -> milliseconds(loads::load, settings.rounds));
    double[] stepsBeside = {};
    while (!beside.isDone()) {
      stepsBeside = Arrays.copyOf(stepsBeside, stepsBeside.length + 1);
      stepsBeside[stepsBeside.length - 1] = milliseconds(() -> decode(steps), 1);
    }
    double besideMilliseconds = beside.resultNow();
    return new Report(
        settings.shape.shapeName(),
        settings.code.kind().codec(),
        settings.code.size(),
        bytes,
        alone,
        besideMilliseconds,
        bytes / alone / 1e6,
        bytes / besideMilliseconds / 1e6,
        settings.rows,
        step,
        median(DoubleStream.of(stepsBeside)),
        loads.target.backend().description());
  }

  /** One delta, loaded over and over. */
  private final class Loads {
    private final Map<String, DeltaTensor> tensors;
    private final Differences.Target target;

    Loads(Map<String, DeltaTensor> tensors, Differences.Target target) {
      this.tensors = tensors;
      this.target = target;
    }

    /** Loads it and lets go of it again; returns its bytes. */
    long load() {
      Differences loaded = Differences.load(network, tensors, target);
      long bytes = loaded.size().count();
      loaded.close();
      return bytes;
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
