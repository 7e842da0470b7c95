package tributary.protocol.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One direction of a plot.
 *
 * @param label with the unit
 * @param min of what is shown
 * @param max of what is shown, above {@code min}
 */
public record Axis(String label, Scale scale, double min, double max) {
  /** How values become places. */
  public enum Scale {
    LINEAR,
    LOGARITHMIC
  }

  private static final int TICKS_WANTED = 6;
  private static final double MARGIN = 0.05;
  private static final double[] STEPS = {1, 2, 2.5, 5, 10};

  /** Where logarithmic axes may have ticks within a decade, from coarse to fine. */
  private static final double[][] DECADES = {
    {1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 6, 8}, {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}
  };

  public Axis {
    if (!(min < max) || (scale == Scale.LOGARITHMIC && min <= 0)) {
      throw new IllegalArgumentException("axis '%s' from %s to %s".formatted(label, min, max));
    }
  }

  /** An axis that shows all of these values, at least one, with a little room beyond them. */
  public static Axis around(String label, Scale scale, List<Double> values) {
    double least = values.stream().min(Double::compare).orElseThrow();
    double most = values.stream().max(Double::compare).orElseThrow();
    if (scale == Scale.LOGARITHMIC) {
      double room = Math.max(Math.log(most / least) * MARGIN, 0.1);
      return new Axis(label, scale, least * Math.exp(-room), most * Math.exp(room));
    }
    double room = Math.max((most - least) * MARGIN, Math.max(Math.abs(most) * 1e-3, 1e-6));
    return new Axis(label, scale, least - room, most + room);
  }

  /** Where a value lies: 0 at {@code min}, 1 at {@code max}. */
  double place(double value) {
    return switch (scale) {
      case LINEAR -> (value - min) / (max - min);
      case LOGARITHMIC -> Math.log(value / min) / Math.log(max / min);
    };
  }

  List<Double> ticks() {
    return switch (scale) {
      case LINEAR -> linearTicks();
      case LOGARITHMIC -> logarithmicTicks();
    };
  }

  private List<Double> linearTicks() {
    double power = Math.pow(10, Math.floor(Math.log10((max - min) / TICKS_WANTED)));
    double step = power;
    for (double candidate : STEPS) {
      step = candidate * power;
      if ((max - min) / step <= TICKS_WANTED) {
        break;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long n = (long) Math.ceil(min / step); n * step <= max; n++) {
      ticks.add(n * step);
    }
    return ticks;
  }

  /** The finest choice that is not crowded. */
  private List<Double> logarithmicTicks() {
    List<Double> chosen = List.of();
    for (double[] decade : DECADES) {
      List<Double> ticks = new ArrayList<>();
      for (int power = (int) Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
        for (double first : decade) {
          double tick = first * Math.pow(10, power);
          if (tick >= min && tick <= max) {
            ticks.add(tick);
          }
        }
      }
      if (chosen.size() < 2 || ticks.size() <= TICKS_WANTED + 2) {
        chosen = ticks;
      }
    }
    return chosen;
  }

  /** A tick's value in few characters. */
  public static String text(double value) {
    double size = Math.abs(value);
    if (size != 0 && size < 1e-3) {
      return String.format(Locale.ROOT, "%.0e", value).replace("e-0", "e-");
    }
    String text = String.format(Locale.ROOT, "%.4f", value);
    return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
  }
}
