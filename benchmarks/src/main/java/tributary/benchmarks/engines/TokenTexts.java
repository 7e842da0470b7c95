package tributary.benchmarks.engines;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Token ids found again from the text that each token was printed as. A text that several tokens
 * share, such as a piece of a character, gives {@link #UNKNOWN}.
 */
final class TokenTexts {
  static final int UNKNOWN = -1;

  private final Map<String, Integer> ids = new HashMap<>();

  TokenTexts(int vocabulary, IntFunction<String> text) {
    for (int id = 0; id < vocabulary; id++) {
      ids.merge(text.apply(id), id, (_, _) -> UNKNOWN);
    }
  }

  List<Integer> ids(List<String> texts) {
    return texts.stream().map(text -> ids.getOrDefault(text, UNKNOWN)).toList();
  }
}
