package tributary.actors;

import java.util.Optional;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Refusal;

/**
 * The last check before a device: every token id that a request names must be a row of the
 * variant's matrices, or one tenant's bad request would fail the step of all.
 */
final class Vocabulary {
  private Vocabulary() {}

  static Optional<Refusal> refusal(GenerationRequest request, int size) {
    for (int i = 0; i < request.prompt().count(); i++) {
      int token = request.prompt().id(i);
      if (token < 0 || token >= size) {
        return Optional.of(outside("prompt", token, size));
      }
    }
    return request.sampling().logitBias().keySet().stream()
        .filter(token -> token < 0 || token >= size)
        .findFirst()
        .map(token -> outside("logit_bias", token, size));
  }

  private static Refusal outside(String parameter, int token, int size) {
    return new Refusal(
        ErrorCode.INVALID_PARAMETER,
        "%s names token %d; this model's tokens are 0 to %d".formatted(parameter, token, size - 1),
        parameter,
        null);
  }
}
