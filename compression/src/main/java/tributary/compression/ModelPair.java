package tributary.compression;

import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.compression.TensorChange.Exact;
import tributary.compression.TensorChange.Linear;
import tributary.compression.TensorChange.Unchanged;
import tributary.compression.TensorChange.Vocabulary;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * A base and a fine-tune of it, tensor by tensor.
 *
 * <p>Heads: a fine-tune without a head of its own answers through its embeddings, and so does a
 * base. The change of a head is always taken against what the base answers through. A fine-tune's
 * head that merely repeats its embeddings, over a base without one, is no change beside theirs.
 */
record ModelPair(TensorSource base, TensorSource tuned, TensorRoles roles) {
  /** Every tensor of the fine-tune in order of names; models that do not fit are refused. */
  SequencedMap<String, TensorChange> changes() {
    SortedSet<String> names = new TreeSet<>(base.names());
    names.addAll(tuned.names());
    TreeMap<String, TensorChange> changes = new TreeMap<>();
    names.removeIf(roles.ignored());
    for (String name : names) {
      changes.put(name, change(name, baseTensor(name), tunedTensor(name)));
    }
    return changes;
  }

  private @Nullable TensorView baseTensor(String name) {
    if (base.names().contains(name)) {
      return base.tensor(name);
    }
    return name.equals(roles.head()) && base.names().contains(roles.embeddings())
        ? base.tensor(roles.embeddings())
        : null;
  }

  private @Nullable TensorView tunedTensor(String name) {
    if (tuned.names().contains(name)) {
      return tuned.tensor(name);
    }
    return name.equals(roles.head()) && tuned.names().contains(roles.embeddings())
        ? tuned.tensor(roles.embeddings())
        : null;
  }

  private TensorChange change(
      String name, @Nullable TensorView before, @Nullable TensorView after) {
    if (after == null) {
      throw incompatible(name, "the fine-tune lacks it");
    }
    if (before == null) {
      if (after.shape().rank() != 1) {
        throw incompatible(name, "the base lacks it and only new vectors can be carried");
      }
      return new Exact(after);
    }
    boolean repeatsEmbeddings =
        name.equals(roles.head())
            && !base.names().contains(roles.head())
            && tuned.names().contains(roles.embeddings())
            && isSame(after, tuned.tensor(roles.embeddings()));
    if (repeatsEmbeddings || isSame(before, after)) {
      return new Unchanged();
    }
    return roles.isVocabulary(name) ? vocabulary(name, before, after) : other(name, before, after);
  }

  private TensorChange other(String name, TensorView before, TensorView after) {
    if (!before.shape().equals(after.shape())) {
      throw incompatible(
          name,
          "it is %s in the base and %s in the fine-tune".formatted(before.shape(), after.shape()));
    }
    boolean isMatrix =
        before.shape().rank() == 2 && before.shape().elements() > 0 && roles.mayBeLinear(name);
    return isMatrix && before.type().isFloating() && after.type().isFloating()
        ? new Linear(before, after)
        : new Exact(after);
  }

  private static TensorChange vocabulary(String name, TensorView before, TensorView after) {
    boolean matrices =
        before.shape().rank() == 2
            && after.shape().rank() == 2
            && before.shape().elements() > 0
            && before.type().isFloating()
            && after.type().isFloating();
    if (!matrices
        || before.shape().dimension(1) != after.shape().dimension(1)
        || before.shape().dimension(0) > after.shape().dimension(0)) {
      throw incompatible(
          name,
          "it is %s %s in the base and %s %s in the fine-tune; a vocabulary may only grow"
              .formatted(before.type(), before.shape(), after.type(), after.shape()));
    }
    long known = before.shape().dimension(0);
    long added = after.shape().dimension(0) - known;
    return new Vocabulary(
        before, after.rows(0, known), added == 0 ? null : after.rows(known, added));
  }

  private static boolean isSame(TensorView a, TensorView b) {
    return a.type() == b.type() && a.shape().equals(b.shape()) && a.data().mismatch(b.data()) == -1;
  }

  private static TributaryException incompatible(String name, String fault) {
    return new TributaryException(
        ErrorCode.INCOMPATIBLE_MODELS,
        "tensor %s: %s; compress a fine-tune against the base it was made of"
            .formatted(Quoted.of(name), fault));
  }
}
