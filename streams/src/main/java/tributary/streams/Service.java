package tributary.streams;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import tributary.actors.Generation;
import tributary.actors.Readiness;
import tributary.actors.ServedModel;

/**
 * What stands behind the front end.
 *
 * @param models that requests may name
 * @param version of the server, as {@code GET /version} tells it
 */
public record Service(
    Generation generation,
    Collection<ServedModel> models,
    Supplier<Readiness> readiness,
    Metrics metrics,
    Surroundings surroundings,
    String version) {
  public Service {
    models = List.copyOf(models);
  }
}
