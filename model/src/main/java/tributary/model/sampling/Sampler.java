package tributary.model.sampling;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.gpu.program.Draw;
import tributary.protocol.ErrorCode;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenLogprob;
import tributary.protocol.TributaryException;

/** Draws the next token of one sequence. Not thread-safe; reused over sequences. */
public final class Sampler {
  /** A drawn token, with log-probabilities where the sampling asks for them. */
  public record Drawn(int token, @Nullable TokenLogprob logprob, List<TokenLogprob> top) {
    public Drawn {
      top = List.copyOf(top);
    }
  }

  /**
   * How one token is to be drawn.
   *
   * @param allowed the only tokens that may be drawn, or null where every one may
   */
  public record Rules(Sampling sampling, StopRule stop, @Nullable BitSet allowed) {}

  private final Penalties penalties = new Penalties();
  private final Candidates candidates = new Candidates();
  private final Logprobs logprobs = new Logprobs();

  /**
   * Draws one token; ties go to the lowest id.
   *
   * @param logits [vocabulary]; changed in place
   * @param tokens the sequence so far: prompt, then output
   * @param promptLength how many of {@code tokens} are prompt
   * @param length how many of {@code tokens} are valid
   * @throws TributaryException {@code internal} when the logits are not numbers to draw from
   */
  public Drawn draw(
      float[] logits,
      int[] tokens,
      int promptLength,
      int length,
      Sampling sampling,
      StopRule stop) {
    return draw(logits, tokens, promptLength, length, new Rules(sampling, stop, null));
  }

  /** Draws one token as {@code rules} say. */
  public Drawn draw(float[] logits, int[] tokens, int promptLength, int length, Rules rules) {
    Sampling sampling = rules.sampling();
    requireNumbers(logits);
    int index = length - promptLength;
    if (sampling.reportsLogprobs()) {
      logprobs.take(logits, sampling.topLogprobs());
    }
    addBias(logits, sampling);
    if (index < rules.stop().minTokens()) {
      mask(logits, rules.stop());
    }
    if (rules.allowed() != null) {
      restrict(logits, rules.allowed());
    }
    penalties.apply(logits, tokens, promptLength, length, sampling);

    requireChoice(logits);
    int token = candidates.choice(logits, draw(sampling, index));
    return sampling.reportsLogprobs()
        ? new Drawn(token, logprobs.of(token), logprobs.top())
        : new Drawn(token, null, List.of());
  }

  /**
   * How the next token is drawn when that depends on its logits alone: then {@link #drawn} serves,
   * and the logits need not be read.
   *
   * @param index of the token in the output
   */
  public static Optional<Draw> simple(Sampling sampling, StopRule stop, int index) {
    boolean simple =
        !sampling.reportsLogprobs()
            && sampling.logitBias().isEmpty()
            && sampling.repetitionPenalty() == 1
            && sampling.presencePenalty() == 0
            && sampling.frequencyPenalty() == 0
            && (index >= stop.minTokens() || stop.stopTokens().isEmpty());
    return simple ? Optional.of(draw(sampling, index)) : Optional.empty();
  }

  private static Draw draw(Sampling sampling, int index) {
    return sampling.isGreedy()
        ? Draw.GREEDY
        : new Draw(
            sampling.temperature(),
            sampling.topK(),
            sampling.topP(),
            sampling.minP(),
            CounterRandom.unit(sampling.seed(), index));
  }

  /**
   * A token that was chosen where the logits are.
   *
   * @throws TributaryException {@code internal} when there was none to choose
   */
  public static Drawn drawn(int choice) {
    if (choice < 0) {
      throw new TributaryException(
          ErrorCode.INTERNAL,
          "the model computed no logits that a token can be drawn from; its weights or its delta are"
              + " damaged");
    }
    return new Drawn(choice, null, List.of());
  }

  private static void addBias(float[] logits, Sampling sampling) {
    sampling
        .logitBias()
        .forEach((token, bias) -> {
          if (token < 0 || token >= logits.length) {
            throw new TributaryException(
                ErrorCode.INVALID_PARAMETER,
                "logit_bias names token id %d; the model's vocabulary has %d"
                    .formatted(token, logits.length),
                "logit_bias");
          }
          logits[token] += bias.floatValue();
        });
  }

  private static void mask(float[] logits, StopRule stop) {
    for (int token : stop.stopTokens()) {
      if (token >= 0 && token < logits.length) {
        logits[token] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  /**
   * Rules out all other tokens. Where the model and the request had ruled out every allowed one,
   * they become equals: the form holds whatever the model says.
   */
  private static void restrict(float[] logits, BitSet allowed) {
    boolean open = false;
    for (int i = 0; i < logits.length; i++) {
      if (!allowed.get(i)) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
      open |= logits[i] != Float.NEGATIVE_INFINITY;
    }
    if (!open) {
      allowed.stream().filter(token -> token < logits.length).forEach(token -> logits[token] = 0);
    }
  }

  /** Minus infinity is a token that the model rules out; anything else must be finite. */
  private static void requireNumbers(float[] logits) {
    for (int i = 0; i < logits.length; i++) {
      if (!(logits[i] < Float.POSITIVE_INFINITY)) {
        throw new TributaryException(
            ErrorCode.INTERNAL,
            "the model computed %s as the logit of token %d; its weights or its delta are damaged"
                .formatted(logits[i], i));
      }
    }
  }

  private static void requireChoice(float[] logits) {
    if (logits[Candidates.largest(logits)] == Float.NEGATIVE_INFINITY) {
      throw new TributaryException(
          ErrorCode.INTERNAL,
          "no token can be drawn: model, logit_bias, min_tokens and response_format rule out the "
              + "whole vocabulary");
    }
  }
}
