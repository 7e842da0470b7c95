package tributary.streams;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the front end takes from outside besides requests: time, names and dice.
 *
 * @param clock for the moments that answers show
 * @param nanoTime for spans; any origin, never going back
 * @param ids unique in the cluster, safe in headers and logs
 * @param seeds for requests that bring none
 */
public record Surroundings(
    InstantSource clock, LongSupplier nanoTime, Supplier<String> ids, LongSupplier seeds) {
  public static Surroundings system() {
    return new Surroundings(
        InstantSource.system(),
        System::nanoTime,
        () -> UUID.randomUUID().toString(),
        new SecureRandom()::nextLong);
  }
}
