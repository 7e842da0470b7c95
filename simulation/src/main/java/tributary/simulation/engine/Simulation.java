package tributary.simulation.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import tributary.protocol.Nanos;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.statistics.RunStatistics;
import tributary.simulation.statistics.Timeline;
import tributary.simulation.workload.Request;
import tributary.simulation.workload.Traffic;

/** One run of one cluster over one stream of requests, until the last has ended. */
public final class Simulation {
  private final ClusterSpec cluster;
  private final VirtualClock clock = new VirtualClock();
  private final RunStatistics statistics;
  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final Deque<Request> homeless = new ArrayDeque<>();
  private List<SimulatedNode> alive;

  private Simulation(ClusterSpec cluster, int tenants, RunStatistics statistics) {
    this.cluster = cluster;
    this.statistics = statistics;
    var maker = new RequestMaker(tenants, cluster.node().rules().prefixes());
    for (int i = 0; i < cluster.nodes(); i++) {
      nodes.add(new SimulatedNode(cluster.node(), clock, maker, statistics));
    }
    alive = List.copyOf(nodes);
    cluster.failures().forEach(this::plan);
  }

  /** Runs all of the traffic; the caller closes it. */
  public static Outcome run(ClusterSpec cluster, Traffic traffic, Objective objective) {
    var statistics = new RunStatistics(traffic.tenants(), objective);
    var simulation = new Simulation(cluster, traffic.tenants(), statistics);
    simulation.run(traffic);
    return simulation.outcome(traffic);
  }

  /** The same as one run of several: {@code statistics} gathers them all. */
  public static void run(ClusterSpec cluster, Traffic traffic, RunStatistics statistics) {
    new Simulation(cluster, traffic.tenants(), statistics).run(traffic);
    statistics.nextRun();
  }

  private void run(Traffic traffic) {
    for (Optional<Request> next = traffic.next(); next.isPresent(); next = traffic.next()) {
      Request request = next.get();
      while (clock.runNext(request.arrival())) {
        sample();
      }
      clock.moveTo(request.arrival());
      statistics.arrived();
      send(request);
      sample();
    }
    while (statistics.open() > 0 && clock.runNext(null)) {
      sample();
    }
    if (statistics.open() > 0) {
      throw new AssertionError(statistics.open() + " requests are left and nothing happens");
    }
  }

  private void send(Request request) {
    if (alive.isEmpty()) {
      homeless.add(request);
    } else {
      alive.get(cluster.placement().choose(request.tenant(), alive)).arrive(request);
    }
  }

  private void plan(Failure failure) {
    SimulatedNode node = nodes.get(failure.node());
    switch (failure) {
      case Failure.NodeDeath death -> {
        clock.at(death.from(), () -> die(node));
        clock.at(death.back(), () -> comeBack(node));
      }
      case Failure.SlowDisk slow -> {
        clock.at(slow.from(), () -> node.slowDisk(slow.factor()));
        clock.at(slow.until(), () -> node.slowDisk(1));
      }
    }
  }

  private void die(SimulatedNode node) {
    List<Request> lost = node.die();
    alive = nodes.stream().filter(SimulatedNode::isAlive).toList();
    clock.after(
        cluster.detection(),
        () ->
            lost.forEach(request -> {
              statistics.restarted();
              send(request);
            }));
  }

  private void comeBack(SimulatedNode node) {
    node.comeBack();
    alive = nodes.stream().filter(SimulatedNode::isAlive).toList();
    while (!homeless.isEmpty()) {
      send(homeless.remove());
    }
  }

  private void sample() {
    Timeline timeline = statistics.timeline();
    Nanos now = clock.now();
    if (!timeline.isDue(now)) {
      return;
    }
    int waiting = homeless.size();
    int running = 0;
    int device = 0;
    int host = 0;
    int loading = 0;
    for (SimulatedNode node : nodes) {
      SimulatedNode.Occupied occupied = node.occupied();
      waiting += occupied.waiting();
      running += occupied.running();
      device += occupied.device();
      host += occupied.host();
      loading += occupied.loading();
    }
    timeline.add(
        now,
        new Timeline.Sample(
            now.seconds(), waiting, running, device, host, loading, statistics.outputTokens()));
  }

  private Outcome outcome(Traffic traffic) {
    var usage = new Usage();
    nodes.forEach(node -> usage.add(node.usage()));
    return statistics.outcome(traffic.skipped(), usage.work(cluster.nodes(), statistics.last()));
  }
}
