package tributary.model;

import java.util.List;
import tributary.model.llama.Llama;
import tributary.model.network.Network;

/** The architectures that this build computes. */
public final class Families {
  static final List<String> ARCHITECTURES = List.of(Llama.ARCHITECTURE);

  private Families() {}

  static boolean knows(String architecture) {
    return ARCHITECTURES.contains(architecture);
  }

  /** The structure of the model that a configuration describes. */
  public static Network network(ModelConfig config) {
    return switch (config.architecture()) {
      case Llama.ARCHITECTURE -> new Llama(config.dimensions());
      case String other -> throw new IllegalArgumentException("unknown architecture " + other);
    };
  }
}
