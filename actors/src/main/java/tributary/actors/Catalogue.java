package tributary.actors;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.DeltaId;

/** The variants that this node's configuration serves, sorted by name. Never changes. */
public final class Catalogue {
  private final SequencedMap<DeltaId, ServedModel> models;

  Catalogue(Collection<ServedModel> models) {
    var sorted = new TreeMap<DeltaId, ServedModel>();
    models.forEach(model -> sorted.put(model.id(), model));
    this.models = Collections.unmodifiableSequencedMap(sorted);
  }

  public Optional<ServedModel> find(DeltaId id) {
    return Optional.ofNullable(models.get(id));
  }

  public List<ServedModel> all() {
    return List.copyOf(models.values());
  }

  /** Frees the tokenizers, which variants may share. */
  void close() {
    models.values().stream().map(ServedModel::tokenizer).distinct().forEach(TextTokenizer::close);
  }
}
