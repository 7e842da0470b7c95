package tributary.benchmarks.engines;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An engine open on a task, inside the process that {@link ChildJvm} starts. */
interface Driver extends AutoCloseable {

  /** A bound on the runs that one measurement keeps. */
  int RUNS_MAX = 1000;

  /** The prompt's tokens, the begin token included. */
  List<Integer> promptTokens();

  /** What the base begins with where the task's sequences are fine-tunes, else nothing. */
  List<Integer> baseTokens();

  @Override
  void close();

  /** Does the work once, noting prompts and tokens. Returns what each sequence decoded. */
  List<List<Integer>> run(TokenClock clock) throws Exception;

  /** Opens an engine on a task. */
  @FunctionalInterface
  interface Opener {
    Driver open(Task task) throws Exception;
  }

  /**
   * Reads the task from the file of the first argument, writes the result to the second's, and ends
   * the process, with status 1 on a failure. Engines leave threads behind, native ones too, that an
   * orderly exit would wait for without end.
   */
  static void serve(String[] arguments, Opener opener) {
    int status = 1;
    try {
      measure(arguments, opener);
      status = 0;
    } catch (Exception failure) {
      failure.printStackTrace();
    } finally {
      Runtime.getRuntime().halt(status);
    }
  }

  private static void measure(String[] arguments, Opener opener) throws Exception {
    ObjectMapper json = new ObjectMapper();
    Task task = json.readValue(new File(arguments[0]), Task.class);
    TaskResult result;
    try (Driver driver = opener.open(task)) {
      result = measure(driver, task);
    }
    json.writeValue(new File(arguments[1]), result);
  }

  private static TaskResult measure(Driver driver, Task task) throws Exception {
    runs(driver, task, Duration.ofSeconds(task.warmUpSeconds()), new ArrayList<>());
    List<Double> tokensPerSecond = new ArrayList<>();
    List<List<Integer>> decoded =
        runs(driver, task, Duration.ofSeconds(task.measureSeconds()), tokensPerSecond);
    return new TaskResult(
        tokensPerSecond,
        driver.promptTokens(),
        decoded.stream().map(Driver::beginning).toList(),
        beginning(driver.baseTokens()));
  }

  private static List<Integer> beginning(List<Integer> tokens) {
    return tokens.subList(0, Math.min(tokens.size(), TaskResult.FIRST_TOKENS));
  }

  /** Makes at least one run, and more until the time is up. */
  private static List<List<Integer>> runs(
      Driver driver, Task task, Duration time, List<Double> tokensPerSecond) throws Exception {
    long start = System.nanoTime();
    List<List<Integer>> decoded;
    do {
      TokenClock clock = new TokenClock(task.work().sequences(), task.work().tokens());
      decoded = driver.run(clock);
      tokensPerSecond.add(clock.tokensPerSecond(task.work()));
    } while (System.nanoTime() - start < time.toNanos() && tokensPerSecond.size() < RUNS_MAX);
    return decoded;
  }
}
