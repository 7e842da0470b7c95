package tributary.streams;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tributary.actors.Generation;
import tributary.actors.ModelAdmin;
import tributary.actors.Readiness;
import tributary.actors.ServedModel;
import tributary.streams.tenancy.Tenancy;

/**
 * What stands behind the front end.
 *
 * @param models that requests may name at the moment
 * @param admin changes them; null where nothing may
 * @param version of the server, as {@code GET /version} tells it
 */
public record Service(
    Generation generation,
    Supplier<List<ServedModel>> models,
    @Nullable ModelAdmin admin,
    Supplier<Readiness> readiness,
    Metrics metrics,
    Surroundings surroundings,
    String version,
    Tenancy tenancy) {}
