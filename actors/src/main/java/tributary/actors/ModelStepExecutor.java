package tributary.actors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.model.sampling.Sampler;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
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
  private final Function<DeltaId, Optional<TextTokenizer>> tokenizers;

  /**
   * An executor over one pass.
   *
   * @param tokenizers of the variants: what may be drawn where an output must have a form
   */
  ModelStepExecutor(
      ForwardPass pass,
      Function<RequestId, ResidentDelta> deltaOf,
      Function<DeltaId, Optional<TextTokenizer>> tokenizers) {
    this.pass = pass;
    this.deltaOf = deltaOf;
    this.tokenizers = tokenizers;
  }

  @Override
  public StepResult execute(StepPlan plan) {
    List<StepPlan.Slice> slices = plan.slices();
    var read = new PromptCollector(slices);
    var drawn = new ArrayList<StepResult.Drawn>(slices.size());
    var failures = new ArrayList<StepResult.Failure>();
    pass.run(
        new StepBatch(slices.stream().map(this::batchSlice).toList()),
        new ForwardPass.LogitsSink() {
          @Override
          public void accept(int slice, int row, float[] logits) {
            read.logits(slice, row, logits);
            if (slices.get(slice).draws() && row == slices.get(slice).count() - 1) {
              draw(slices.get(slice), () -> draw(slices.get(slice), logits), drawn, failures);
            }
          }

          @Override
          public void chosen(int slice, int row, int token) {
            draw(slices.get(slice), () -> Sampler.drawn(token), drawn, failures);
          }

          @Override
          public void state(int slice, int row, float[] state) {
            read.state(slice, state);
          }
        });
    return new StepResult(plan.number(), read.finish(), drawn, failures);
  }

  private StepBatch.Slice batchSlice(StepPlan.Slice slice) {
    var request = slice.request();
    int first = slice.firstPosition();
    LogitRows wanted = wanted(slice);
    var rows =
        new StepBatch.Slice(
            deltaOf.apply(request.id()),
            Arrays.copyOfRange(slice.tokens(), first, first + slice.count()),
            first,
            slice.pages(),
            wanted);
    int index = slice.length() - request.prompt().count();
    return wanted == LogitRows.LAST && request.form().isFree()
        ? rows.drawing(request.sampling(), request.stop(), index)
        : rows;
  }

  private @Nullable BitSet allowed(StepPlan.Slice slice) {
    var request = slice.request();
    if (request.form().isFree()) {
      return null;
    }
    return tokenizers
        .apply(request.model())
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.INTERNAL, "model %s has no tokenizer here".formatted(request.model())))
        .constraints()
        .allowed(request, slice.tokens(), slice.length());
  }

  private static LogitRows wanted(StepPlan.Slice slice) {
    if (PromptCollector.isScored(slice)) {
      return LogitRows.ALL;
    }
    if (!slice.draws()) {
      return LogitRows.NONE;
    }
    return slice.request().reading().wantsState() ? LogitRows.STATE : LogitRows.LAST;
  }

  private Sampler.Drawn draw(StepPlan.Slice slice, float[] logits) {
    var request = slice.request();
    return sampler.draw(
        logits,
        slice.tokens(),
        request.prompt().count(),
        slice.length(),
        new Sampler.Rules(request.sampling(), request.stop(), allowed(slice)));
  }

  private static void draw(
      StepPlan.Slice slice,
      Supplier<Sampler.Drawn> draw,
      List<StepResult.Drawn> drawn,
      List<StepResult.Failure> failures) {
    var request = slice.request();
    try {
      Sampler.Drawn token = draw.get();
      drawn.add(new StepResult.Drawn(request.id(), token.token(), token.logprob(), token.top()));
    } catch (RuntimeException failure) {
      if (!(failure instanceof TributaryException)) {
        LOG.error("request {}: the draw failed", request.id(), failure);
      }
      failures.add(new StepResult.Failure(request.id(), Refusal.of(failure)));
    }
  }
}
