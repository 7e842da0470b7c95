package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * A cost that grows along straight pieces: from knot to knot each further unit costs the same, and
 * never less than nothing.
 *
 * @param knots where pieces begin, rising, the first at 0
 * @param slopes seconds a unit, one a piece; the last piece goes on for ever
 */
public record Curve(
    @JsonProperty("knots") List<Double> knots, @JsonProperty("slopes") List<Double> slopes) {
  /** Costs nothing. */
  public static final Curve FREE = linear(0);

  public Curve {
    knots = List.copyOf(knots);
    slopes = List.copyOf(slopes);
    if (knots.isEmpty() || knots.size() != slopes.size() || knots.getFirst() != 0) {
      throw new IllegalArgumentException(
          "a curve has a slope for each knot and begins at 0: " + knots + ", " + slopes);
    }
    for (int i = 0; i < knots.size(); i++) {
      boolean rises = i == 0 || knots.get(i) > knots.get(i - 1);
      if (!rises || !(slopes.get(i) >= 0)) {
        throw new IllegalArgumentException(
            "knots rise and slopes are at least 0: " + knots + ", " + slopes);
      }
    }
  }

  /** Each unit costs the same. */
  public static Curve linear(double slope) {
    return new Curve(List.of(0.0), List.of(slope));
  }

  double at(double units) {
    double seconds = 0;
    for (int i = 0; i < knots.size() && units > knots.get(i); i++) {
      seconds += within(i, units) * slopes.get(i);
    }
    return seconds;
  }

  /** How many of so many units lie on a piece. */
  double within(int piece, double units) {
    double end = piece + 1 < knots.size() ? Math.min(units, knots.get(piece + 1)) : units;
    return Math.max(0, end - knots.get(piece));
  }

  /** The same curve with every slope multiplied. */
  Curve times(double factor) {
    return new Curve(knots, slopes.stream().map(slope -> slope * factor).toList());
  }
}
