package tributary.model;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import tributary.model.family.Family;
import tributary.model.network.Network;

/** The families that this process computes: those of this build, and any on the class path. */
public final class Families {
  private static final Map<String, Family> BY_ARCHITECTURE = found();

  private Families() {}

  /** The names that checkpoints give what this process computes. */
  static Collection<String> architectures() {
    return BY_ARCHITECTURE.keySet();
  }

  static Optional<Family> of(String architecture) {
    return Optional.ofNullable(BY_ARCHITECTURE.get(architecture));
  }

  /** The structure of the model that a configuration describes. */
  public static Network network(ModelConfig config) {
    return config.structure().network(config.vocabularySize(), config.tiedEmbeddings());
  }

  private static Map<String, Family> found() {
    Map<String, Family> found = new TreeMap<>();
    for (Family family : ServiceLoader.load(Family.class, Families.class.getClassLoader())) {
      if (found.put(family.architecture(), family) != null) {
        throw new IllegalStateException("two families of " + family.architecture());
      }
    }
    return Collections.unmodifiableMap(found);
  }
}
