package tributary.cli;

import akka.stream.javadsl.Sink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import tributary.actors.TributaryNode;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;
import tributary.simulation.statistics.RunStatistics;
import tributary.simulation.validation.LiveFit;
import tributary.simulation.workload.Request;
import tributary.simulation.workload.Traffic;

/** Sends requests to a running node at their times and measures what their readers see. */
final class LiveRun {
  private static final int TOKEN_FIRST = 3;
  private static final int TOKENS_USED = 500;

  private final TributaryNode node;
  private final List<DeltaId> tenants;
  private final String name;

  /**
   * @param name makes the requests' ids unlike those of other runs
   */
  LiveRun(TributaryNode node, List<DeltaId> tenants, String name) {
    this.node = node;
    this.tenants = tenants;
    this.name = name;
  }

  /**
   * Returns when the last request has ended: what clients saw of each that ended well.
   *
   * @param statistics to which this run is added
   */
  List<LiveFit.Seen> run(Traffic traffic, RunStatistics statistics) {
    var seen = new ConcurrentLinkedQueue<LiveFit.Seen>();
    var ends = new ConcurrentLinkedQueue<RunStatistics.Finished>();
    List<CompletableFuture<?>> running = new ArrayList<>();
    long begun = System.nanoTime();
    for (Optional<Request> next = traffic.next(); next.isPresent(); next = traffic.next()) {
      Request request = next.get();
      waitUntil(begun + request.arrival().count());
      running.add(send(request, begun, new Ends(ends, seen)).toCompletableFuture());
    }
    CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).join();
    running.forEach(_ -> statistics.arrived());
    ends.forEach(statistics::finished);
    for (int lost = running.size() - ends.size(); lost > 0; lost--) {
      statistics.lost();
    }
    statistics.nextRun();
    return List.copyOf(seen);
  }

  private static void waitUntil(long moment) {
    for (long left = moment - System.nanoTime(); left > 0; left = moment - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private record Ends(
      ConcurrentLinkedQueue<RunStatistics.Finished> finished,
      ConcurrentLinkedQueue<LiveFit.Seen> seen) {}

  private CompletionStage<?> send(Request request, long begun, Ends ends) {
    long[] first = {0};
    GenerationRequest made = made(request);
    return node.generation()
        .generate(made)
        .runWith(
            Sink.foreach(event -> {
              switch (event) {
                case TokenEvent.Token token -> {
                  if (token.index() == 0) {
                    first[0] = System.nanoTime() - begun;
                  }
                }
                case TokenEvent.Finished finished -> {
                  Nanos end = new Nanos(System.nanoTime());
                  ends.seen.add(
                      new LiveFit.Seen(
                          made.id(), new Nanos(begun + request.arrival().count()), end));
                  ends.finished.add(
                      new RunStatistics.Finished(
                          request.tenant(),
                          request.arrival(),
                          new Nanos(first[0]),
                          new Nanos(end.count() - begun),
                          finished.usage().completionTokens()));
                }
                case TokenEvent.PromptRead _, TokenEvent.Failed _ -> {}
              }
            }),
            node.system());
  }

  private GenerationRequest made(Request request) {
    int[] prompt = new int[request.promptTokens()];
    // Prompts begin unlike each other, so that none finds another's cache.
    var id = new RequestId(name + "-" + request.number());
    int hash = id.value().hashCode();
    int start = Math.floorMod(hash, TOKENS_USED);
    int stride = 1 + Math.floorMod(hash / TOKENS_USED, TOKENS_USED - 1);
    Arrays.setAll(prompt, i -> TOKEN_FIRST + (start + i * stride) % TOKENS_USED);
    return new GenerationRequest(
        id,
        tenants.get(request.tenant()),
        Tokens.of(prompt),
        Sampling.GREEDY,
        new StopRule(request.outputTokens(), 0, Set.of()));
  }
}
