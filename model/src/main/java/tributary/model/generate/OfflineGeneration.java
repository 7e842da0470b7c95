package tributary.model.generate;

import java.util.ArrayList;
import java.util.List;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.sampling.Sampler;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.protocol.Usage;

/**
 * Computes a list of sequences together until all have ended. Every sequence holds KV pages for its
 * whole length from the start, so a caller bounds memory by the list and the stop rules.
 */
public final class OfflineGeneration {
  private static final int PAGE_TOKENS = 16;
  private static final int STEP_TOKENS_MAX = 256;

  /** One sequence to generate. */
  public record Prompt(ResidentDelta delta, Tokens tokens, Sampling sampling, StopRule stop) {}

  /** Is told of tokens as they are drawn. */
  public interface Listener {
    /**
     * Takes a token of the sequence at this index of the list.
     *
     * @return false to end the sequence here, for example at a stop string
     */
    boolean drawn(int sequence, Sampler.Drawn drawn);

    default void finished(int sequence, FinishReason reason, Usage usage) {}
  }

  private final ForwardPass pass;
  private final Listener listener;
  private final Sampler sampler = new Sampler();
  private final List<RunningSequence> running = new ArrayList<>();

  private OfflineGeneration(ForwardPass pass, Listener listener) {
    this.pass = pass;
    this.listener = listener;
  }

  /** Generates until every sequence has ended. */
  public static void run(BaseModel base, List<Prompt> prompts, Listener listener) {
    List<RunningSequence> sequences = new ArrayList<>(prompts.size());
    int pages = 0;
    for (int i = 0; i < prompts.size(); i++) {
      int capacity = capacity(prompts.get(i), base.config().contextLength());
      sequences.add(new RunningSequence(i, prompts.get(i), capacity, pages, PAGE_TOKENS));
      pages = Math.addExact(pages, Math.ceilDiv(capacity, PAGE_TOKENS));
    }
    if (sequences.isEmpty()) {
      return;
    }
    try (ForwardPass pass = ForwardPass.create(base, pages, PAGE_TOKENS)) {
      OfflineGeneration generation = new OfflineGeneration(pass, listener);
      generation.running.addAll(sequences);
      while (!generation.running.isEmpty()) {
        generation.step();
      }
    }
  }

  private static int capacity(Prompt prompt, int contextLength) {
    int count = prompt.tokens().count();
    if (count == 0) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST, "the prompt has no tokens; give at least one", "prompt");
    }
    if (count >= contextLength) {
      throw new TributaryException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "the prompt has %d tokens; the model's context of %d leaves room for at most %d"
              .formatted(count, contextLength, contextLength - 1),
          "prompt");
    }
    return (int) Math.min(contextLength, (long) count + prompt.stop().maxTokens());
  }

  /** Gives every sequence some of its missing tokens, as far as the step's budget reaches. */
  private void step() {
    List<RunningSequence> chosen = new ArrayList<>(running.size());
    List<StepBatch.Slice> slices = new ArrayList<>(running.size());
    int budget = STEP_TOKENS_MAX;
    for (RunningSequence sequence : running) {
      int count = Math.min(budget, sequence.missing());
      if (count > 0) {
        chosen.add(sequence);
        slices.add(sequence.advance(count));
        budget -= count;
      }
    }
    pass.run(new StepBatch(slices), new Draws(chosen));
    // Those left out for want of budget come first next time.
    running.removeAll(chosen);
    chosen.removeIf(RunningSequence::hasEnded);
    running.addAll(chosen);
  }

  /** Draws for the sequences of a step, by their slices. */
  private final class Draws implements ForwardPass.LogitsSink {
    private final List<RunningSequence> sequences;

    Draws(List<RunningSequence> sequences) {
      this.sequences = sequences;
    }

    @Override
    public void accept(int slice, int row, float[] logits) {
      RunningSequence sequence = sequences.get(slice);
      tell(sequence, sequence.draw(sampler, logits));
    }

    @Override
    public void chosen(int slice, int row, int token) {
      RunningSequence sequence = sequences.get(slice);
      Sampler.Drawn drawn = Sampler.drawn(token);
      sequence.take(drawn);
      tell(sequence, drawn);
    }
  }

  private void tell(RunningSequence sequence, Sampler.Drawn drawn) {
    boolean goOn = listener.drawn(sequence.index(), drawn);
    sequence
        .end(goOn)
        .ifPresent(reason -> listener.finished(sequence.index(), reason, sequence.usage()));
  }
}
