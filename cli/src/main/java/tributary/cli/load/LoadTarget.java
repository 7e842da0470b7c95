package tributary.cli.load;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whom to ask and how.
 *
 * @param server such as {@code http://127.0.0.1:8000}
 * @param key sent as a bearer token, if there is one
 * @param models one for each tenant
 * @param ignoresEos whether answers are to have just the length that was asked for; a field that
 *     not every server knows
 * @param answerMax after which an answer counts as failed
 */
public record LoadTarget(
    URI server,
    @Nullable String key,
    List<String> models,
    Endpoint endpoint,
    boolean ignoresEos,
    Duration answerMax) {
  /** Which of the two. */
  public enum Endpoint {
    COMPLETIONS("/v1/completions"),
    CHAT("/v1/chat/completions");

    private final String path;

    Endpoint(String path) {
      this.path = path;
    }

    String path() {
      return path;
    }
  }

  public LoadTarget {
    models = List.copyOf(models);
  }
}
