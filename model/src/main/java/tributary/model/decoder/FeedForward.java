package tributary.model.decoder;

import java.util.List;
import tributary.gpu.Activation;
import tributary.gpu.Elementwise.Columns;
import tributary.model.network.Projection;

/** A feed-forward layer. */
public sealed interface FeedForward {
  Projection down();

  Activation activation();

  /** {@code down(activation(gate(x)) * up(x))}. */
  record Gated(Projection gate, Projection up, Projection down, Activation activation)
      implements FeedForward {}

  /** The same with one layer for gate and up; where they lie among its outputs. */
  record FusedGated(
      Projection both, Columns gate, Columns up, Projection down, Activation activation)
      implements FeedForward {}

  /** {@code down(activation(up(x)))}. */
  record Plain(Projection up, Projection down, Activation activation) implements FeedForward {}

  /** The layers that read the feed-forward layer's input. */
  default List<Projection> readers() {
    return switch (this) {
      case Gated gated -> List.of(gated.gate, gated.up);
      case FusedGated fused -> List.of(fused.both);
      case Plain plain -> List.of(plain.up);
    };
  }

  /** Values between the layers. */
  default int width() {
    return down().weight().columns();
  }
}
