package tributary.actors;

import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import tributary.config.ServerConfig;
import tributary.model.ModelConfig;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.StepExecutor;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Footprint;

/**
 * Stands where a node's model is, and computes nothing: what is left is the cost of everything
 * else. Scheduler, entities, device and token path are those of any node.
 */
public final class TokenFountain implements Engine {
  /** Where its tokens come from. Asked by the device's thread only. */
  public interface Spring {
    /** Returns when the next step may end; a model would compute as long. */
    void awaitStep() throws InterruptedException;

    /**
     * The next token of a sequence.
     *
     * @param index of the token among the sequence's outputs
     */
    int draw(GenerationRequest request, int index);
  }

  private final Spring spring;
  private final SchedulerLimits limits;
  private final Loads loads;

  private TokenFountain(Spring spring, SchedulerLimits limits, int vocabularySize) {
    this.spring = spring;
    this.limits = limits;
    this.loads = new Loads(vocabularySize);
  }

  /**
   * Starts a node whose tokens come from {@code spring}. Of its base it reads the configuration,
   * the tokenizer and the chat template.
   */
  public static TributaryNode start(ServerConfig config, Config settings, Spring spring) {
    ModelConfig base = ModelConfig.read(config.base().path());
    var engine = new TokenFountain(spring, limits(config, base), base.vocabularySize());
    Catalogue catalogue = CatalogueReader.read(config, base);
    return TributaryNode.start(
        NodeSettings.of(config, settings), new TributaryNode.Parts(engine, catalogue));
  }

  /** Pages for as many whole contexts as may run: there is no memory behind them. */
  private static SchedulerLimits limits(ServerConfig config, ModelConfig base) {
    ServerConfig.Device device = config.device();
    int pagesEach = Math.ceilDiv(base.contextLength(), device.pageTokens());
    return new SchedulerLimits(
        device.tokensPerStep(),
        device.runningMax(),
        device.waitingMax(),
        Math.multiplyExact(pagesEach, device.runningMax()),
        device.pageTokens(),
        base.contextLength(),
        new Nanos(config.streaming().slowReaderMax().toNanos()));
  }

  @Override
  public DeltaStore deltas() {
    return loads;
  }

  @Override
  public SchedulerLimits limits() {
    return limits;
  }

  @Override
  public StepExecutor executor(Function<RequestId, LoadedDelta> deltaOf) {
    return this::execute;
  }

  private StepResult execute(StepPlan plan) throws InterruptedException {
    spring.awaitStep();
    var drawn = new ArrayList<StepResult.Drawn>(plan.slices().size());
    for (StepPlan.Slice slice : plan.slices()) {
      if (slice.draws()) {
        GenerationRequest request = slice.request();
        int token = spring.draw(request, slice.length() - request.prompt().count());
        drawn.add(new StepResult.Drawn(request.id(), token, null, List.of()));
      }
    }
    return new StepResult(plan.number(), drawn, List.of());
  }

  @Override
  public void close() {
    loads.widths.clear();
  }

  /** Every variant is there, takes nothing and is loaded at once. */
  private static final class Loads implements DeltaStore {
    private final int vocabularySize;
    private final ConcurrentHashMap<LoadedDelta, Integer> widths = new ConcurrentHashMap<>();

    Loads(int vocabularySize) {
      this.vocabularySize = vocabularySize;
    }

    @Override
    public Described describe(DeltaId id) {
      return new Described(id, "none", new Footprint(List.of(Bytes.ZERO)), DeltaTerms.DEFAULT);
    }

    @Override
    public LoadedDelta load(Described delta, long number, int width) {
      var loaded =
          new LoadedDelta(
              delta.id(),
              number,
              vocabularySize,
              Bytes.ZERO,
              delta.version(),
              delta.footprint().widths());
      widths.put(loaded, width);
      return loaded;
    }

    @Override
    public void raise(LoadedDelta delta, int from, int to) {}

    @Override
    public void serveAt(LoadedDelta delta, int width) {
      widths.put(delta, width);
    }

    @Override
    public int width(LoadedDelta delta) {
      return widths.getOrDefault(delta, 1);
    }

    @Override
    public void unload(LoadedDelta delta) {
      widths.remove(delta);
    }
  }
}
