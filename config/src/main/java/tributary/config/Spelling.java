package tributary.config;

import java.util.Collection;
import java.util.Optional;

/** Finds what somebody may have meant. */
final class Spelling {
  private static final int DISTANCE_MAX = 3;

  private Spelling() {}

  /** The known word with the fewest edits from {@code found}, if these are few. */
  static Optional<String> nearest(String found, Collection<String> known) {
    String best = null;
    int bestDistance = Math.min(DISTANCE_MAX, Math.max(1, found.length() / 2)) + 1;
    for (String word : known) {
      int distance = editDistance(found, word);
      if (distance < bestDistance) {
        best = word;
        bestDistance = distance;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Levenshtein's: insertions, deletions and replacements of single characters. */
  static int editDistance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
