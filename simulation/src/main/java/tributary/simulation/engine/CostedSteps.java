package tributary.simulation.engine;

import java.util.List;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.StepPlan;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.LoopCosts;
import tributary.simulation.cost.StepPrice;
import tributary.simulation.cost.StepWork;

/** Times steps by a cost model, and counts what they do. */
final class CostedSteps implements StepTimer {
  private final StepPrice price;
  private final LoopCosts loop;
  private final Sharing sharing;
  private final double gigabytes;
  private final StepWork work = new StepWork();
  private long rows;
  private long deltas;
  private long steps;
  private long busy;
  private Nanos untilPlan;

  /**
   * @param codec of all tenants, as the cost model names it
   * @param gigabytes of a tenant's delta
   */
  CostedSteps(CostModel costs, String codec, Sharing sharing, double gigabytes) {
    this.price = new StepPrice(costs, codec);
    this.loop = costs.loop();
    this.sharing = sharing;
    this.gigabytes = gigabytes;
    this.untilPlan = nanos(loop.afterStep());
  }

  /** Slices of one delta lie side by side. */
  @Override
  public Nanos time(StepPlan plan) {
    List<StepPlan.Slice> slices = plan.slices();
    double seconds = 0;
    work.clear();
    DeltaId delta = slices.getFirst().request().model();
    int deltaRows = 0;
    int draws = 0;
    for (StepPlan.Slice slice : slices) {
      DeltaId own = slice.request().model();
      if (!own.equals(delta)) {
        seconds += endGroup(deltaRows);
        delta = own;
        deltaRows = 0;
      }
      work.slice(slice.firstPosition(), slice.count(), slice.draws());
      draws += slice.draws() ? 1 : 0;
      deltaRows += slice.count();
      rows += slice.count();
    }
    seconds += endGroup(deltaRows);
    if (sharing == Sharing.ONE_BASE) {
      seconds += price.seconds(work);
    }
    Nanos time = nanos(Math.max(seconds, 1e-9));
    untilPlan = nanos(loop.afterStep() + loop.perDraw() * draws);
    steps++;
    busy += time.count();
    return time;
  }

  @Override
  public Nanos untilPlan() {
    return untilPlan;
  }

  private static Nanos nanos(double seconds) {
    return new Nanos(Math.round(seconds * 1e9));
  }

  /** What the group costs that no other shares. */
  private double endGroup(int deltaRows) {
    deltas++;
    return switch (sharing) {
      case ONE_BASE -> {
        work.delta(gigabytes, deltaRows);
        yield 0;
      }
      case WHOLE_MODELS -> {
        double seconds = price.baseSeconds(work);
        work.clear();
        yield seconds;
      }
    };
  }

  long steps() {
    return steps;
  }

  /** Time of all steps together. */
  Nanos busy() {
    return new Nanos(busy);
  }

  /** Tokens computed so far. */
  long rows() {
    return rows;
  }

  /** Distinct deltas of steps, summed over steps. */
  long deltas() {
    return deltas;
  }
}
