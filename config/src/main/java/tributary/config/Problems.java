package tributary.config;

import java.util.ArrayList;
import java.util.List;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Everything that is wrong with one configuration, so that its owner can mend it in one go. */
final class Problems {
  private record Problem(ErrorCode code, String key, String message) {}

  private static final int REPORTED_MAX = 20;
  private final List<Problem> misspelt = new ArrayList<>();
  private final List<Problem> others = new ArrayList<>();

  /** A key that means nothing: told first, because it often explains the others. */
  void unknownKey(String key, String message) {
    misspelt.add(new Problem(ErrorCode.CONFIG, key, message));
  }

  void add(ErrorCode code, String key, String message) {
    others.add(new Problem(code, key, message));
  }

  /** Throws when there is any; the code and key of the exception are those of the first. */
  void throwIfAny() {
    var all = new ArrayList<Problem>(misspelt);
    all.addAll(others);
    if (all.isEmpty()) {
      return;
    }
    var text = new StringBuilder();
    for (Problem problem : all.subList(0, Math.min(all.size(), REPORTED_MAX))) {
      text.append(text.isEmpty() ? "" : "\n").append(problem.message());
    }
    if (all.size() > REPORTED_MAX) {
      text.append("\nand ").append(all.size() - REPORTED_MAX).append(" more");
    }
    throw new TributaryException(all.getFirst().code(), text.toString(), all.getFirst().key());
  }
}
