package tributary.gpu.program;

/**
 * How a row's next token is drawn from its logits alone: of the {@code topK} likeliest (0: all),
 * the fewest likeliest whose mass reaches {@code topP} of theirs, and of these all that are no less
 * likely than {@code minP} times the likeliest, the first in order of ids at which the sum of
 * weights passes {@code unit} of their sum. Ties go to the lowest id.
 *
 * @param temperature logits are divided by it; 0 takes the likeliest
 * @param unit uniform in [0, 1)
 */
public record Draw(double temperature, int topK, double topP, double minP, double unit) {
  /** The likeliest. */
  public static final Draw GREEDY = new Draw(0, 0, 1, 0, 0);

  public Draw {
    if (!(temperature >= 0 && topK >= 0 && topP > 0 && topP <= 1 && minP >= 0 && minP <= 1)
        || !(unit >= 0 && unit < 1)) {
      throw new IllegalArgumentException(
          "draw: temperature=%s topK=%d topP=%s minP=%s unit=%s"
              .formatted(temperature, topK, topP, minP, unit));
    }
  }

  public boolean isGreedy() {
    return temperature == 0;
  }
}
