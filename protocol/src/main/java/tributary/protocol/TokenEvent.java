package tributary.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a device tells about one sequence, in order. Tokens are numbered from 0 without gaps; {@link
 * Finished} and {@link Failed} are last, so a receiver notices every loss.
 */
public sealed interface TokenEvent {
  RequestId request();

  /**
   * One output token.
   *
   * @param logprob of the token before temperature and filters, or null when not asked for
   * @param top the likeliest alternatives, best first
   */
  record Token(
      RequestId request,
      int index,
      int token,
      @Nullable TokenLogprob logprob,
      List<TokenLogprob> top)
      implements TokenEvent {}

  /** Something of the prompt, before the first token. */
  record PromptRead(RequestId request, PromptNews news) implements TokenEvent {}

  /**
   * The regular end, after {@code completionTokens} tokens with indices below that.
   *
   * @param timing if the device told
   */
  record Finished(RequestId request, FinishReason reason, Usage usage, @Nullable Timing timing)
      implements TokenEvent {
    public Finished(RequestId request, FinishReason reason, Usage usage) {
      this(request, reason, usage, null);
    }
  }

  /** The end by a refusal or a fault; tokens already sent stand. */
  record Failed(RequestId request, Refusal refusal) implements TokenEvent {}
}
