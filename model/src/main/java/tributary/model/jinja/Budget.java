package tributary.model.jinja;

/**
 * What one rendering may spend. Every evaluation costs a step, and making text or lists costs more
 * with their size, so that steps bound time and memory alike.
 */
final class Budget {
  static final int STEPS_MAX = 2_000_000;
  static final int TEXT_MAX = 4 << 20;
  static final int DEPTH_MAX = 200;
  private static final int CHARS_PER_STEP = 16;

  private int stepsLeft = STEPS_MAX;
  private int depth;

  void step() {
    spend(1);
  }

  /** Pays for a list of this many elements, or as many comparisons. */
  void elements(long count) {
    spend(count);
  }

  /** Pays for a text that was made or searched, and passes it on. */
  String text(String made) {
    textOf(made.length());
    return made;
  }

  /** Pays for a text of this length before it is made. */
  void textOf(long length) {
    if (length > TEXT_MAX) {
      throw new TemplateFault("makes a text of more than %d characters".formatted(TEXT_MAX));
    }
    spend(length / CHARS_PER_STEP);
  }

  void enter() {
    if (++depth > DEPTH_MAX) {
      throw new TemplateFault("is nested more than %d deep".formatted(DEPTH_MAX));
    }
  }

  void leave() {
    depth--;
  }

  private void spend(long steps) {
    if (steps > stepsLeft) {
      throw new TemplateFault("takes more than %d steps".formatted(STEPS_MAX));
    }
    stepsLeft -= (int) steps;
  }
}
