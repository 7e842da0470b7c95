package tributary.simulation.systems;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import tributary.protocol.TributaryException;
import tributary.simulation.engine.ClusterSpec;
import tributary.simulation.engine.Simulation;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.workload.Traffic;

/**
 * Runs several systems over the same requests, some at a time; each run is by itself, so that how
 * many go side by side changes no figure.
 */
public final class Comparison {
  /**
   * What a system came to.
   *
   * @param gpus of all its nodes
   * @param reason why there is no outcome
   */
  public record Result(
      ServingSystem system,
      int tenants,
      int nodes,
      int gpus,
      Optional<Outcome> outcome,
      String reason) {}

  /** A system in a setting. */
  public record Run(ServingSystem system, Setting setting) {}

  private final IntFunction<Traffic> traffic;
  private final Objective objective;

  /**
   * @param traffic opens the requests anew, for so many tenants
   */
  public Comparison(IntFunction<Traffic> traffic, Objective objective) {
    this.traffic = traffic;
    this.objective = objective;
  }

  /** The results in the order of the runs. */
  public List<Result> run(List<Run> runs) {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<Result>> futures = new ArrayList<>();
      runs.forEach(run -> futures.add(pool.submit(() -> one(run))));
      List<Result> results = new ArrayList<>();
      for (Future<Result> future : futures) {
        results.add(result(future));
      }
      return results;
    }
  }

  private Result one(Run run) {
    int tenants = run.setting().tenants();
    ClusterSpec cluster;
    try {
      cluster = run.system().cluster(run.setting());
    } catch (TributaryException impossible) {
      return new Result(run.system(), tenants, 0, 0, Optional.empty(), impossible.text());
    }
    try (Traffic requests = traffic.apply(tenants)) {
      Outcome outcome = Simulation.run(cluster, requests, objective);
      return new Result(
          run.system(), tenants, cluster.nodes(), cluster.gpus(), Optional.of(outcome), "");
    }
  }

  private static Result result(Future<Result> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the comparison was interrupted", e);
    }
  }
}
