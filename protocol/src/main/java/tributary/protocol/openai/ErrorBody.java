package tributary.protocol.openai;

import org.jspecify.annotations.Nullable;
import tributary.protocol.Refusal;

/** The envelope of every error, before and within a stream. */
public record ErrorBody(Detail error) {
  public record Detail(
      String message, String type, @Nullable String param, @Nullable String code) {}

  public static ErrorBody of(Refusal refusal) {
    return new ErrorBody(
        new Detail(
            refusal.message(),
            refusal.code().wireType(),
            refusal.parameter(),
            refusal.code().wireName()));
  }
}
