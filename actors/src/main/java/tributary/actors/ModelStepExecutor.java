package tributary.actors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.model.sampling.Sampler;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TributaryException;
import tributary.scheduling.StepExecutor;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;

/**
 * Runs plans on the model: one forward pass over all slices, then a draw for each that is due. A
 * draw that fails ends its own sequence only.
 */
final class ModelStepExecutor implements StepExecutor {
  private static final Logger LOG = LoggerFactory.getLogger(ModelStepExecutor.class);

  private final ForwardPass pass;
  private final Sampler sampler = new Sampler();
  private final Function<RequestId, ResidentDelta> deltaOf;

  ModelStepExecutor(ForwardPass pass, Function<RequestId, ResidentDelta> deltaOf) {
    this.pass = pass;
    this.deltaOf = deltaOf;
  }

  @Override
  public StepResult execute(StepPlan plan) {
    List<StepPlan.Slice> slices = plan.slices();
    var drawn = new ArrayList<StepResult.Drawn>(slices.size());
    var failures = new ArrayList<StepResult.Failure>();
    pass.run(
        new StepBatch(slices.stream().map(this::batchSlice).toList()),
        (slice, _, logits) -> draw(slices.get(slice), logits, drawn, failures));
    return new StepResult(plan.number(), drawn, failures);
  }

  private StepBatch.Slice batchSlice(StepPlan.Slice slice) {
    int first = slice.firstPosition();
    return new StepBatch.Slice(
        deltaOf.apply(slice.request().id()),
        Arrays.copyOfRange(slice.tokens(), first, first + slice.count()),
        first,
        slice.pages(),
        slice.draws() ? LogitRows.LAST : LogitRows.NONE);
  }

  private void draw(
      StepPlan.Slice slice,
      float[] logits,
      List<StepResult.Drawn> drawn,
      List<StepResult.Failure> failures) {
    var request = slice.request();
    try {
      Sampler.Drawn token =
          sampler.draw(
              logits,
              slice.tokens(),
              request.prompt().count(),
              slice.length(),
              request.sampling(),
              request.stop());
      drawn.add(new StepResult.Drawn(request.id(), token.token(), token.logprob(), token.top()));
    } catch (RuntimeException failure) {
      if (!(failure instanceof TributaryException)) {
        LOG.error("request {}: the draw failed", request.id(), failure);
      }
      failures.add(new StepResult.Failure(request.id(), Refusal.of(failure)));
    }
  }
}
