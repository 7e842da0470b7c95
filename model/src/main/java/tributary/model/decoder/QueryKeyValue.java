package tributary.model.decoder;

import java.util.List;
import tributary.gpu.Elementwise.Columns;
import tributary.model.network.Projection;

/** The layers that make queries, keys and values. */
public sealed interface QueryKeyValue {
  /** One layer each. */
  record Separate(Projection query, Projection key, Projection value) implements QueryKeyValue {}

  /** One layer for all; where the parts lie among its outputs. */
  record Fused(Projection all, Columns query, Columns key, Columns value)
      implements QueryKeyValue {}

  default List<Projection> projections() {
    return switch (this) {
      case Separate(var query, var key, var value) -> List.of(query, key, value);
      case Fused fused -> List.of(fused.all);
    };
  }
}
