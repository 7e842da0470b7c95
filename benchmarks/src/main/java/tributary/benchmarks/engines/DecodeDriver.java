package tributary.benchmarks.engines;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An engine open on a model, inside the process that {@link ChildJvm} starts. */
interface DecodeDriver extends AutoCloseable {

  /** A bound on the runs that one measurement keeps. */
  int RUNS_MAX = 1000;

  /** The prompt's tokens, the begin token included. */
  List<Integer> promptTokens();

  @Override
  void close();

  /** Decodes the batch once, noting each token. Returns what the first sequence began with. */
  List<Integer> decode(int tokens, DecodeClock clock) throws Exception;

  /** Opens an engine on a task's model. */
  @FunctionalInterface
  interface Opener {
    DecodeDriver open(DecodeTask task) throws Exception;
  }

  /** Reads the task from the file of the first argument, writes the result to the second's. */
  static void serve(String[] arguments, Opener opener) throws Exception {
    ObjectMapper json = new ObjectMapper();
    DecodeTask task = json.readValue(new File(arguments[0]), DecodeTask.class);
    DecodeResult result;
    try (DecodeDriver driver = opener.open(task)) {
      result = measure(driver, task);
    }
    json.writeValue(new File(arguments[1]), result);
  }

  private static DecodeResult measure(DecodeDriver driver, DecodeTask task) throws Exception {
    runs(driver, task, Duration.ofSeconds(task.warmUpSeconds()), new ArrayList<>());
    List<Double> tokensPerSecond = new ArrayList<>();
    List<Integer> first =
        runs(driver, task, Duration.ofSeconds(task.measureSeconds()), tokensPerSecond);
    return new DecodeResult(
        tokensPerSecond,
        driver.promptTokens(),
        first.subList(0, Math.min(first.size(), DecodeResult.FIRST_TOKENS)));
  }

  /** Makes at least one run, and more until the time is up. */
  private static List<Integer> runs(
      DecodeDriver driver, DecodeTask task, Duration time, List<Double> tokensPerSecond)
      throws Exception {
    long start = System.nanoTime();
    List<Integer> first;
    do {
      DecodeClock clock = new DecodeClock(task.batch(), task.tokens());
      first = driver.decode(task.tokens(), clock);
      tokensPerSecond.add(clock.tokensPerSecond());
    } while (System.nanoTime() - start < time.toNanos() && tokensPerSecond.size() < RUNS_MAX);
    return first;
  }
}
