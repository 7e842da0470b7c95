package tributary.simulation.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.scheduling.Arrival;
import tributary.scheduling.Scheduler;
import tributary.scheduling.SchedulerEvent;
import tributary.scheduling.residency.DeltaMove;
import tributary.scheduling.residency.Place;
import tributary.simulation.cost.LinkCost;
import tributary.simulation.cost.LoopCosts;
import tributary.simulation.engine.TierSettings.LoadTiming;
import tributary.simulation.statistics.RunStatistics;
import tributary.simulation.workload.Request;

/**
 * One node in virtual time: its device, and around it what the server's actors do with weights,
 * which move beside steps or between them.
 */
final class SimulatedNode implements SimulatedDevice.Owner {
  /** How often the ages of waiting loads are looked at, as in the server. */
  private static final Nanos PUMPED = Nanos.ofMillis(250);

  /** A request that the scheduler has. */
  private static final class Open {
    private final Request request;
    private Nanos first = Nanos.ZERO;

    Open(Request request) {
      this.request = request;
    }
  }

  private final NodeSpec spec;
  private final VirtualClock clock;
  private final RequestMaker maker;
  private final RunStatistics statistics;
  private final CostedSteps steps;
  private final Nanos toDevice;
  private final Nanos toReader;
  private final Usage usage = new Usage();

  private SimulatedDevice device;
  private DeltaTiers tiers;
  private final Map<RequestId, Open> open = new HashMap<>();
  private final Map<Integer, List<Request>> waiting = new LinkedHashMap<>();
  private int waitingCount;
  private Nanos pumpedAt = Nanos.ZERO;
  private boolean alive = true;
  private long life;
  private double diskFactor = 1;

  SimulatedNode(NodeSpec spec, VirtualClock clock, RequestMaker maker, RunStatistics statistics) {
    this.spec = spec;
    this.clock = clock;
    this.maker = maker;
    this.statistics = statistics;
    this.steps =
        new CostedSteps(
            spec.costs(), spec.codec(), spec.sharing(), spec.tiers().size().count() / 1e9);
    LoopCosts loop = spec.costs().loop();
    this.toDevice = new Nanos(Math.round(loop.toDevice() * 1e9));
    this.toReader = new Nanos(Math.round(loop.toReader() * 1e9));
    this.device = newDevice();
    this.tiers = newTiers();
  }

  private SimulatedDevice newDevice() {
    return new SimulatedDevice(
        new Scheduler(spec.limits(), spec.rules()),
        new SimulatedExecutor(SimulatedExecutor.ANY),
        steps,
        clock,
        this);
  }

  private DeltaTiers newTiers() {
    return new DeltaTiers(
        spec.tiers(),
        maker.tenants(),
        Math.min(spec.costs().disk().concurrent(), spec.costs().host().concurrent()));
  }

  boolean isAlive() {
    return alive;
  }

  /** Requests between their arrival and their end. */
  int open() {
    return open.size() + waitingCount;
  }

  void arrive(Request request) {
    if (tiers.use(request.tenant(), clock.now())) {
      submit(request);
    } else {
      waiting.computeIfAbsent(request.tenant(), _ -> new ArrayList<>()).add(request);
      waitingCount++;
    }
    goOn();
  }

  private void submit(Request request) {
    GenerationRequest made = maker.make(request);
    open.put(made.id(), new Open(request));
    var arrived =
        new SchedulerEvent.Arrived(Arrival.of(made, Integer.MAX_VALUE), true, clock.now());
    if (toDevice.count() == 0) {
      device.tell(arrived);
      return;
    }
    SimulatedDevice to = device;
    clock.after(
        toDevice,
        () -> {
          to.tell(arrived);
          if (to == device) {
            goOn();
          }
        });
  }

  /** Begins whatever can begin now. */
  private void goOn() {
    do {
      if (spec.tiers().timing() == LoadTiming.BESIDE_STEPS || !device.isStepping()) {
        move();
      }
      // A refusal leaves weights unused that others may be waiting to replace.
    } while (waitingCount > 0 && tiers.hasChanged() && !device.isStepping());
    if (!isStalled()) {
      device.goOn();
    }
  }

