package tributary.simulation.workload;

import java.util.Locale;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** A law as people write it: a name and numbers, with colons between them. */
final class LawText {
  private final String text;
  private final String[] parts;

  LawText(String text) {
    this.text = text;
    this.parts = text.split(":", -1);
  }

  String name() {
    return parts[0].toLowerCase(Locale.ROOT);
  }

  double only() {
    return numbers(1)[0];
  }

  double[] numbers(int count) {
    if (parts.length != count + 1) {
      throw wrong("it takes %d numbers, each after a colon".formatted(count));
    }
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      try {
        numbers[i] = Double.parseDouble(parts[i + 1]);
      } catch (NumberFormatException e) {
        throw wrong("%s is not a number".formatted(Quoted.of(parts[i + 1])));
      }
    }
    return numbers;
  }

  int whole(double number) {
    if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
      throw wrong("%s is not a whole number".formatted(number));
    }
    return (int) number;
  }

  TributaryException unknown(String known) {
    return wrong("known are " + known);
  }

  private TributaryException wrong(String why) {
    return new TributaryException(ErrorCode.USAGE, "law %s: %s".formatted(Quoted.of(text), why));
  }
}
