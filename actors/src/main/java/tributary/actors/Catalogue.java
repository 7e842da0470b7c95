package tributary.actors;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.DeltaId;

/** The variants that this node serves: those of its configuration and those registered since. */
public final class Catalogue {
  static final Catalogue NONE = new Catalogue(List.of());

  private final SequencedMap<DeltaId, ServedModel> configured;
  private final Optional<ServedModel> pattern;
  private volatile SequencedMap<DeltaId, ServedModel> served;

  Catalogue(Collection<ServedModel> models) {
    this(models, Optional.empty());
  }

  /**
   * @param pattern what registered variants are like but for their names; none can be without it
   */
  Catalogue(Collection<ServedModel> models, Optional<ServedModel> pattern) {
    var sorted = new TreeMap<DeltaId, ServedModel>();
    models.forEach(model -> sorted.put(model.id(), model));
    this.configured = Collections.unmodifiableSequencedMap(sorted);
    this.pattern = pattern;
    this.served = configured;
  }

  /** Says what is registered now; a variant that takes no requests is served no more. */
  void registered(Map<DeltaId, Registration> registrations) {
    var sorted = new TreeMap<>(configured);
    registrations.forEach((id, registration) -> {
      if (registration.stage() == Registration.Stage.DRAINED) {
        sorted.remove(id);
      } else {
        pattern.ifPresent(like -> sorted.putIfAbsent(id, like.named(id)));
      }
    });
    served = Collections.unmodifiableSequencedMap(sorted);
  }

  public Optional<ServedModel> find(DeltaId id) {
    return Optional.ofNullable(served.get(id));
  }

  public List<ServedModel> all() {
    return List.copyOf(served.values());
  }

  /** Frees the tokenizers, which variants may share. */
  void close() {
    Stream.concat(configured.values().stream(), pattern.stream())
        .map(ServedModel::tokenizer)
        .distinct()
        .forEach(TextTokenizer::close);
  }
}
