package tributary.cli.load;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import tributary.simulation.workload.Request;
import tributary.simulation.workload.Traffic;

/** Sends the requests of a traffic to a server, each at its time or when another has ended. */
public final class LoadRun {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(10);

  /**
   * When requests are sent.
   *
   * @param atTheirTimes false: at once, and so always as many as may run
   * @param runningMax requests that run at the same time at most; a later one waits, and its times
   *     count from when it is sent
   * @param warmUp requests before the first that counts, to all models in turn
   */
  public record Pace(boolean atTheirTimes, int runningMax, int warmUp) {}

  private final LoadTarget target;
  private final Pace pace;
  private final ToIntFunction<String> tokenCount;

  /**
   * @param tokenCount of a text, for servers that do not tell how many tokens they sent
   */
  public LoadRun(LoadTarget target, Pace pace, ToIntFunction<String> tokenCount) {
    this.target = target;
    this.pace = pace;
    this.tokenCount = tokenCount;
  }

  /** Returns when the last answer has ended; {@code ended} is called after each. */
  public LoadFigures run(Traffic traffic, LoadObjective objective, Runnable ended)
      throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        HttpClient http =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_MAX)
                .executor(threads)
                .build()) {
      warmUp(http);
      long begun = System.nanoTime();
      var asking = new Asking(http, target, () -> (System.nanoTime() - begun) / 1e9, tokenCount);
      var answers = new ConcurrentLinkedQueue<Answer>();
      var places = new Semaphore(pace.runningMax());
      for (Optional<Request> next = traffic.next(); next.isPresent(); next = traffic.next()) {
        Request request = next.get();
        if (pace.atTheirTimes()) {
          waitUntil(begun + request.arrival().count());
        }
        places.acquire();
        threads.execute(() -> {
          try {
            answers.add(asking.ask(question(request)));
            ended.run();
          } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
          } finally {
            places.release();
          }
        });
      }
      places.acquire(pace.runningMax());
      return LoadFigures.of(new ArrayList<>(answers), target.models(), objective);
    }
  }

  private void warmUp(HttpClient http) throws InterruptedException {
    long begun = System.nanoTime();
    var asking = new Asking(http, target, () -> (System.nanoTime() - begun) / 1e9, tokenCount);
    for (int i = 0; i < pace.warmUp(); i++) {
      asking.ask(new Asking.Question(i % target.models().size(), -1L - i, 16, 8));
    }
  }

  private static Asking.Question question(Request request) {
    return new Asking.Question(
        request.tenant(), request.number(), request.promptTokens(), request.outputTokens());
  }

  private static void waitUntil(long moment) throws InterruptedException {
    for (long left = moment - System.nanoTime(); left > 0; left = moment - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }
}