  private boolean isStalled() {
    return spec.tiers().timing() == LoadTiming.BETWEEN_STEPS && tiers.moving(Place.DEVICE) > 0;
  }

  private void move() {
    for (int tenant : tiers.takeReady()) {
      release(tenant);
    }
    // Somebody who waits may come of age without anything having changed.
    boolean aged = clock.now().minus(pumpedAt).compareTo(PUMPED) >= 0;
    if (waitingCount > 0 && (tiers.hasChanged() || aged)) {
      pumpedAt = clock.now();
      tiers.begin(clock.now()).forEach(this::begin);
    }
  }

  private void begin(DeltaMove move) {
    LinkCost link =
        switch (move.place()) {
          case RAM -> {
            usage.diskLoads++;
            yield spec.costs().disk().slowed(diskFactor);
          }
          case DEVICE -> {
            usage.deviceLoads++;
            yield spec.costs().host();
          }
        };
    Nanos time = link.time(move.size(), tiers.moving(move.place()));
    if (isStalled() && !open.isEmpty()) {
      usage.stalled += time.count();
    }
    long begunIn = life;
    clock.after(
        time,
        () -> {
          if (begunIn == life) {
            tiers.arrived(move, clock.now());
            goOn();
          }
        });
  }

  /** Hands on the requests that waited for a tenant's weights. */
  private void release(int tenant) {
    List<Request> all = waiting.remove(tenant);
    for (Request request : all == null ? List.<Request>of() : all) {
      waitingCount--;
      if (!tiers.use(tenant, clock.now())) {
        throw new AssertionError("tenant " + tenant + " is ready and then is not");
      }
      submit(request);
    }
  }

  @Override
  public void stepEnded() {
    goOn();
  }

  @Override
  public void refused(RequestId request) {
    forget(request);
    statistics.refused();
  }

  @Override
  public void told(TokenEvent event) {
    switch (event) {
      case TokenEvent.Token token -> {
        if (token.index() == 0) {
          known(token.request()).first = clock.now().plus(toReader);
        }
      }
      case TokenEvent.PromptRead _ -> {}
      case TokenEvent.Finished finished -> {
        Open ended = forget(finished.request());
        statistics.finished(
            new RunStatistics.Finished(
                ended.request.tenant(),
                ended.request.arrival(),
                ended.first,
                clock.now().plus(toReader),
                finished.usage().completionTokens()));
      }
      case TokenEvent.Failed failed -> {
        forget(failed.request());
        statistics.lost();
      }
    }
  }

  private Open known(RequestId id) {
    Open found = open.get(id);
    if (found == null) {
      throw new AssertionError("the scheduler speaks of " + id + ", which is not here");
    }
    return found;
  }

  private Open forget(RequestId id) {
    Open ended = known(id);
    open.remove(id);
    tiers.unuse(ended.request.tenant(), clock.now());
    return ended;
  }

  /** Loses everything; returns the requests that were here, in the order of their numbers. */
  List<Request> die() {
    List<Request> lost = new ArrayList<>();
    open.values().forEach(each -> lost.add(each.request));
    waiting.values().forEach(lost::addAll);
    lost.sort((one, other) -> Long.compare(one.number(), other.number()));
    usage.preemptions += device.load().preemptions();
    usage.evictions += tiers.evictions();
    alive = false;
    life++;
    device.die();
    open.clear();
    waiting.clear();
    waitingCount = 0;
    device = newDevice();
    tiers = newTiers();
    return lost;
  }

  void comeBack() {
    alive = true;
  }

  void slowDisk(double factor) {
    diskFactor = factor;
  }

  Usage usage() {
    return usage.plus(device.load().preemptions(), tiers.evictions(), steps);
  }

  Occupied occupied() {
    Scheduler.Load load = device.load();
    return new Occupied(
        open.size() - load.running() + waitingCount,
        load.running(),
        tiers.onDevice(),
        tiers.inHost(),
        tiers.moving(Place.RAM) + tiers.moving(Place.DEVICE));
  }

  /** What is where right now. */
  record Occupied(int waiting, int running, int device, int host, int loading) {}
}
