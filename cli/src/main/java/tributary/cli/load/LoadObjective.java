package tributary.cli.load;

import java.util.OptionalDouble;

/** What a request must keep to be a good one, in milliseconds; what is absent always holds. */
public record LoadObjective(
    OptionalDouble firstTokenMillis, OptionalDouble perTokenMillis, OptionalDouble endToEndMillis) {
  boolean isMetBy(Answer.Finished answer) {
    return isWithin(answer.firstToken(), firstTokenMillis)
        && isWithin(answer.perToken(), perTokenMillis)
        && isWithin(answer.endToEnd(), endToEndMillis);
  }

  private static boolean isWithin(double seconds, OptionalDouble millis) {
    return millis.isEmpty() || seconds * 1000 <= millis.getAsDouble();
  }
}
